/*
 * System time is the TSC, scaled. The scale is first measured at boot, in some milliseconds, and so
 * is some parts in a million off; each second it is chosen anew, so that system time will be where
 * the reference is a second later. It is never moved, only bent: the new line begins where the old
 * one is at that moment, so nobody sees a jump, least of all backwards.
 *
 * All CPUs use one line, since their TSCs are in step. Readers take no lock: @version is odd while
 * the line is exchanged, and another afterwards. A guest's record is the same line; the vcpu that
 * runs on each CPU gets the new one at once, others when they run next (vcpu_time.c).
 */
#include "hypervisor/time/clock.h"

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/time/alarm.h"
#include "hypervisor/time/reference.h"
#include "hypervisor/time/wallclock.h"

#define MEASURE_NS   (20 * NS_PER_MS)
#define WINDOWS      4
#define CORRECT_NS   NS_PER_S
#define ERROR_SHARE  64 /* of a second: more is not made good in the next one */
#define WIDTH_FACTOR 16 /* a look that takes so much longer than at boot is no use */

static struct clock line;
static u32 version = 2; /* a record of none has 0 */
static u64 khz;

static struct moment last; /* look, and where the reference was at it */
static u64 last_ns, width_max, round_ns;
static struct timer corrector;

/* A CPU whose TSC is some ticks behind may come before the line begins: then it is at its
 * beginning.
 */
static u64 clock_at(const struct clock *c, u64 tsc)
{
    s64 ticks = (s64)(tsc - c->tsc);

    return likely(ticks > 0) ? c->ns + time_scale_apply(c->scale, (u64)ticks) : c->ns;
}

u32 clock_read(struct clock *c)
{
    u32 seen;

    do {
        seen = __atomic_load_n(&version, __ATOMIC_ACQUIRE);
        *c = line;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (seen & 1 || ACCESS_ONCE(version) != seen);
    return seen;
}

u64 now_ns(void)
{
    struct clock c;
    u64 tsc;
    u32 seen;

    do {
        seen = __atomic_load_n(&version, __ATOMIC_ACQUIRE);
        c = line;
        tsc = rdtsc_ordered(); /* not before the line's own moment, nor before it was read */
    } while (unlikely(seen & 1 || ACCESS_ONCE(version) != seen));
    return clock_at(&c, tsc);
}

u32 clock_version(void)
{
    return ACCESS_ONCE(version);
}

u32 clock_khz(void)
{
    return (u32)khz;
}

/* From now on the TSC runs at @scale. The new line begins when nobody reads the old one any more:
 * else, if this CPU stood still in between, what others have read would lie behind the bend. */
static void clock_bend(struct time_scale scale)
{
    u64 tsc;

    __atomic_fetch_add(&version, 1, __ATOMIC_SEQ_CST);
    tsc = rdtsc_ordered();
    line = (struct clock){tsc, clock_at(&line, tsc), scale};
    __atomic_store_n(&version, version + 1, __ATOMIC_RELEASE);
}

/*
 * The reference advanced @ref ns while the TSC made @ticks, and system time is @behind it (or, if
 * that is negative, before): the scale by which they will meet when the TSC has made as many again.
 */
static struct time_scale scale_towards(u64 ref, u64 ticks, s64 behind)
{
    s64 most = (s64)(ref / ERROR_SHARE);

    return time_scale_make(ticks, (u64)((s64)ref + MAX(-most, MIN(behind, most))));
}

/* A look that took too long says nothing: the next will. If more time passed than the reference can
 * tell, as when a debugger stopped the CPU, or less than half of that or more than half as much
 * again, as when somebody stopped the HPET, it begins anew from system time. */
static void clock_look(const struct moment *m)
{
    u64 now = clock_at(&line, m->tsc), ref = reference_between(&last, m), ticks = m->tsc - last.tsc;
    u64 span = time_scale_apply(line.scale, ticks);
    bool known = span < round_ns / 2 && ref - span / 2 < span;

    if (m->width > width_max)
        return;
    last_ns = known ? last_ns + ref : now;
    last = *m;
    if (known)
        clock_bend(scale_towards(ref, ticks, (s64)(last_ns - now)));
}

void time_tell_guest(void)
{
    if (current && !vcpu_is_idle(current) && current->time.published != clock_version())
        vcpu_time_publish(current);
}

static void clock_correct(void *unused)
{
    struct moment m = reference_look();

    (void)unused;
    clock_look(&m);
    time_tell_guest();
    smp_ask_others(ASK_TIME);
    timer_set(&corrector, now_ns() + CORRECT_NS);
}

/* A window of MEASURE_NS or more. */
static u64 window_look(struct moment *from, struct moment *to)
{
    u64 ns;

    *from = reference_look();
    do {
        *to = reference_look();
        ns = reference_between(from, to);
    } while (ns < MEASURE_NS);
    return ns;
}

/* A reference that goes round quickly may have done so while an emulator did not run: then the TSC
 * made too many ticks, and another window has fewer. */
static void clock_measure(void)
{
    struct moment from, to, a, b;
    u64 ns = window_look(&from, &to), other;

    for (u32 i = 1; i < WINDOWS && round_ns < CORRECT_NS; i++) {
        other = window_look(&a, &b);
        if (b.tsc - a.tsc < to.tsc - from.tsc) {
            from = a;
            to = b;
            ns = other;
        }
    }
    line = (struct clock){from.tsc, 0, time_scale_make(to.tsc - from.tsc, ns)};
    version = 2; /* which no record has been written from yet */
    khz = (to.tsc - from.tsc) * (NS_PER_S / 1000) / ns;
    alarm_init(ns, from.alarm - to.alarm, to.tsc - from.tsc);
    width_max = WIDTH_FACTOR * MAX(from.width, to.width);
    last = to;
    last_ns = ns;
    log_info("TSC: %lu.%03lu MHz by the %s", khz / 1000, khz % 1000, reference.name);
}

void time_init(void)
{
    reference_init();
    round_ns = time_scale_apply(reference.to_ns, reference.mask);
    alarm_measure_start();
    clock_measure();
    timers_init();
    wallclock_init();
    timer_init(&corrector, clock_correct, NULL);
    if (!reference_is_tsc && round_ns > 2 * CORRECT_NS)
        timer_set(&corrector, now_ns() + CORRECT_NS);
}
