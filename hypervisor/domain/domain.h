/*
 * A domain and its vcpus: everything the hypervisor knows of a guest.
 *
 * Which lock guards what is said beside the field. "current only" fields are touched by the running
 * vcpu itself (or while it cannot run) and need none.
 */
#ifndef HYPERVISOR_DOMAIN_DOMAIN_H
#define HYPERVISOR_DOMAIN_DOMAIN_H

#include "xen-like/abi/xen.h"
#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/mm/frame.h"

#define GDT_GUEST_FRAMES 14 /* xen-x86_64.h FIRST_RESERVED_GDT_PAGE */

struct vcpu {
    /* The entry path reads these first; keep them in the first cache lines. */
    u32 work;       /* WORK_* bits: something to do before the guest runs again */
    u8 kernel_mode; /* 1: guest kernel's tables and GS are loaded; 0: its user space's. current only
                     */
    u8 pad[3];
    struct domain *domain;
    struct vcpu_info *info; /* in shared_info, or where the guest registered it */
    u64 cr3_kernel; /* physical addresses of the two L4s; 0 = no user tables. current only */
    u64 cr3_user;
    u64 kernel_sp;        /* stack_switch; kernel_ss unused in long mode but kept for get-context */
    u64 syscall_callback; /* entry points, 0 = none given */
    u64 event_callback;
    u64 failsafe_callback;
    struct trap_info *traps; /* 256 entries, a page of its own. current only */
    u32 kernel_ss;
    u32 flags; /* VCPUF_* */
    u32 id;
    u32 gdt_entries;
    mfn_t gdt_frames[GDT_GUEST_FRAMES];
    u32 ldt_entries;
    u64 ldt_base;
    u64 ctrl_cr0;               /* what the guest believes: only TS is its own */
    u64 crash_pc;               /* where a faulting bounce began, for the report */
    struct cpu_user_regs saved; /* while not running */
};

#define WORK_EVENT    1u /* an upcall may be due */
#define WORK_DEAD     2u /* the domain was crashed or shut down: report, then leave it */
#define WORK_SCHEDULE 4u /* give the CPU away */

#define VCPUF_SYSCALL_MASKS  1u /* CALLBACKF_mask_events of the syscall callback */
#define VCPUF_FAILSAFE_MASKS 2u

struct domain {
    u16 id;
    bool privileged; /* may do what Xen lets dom0 do */
    bool dying;      /* no new references for it */
    bool shutdown;   /* SCHEDOP_shutdown was called, or it crashed */
    u32 shutdown_code;
    u32 vm_assist; /* bits VMASST_TYPE_* */
    u32 max_vcpus;
    struct vcpu **vcpus; /* max_vcpus entries, NULL where none was made */

    struct spinlock page_lock; /* guards the four below */
    u64 tot_pages;
    u64 max_pages;
    u32 page_list; /* first mfn, FRAME_NIL if empty */
    u64 hv_pages;  /* hypervisor pages shared with it */

    mfn_t shared_mfn;
    struct shared_info *shared;
    const char *crash_rule; /* first reason, kept */
    const char *crash_file;
    u32 crash_line;
};

extern struct domain *dom0;

/* A domain with @max_vcpus places, no memory and no vcpu; NULL when out of memory. */
struct domain *domain_create(u16 id, u32 max_vcpus, u64 max_pages, bool privileged);
struct vcpu *vcpu_create(struct domain *d, u32 id);

/*
 * The guest broke its contract beyond return: record the first reason (a string constant that names
 * the rule) and stop the domain at its next way out to guest mode. Returns; the caller unwinds as
 * usual.
 */
#define domain_crash(d, rule) domain_crash_at(d, rule, __FILE__, __LINE__)
void domain_crash_at(struct domain *d, const char *rule, const char *file, u32 line);

/* SCHEDOP_shutdown: @code is SHUTDOWN_*. */
void domain_shutdown(struct domain *d, u32 code);

/* DOMID_SELF or an id; what the caller may touch. NULL: none such. (Foreign domains come with
 * domctl.) */
struct domain *domain_find(u16 id, struct domain *self);

#endif
