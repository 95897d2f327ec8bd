/*
 * The sub-operations of sysctl (<xen/sysctl.h>), in the form that calls.h describes. Each row goes
 * through a second macro, which is given the operation's bare name beside X: hypercalls/sysctl.c
 * makes the prototypes and calls of its handlers, sysctl_NAME, of the same rows.
 *
 *   XL_SYSCTLS(R, X)   R(X, name, argument, direction, state, sentence) for each
 *
 * All are the control domain's. Those that a Xen built without them refuses are ABSENT here.
 */
#ifndef XEN_LIKE_ABI_SYSCTLS_H
#define XEN_LIKE_ABI_SYSCTLS_H

#define XL_SUBOPS_sysctl(X) XL_SYSCTLS(XL_SYSCTL_ROW, X)
#define XL_SYSCTL_ROW(X, name, argument, direction, state, sentence)                               \
    X(XEN_SYSCTL_##name, CONTROL, argument, direction, state, sentence)

/* clang-format off */
#define XL_SYSCTLS(R, X)                                                                           \
    R(X, readconsole, struct xen_sysctl_readconsole, INOUT, IMPLEMENTED,                           \
      "Reads the hypervisor's log, or what of it is new, and forgets it if wanted.")               \
    R(X, tbuf_op, struct xen_sysctl_tbuf_op, INOUT, IMPLEMENTED,                                   \
      "Trace buffers: made, switched, and where they are.")                                         \
    R(X, physinfo, struct xen_sysctl_physinfo, OUT, IMPLEMENTED,                                   \
      "CPUs, memory and abilities of the machine.")                                                \
    R(X, sched_id, struct xen_sysctl_sched_id, OUT, IMPLEMENTED,                                   \
      "Which scheduler this is.")                                                                  \
    R(X, perfc_op, struct xen_sysctl_perfc_op, INOUT, ABSENT,                                      \
      "Performance counters, for Xens built with them.")                                           \
    R(X, getdomaininfolist, struct xen_sysctl_getdomaininfolist, INOUT, IMPLEMENTED,               \
      "What there is to know of all domains from a number on.")                                    \
    R(X, debug_keys, struct xen_sysctl_debug_keys, IN, IMPLEMENTED,                                \
      "Presses debug keys.")                                                                       \
    R(X, getcpuinfo, struct xen_sysctl_getcpuinfo, INOUT, IMPLEMENTED,                             \
      "How long each CPU has been idle.")                                                          \
    R(X, availheap, struct xen_sysctl_availheap, INOUT, IMPLEMENTED,                               \
      "How much memory is free, in all or with addresses of some width.")                          \
    R(X, get_pmstat, struct xen_sysctl_get_pmstat, INOUT, IMPLEMENTED,                             \
      "Statistics of power states: none are kept.")                                                \
    R(X, cpu_hotplug, struct xen_sysctl_cpu_hotplug, IN, IMPLEMENTED,                              \
      "Takes CPUs up and down.")                                                                   \
    R(X, pm_op, struct xen_sysctl_pm_op, INOUT, IMPLEMENTED,                                       \
      "Frequencies and sleep states: the machine's firmware has its way.")                         \
    R(X, page_offline_op, struct xen_sysctl_page_offline_op, IN, IMPLEMENTED,                      \
      "Takes frames out of use: only asked about.")                                                \
    R(X, lockprof_op, struct xen_sysctl_lockprof_op, INOUT, ABSENT,                                \
      "Profile of locks, for Xens built with it.")                                                 \
    R(X, cputopoinfo, struct xen_sysctl_cputopoinfo, INOUT, IMPLEMENTED,                           \
      "Core, socket and node of each CPU.")                                                        \
    R(X, numainfo, struct xen_sysctl_numainfo, INOUT, IMPLEMENTED,                                 \
      "Memory of each node, and how far apart they are: there is one.")                            \
    R(X, cpupool_op, struct xen_sysctl_cpupool_op, INOUT, IMPLEMENTED,                             \
      "Pools of CPUs: made, filled, emptied; which domains are in them.")                          \
    R(X, scheduler_op, struct xen_sysctl_scheduler_op, INOUT, IMPLEMENTED,                         \
      "Parameters of a pool's scheduler.")                                                         \
    R(X, coverage_op, struct xen_sysctl_coverage_op, INOUT, IMPLEMENTED,                           \
      "Coverage data, for Xens built with it: -EOPNOTSUPP.")                                       \
    R(X, psr_cmt_op, struct xen_sysctl_psr_cmt_op, INOUT, IMPLEMENTED,                             \
      "Monitoring of caches: -ENODEV.")                                                            \
    R(X, pcitopoinfo, struct xen_sysctl_pcitopoinfo, INOUT, IMPLEMENTED,                           \
      "The node of each PCI device.")                                                              \
    R(X, psr_alloc, struct xen_sysctl_psr_alloc, INOUT, IMPLEMENTED,                               \
      "Allocation of caches: -ENODEV.")                                                            \
    R(X, get_cpu_levelling_caps, struct xen_sysctl_cpu_levelling_caps, OUT, IMPLEMENTED,           \
      "How plain CPUID instructions can be kept from guests: not at all.")                         \
    R(X, get_cpu_featureset, struct xen_sysctl_cpu_featureset, INOUT, IMPLEMENTED,                 \
      "Features of the CPU, or that guests may have.")                                             \
    R(X, livepatch_op, struct xen_sysctl_livepatch_op, INOUT, ABSENT,                              \
      "Replaces code of the running hypervisor, for Xens built with it.")                          \
    R(X, get_cpu_policy, struct xen_sysctl_cpu_policy, INOUT, IMPLEMENTED,                         \
      "All CPUID leaves and some MSRs of the CPU, or that guests may see.")
/* clang-format on */

#endif
