// LINK: dom0/loop.c
/*
 * dom0's loop under guests that never rest: alarms ring although there is always work, and a port
 * interrupts once for each turn of its work, however often it is sent to, and no send is lost. The
 * ports are played here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dom0/loop.h"
#include "guest-kernel/time/timer.h"

#define PORTS 4

static struct vcpu_info info;
struct vcpu vcpu_boot = {.info = &info};
bool vcpu_others;
char hypercall_page[PAGE_SIZE]; /* nobody calls: no event waits, and the loop never does */

static struct {
    bool masked, pending, closed;
    struct work *work;
} ports[PORTS];
static u32 interrupts, hypercalls;

u64 time_now_ns(void)
{
    return 100;
}

static void port_look(u32 port)
{
    if (!ports[port].pending || ports[port].masked)
        return;
    ports[port].pending = false;
    interrupts++;
    work_raise_on_event(port, ports[port].work);
}

static void port_send(u32 port)
{
    ports[port].pending = true;
    port_look(port);
}

void event_mask(u32 port)
{
    ports[port].masked = true;
}

void event_unmask(u32 port)
{
    assert_false(ports[port].closed);
    ports[port].masked = false;
    hypercalls += ports[port].pending;
    port_look(port);
}

bool event_clear(u32 port)
{
    bool was = ports[port].pending;

    assert_false(ports[port].closed);
    ports[port].pending = false;
    return was;
}

long event_close(u32 port)
{
    ports[port].masked = ports[port].closed = true;
    return 0;
}

long event_bind_virq(unsigned int virq, struct vcpu *vcpu, event_handler *fn, void *data)
{
    (void)virq, (void)vcpu, (void)fn, (void)data;
    return 1;
}

NORETURN void guest_panic(const char *format, ...)
{
    fail_msg("%s", format);
    __builtin_unreachable();
}

/* ---- Work -------------------------------------------------------------------------------------
 */

static struct work work;
static u32 runs, storms;

/* While it runs others send, and never stop. */
static void run(struct work *self)
{
    assert_ptr_equal(self, &work);
    runs++;
    for (u32 i = 0; i < storms; i++)
        port_send(1 + i % 2);
}

static int begin(void **state)
{
    (void)state;
    memset(ports, 0, sizeof(ports));
    interrupts = hypercalls = runs = storms = 0;
    work_init(&work, run);
    for (u32 i = 0; i < PORTS; i++)
        ports[i].work = &work;
    return 0;
}

static void a_port_interrupts_once_for_each_turn(void **state)
{
    (void)state;
    for (u32 i = 0; i < 100; i++)
        port_send(1 + i % 2);
    assert_int_equal(interrupts, 2);
    loop_step();
    assert_int_equal(runs, 1);
    assert_false(ports[1].masked || ports[2].masked);
    assert_int_equal(hypercalls, 0);
    port_send(1); /* the next is another event */
    assert_int_equal(interrupts, 3);
    storms = 100; /* while it runs */
    loop_step();
    assert_int_equal(runs, 2);
    assert_int_equal(interrupts, 5);
    storms = 0;
    loop_step(); /* for what came during the last turn */
    assert_int_equal(runs, 3);
    assert_int_equal(interrupts, 5);
    assert_false(ports[1].masked || ports[2].masked);
}

static void a_port_that_was_closed_is_left_alone(void **state)
{
    (void)state;
    port_send(1);
    port_send(2);
    work_close_port(&work, 1);
    loop_step();
    assert_true(ports[1].masked);
    assert_false(ports[2].masked);
    assert_int_equal(runs, 1);
}

static void work_that_was_dropped_can_be_raised_again(void **state)
{
    (void)state;
    port_send(3);
    work_drop(&work);
    assert_false(ports[3].masked);
    port_send(3);
    loop_step();
    assert_int_equal(runs, 1);
}

static u32 rang;

static void ring(struct alarm *alarm)
{
    (void)alarm;
    rang++;
}

static void run_ever(struct work *self)
{
    work_raise(self);
}

static void alarms_ring_although_there_is_work(void **state)
{
    struct alarm due, later;

    (void)state;
    alarm_init(&due, ring);
    alarm_init(&later, ring);
    work_init(&work, run_ever);
    work_raise(&work);
    alarm_set(&due, 100);
    alarm_set(&later, 101);
    for (u32 i = 0; i < 3; i++)
        loop_step();
    assert_int_equal(rang, 1);
    alarm_drop(&later);
    work_drop(&work);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_port_interrupts_once_for_each_turn),
        TEST(a_port_that_was_closed_is_left_alone),
        TEST(work_that_was_dropped_can_be_raised_again),
        TEST(alarms_ring_although_there_is_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
