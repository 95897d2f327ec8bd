/*
 * A domain and its vcpus: everything the hypervisor knows of a guest.
 *
 * Which lock guards what is said beside the field. "current only" fields are touched by the running
 * vcpu itself (or while it cannot run) and need none.
 */
#ifndef HYPERVISOR_DOMAIN_DOMAIN_H
#define HYPERVISOR_DOMAIN_DOMAIN_H

#include "xen-like/abi/xen.h"
#include "hypervisor/cpu/debug_regs.h"
#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/domain/exchange.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/event/event.h"
#include "hypervisor/event/pirq.h"
#include "hypervisor/mm/extent.h"
#include "hypervisor/mm/frame.h"
#include "hypervisor/sched/sched.h"
#include "hypervisor/time/vcpu_time.h"

/* A vcpu's last answers of CPUID: kernels ask the same few leaves all the time. */
#define CPUID_KNOWN 16
struct cpuid_known {
    u32 leaf, subleaf;
    u32 how; /* emulate.c; 0: nothing is kept here */
    u32 eax, ebx, ecx, edx;
};

struct vcpu {
    /* The entry path reads these first; keep them in the first cache lines. */
    u32 work;        /* WORK_* bits: something to do before the guest runs again. Set atomically */
    u8 kernel_mode;  /* 1: its kernel's tables and GS are loaded; 0: its user space's. current only
                      */
    u8 iret_careful; /* CAREFUL_*: an iret must look at more than most */
    bool nmi_waits;  /* until the one that is being handled is done. current only */
    struct domain *domain;
    struct vcpu_info *info; /* the guest's, shared: read once, never trusted. vcpu_info.h */
    u64 cr3_kernel;         /* physical addresses of its L4s; the user one is 0 if there is none. */
    u64 cr3_user;           /* Each holds a reference and a type reference. current only */
    struct trap_info *traps; /* 256 entries, by vector. current only */
    u64 syscall_callback;    /* entry points; 0: none was given */
    u64 syscall32_callback;
    u64 sysenter_callback;
    u64 event_callback;
    u64 failsafe_callback;
    u64 kernel_sp; /* stack_switch: where bounces from user space begin */
    u16 kernel_ss; /* kept for whoever asks; a 64-bit frame always has the flat one */
    u32 flags;     /* VCPUF_* */
    u32 id;
    u32 retiring; /* mfn of the first table that it is still to tear down: mm/ptype.h. 0: none */
    u32 iopl; /* shown in bounced RFLAGS: 0, or with the architectural_iopl assist what the guest
                 set */
    u32 iopl_hidden;     /* what it set without the assist, which nothing shows; else 0 */
    u32 io_bitmap_ports; /* PHYSDEVOP_set_iobitmap: it may use a port below this without a level */
    u64 io_bitmap;       /* if its bit, from this guest address on, is clear. current only */
    u32 gdt_entries;
    mfn_t gdt_frames[FIRST_RESERVED_GDT_PAGE]; /* 0: none. Each holds both references */
    u32 ldt_entries;
    u64 ldt_base;         /* page-aligned guest address */
    mfn_t ldt_frames[16]; /* those shown to the CPU; 0: none. Each holds both references */
    u64 ctrl_cr0;         /* what the guest believes; only TS is its own */
    u64 ctrl_cr4;         /* likewise; 0: it has set nothing */
    struct cpuid_known cpuid[CPUID_KNOWN]; /* current only; to be cleared when its policy changes */
    bool pinned;                           /* by SCHEDOP_pin_override */
    struct debug_regs debug;               /* current only */
    struct xstate xstate;
    u64 bank_control2[2];     /* MSRs of its two machine-check banks */
    struct extent extent;     /* interrupted. current only */
    struct exchange exchange; /* interrupted. current only */
    struct vcpu_sched sched;
    struct vcpu_events events;
    struct vcpu_time time;
    mfn_t info_mfn;   /* where info is, with both references; 0: in shared_info, or nowhere yet */
    bool initialised; /* it has registers to begin with. Domain's vcpus_lock */
    u32 tsc_aux;      /* MSR_TSC_AUX, */
    u64 bases[3];     /* the bases of FS, of the GS in use, of the other mode's, and */
    struct cpu_user_regs saved; /* while it does not run */
};

#define WORK_DEAD     1u  /* the domain crashed or was shut down: it must not run again */
#define WORK_RELOAD   2u  /* the frame holds other registers than those of the call that returns */
#define WORK_NMI      4u  /* an NMI came that is for this vcpu */
#define WORK_CONTINUE 8u  /* a call in a list wants to be called again: percpu.continued */
#define WORK_SCHED    16u /* another vcpu may have to run, or this one may not: sched_choose */
#define WORK_EVENT    32u /* an upcall was made pending: deliver it, unless it is masked */

#define CAREFUL_IOPL 1u /* the architectural_iopl assist is on */
#define CAREFUL_NMI  2u /* an NMI is being handled: an iret ends that */

#define VCPUF_SYSCALL_MASKS  1u /* the callback masks upcalls on entry */
#define VCPUF_FAILSAFE_MASKS 2u
#define VCPUF_SYSENTER_MASKS 4u

/* A page of a guest's with rings whose other end is the hypervisor, held as writable memory, and
 * the channel beside it. */
struct guest_ring {
    mfn_t page; /* 0: none */
    u32 port;
};

#define WATCHDOGS 2 /* of a domain: Xen's limit */

struct domain {
    struct domain *next; /* of all there are */
    u16 id;
    bool privileged;   /* may do what Xen lets its control domain do */
    bool dying;        /* gets no new memory */
    bool shutdown;     /* stopped, by itself or by a crash; shutdown_code says why */
    u8 vcpus_order;    /* pages of the array below, as a power of two */
    u32 shutdown_code; /* SHUTDOWN_*, the first that was given; SHUTDOWN_CODE_NONE before */
    u64 vm_assist;     /* bits 1 << VMASST_TYPE_* */
    u32 max_vcpus;
    struct vcpu **vcpus; /* max_vcpus entries, NULL where none was made */

    struct spinlock vcpus_lock; /* vcpus made, brought up, taken down; guards the next two */
    struct timer watchdogs[WATCHDOGS];
    u32 watchdogs_used;        /* bits */
    struct spinlock page_lock; /* guards the next six */
    u64 tot_pages;             /* those below, and */
    u64 away; /* those that left it for an exchange, or are to join it yet (mm/extent.h) */
    u64 max_pages;
    u64 claimed; /* frames kept free for it beyond tot_pages: domain_claim. Under the heap's lock */
    u32 page_list;    /* its frames, linked through the frame table; FRAME_NIL if none */
    u32 map_entries;  /* XENMEM_set_memory_map: how many; 0 if there is no map */
    void *memory_map; /* pages of the size that map_entries needs */

    unsigned long *ports; /* the I/O ports that it may use (ports.h); NULL: none */
    u32 pci_address;      /* what it wrote last to the address port of PCI configuration */
    u8 cmos_index;        /* likewise to the CMOS's index port */

    struct domain_events events;
    struct domain_pirqs pirqs;
    struct domain_time time;
    struct guest_ring console, store; /* of a lone guest: lone/lone.h */
    mfn_t shared_mfn;
    struct shared_info *shared;
    const char *crash_rule; /* the first rule it broke, NULL if none; and where that was seen */
    const char *crash_file;
    u32 crash_line;
};

#define SHUTDOWN_CODE_NONE (~0U)

/* Those that a 64-bit guest may switch on. Some have a meaning for 32-bit guests only, and are
 * merely remembered. */
#define VM_ASSIST(name) (1UL << VMASST_TYPE_##name)
#define VM_ASSISTS                                                                                 \
    (VM_ASSIST(4gb_segments) | VM_ASSIST(4gb_segments_notify) | VM_ASSIST(pae_extended_cr3) |      \
     VM_ASSIST(writable_pagetables) | VM_ASSIST(architectural_iopl) |                              \
     VM_ASSIST(runstate_update_flag) | VM_ASSIST(m2p_strict))

/* Has @d switched on the assist VMASST_TYPE_*? */
static inline bool domain_assists(const struct domain *d, unsigned type)
{
    return d->vm_assist >> type & 1;
}

extern struct domain *dom0;    /* the control domain; NULL: there is none */
extern struct domain *domains; /* all, through domain.next */

/* The domain of this number, or NULL; DOMID_SELF is no number. */
struct domain *domain_find(u16 id);

/* The same as a guest names it: DOMID_SELF is the caller's. */
static inline struct domain *domain_named(u16 id)
{
    return id == DOMID_SELF ? current->domain : domain_find(id);
}

/* The vcpu of this number, or NULL. */
static inline struct vcpu *domain_vcpu(const struct domain *d, u32 id)
{
    return id < d->max_vcpus ? d->vcpus[id] : NULL;
}

/* Has the guest of @v an event to look at, and does it let itself be told? */
static inline bool upcall_is_due(const struct vcpu *v)
{
    return ACCESS_ONCE(v->info->evtchn_upcall_pending) && !ACCESS_ONCE(v->info->evtchn_upcall_mask);
}

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

/* SCHEDOP_shutdown: @code is SHUTDOWN_*. A code that was given before prevails, as on Xen, where a
 * kernel says so what its end shall mean before it knows who ends it. */
void domain_shutdown(struct domain *d, u32 code);

/* The code of a later shutdown, unless there is one. */
void domain_shutdown_code(struct domain *d, u32 code);

#endif
