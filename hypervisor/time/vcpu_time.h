/*
 * What a vcpu has of time: its timers, and its time record (public/xen.h, struct vcpu_time_info),
 * which tells the guest how to get system time from the TSC. Of a domain: the TSC that it sees.
 */
#ifndef HYPERVISOR_TIME_VCPU_TIME_H
#define HYPERVISOR_TIME_VCPU_TIME_H

#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/time/scale.h"
#include "hypervisor/time/timer.h"

struct vcpu;
struct domain;

struct vcpu_time {
    struct timer oneshot;  /* set_timer_op and VCPUOP_set_singleshot_timer: VIRQ_TIMER */
    struct timer poll;     /* the end of a SCHEDOP_poll */
    struct spinlock lock;  /* guards the next four */
    struct timer periodic; /* VIRQ_TIMER each @period ns while the vcpu runs */
    u64 period;            /* 0: none */
    u64 ticked;            /* the last one */
    bool runs;             /* it does: ticks follow each other */
    u64 area;      /* guest address of the time record that it registered; 0: none. current only */
    u32 published; /* which correction of the clock its record is of, and */
    u32 stops;     /* which of its domain's stops it tells of, by XEN_PVCLOCK_GUEST_STOPPED */
};

/* The TSC as a domain sees it: the CPU's, or (by request) one of a given rate that is emulated. */
struct domain_time {
    bool tsc_emulated; /* the others have no meaning without */
    u32 tsc_khz;
    u64 tsc_zero; /* system time when it was 0 */
    struct time_scale tsc_to_ns, ns_to_tsc;
    u32 tsc_mode;       /* TSC_MODE_*, as it was asked for */
    u32 incarnation;    /* how often the domain was made: once, and once more for each move */
    s64 offset_seconds; /* how far its time of day is ahead */
};

/* A new vcpu's timers; and their end. Periodic ticks begin when it first runs, as on Xen. */
void vcpu_time_init(struct vcpu *v);
void vcpu_time_destroy(struct vcpu *v);

/*
 * @v begins to run on this CPU, with its tables loaded: a tick that is due comes now (one, however
 * many it missed), its record is brought up to date. And: it stops running, whatever for.
 */
void vcpu_time_resume(struct vcpu *v);
void vcpu_time_pause(struct vcpu *v);

/* Write @v's record anew, and the one that it registered: when it asks for one in a new place.
 * A vcpu of the running domain, or one that is being made. */
void vcpu_time_publish(struct vcpu *v);

/* A tick each @period ns from now on; one now, if the last is that long ago. 0: no ticks. */
void vcpu_time_set_period(struct vcpu *v, u64 period);

/* The TSC that @d sees, now. */
u64 domain_tsc(const struct domain *d);

/* How @d, which does not run, sees it: the mode, the rate (0: the CPU's), how long it has counted
 * and in how many domains before this one. -EINVAL: no such mode. The control domain, as on Xen,
 * has the CPU's and is told nothing of it if this is not called. And what a toolstack would have to
 * say of a domain that goes on elsewhere. */
#define TSC_MODE_DEFAULT 0U /* the CPU's, where that has the rate that was asked for */
#define TSC_MODE_EMULATE 1U
#define TSC_MODE_NATIVE  2U
int domain_tsc_set(struct domain *d, const struct xen_domctl_tsc_info *set);
void domain_tsc_get(const struct domain *d, struct xen_domctl_tsc_info *info);

/* tsc_mode= on the command line is for the first domain: xl's words. NULL or what was expected. And
 * when that domain is made. */
const char *domain_tsc_choose(const char *word);
void domain_tsc_first(struct domain *d);

#endif
