/*
 * A vcpu's time.
 *
 * Its record is the hypervisor's own clock (clock.c), word for word, so a guest that follows the
 * ABI's rule has now_ns() to the nanosecond. Only a domain whose TSC is emulated gets another one,
 * in ticks of that. A record is written with an odd version, then the next even one: a reader on
 * another vcpu sees that it was half done.
 *
 * Ticks come only while the vcpu runs: a timer that is set when it begins to and stopped when it
 * ends. That timer is the vcpu's, but others may set its period, and have its record written: hence
 * the lock.
 */
#include "hypervisor/time/vcpu_time.h"

#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/clock.h"
#include "hypervisor/time/reference.h"
#include "xen-like/lib/string.h"

#define FIRST_PERIOD (10 * NS_PER_MS)

static void tick(void *vcpu)
{
    virq_raise(vcpu, VIRQ_TIMER);
}

static void poll_end(void *vcpu)
{
    struct vcpu *v = vcpu;

    if (ACCESS_ONCE(v->events.poll) != POLL_NONE) /* or it has ended, and this is late */
        vcpu_kick(v);
}

static void tick_if_due(struct vcpu *v)
{
    struct vcpu_time *t = &v->time;
    u64 now = now_ns();

    if (now < t->ticked + t->period)
        return;
    tick(v);
    t->ticked = now;
}

static void tick_later(struct vcpu_time *t)
{
    timer_set(&t->periodic, t->ticked + t->period);
}

/* The vcpu may have stopped on another CPU meanwhile: then this was the last tick. */
static void periodic_run(void *vcpu)
{
    struct vcpu *v = vcpu;

    spin_lock(&v->time.lock);
    if (v->time.period)
        tick_if_due(v);
    if (v->time.period && v->time.runs)
        tick_later(&v->time);
    spin_unlock(&v->time.lock);
}

void vcpu_time_init(struct vcpu *v)
{
    struct vcpu_time *t = &v->time;

    t->lock = (struct spinlock)SPINLOCK(LOCK_TICKS);
    t->period = FIRST_PERIOD;
    t->published = ~0U; /* of no correction: it has no record yet */
    t->stops = v->domain->stops;
    timer_init(&t->oneshot, tick, v);
    timer_init(&t->periodic, periodic_run, v);
    timer_init(&t->poll, poll_end, v);
}

void vcpu_time_destroy(struct vcpu *v)
{
    vcpu_time_set_period(v, 0);
    timer_stop(&v->time.oneshot);
    timer_stop(&v->time.poll);
}

void vcpu_time_set_period(struct vcpu *v, u64 period)
{
    struct vcpu_time *t = &v->time;

    spin_lock(&t->lock);
    timer_stop(&t->periodic);
    t->period = period;
    if (period) {
        tick_if_due(v);
        tick_later(t);
    }
    spin_unlock(&t->lock);
}

void vcpu_time_resume(struct vcpu *v)
{
    __atomic_store_n(&v->time.runs, true, __ATOMIC_SEQ_CST); /* before the timer is looked at */
    timer_move_here(&v->time.oneshot);
    if (v->time.period && !timer_is_set(&v->time.periodic))
        periodic_run(v);
    if (v->time.published != clock_version() || v->time.stops != v->domain->stops)
        vcpu_time_publish(v);
}

void vcpu_time_pause(struct vcpu *v)
{
    spin_lock(&v->time.lock);
    v->time.runs = false;
    if (v->time.period)
        timer_stop(&v->time.periodic);
    spin_unlock(&v->time.lock);
}

static struct vcpu_time_info record_of(const struct domain *d, const struct clock *c)
{
    const struct domain_time *t = &d->time;

    if (t->tsc_emulated) {
        u64 now = now_ns();

        return (struct vcpu_time_info){.tsc_timestamp =
                                           time_scale_apply(t->ns_to_tsc, now - t->tsc_zero),
                                       .system_time = now,
                                       .tsc_to_system_mul = t->tsc_to_ns.mul,
                                       .tsc_shift = t->tsc_to_ns.shift};
    }
    return (struct vcpu_time_info){.tsc_timestamp = c->tsc,
                                   .system_time = c->ns,
                                   .tsc_to_system_mul = c->scale.mul,
                                   .tsc_shift = c->scale.shift,
                                   .flags = reference_is_tsc ? XEN_PVCLOCK_TSC_STABLE_BIT : 0};
}

/* The record at the address that the guest chose, which is of its kernel's tables. If it is not
 * there, that is the guest's. */
static void area_write(const struct vcpu *v, struct vcpu_time_info *r)
{
    const u64 flags = v->time.area + offsetof(struct vcpu_time_info, flags);
    u64 loaded = kernel_tables_begin();

    if (!guest_write(v->time.area, &r->version, sizeof(r->version)) &&
        !guest_write(v->time.area, r, offsetof(struct vcpu_time_info, flags)) &&
        !guest_and_or_u8(flags, (u8)~XEN_PVCLOCK_TSC_STABLE_BIT, r->flags)) {
        r->version++;
        guest_write(v->time.area, &r->version, sizeof(r->version));
    }
    kernel_tables_end(loaded);
}

/* GUEST_STOPPED is the hypervisor's to set and the guest's to clear, at any time: so the flags are
 * never stored as a whole. */
static void record_write(struct vcpu_time_info *to, const struct vcpu_time_info *r)
{
    to->tsc_timestamp = r->tsc_timestamp;
    to->system_time = r->system_time;
    to->tsc_to_system_mul = r->tsc_to_system_mul;
    to->tsc_shift = r->tsc_shift;
    if (ACCESS_ONCE(to->flags) & ~r->flags & XEN_PVCLOCK_TSC_STABLE_BIT)
        __atomic_fetch_and(&to->flags, (u8)~XEN_PVCLOCK_TSC_STABLE_BIT, __ATOMIC_RELAXED);
    if (~ACCESS_ONCE(to->flags) & r->flags)
        __atomic_fetch_or(&to->flags, r->flags, __ATOMIC_RELAXED);
}

void vcpu_time_publish(struct vcpu *v)
{
    u32 stops = ACCESS_ONCE(v->domain->stops);
    struct vcpu_time_info *to, r;
    struct clock c;

    spin_lock(&v->time.lock);
    to = &v->info->time;
    v->time.published = clock_read(&c);
    r = record_of(v->domain, &c);
    if (v->time.stops != stops)
        r.flags |= XEN_PVCLOCK_GUEST_STOPPED;
    v->time.stops = stops;
    r.version = (ACCESS_ONCE(to->version) + 1) | 1;
    ACCESS_ONCE(to->version) = r.version;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    record_write(to, &r);
    __atomic_store_n(&to->version, r.version + 1, __ATOMIC_RELEASE);
    if (v->time.area)
        area_write(v, &r);
    spin_unlock(&v->time.lock);
}

u64 domain_tsc(const struct domain *d)
{
    const struct domain_time *t = &d->time;

    return t->tsc_emulated ? time_scale_apply(t->ns_to_tsc, now_ns() - t->tsc_zero) : rdtsc();
}

int domain_tsc_set(struct domain *d, const struct xen_domctl_tsc_info *set)
{
    struct domain_time *t = &d->time;
    u32 rate = set->gtsc_khz ? set->gtsc_khz : clock_khz();

    if (set->tsc_mode > TSC_MODE_NATIVE)
        return refuse(XEN_EINVAL, "there is no such way to see the TSC");
    *t = (struct domain_time){
        .tsc_mode = set->tsc_mode,
        .tsc_khz = rate,
        .tsc_emulated = set->tsc_mode == TSC_MODE_EMULATE ||
                        (set->tsc_mode == TSC_MODE_DEFAULT && rate != clock_khz()),
        .tsc_zero = now_ns() - set->elapsed_nsec,
        .tsc_to_ns = time_scale_make(rate, NS_PER_MS),
        .ns_to_tsc = time_scale_make(NS_PER_MS, rate),
        .incarnation = set->incarnation + 1,
        .offset_seconds = t->offset_seconds,
    };
    return 0;
}

void domain_tsc_get(const struct domain *d, struct xen_domctl_tsc_info *info)
{
    const struct domain_time *t = &d->time;
    s64 elapsed = t->tsc_emulated ? (s64)(now_ns() - t->tsc_zero)
                                  : (s64)time_scale_apply(t->tsc_to_ns, rdtsc());

    *info = (struct xen_domctl_tsc_info){.tsc_mode = t->tsc_mode, .incarnation = t->incarnation};
    if (t->tsc_mode == TSC_MODE_NATIVE)
        return;
    info->elapsed_nsec = elapsed < 0 ? 0 : (u64)elapsed;
    info->gtsc_khz = t->tsc_emulated ? t->tsc_khz : clock_khz();
}

static const char *const tsc_words[] = {"default", "always_emulate", "native"};
static u32 first_mode;
static bool first_mode_given;

const char *domain_tsc_choose(const char *word)
{
    for (u32 i = 0; i < ARRAY_SIZE(tsc_words); i++) {
        if (strcmp(word, tsc_words[i]))
            continue;
        first_mode = i;
        first_mode_given = true;
        return NULL;
    }
    return "default, always_emulate or native";
}

void domain_tsc_first(struct domain *d)
{
    if (!d->privileged || first_mode_given)
        domain_tsc_set(d, &(struct xen_domctl_tsc_info){.tsc_mode = first_mode});
}
