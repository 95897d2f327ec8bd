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
#include "hypervisor/cpu/smp.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/domain/exchange.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/event/event.h"
#include "hypervisor/event/pirq.h"
#include "hypervisor/mm/dirty.h"
#include "hypervisor/mm/extent.h"
#include "hypervisor/mm/frame.h"
#include "hypervisor/mm/ranges.h"
#include "hypervisor/sched/sched.h"
#include "hypervisor/time/vcpu_time.h"

/* A vcpu's last answers of CPUID: kernels ask the same few leaves all the time. */
#define CPUID_KNOWN 16
struct cpuid_known {
    u32 leaf, subleaf;
    u32 how; /* emulate.c; 0: nothing is kept here */
    u32 eax, ebx, ecx, edx;
};

/* The numbers of a vcpu's last 256 hypercalls (CALL_NONE: not so many yet), and the low bytes of
 * their first arguments: written by entry.asm, read by debug/last_calls.c. */
struct calls_made {
    u8 number[256];
    u8 first[256];
    u8 made; /* where the next one goes */
};
#define CALL_NONE 0xff

/* A 32-bit guest has its vcpu_info at any word. */
typedef struct vcpu_info vcpu_info_any __attribute__((aligned(4)));
typedef u64 u64_any __attribute__((aligned(4)));

struct vcpu {
    /* The entry path reads these first; keep them in the first cache lines. */
    u32 work;        /* WORK_* bits: something to do before the guest runs again. Set atomically */
    u8 kernel_mode;  /* 1: its kernel's tables and GS are loaded; 0: its user space's. current only
                      */
    u8 iret_careful; /* CAREFUL_*: an iret must look at more than most */
    bool nmi_waits;  /* until the one that is being handled is done. current only */
    struct domain *domain;
    vcpu_info_any *info; /* the guest's, shared: read once, never trusted. vcpu_info.h */
    u64_any *cr2;        /* in it, where its guest's layout has it; read by vcpu_cr2() */
    u64 cr3_kernel;      /* physical addresses of its L4s; the user one is 0 if there is none. */
    u64 cr3_user;        /* Each holds a reference and a type reference. current only */
    u64 root_kernel;     /* what the CPU is loaded with: the same, or shadows of them */
    u64 root_user;       /* (mm/shadow.h). current only */
    struct trap_info *traps; /* 256 entries, by vector. current only */
    u64 syscall_callback;    /* entry points; 0: none was given */
    u64 syscall32_callback;
    u64 sysenter_callback;
    u16 syscall32_cs, sysenter_cs; /* a 64-bit guest's are kept for whoever asks, as is
                                      VCPUF_SYSCALL32_MASKS */
    u16 event_cs, failsafe_cs;     /* of a 32-bit guest */
    u64 event_callback;
    u64 failsafe_callback;
    u64 kernel_sp; /* stack_switch: where bounces from user space begin */
    u16 kernel_ss; /* kept for whoever asks; a 64-bit guest's frame always has the flat one */
    u32 flags;     /* VCPUF_* */
    u32 id;
    u64 context_flags; /* VGCF_* that it was given (context.h), but for those that are kept above */
    u64 cr3_refused;   /* the last CR3 that was: 0 is none */
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
    u64 ctrl_others[8];   /* those of its context that mean nothing to us, for whoever asks */
    struct cpuid_known cpuid[CPUID_KNOWN]; /* current only; to be cleared when its policy changes */
    struct debug_regs debug;               /* current only */
    struct xstate xstate;
    u64 machine_checks[4];    /* its MSRs of machine checks: MC_*, in cpu/msr.h */
    struct extent extent;     /* interrupted. current only */
    u64 decrease_next;        /* likewise, of a 32-bit guest (memory_reservation.c); 0: none */
    struct exchange exchange; /* interrupted. current only */
    bool walks;               /* likewise, over a domain's vcpus: domain/life.c */
    u64 bound_at; /* RIP of the call that goes on with one of those: call_is_bound. 0: none */
    struct vcpu_sched sched;
    struct vcpu_events events;
    struct vcpu_time time;
    mfn_t info_mfn;   /* where info is, with both references; 0: in shared_info, or nowhere yet */
    bool initialised; /* it has registers to begin with. Domain's vcpus_lock */
    u32 tsc_aux;      /* MSR_TSC_AUX, */
    u64 bases[3];     /* the bases of FS, of the GS in use, of the other mode's, and */
    struct cpu_user_regs saved; /* while it does not run */
    struct calls_made calls;
    u8 room[] __attribute__((aligned(64))); /* the rest of its page: xstate, if that is small */
};

#define WORK_DEAD     1u  /* the domain crashed or was shut down: the machine's end, or a report */
#define WORK_RELOAD   2u  /* the frame holds other registers than those of the call that returns */
#define WORK_NMI      4u  /* an NMI came that is for this vcpu */
#define WORK_CONTINUE 8u  /* a call in a list wants to be called again: percpu.continued */
#define WORK_SCHED    16u /* another vcpu may have to run, or this one may not: sched_choose */
#define WORK_EVENT    32u /* an upcall was made pending: deliver it, unless it is masked */

#define CAREFUL_IOPL 1u /* the architectural_iopl assist is on */
#define CAREFUL_NMI  2u /* an NMI is being handled: an iret ends that */

#define VCPUF_SYSCALL_MASKS   1u /* the callback masks upcalls on entry */
#define VCPUF_FAILSAFE_MASKS  2u
#define VCPUF_SYSENTER_MASKS  4u
#define VCPUF_SYSCALL32_MASKS 8u

/* A page of a guest's with rings whose other end is the hypervisor, held as writable memory, and
 * the channel beside it. */
struct guest_ring {
    mfn_t page; /* 0: none */
    u32 port;
};

/* What a domain's grant table may become. */
struct domain_grants_max {
    u32 version, frames, maptrack_frames;
};

#define WATCHDOGS 2 /* of a domain: Xen's limit */

/* Most domains are small: what fits stands in the domain itself. */
#define VCPUS_FEW 64U
#define MAP_FEW   16U

#define MEMORY_MAP_ENTRY 20U /* bytes; as int 15h, E820h gives them: start, size, type */

/* A loop over the vcpus that may be interrupted: who goes through it (NULL: nobody), what he does
 * to each, and how far he is. vcpus_lock. */
struct domain_walk {
    struct vcpu *by;
    void (*fn)(struct vcpu *v);
    u32 next;
};

/* How far a domain's end has come (end.c). One call at a time: the gate's lock. */
struct domain_end {
    u32 step;
    u32 vcpu, caller, released, freed; /* vcpus that steps have come to */
    bool asked, quiet;
    struct quiesce quiesce;
};

struct domain {
    struct domain *next, *same_bucket; /* list.c */
    u16 id;
    u16 trace;          /* marks what it left in free frames: mm/frame.h */
    bool privileged;    /* may do what Xen lets its control domain do */
    bool dying;         /* gets no new memory, no ports, no tables */
    bool dead;          /* and has given back all that was its own: page_lock */
    bool shutting_down; /* it stops, by itself or by a crash; shutdown_code says why */
    bool shutdown;      /* none of its vcpus runs any more because of that */
    bool crash_told;
    bool created;       /* it was unpaused once */
    bool debugged;      /* XEN_DOMCTL_setdebugging */
    bool msr_relaxed;   /* XEN_X86_MSR_RELAXED: MSRs that it has not are 0 to it, not #GP */
    bool is_32bit;      /* its kernel is a PAE one, in ring 1: width.h. Set before it has memory */
    u8 pauses;          /* by its controller: life.h. vcpus_lock */
    u8 vcpus_order;     /* pages of the array below, as a power of two */
    u32 shutdown_code;  /* SHUTDOWN_*, the first that was given; SHUTDOWN_CODE_NONE before */
    u32 flags, ssidref; /* as it was made: struct domain_config */
    xen_domain_handle_t handle;
    evtchn_port_t suspend_port; /* sent on when it suspends: XEN_DOMCTL_subscribe. 0: none */
    struct domain_walk walk;    /* over its vcpus, interrupted */
    struct timer stopper;       /* the rest of a shutdown, and */
    u32 stopped;                /* how many of its vcpus have got to know */
    struct domain_end end;
    u32 stops;     /* how often it was paused or shut down, and went on */
    u64 vm_assist; /* bits 1 << VMASST_TYPE_* */
    u32 max_vcpus;
    struct vcpu **vcpus; /* max_vcpus entries, NULL where none was made: in pages, or: */
    struct vcpu *vcpus_few[VCPUS_FEW];

    struct spinlock vcpus_lock; /* vcpus made, brought up, taken down; guards the next two */
    struct timer watchdogs[WATCHDOGS];
    u32 watchdogs_used;        /* bits */
    struct spinlock page_lock; /* guards the next eight */
    u64 tot_pages;             /* those below, and */
    u64 away; /* those that left it for an exchange, or are to join it yet (mm/extent.h) */
    u64 max_pages;
    u64 claimed; /* frames kept free for it beyond tot_pages: domain_claim. Under the heap's lock */
    u32 page_list;    /* its frames, linked through the frame table; FRAME_NIL if none; and */
    u32 held_list;    /* while it dies, those that only others may hold still */
    u64 shared_pages; /* frames of frame_share() */
    u32 map_entries;  /* XENMEM_set_memory_map: how many; 0 if there is no map */
    void *memory_map; /* pages of the size that map_entries needs, or: */
    u8 map_few[MAP_FEW * MEMORY_MAP_ENTRY];
    struct dirty_log log; /* its writes are watched. Of marks: atomically; the rest: domctl_lock */

    unsigned long *ports;     /* the I/O ports that it may use (ports.h); NULL: none */
    struct ranges *io_frames; /* those that it may map (io_frames.h); NULL: as from the beginning */
    u64 nodes;                /* XEN_DOMCTL_setnodeaffinity; 0: all */
    struct vnuma *vnuma;      /* what it is told of nodes; NULL: nothing. vnuma.h */
    u32 pci_address;          /* what it wrote last to the address port of PCI configuration */
    u8 cmos_index;            /* likewise to the CMOS's index port */

    struct domain_events events;
    struct domain_pirqs pirqs;
    struct domain_sched sched;
    struct domain_time time;
    struct domain_policy *policy;     /* what it is told of the CPU; NULL: the default */
    u32 emulation_flags;              /* XEN_X86_EMU_* that it was made with; and */
    struct grants *grants;            /* grant/ */
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

/* Those that @d may switch on. The split of the table of frames is of 64-bit guests only. */
static inline u64 domain_assists_known(const struct domain *d)
{
    return d->is_32bit ? VM_ASSISTS & ~VM_ASSIST(m2p_strict) : VM_ASSISTS;
}

/* Has @d I/O memory or ports, or was it ever given any? Then caches are its affair, too: it may
 * flush them, and choose the cache attributes of what it maps. */
static inline bool domain_has_devices(const struct domain *d)
{
    return d->privileged || d->io_frames || d->ports;
}

/* Has @d switched on the assist VMASST_TYPE_*? */
static inline bool domain_assists(const struct domain *d, unsigned type)
{
    return d->vm_assist >> type & 1;
}

extern struct domain *dom0;    /* the control domain; NULL: there is none */
extern struct domain *domains; /* all, through domain.next, in the order of their numbers */

/* The domain of this number, or NULL; DOMID_SELF is no number. No lock: what is found, here or in
 * the list, is good until the hypercall ends (cpu/smp.h). */
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

/* Does the guest's kernel run, or its user space? A 32-bit guest's kernel is in ring 1, on the same
 * tables as its user space, and its kernel_mode is always 1. @cs: of the interrupted registers. */
static inline bool vcpu_in_kernel(const struct vcpu *v, u16 cs)
{
    return unlikely(v->domain->is_32bit) ? (cs & 3) == 1 : v->kernel_mode;
}

/* A selector for @d's kernel: with at least the privilege level that kernels of its width run at,
 * as Xen makes it. */
static inline u16 selector_for_kernel(const struct domain *d, u16 selector)
{
    const u16 level = d->is_32bit ? 1 : 3;

    return (selector & 3) >= level ? selector : (u16)((selector & ~3) | level);
}

/* Its controller has paused it, and it has come to a stop. */
static inline bool domain_is_paused(const struct domain *d)
{
    return ACCESS_ONCE(d->pauses) && !ACCESS_ONCE(d->walk.by);
}

/* Has the guest of @v an event to look at, and does it let itself be told? */
static inline bool upcall_is_due(const struct vcpu *v)
{
    return ACCESS_ONCE(v->info->evtchn_upcall_pending) && !ACCESS_ONCE(v->info->evtchn_upcall_mask);
}

/* Whoever has changed what an upcall waits for by himself looks whether one is due. */
static inline void upcall_look(struct vcpu *v)
{
    if (upcall_is_due(v))
        __atomic_fetch_or(&v->work, WORK_EVENT, __ATOMIC_RELAXED);
}

/*
 * Has a call of @v's begun what only @v can end? A kernel that switches threads in an upcall might
 * go on with the call on another vcpu: it gets none before (domain/exit.c). What has merely been
 * got ready is no reason: there it is got ready again.
 */
static inline bool call_is_bound(const struct vcpu *v)
{
    return v->retiring || v->extent.left || v->decrease_next || v->walks || v->exchange.phase;
}

/* One of those has ended: what waited for that is looked for. */
static inline void call_unbind(struct vcpu *v)
{
    if (likely(!v->bound_at))
        return;
    v->bound_at = 0;
    upcall_look(v);
}

/*
 * The guest broke its contract beyond return: record the first reason (a string constant that names
 * the rule) and stop the domain at its next way out to guest mode. Returns; the caller unwinds as
 * usual.
 */
#define domain_crash(d, rule) domain_crash_at(d, rule, __FILE__, __LINE__)
void domain_crash_at(struct domain *d, const char *rule, const char *file, u32 line);

/* SCHEDOP_shutdown: @code is SHUTDOWN_*. A code that was given before prevails, as on Xen, where a
 * kernel says so what its end shall mean before it knows who ends it. The running vcpu stops on its
 * way out, the others soon; then domain.shutdown says so, and VIRQ_DOM_EXC. */
void domain_shutdown(struct domain *d, u32 code);

/* The code of a later shutdown, unless there is one. */
void domain_shutdown_code(struct domain *d, u32 code);

#endif
