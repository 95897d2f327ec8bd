// LINK: hypervisor/time/alarm.c
/*
 * The queue of timers against a list: whatever is set, moved and stopped, each is called once,
 * never early, in order, and the hardware is set to the earliest. Included is the file itself, to
 * look at the shape of its heap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypervisor/time/timer.c"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/time/scale.h"

#define TIMERS 700
#define STEPS  60000

struct percpu host_percpu;

static u64 clock_ns = 1000, seed = 1;
static void (*interrupt)(void *data);

static struct wanted {
    struct timer timer;
    u64 due; /* by the list; 0: not set */
    u32 again;
} all[TIMERS];

static u64 called_due; /* of the last one, in this interrupt */
static u32 calls;

static u64 draw(u64 below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (seed >> 33) % below;
}

/* Time passes while one looks at it. */
u64 now_ns(void)
{
    return clock_ns += 3;
}

void *pages_alloc(unsigned order)
{
    return calloc(1, PAGE_SIZE << order);
}

void irq_set_handler(u8 vector, void (*fn)(void *data), void *data)
{
    assert_true(vector == VECTOR_TIMER && !data);
    interrupt = fn;
}

/* The machine has no APIC: alarms are kept, and nothing else. */
bool apic_present(void)
{
    return false;
}

u32 apic_read(u32 reg)
{
    fail_msg("register %x", reg);
    return 0;
}

void apic_write(u32 reg, u32 v)
{
    fail_msg("register %x = %x", reg, v);
}

void key_add(char key, const char *text, void (*fn)(void))
{
    (void)key;
    (void)text;
    (void)fn;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

static void call(void *data)
{
    struct wanted *w = data;

    assert_true(w->due && clock_ns >= w->due);
    assert_true(w->due >= called_due);
    assert_false(timer_is_set(&w->timer));
    called_due = w->due;
    w->due = 0;
    calls++;
    if (w->again) { /* may set itself, and others */
        w->again--;
        w->due = clock_ns + SPIN_MAX + 1 + draw(5000);
        timer_set(&w->timer, w->due);
    }
}

static u32 heap_count(const struct timer *t, const struct timer *up)
{
    if (!t)
        return 0;
    assert_ptr_equal(t->up, up);
    assert_true(!up || up->due <= t->due);
    assert_true(rank_of(t->left) >= rank_of(t->right));
    assert_int_equal(t->rank, rank_of(t->right) + 1);
    assert_ptr_equal(t->queue, host_percpu.timers);
    return 1 + heap_count(t->left, t) + heap_count(t->right, t);
}

static void check(void)
{
    const struct timer_queue *q = host_percpu.timers;
    u64 first = ~0UL;
    u32 set = 0, n = heap_count(q->first, NULL);

    for (u32 i = 0; i < TIMERS; i++) {
        assert_true(timer_is_set(&all[i].timer) == !!all[i].due);
        assert_true(!all[i].due || all[i].timer.due == all[i].due);
        set += !!all[i].due;
        if (all[i].due && all[i].due < first)
            first = all[i].due;
    }
    assert_true(set == n && q->set == n);
    assert_true(!n || q->first->due == first);
    assert_true(!n || 1u << (q->first->rank - 1) <= n); /* the way down is short */
    assert_true(!n || q->alarm <= first);
}

/* As the hardware does: again as long as the alarm is of the past. */
static void interrupts(void)
{
    const struct timer_queue *q = host_percpu.timers;

    while (q->alarm <= clock_ns) {
        calls = 0;
        called_due = 0;
        interrupt(NULL);
        assert_true(calls <= CALLS_MAX);
    }
}

static int setup(void **state)
{
    (void)state;
    timers_init();
    for (u32 i = 0; i < TIMERS; i++)
        timer_init(&all[i].timer, call, &all[i]);
    return 0;
}

static void a_storm_of_timers(void **state)
{
    (void)state;
    for (u32 step = 0; step < STEPS; step++) {
        struct wanted *w = &all[draw(TIMERS)];

        switch (draw(8)) {
        case 0:
            timer_stop(&w->timer);
            w->due = 0;
            break;
        case 1:
            clock_ns += draw(4000);
            interrupts();
            break;
        case 2:
            timer_move_here(&w->timer);
            break;
        default:
            w->due = clock_ns + draw(draw(4) ? 3000 : 3000000) + 4;
            w->again = draw(3);
            timer_set(&w->timer, w->due);
        }
        if (step % 16 == 0)
            check();
    }
    while (host_percpu.timers->set) {
        clock_ns += 100000;
        interrupts();
        check();
    }
}

/* All at once, and all in the past: in portions, so that a guest runs in between. */
static void many_are_due_at_once(void **state)
{
    (void)state;
    for (u32 i = 0; i < TIMERS; i++) {
        all[i].again = 0;
        timer_set(&all[i].timer, all[i].due = 5);
    }
    check();
    calls = 0;
    called_due = 0;
    interrupt(NULL);
    assert_int_equal(calls, CALLS_MAX);
    check();
    interrupts();
    check();
    assert_int_equal(host_percpu.timers->set, 0);
}

/* What another CPU called last is called here once it was moved, and its queue is right. */
static void a_timer_moves_to_another_cpu(void **state)
{
    struct timer_queue *here = host_percpu.timers;

    (void)state;
    for (u32 i = 0; i < 10; i++)
        timer_set(&all[i].timer, all[i].due = clock_ns + 1000000 + i);
    host_percpu.id = 1;
    timers_init();
    timer_move_here(&all[0].timer);
    timer_set(&all[1].timer, all[1].due += 5);
    timer_stop(&all[2].timer);
    assert_true(here->set == 7 && host_percpu.timers->set == 2);
    assert_ptr_equal(here->first, &all[3].timer);
    assert_ptr_equal(host_percpu.timers->first, &all[0].timer);
}

static void lateness_is_counted(void **state)
{
    struct timer_queue q = {.set = 0};

    (void)state;
    late_note(&q, 0);
    late_note(&q, 1);
    late_note(&q, 1023);
    late_note(&q, 1024);
    late_note(&q, ~0UL);
    assert_true(q.late[0] == 1 && q.late[1] == 1 && q.late[10] == 1 && q.late[11] == 1);
    assert_int_equal(q.late[ARRAY_SIZE(q.late) - 1], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_storm_of_timers),
        cmocka_unit_test(many_are_due_at_once),
        cmocka_unit_test(lateness_is_counted),
        cmocka_unit_test(a_timer_moves_to_another_cpu),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
