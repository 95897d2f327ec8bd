/*
 * THE ONE TABLE OF CALLS. Everything that must know which hypercalls exist is made from it: the
 * dispatch array, prototypes, guest stubs, trace names, docs/abi.md. Adding a call is one line here
 * and one function hc_NAME in its family file; forgetting either does not link.
 *
 * XL_CALLS(X) expands X once for each call that Xen 4.17 has, and for ours:
 *   X(number, name, who, arity, state, family, sentence)
 *     number    Xen's constant; name: the C word in hc_NAME and hypercall_NAME
 *     who       ANY domain, or only the CONTROL domain (others get -EPERM)
 *     arity     words of argument that a 64-bit guest passes
 *     state     IMPLEMENTED, or ABSENT: answers -ENOSYS, as a Xen built without it would
 *     family    the file in hypercalls/ where it is, or will be
 * Words such as IMPLEMENTED are never defined: users paste them (XL_DISPATCH_ ## state).
 *
 * Sub-operations have the same form in XL_SUBOPS_<family>(X):
 *   X(number, who, argument, direction, state, sentence)
 *     argument  the type that the call's pointer leads to (void: there is none)
 *     direction IN, OUT, INOUT as the hypervisor copies it; NONE
 * A sub-operation that is ABSENT answers -ENOSYS as well.
 *
 * Numbers that no call has are in XL_CALL_HOLES, so that a dispatch array has no null entry and the
 * entry path needs no test for one; asserts.c proves that calls and holes fill the array exactly.
 */
#ifndef XEN_LIKE_ABI_CALLS_H
#define XEN_LIKE_ABI_CALLS_H

#include "xen-like/abi/intercept.h"

#include <xen/arch-x86/xen-mca.h>

/* Numbers are below this; a power of two, so that an index can be masked after its check. */
#define XL_CALL_LIMIT 64

/* clang-format off */
#define XL_CALLS(X)                                                                                \
    X(__HYPERVISOR_set_trap_table, set_trap_table, ANY, 1, IMPLEMENTED, "traps.c",                 \
      "Sets the handlers of exceptions and int n; no table clears them all.")                      \
    X(__HYPERVISOR_mmu_update, mmu_update, ANY, 4, IMPLEMENTED, "mmu.c",                           \
      "Updates page-table entries, or machine-to-physical entries, in a batch.")                   \
    X(__HYPERVISOR_set_gdt, set_gdt, ANY, 2, IMPLEMENTED, "descriptors.c",                         \
      "Installs the frames of the guest's descriptor table.")                                      \
    X(__HYPERVISOR_stack_switch, stack_switch, ANY, 2, IMPLEMENTED, "traps.c",                     \
      "Sets the kernel stack that a bounce from user mode uses.")                                  \
    X(__HYPERVISOR_set_callbacks, set_callbacks, ANY, 3, IMPLEMENTED, "traps.c",                   \
      "Sets the entry points for events, failed returns and system calls.")                        \
    X(__HYPERVISOR_fpu_taskswitch, fpu_taskswitch, ANY, 1, IMPLEMENTED, "cpu_state.c",             \
      "Sets or clears the guest's CR0.TS.")                                                        \
    X(__HYPERVISOR_sched_op_compat, sched_op_compat, ANY, 2, IMPLEMENTED, "sched.c",               \
      "The scheduler operations of interfaces before 0x00030101.")                                 \
    X(__HYPERVISOR_platform_op, platform_op, CONTROL, 1, IMPLEMENTED, "platform.c",                     \
      "Operations on the machine: time of day, microcode, ACPI, power.")                           \
    X(__HYPERVISOR_set_debugreg, set_debugreg, ANY, 2, IMPLEMENTED, "debugreg.c",                  \
      "Sets a debug register.")                                                                    \
    X(__HYPERVISOR_get_debugreg, get_debugreg, ANY, 1, IMPLEMENTED, "debugreg.c",                  \
      "Reads a debug register.")                                                                   \
    X(__HYPERVISOR_update_descriptor, update_descriptor, ANY, 2, IMPLEMENTED, "descriptors.c",     \
      "Writes one entry of a descriptor table.")                                                   \
    X(__HYPERVISOR_memory_op, memory_op, ANY, 2, IMPLEMENTED, "memory.c",                          \
      "Operations on a domain's memory reservation and physical map.")                             \
    X(__HYPERVISOR_multicall, multicall, ANY, 2, IMPLEMENTED, "multicall.c",                       \
      "Runs a list of calls in order, each with its own result.")                                  \
    X(__HYPERVISOR_update_va_mapping, update_va_mapping, ANY, 3, IMPLEMENTED, "mmu.c",             \
      "Updates the last-level entry that maps an address, and flushes.")                           \
    X(__HYPERVISOR_set_timer_op, set_timer_op, ANY, 1, IMPLEMENTED, "time.c",                           \
      "Arms the vcpu's one-shot timer; 0 stops it.")                                               \
    X(__HYPERVISOR_event_channel_op_compat, event_channel_op_compat, ANY, 1, IMPLEMENTED,          \
      "event_channel.c",                                                                           \
      "The event channels of interfaces before 0x00030202.")                                       \
    X(__HYPERVISOR_xen_version, xen_version, ANY, 2, IMPLEMENTED, "xen_version.c",                     \
      "Says which hypervisor this is and what it can do.")                                         \
    X(__HYPERVISOR_console_io, console_io, CONTROL, 3, IMPLEMENTED, "console_io.c",                   \
      "Writes to and reads from the hypervisor's console.")                                        \
    X(__HYPERVISOR_physdev_op_compat, physdev_op_compat, ANY, 1, IMPLEMENTED, "physdev.c",         \
      "The device operations of interfaces before 0x00030202.")                                    \
    X(__HYPERVISOR_grant_table_op, grant_table_op, ANY, 3, IMPLEMENTED, "grant_table.c",           \
      "Shares frames between domains.")                                                            \
    X(__HYPERVISOR_vm_assist, vm_assist, ANY, 2, IMPLEMENTED, "vm_assist.c",                       \
      "Switches the hypervisor's assists for this domain.")                                        \
    X(__HYPERVISOR_update_va_mapping_otherdomain, update_va_mapping_otherdomain, ANY, 4,           \
      IMPLEMENTED, "mmu.c",                                                                        \
      "update_va_mapping with a frame of another domain.")                                         \
    X(__HYPERVISOR_iret, iret, ANY, 0, IMPLEMENTED, "traps.c",                                     \
      "Returns from a bounce by the frame on the kernel stack.")                                   \
    X(__HYPERVISOR_vcpu_op, vcpu_op, ANY, 3, IMPLEMENTED, "vcpu.c",                                    \
      "Brings vcpus up and down; run states, timers, vcpu_info.")                                  \
    X(__HYPERVISOR_set_segment_base, set_segment_base, ANY, 2, IMPLEMENTED, "cpu_state.c",         \
      "Sets the base of FS, of user or kernel GS, or loads user GS.")                              \
    X(__HYPERVISOR_mmuext_op, mmuext_op, ANY, 4, IMPLEMENTED, "mmuext.c",                          \
      "Pins page tables, switches base pointers, flushes, in a batch.")                            \
    X(__HYPERVISOR_xsm_op, xsm_op, CONTROL, 1, ABSENT, "platform.c",                               \
      "Operations of a security module.")                                                          \
    X(__HYPERVISOR_nmi_op, nmi_op, ANY, 2, IMPLEMENTED, "traps.c",                                 \
      "Registers the handler of NMIs.")                                                            \
    X(__HYPERVISOR_sched_op, sched_op, ANY, 2, IMPLEMENTED, "sched.c",                             \
      "Yields, blocks, polls, shuts the domain down.")                                             \
    X(__HYPERVISOR_callback_op, callback_op, ANY, 2, IMPLEMENTED, "traps.c",                       \
      "Registers callbacks one by one, more kinds than set_callbacks.")                            \
    X(__HYPERVISOR_xenoprof_op, xenoprof_op, ANY, 2, ABSENT, "platform.c",                         \
      "Controls the profiler.")                                                                    \
    X(__HYPERVISOR_event_channel_op, event_channel_op, ANY, 2, IMPLEMENTED,   "event_channel.c", \
      "Binds, sends, masks and closes event channels.")                                            \
    X(__HYPERVISOR_physdev_op, physdev_op, ANY, 2, IMPLEMENTED, "physdev.c",                       \
      "Interrupts, I/O privilege and PCI devices.")                                                \
    X(__HYPERVISOR_hvm_op, hvm_op, ANY, 2, ABSENT, "platform.c",                                   \
      "Operations of guests with virtualization hardware.")                                        \
    X(__HYPERVISOR_sysctl, sysctl, CONTROL, 1, IMPLEMENTED, "sysctl.c",                            \
      "The toolstack's operations on the whole machine.")                                          \
    X(__HYPERVISOR_domctl, domctl, CONTROL, 1, IMPLEMENTED, "domctl.c",                            \
      "The toolstack's operations on one domain.")                                                 \
    X(__HYPERVISOR_kexec_op, kexec_op, CONTROL, 2, ABSENT, "platform.c",                           \
      "Loads and starts a replacement kernel for the machine.")                                    \
    X(__HYPERVISOR_tmem_op, tmem_op, ANY, 1, ABSENT, "platform.c",                                 \
      "Transcendent memory, which Xen removed and answers so too.")                                \
    X(__HYPERVISOR_argo_op, argo_op, ANY, 5, ABSENT, "platform.c",                                 \
      "Messages between domains by way of the hypervisor.")                                        \
    X(__HYPERVISOR_xenpmu_op, xenpmu_op, ANY, 2, IMPLEMENTED, "platform.c",                        \
      "Performance counters of the CPU.")                                                          \
    X(__HYPERVISOR_dm_op, dm_op, CONTROL, 3, ABSENT, "platform.c",                                 \
      "Operations of device models.")                                                              \
    X(__HYPERVISOR_hypfs_op, hypfs_op, CONTROL, 5, ABSENT, "platform.c",                           \
      "Reads and writes the hypervisor's tree of parameters.")                                     \
    X(__HYPERVISOR_mca, mca, CONTROL, 1, ABSENT, "platform.c",                                     \
      "Machine-check telemetry.")                                                                  \
    X(__HYPERVISOR_arch_1, paging_domctl_cont, CONTROL, 1, IMPLEMENTED, "domctl.c",                \
      "Xen's own continuation of a long domctl; no guest asks for it.")                            \
    X(__HYPERVISOR_xl_intercept, xl_intercept, CONTROL, 2, IMPLEMENTED, "intercept.c",                \
      "Not Xen's: redirects, delays, drops, holds and injects events (intercept.h).")

/* Numbers below XL_CALL_LIMIT that Xen gives no meaning. */
#define XL_CALL_HOLES(X)                                                                           \
    X(11) X(43) X(44) X(45) X(46) X(47)                                                            \
    X(__HYPERVISOR_arch_2) X(__HYPERVISOR_arch_3) X(__HYPERVISOR_arch_4)                           \
    X(__HYPERVISOR_arch_5) X(__HYPERVISOR_arch_6)                           \
    X(56) X(57) X(58) X(59) X(60) X(61) X(62) X(63)
/* clang-format on */

/* Every call that has a table of sub-operations: X(family, call). */
#define XL_SUBOP_FAMILIES(X)                                                                       \
    X(mmuext, mmuext_op)                                                                           \
    X(memory, memory_op)                                                                           \
    X(sched, sched_op)                                                                             \
    X(vcpu, vcpu_op)                                                                               \
    X(physdev, physdev_op)                                                                         \
    X(xen_version, xen_version)                                                                    \
    X(console_io, console_io)                                                                      \
    X(vm_assist, vm_assist)                                                                        \
    X(platform, platform_op)                                                                       \
    X(nmi, nmi_op)                                                                                 \
    X(callback, callback_op)                                                                       \
    X(event_channel, event_channel_op)                                                             \
    X(grant_table, grant_table_op)                                                                 \
    X(domctl, domctl)                                                                              \
    X(sysctl, sysctl)                                                                              \
    X(intercept, xl_intercept)

#include "xen-like/abi/subops.h"

/* Parameter lists and argument lists by arity. */
#define XL_PARAMS_0 void
#define XL_PARAMS_1 unsigned long a1
#define XL_PARAMS_2 XL_PARAMS_1, unsigned long a2
#define XL_PARAMS_3 XL_PARAMS_2, unsigned long a3
#define XL_PARAMS_4 XL_PARAMS_3, unsigned long a4
#define XL_PARAMS_5 XL_PARAMS_4, unsigned long a5

/*
 * The hypervisor's side: long hc_NAME(unsigned long a1, ...) for each implemented call, and
 * hc_absent for all others. Each returns what the guest finds in RAX: 0 or more, or -XEN_E....
 */
#define XL_PROTOTYPE(number, name, who, arity, state, family, sentence)                            \
    XL_PROTOTYPE_##state(name, arity)
#define XL_PROTOTYPE_IMPLEMENTED(name, arity) long hc_##name(XL_PARAMS_##arity);
#define XL_PROTOTYPE_ABSENT(name, arity)

/*
 * The type of a dispatch array's entries. A function of fewer parameters is entered through it with
 * all five registers loaded; the calling convention lets it ignore those that it does not name.
 */
typedef long (*xl_call_fn)(unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                           unsigned long a5);

/* The entries themselves: xl_call_fn calls[XL_CALL_LIMIT] = {XL_CALLS(XL_DISPATCH) ...HOLE}; */
#define XL_DISPATCH(number, name, who, arity, state, family, sentence)                             \
    [number] = (xl_call_fn)(void (*)(void))XL_DISPATCH_##state(name),
#define XL_DISPATCH_IMPLEMENTED(name) hc_##name
#define XL_DISPATCH_ABSENT(name)      hc_absent
#define XL_DISPATCH_HOLE(number)      [number] = (xl_call_fn)(void (*)(void))hc_absent,

/* Names by number, for traces and reports; null for a hole. */
#define XL_NAME(number, name, who, arity, state, family, sentence) [number] = #name,

#endif
