// LINK: xen-like/lib/string.c
/*
 * System time against a made-up world, in which both clocks are known: it must stay near the
 * reference and never go back, while reads take their time, now and then very long, and the TSC's
 * rate is not what was measured at boot. And the arithmetic under it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/domain.h"

static u64 world; /* ns, and how many ticks of the two there are in a million */
static u64 tsc_rate, ref_rate, rare, stall, seed = 7;

static u64 draw(u64 below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (seed >> 33) % below;
}

static u64 ticks(u64 rate)
{
    return (u64)((unsigned __int128)world * rate / 1000000);
}

/* Each look takes a moment; one in @rare, five thousandths of a second. */
static void pass(void)
{
    world += 10 + draw(300);
    if (rare && draw(rare) == 0)
        world += stall ? stall : 5000000;
}

static u64 fake_tsc(void)
{
    pass();
    return ticks(tsc_rate);
}

#define rdtsc_ordered fake_tsc
#define inb(port)     ((u8)(port))
#define inl(port)     ((u32)(port))
#define outb(port, v) ((void)(v))
#include "hypervisor/time/reference.c"
#include "hypervisor/time/clock.c"

struct percpu host_percpu;
static struct vcpu vcpu;
static u64 published;

static bool stopped;
static u64 stopped_at;

static u64 fake_reference(void)
{
    pass();
    if (stopped)
        return stopped_at;
    return ticks(ref_rate) & reference.mask;
}

u16 power_timer_port(void)
{
    return 0;
}

void *hv_map_mmio(u64 phys, u64 bytes, u64 flags)
{
    (void)bytes;
    (void)flags;
    fail_msg("HPET at %lx", phys);
    return NULL;
}

void alarm_measure_start(void)
{
}

u32 alarm_measure(void)
{
    return 0;
}

void alarm_init(u64 ns, u64 count, u64 tsc)
{
    assert_true(ns >= MEASURE_NS && !count && tsc);
}

void timers_init(void)
{
}

void smp_ask_others(u32 what)
{
    assert_int_equal(what, ASK_TIME); /* each time that the clock was bent */
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
    t->fn = fn;
    t->data = data;
}

void timer_set(struct timer *t, u64 due)
{
    t->due = due;
}

void wallclock_init(void)
{
}

bool vcpu_is_idle(const struct vcpu *v)
{
    (void)v;
    return false;
}

void vcpu_time_publish(struct vcpu *v)
{
    assert_ptr_equal(v, &vcpu);
    published++;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* What a guest computes from its record, which has the clock's own words (public/xen.h). */
static u64 guest_now(const struct clock *c, u64 tsc)
{
    u64 delta = tsc - c->tsc;

    delta = c->scale.shift >= 0 ? delta << c->scale.shift : delta >> -c->scale.shift;
    return c->ns + (u64)((unsigned __int128)delta * c->scale.mul >> 32);
}

/* A machine with these rates (ticks in a million ns); the reference is what it says it is. */
static void boot(u64 tsc, u64 ref, u64 mask, u64 one_in)
{
    world = 12345678901;
    tsc_rate = tsc;
    ref_rate = ref;
    rare = one_in;
    host_percpu.running = &vcpu;
    reference = (struct reference){"made up", time_scale_make(ref, 1000000), mask, fake_reference};
    version = 2;
    round_ns = time_scale_apply(reference.to_ns, mask);
    clock_measure();
    timer_init(&corrector, clock_correct, NULL);
}

/* How far system time is from the reference now. The world's beginning is what it was at boot. */
static s64 error_since(u64 origin)
{
    u64 now = now_ns();

    return (s64)(now - (world - origin));
}

static void run(u64 tsc, u64 ref, u64 mask, u64 one_in, s64 most)
{
    u64 before, origin, worst = 0;
    u32 useless = 0;

    boot(tsc, ref, mask, one_in);
    before = now_ns();
    origin = world - before;
    for (u32 second = 0; second < 300; second++) {
        for (u32 i = 0; i < 100; i++) {
            struct clock c;
            u64 now = now_ns(), at = ticks(tsc_rate);

            assert_true(now >= before);
            before = now;
            clock_read(&c);
            assert_true(guest_now(&c, at) == now);
            world += draw(20000000);
        }
        if (second == 150)
            tsc_rate += tsc_rate / 1000;       /* a clock that keeps no time */
        rare = second % 50 == 20 ? 1 : one_in; /* a second in which no look is any good */
        useless += rare == 1;
        clock_correct(NULL);
        rare = 0;
        assert_true(now_ns() >= before);
        if (second % 150 > 10) {
            s64 e = error_since(origin);
            worst = MAX(worst, (u64)(e < 0 ? -e : e));
        }
    }
    assert_true(version <= 2 + 2 * (300 - useless) && version >= 2 + 2 * (300 - useless - 3));
    if ((s64)worst > most)
        fail_msg("%lu ns off", worst);
}

static void system_time_follows_the_reference(void **state)
{
    (void)state;
    run(2300017, 100000, UINT32_MAX, 0, 20000); /* an HPET as QEMU's */
    run(2300017, 14318, UINT32_MAX, 0, 20000);  /* as most others */
    run(2300017, 3580, 0xffffff, 0, 20000);     /* an ACPI timer */
    run(800003, 100000, UINT32_MAX, 40, 20000); /* a slow CPU, on a busy host */
    run(5000000, 3580, 0xffffff, 40, 20000);
    assert_true(published >= 1500);
}

/* The reference went around while nobody looked: system time goes on as it was. */
static void a_stop_is_survived(void **state)
{
    u64 before;
    s64 was;

    (void)state;
    boot(2300017, 3580, 0xffffff, 0);
    was = error_since(0);
    for (u32 i = 0; i < 5; i++) {
        world += NS_PER_S;
        clock_correct(NULL);
    }
    for (u32 i = 0; i < 20; i++) {
        before = now_ns();
        world += 3 * NS_PER_S + draw(20) * NS_PER_S;
        clock_correct(NULL);
        world += NS_PER_S;
        clock_correct(NULL);
        assert_true(now_ns() > before);
    }
    was -= error_since(0);
    assert_true(was < 200000 && was > -200000); /* of four minutes: what was measured at boot */
}

/* Now and then the world goes on for longer than the reference's round: the rate is found all the
 * same. */
static void a_short_round_is_measured(void **state)
{
    (void)state;
    for (u32 i = 0; i < 20; i++) {
        stall = 60000000;
        boot(2300017, 1193, UINT16_MAX, 600000);
        stall = 0;
        assert_true(clock_khz() > 2290000 && clock_khz() < 2310000);
    }
}

/* The control domain may write to an HPET that it can map: system time keeps its rate, and follows
 * again when the reference does. */
static void a_stopped_reference_is_not_followed(void **state)
{
    u64 before, origin;
    s64 error;

    (void)state;
    boot(2300017, 100000, UINT32_MAX, 0);
    origin = world - now_ns();
    for (u32 i = 0; i < 40; i++) {
        before = now_ns();
        stopped = i >= 10 && i < 20;
        stopped_at = 12345;
        world += NS_PER_S;
        clock_correct(NULL);
        assert_true(now_ns() - before > NS_PER_S - NS_PER_S / 20);
        assert_true(now_ns() - before < NS_PER_S + NS_PER_S / 20);
    }
    error = error_since(origin);
    assert_true(error < 1000000 && error > -1000000);
}

static void scales_are_right(void **state)
{
    (void)state;
    for (u32 i = 0; i < 200000; i++) {
        u64 from = 1000 + draw(1ul << (10 + draw(22))), to = 1000 + draw(1ul << (10 + draw(22)));
        struct time_scale s = time_scale_make(from, to);
        u64 count = draw(1ul << 30) << draw(30), got = time_scale_apply(s, count);
        unsigned __int128 want = (unsigned __int128)count * to / from;

        if (want >> 60)
            continue;
        assert_true(s.mul >> 31);
        assert_true(got <= (u64)want + 1);
        /* One of the lowest bit of mul, and what a shift to the right drops. */
        assert_true((u64)want - got <= (u64)want / 1000000000 + 2 + to / from);
    }
    assert_int_equal(time_scale_apply(time_scale_make(1, 1), 1ul << 60), 1ul << 60);
}

static void clocks_are_chosen(void **state)
{
    (void)state;
    assert_null(reference_choose("acpi"));
    assert_string_equal(chosen->name, "ACPI timer");
    assert_null(reference_choose("pit"));
    assert_false(reference_is_tsc);
    assert_null(reference_choose("tsc"));
    assert_true(reference_is_tsc);
    chosen = NULL;
    assert_non_null(reference_choose("sundial"));
    reference_init(); /* neither HPET nor ACPI timer: the last resort */
    assert_string_equal(reference.name, "PIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_time_follows_the_reference),
        cmocka_unit_test(a_stop_is_survived),
        cmocka_unit_test(a_short_round_is_measured),
        cmocka_unit_test(a_stopped_reference_is_not_followed),
        cmocka_unit_test(scales_are_right),
        cmocka_unit_test(clocks_are_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
