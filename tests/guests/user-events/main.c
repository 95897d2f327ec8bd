/*
 * Events in user mode. The stack that an entry from user mode gets is just the place where the
 * process's registers go: an upcall that came within such an entry would find no stack at all. So
 * entries mask upcalls, and the way back opens them with the same hypercall that returns. A process
 * that calls without end is interrupted here at as many different points as a fast timer can find;
 * no register of it may change, no call be lost and no event either.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/user_space.h"

#define CALLS 3000
#define STEP  977ull /* ns: each alarm is this much later than the one before, */
#define STEPS 64     /* so as to meet other instructions */
#define TICKS 100    /* go on until so many have come, on a fast machine */
#define UD2   2

static struct trap_frame frame;
static struct {
    unsigned int calls, undefined, interrupted, rang, other;
} seen;
static bool armed;

static void on_timer(u32 port, void *data)
{
    (void)port;
    (void)data;
    seen.rang++;
    armed = false;
}

/* After a call, not in the handler: on a slow machine the process would not come to its next call.
 */
static void arm(void)
{
    if (armed)
        return;
    armed = true;
    timer_set(time_now_ns() + seen.rang % STEPS * STEP);
}

/* Until the process says that it is at its end. */
static void run(void)
{
    user_frame_init(&frame, user_address(user_code), user_stack_top());
    frame.rbx = CALLS;
    for (;;) {
        user_run(&frame);
        switch (frame.vector) {
        case VECTOR_SYSCALL:
            seen.calls++;
            arm();
            break;
        case VECTOR_UD:
            seen.undefined++;
            frame.rip += UD2;
            break;
        case VECTOR_EVENT:
            seen.interrupted++;
            break;
        default:
            seen.other = (unsigned int)frame.vector;
            return;
        }
    }
}

void guest_main(void)
{
    unsigned int rounds = 0;

    row("init.events", event_init(EVENT_TWO_LEVEL));
    row("init.timer-bound", event_bind_virq(VIRQ_TIMER, &vcpu_boot, on_timer, NULL) >= 0);
    timer_stop_periodic();
    user_space_init();
    do {
        run();
        rounds++;
    } while (seen.rang < TICKS);
    timer_set(0);
    row_want("calls.all-came", seen.calls == rounds * CALLS, true);
    row_want("calls.undefined", seen.undefined == rounds * CALLS, true);
    row_want("events.some-while-it-ran", seen.interrupted > 0, true);
    row_want("end.trap", seen.other, VECTOR_BP);
    row_want("end.counter", (s64)frame.rbx, 0);
    guest_end();
}
