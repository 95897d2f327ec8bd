/*
 * The sub-operations of domctl (<xen/domctl.h>), in the form that calls.h describes. Each row goes
 * through a second macro, which is given the operation's bare name beside X: hypercalls/domctl.c
 * makes the prototypes and calls of its handlers, domctl_NAME, of the same rows.
 *
 *   XL_DOMCTLS(R, X)   R(X, name, who, argument, direction, state, sentence) for each
 *
 * Who is ANY: who may is found out by the handler, because Xen checks something else before.
 */
#ifndef XEN_LIKE_ABI_DOMCTLS_H
#define XEN_LIKE_ABI_DOMCTLS_H

#define XL_SUBOPS_domctl(X) XL_DOMCTLS(XL_DOMCTL_ROW, X)
#define XL_DOMCTL_ROW(X, name, who, argument, direction, state, sentence)                          \
    X(XEN_DOMCTL_##name, who, argument, direction, state, sentence)

#ifndef XEN_DOMCTL_soft_reset_cont
#define XEN_DOMCTL_soft_reset_cont 23 /* which the header shows to Xen alone */
#endif

/* clang-format off */
#define XL_DOMCTLS(R, X)                                                                           \
    R(X, createdomain, CONTROL, struct xen_domctl_createdomain, INOUT, IMPLEMENTED,                \
      "Makes a domain, paused, without memory and vcpus; answers its number.")                     \
    R(X, destroydomain, CONTROL, void, NONE, IMPLEMENTED,                                          \
      "Ends a domain for good and takes back all that it has.")                                    \
    R(X, pausedomain, CONTROL, void, NONE, IMPLEMENTED,                                            \
      "Lets no vcpu of the domain run; pauses are counted.")                                       \
    R(X, unpausedomain, CONTROL, void, NONE, IMPLEMENTED,                                          \
      "Takes one pause back.")                                                                     \
    R(X, getdomaininfo, ANY, struct xen_domctl_getdomaininfo, OUT, IMPLEMENTED,                    \
      "What there is to know of the domain of this number, or else of the next.")                  \
    R(X, setvcpuaffinity, CONTROL, struct xen_domctl_vcpuaffinity, INOUT, IMPLEMENTED,             \
      "On which CPUs a vcpu must run, or best does.")                                              \
    R(X, shadow_op, CONTROL, struct xen_domctl_shadow_op, INOUT, IMPLEMENTED,                      \
      "Which frames the domain has written to.")                                                   \
    R(X, max_mem, CONTROL, struct xen_domctl_max_mem, IN, IMPLEMENTED,                             \
      "How much memory the domain may have.")                                                      \
    R(X, setvcpucontext, CONTROL, struct xen_domctl_vcpucontext, IN, IMPLEMENTED,                  \
      "Gives a vcpu all its state; without one, takes it away.")                                   \
    R(X, getvcpucontext, CONTROL, struct xen_domctl_vcpucontext, OUT, IMPLEMENTED,                 \
      "Reads it.")                                                                                 \
    R(X, getvcpuinfo, CONTROL, struct xen_domctl_getvcpuinfo, INOUT, IMPLEMENTED,                  \
      "Whether a vcpu is up, blocked, running, and for how long it has run.")                      \
    R(X, max_vcpus, CONTROL, struct xen_domctl_max_vcpus, IN, IMPLEMENTED,                         \
      "Makes all vcpus of a domain.")                                                              \
    R(X, scheduler_op, CONTROL, struct xen_domctl_scheduler_op, INOUT, IMPLEMENTED,                \
      "Weight and cap, or what else the scheduler has.")                                           \
    R(X, setdomainhandle, CONTROL, struct xen_domctl_setdomainhandle, IN, IMPLEMENTED,             \
      "Sets the UUID.")                                                                            \
    R(X, setdebugging, CONTROL, struct xen_domctl_setdebugging, IN, IMPLEMENTED,                   \
      "Says that a debugger is attached.")                                                         \
    R(X, irq_permission, ANY, struct xen_domctl_irq_permission, IN, IMPLEMENTED,                   \
      "Whether the domain may use an interrupt.")                                                  \
    R(X, iomem_permission, ANY, struct xen_domctl_iomem_permission, IN, IMPLEMENTED,               \
      "Whether it may map frames of device memory.")                                               \
    R(X, ioport_permission, ANY, struct xen_domctl_ioport_permission, IN, IMPLEMENTED,             \
      "Whether it may use I/O ports.")                                                             \
    R(X, hypercall_init, CONTROL, struct xen_domctl_hypercall_init, IN, IMPLEMENTED,               \
      "Writes a hypercall page.")                                                                  \
    R(X, settimeoffset, CONTROL, struct xen_domctl_settimeoffset, IN, IMPLEMENTED,                 \
      "How far the domain's time of day is off.")                                                  \
    R(X, soft_reset_cont, CONTROL, void, NONE, IMPLEMENTED,                                        \
      "Xen's own continuation of soft_reset; no toolstack asks for it.")                           \
    R(X, getvcpuaffinity, CONTROL, struct xen_domctl_vcpuaffinity, INOUT, IMPLEMENTED,             \
      "Reads a vcpu's affinities.")                                                                \
    R(X, resumedomain, CONTROL, void, NONE, IMPLEMENTED,                                           \
      "Lets a domain go on that has shut down.")                                                   \
    R(X, sendtrigger, CONTROL, struct xen_domctl_sendtrigger, IN, IMPLEMENTED,                     \
      "Sends a vcpu an NMI.")                                                                      \
    R(X, subscribe, CONTROL, struct xen_domctl_subscribe, IN, IMPLEMENTED,                         \
      "The port of the domain that tells when it suspends.")                                       \
    R(X, gethvmcontext, CONTROL, struct xen_domctl_hvmcontext, INOUT, IMPLEMENTED,                 \
      "The state of a domain of virtualization hardware: -EINVAL.")                                \
    R(X, sethvmcontext, CONTROL, struct xen_domctl_hvmcontext, IN, IMPLEMENTED,                    \
      "Likewise.")                                                                                 \
    R(X, set_address_size, CONTROL, struct xen_domctl_address_size, IN, IMPLEMENTED,               \
      "The width of its kernel, before it has memory: 64 bits, or 32 in ring 1.")                  \
    R(X, get_address_size, CONTROL, struct xen_domctl_address_size, OUT, IMPLEMENTED,              \
      "Reads it.")                                                                                 \
    R(X, assign_device, CONTROL, struct xen_domctl_assign_device, IN, IMPLEMENTED,                 \
      "Gives the domain a device by way of an IOMMU.")                                             \
    R(X, bind_pt_irq, ANY, struct xen_domctl_bind_pt_irq, IN, IMPLEMENTED,                         \
      "Passes an interrupt to a domain of virtualization hardware.")                               \
    R(X, memory_mapping, ANY, struct xen_domctl_memory_mapping, IN, IMPLEMENTED,                   \
      "Maps device memory for such a domain; of others nothing is done.")                          \
    R(X, ioport_mapping, ANY, struct xen_domctl_ioport_mapping, IN, IMPLEMENTED,                   \
      "Maps I/O ports for such a domain.")                                                         \
    R(X, set_ext_vcpucontext, CONTROL, struct xen_domctl_ext_vcpucontext, IN, IMPLEMENTED,         \
      "What of a vcpu came to the ABI later: entry points, machine checks.")                       \
    R(X, get_ext_vcpucontext, CONTROL, struct xen_domctl_ext_vcpucontext, INOUT, IMPLEMENTED,      \
      "Reads it.")                                                                                 \
    R(X, test_assign_device, CONTROL, struct xen_domctl_assign_device, IN, IMPLEMENTED,            \
      "Whether a device could be assigned.")                                                       \
    R(X, set_target, ANY, struct xen_domctl_set_target, IN, IMPLEMENTED,                           \
      "Whose device model the domain is.")                                                         \
    R(X, deassign_device, CONTROL, struct xen_domctl_assign_device, IN, IMPLEMENTED,               \
      "Takes a device back.")                                                                      \
    R(X, unbind_pt_irq, ANY, struct xen_domctl_bind_pt_irq, IN, IMPLEMENTED,                       \
      "Ends bind_pt_irq.")                                                                         \
    R(X, get_device_group, ANY, struct xen_domctl_get_device_group, INOUT, IMPLEMENTED,            \
      "Devices that an IOMMU cannot tell apart.")                                                  \
    R(X, debug_op, CONTROL, struct xen_domctl_debug_op, IN, IMPLEMENTED,                           \
      "Single steps by virtualization hardware.")                                                  \
    R(X, gethvmcontext_partial, CONTROL, struct xen_domctl_hvmcontext_partial, INOUT, IMPLEMENTED, \
      "As gethvmcontext.")                                                                         \
    R(X, vm_event_op, ANY, struct xen_domctl_vm_event_op, INOUT, IMPLEMENTED,                      \
      "A ring that tells of a guest's events.")                                                    \
    R(X, mem_sharing_op, CONTROL, struct xen_domctl_mem_sharing_op, INOUT, ABSENT,                 \
      "Shares equal frames; -ENOSYS on Xen too by default.")                                       \
    R(X, gettscinfo, CONTROL, struct xen_domctl_tsc_info, OUT, IMPLEMENTED,                        \
      "How the domain sees the TSC.")                                                              \
    R(X, settscinfo, CONTROL, struct xen_domctl_tsc_info, IN, IMPLEMENTED,                         \
      "Sets it.")                                                                                  \
    R(X, getpageframeinfo3, CONTROL, struct xen_domctl_getpageframeinfo3, IN, IMPLEMENTED,         \
      "What frames are: tables, pinned, none of the domain's.")                                    \
    R(X, setvcpuextstate, CONTROL, struct xen_domctl_vcpuextstate, IN, IMPLEMENTED,                \
      "A vcpu's FPU and vector registers.")                                                        \
    R(X, getvcpuextstate, CONTROL, struct xen_domctl_vcpuextstate, INOUT, IMPLEMENTED,             \
      "Reads them.")                                                                               \
    R(X, set_access_required, CONTROL, struct xen_domctl_set_access_required, IN, IMPLEMENTED,     \
      "Stops a vcpu whose event nobody takes.")                                                    \
    R(X, audit_p2m, CONTROL, struct xen_domctl_audit_p2m, OUT, ABSENT,                             \
      "Checks the maps of such a domain; -ENOSYS on Xen too in a release build.")                  \
    R(X, set_virq_handler, CONTROL, struct xen_domctl_set_virq_handler, IN, IMPLEMENTED,           \
      "Which domain gets a global virtual interrupt.")                                             \
    R(X, set_broken_page_p2m, CONTROL, struct xen_domctl_set_broken_page_p2m, IN, IMPLEMENTED,     \
      "Tells of a broken frame of such a domain.")                                                 \
    R(X, setnodeaffinity, CONTROL, struct xen_domctl_nodeaffinity, IN, IMPLEMENTED,                \
      "From which NUMA nodes its memory comes.")                                                   \
    R(X, getnodeaffinity, CONTROL, struct xen_domctl_nodeaffinity, INOUT, IMPLEMENTED,             \
      "Reads it.")                                                                                 \
    R(X, cacheflush, CONTROL, struct xen_domctl_cacheflush, IN, ABSENT,                            \
      "Of other CPUs; -ENOSYS on Xen too.")                                                        \
    R(X, get_vcpu_msrs, CONTROL, struct xen_domctl_vcpu_msrs, INOUT, IMPLEMENTED,                  \
      "A vcpu's MSRs, as far as they are its own.")                                                \
    R(X, set_vcpu_msrs, CONTROL, struct xen_domctl_vcpu_msrs, INOUT, IMPLEMENTED,                  \
      "Sets them.")                                                                                \
    R(X, setvnumainfo, CONTROL, struct xen_domctl_vnuma, IN, IMPLEMENTED,                          \
      "The NUMA nodes that the domain sees.")                                                      \
    R(X, psr_cmt_op, CONTROL, struct xen_domctl_psr_cmt_op, INOUT, IMPLEMENTED,                    \
      "Measures the use of caches; -ENODEV where the CPU cannot.")                                 \
    R(X, monitor_op, CONTROL, struct xen_domctl_monitor_op, INOUT, IMPLEMENTED,                    \
      "Which events vm_event_op's ring tells of.")                                                 \
    R(X, psr_alloc, CONTROL, struct xen_domctl_psr_alloc, INOUT, IMPLEMENTED,                      \
      "Divides caches; -ENODEV where the CPU cannot.")                                             \
    R(X, soft_reset, CONTROL, void, NONE, IMPLEMENTED,                                             \
      "Lets a domain begin anew, in the memory that it has.")                                      \
    R(X, vuart_op, CONTROL, struct xen_domctl_vuart_op, INOUT, ABSENT,                             \
      "Of other CPUs; -ENOSYS on Xen too.")                                                        \
    R(X, get_cpu_policy, CONTROL, struct xen_domctl_cpu_policy, INOUT, IMPLEMENTED,                \
      "What CPUID and MSRs tell the domain.")                                                      \
    R(X, set_cpu_policy, CONTROL, struct xen_domctl_cpu_policy, INOUT, IMPLEMENTED,                \
      "Sets it.")                                                                                  \
    R(X, vmtrace_op, CONTROL, struct xen_domctl_vmtrace_op, INOUT, IMPLEMENTED,                    \
      "Traces a vcpu of virtualization hardware.")                                                 \
    R(X, get_paging_mempool_size, CONTROL, struct xen_domctl_paging_mempool, OUT, IMPLEMENTED,     \
      "Memory for shadow tables of such a domain.")                                                \
    R(X, set_paging_mempool_size, CONTROL, struct xen_domctl_paging_mempool, IN, IMPLEMENTED,      \
      "Likewise.")                                                                                 \
    R(X, gdbsx_guestmemio, CONTROL, struct xen_domctl_gdbsx_memio, INOUT, ABSENT,                  \
      "A debugger's access to guest memory.")                                                      \
    R(X, gdbsx_pausevcpu, CONTROL, struct xen_domctl_gdbsx_pauseunp_vcpu, IN, ABSENT,              \
      "A debugger stops one vcpu.")                                                                \
    R(X, gdbsx_unpausevcpu, CONTROL, struct xen_domctl_gdbsx_pauseunp_vcpu, IN, ABSENT,            \
      "And lets it go on.")                                                                        \
    R(X, gdbsx_domstatus, CONTROL, struct xen_domctl_gdbsx_domstatus, OUT, ABSENT,                 \
      "Which vcpu a debugger's event stopped.")
/* clang-format on */

#endif
