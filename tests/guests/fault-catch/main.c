/*
 * The runtime's own fault_catch: whatever strikes at whichever instruction of it (an NMI may) ends
 * in a catch whose stack is there, the inner or the outer one; and an upcall that nobody waits for
 * is no fault. Tests that catch rely on both.
 */
#include "tests/guests/common.h"
#include "tests/guests/evtchn.h"

#define RFLAGS_TF   0x100ul
#define STEPS_LIMIT 1000

static unsigned int steps_left;
static bool inner_caught;

/* The step that is meant is not dealt with, so that it is for fault_catch. */
static bool step(struct trap_frame *frame)
{
    (void)frame;
    return steps_left && --steps_left;
}

static void flags_flip(unsigned long flag)
{
    unsigned long flags;

    asm volatile("pushf\n\tpop %0" : "=r"(flags));
    asm volatile("push %0\n\tpopf" ::"r"(flags ^ flag) : "cc", "memory");
}

static void nothing(void *arg)
{
    (void)arg;
}

static void catch_stepped(void *arg)
{
    (void)arg;
    flags_flip(RFLAGS_TF);
    inner_caught = fault_catch(nothing, NULL).taken;
    if (!inner_caught)
        flags_flip(RFLAGS_TF);
}

static void say_every_instruction(void)
{
    unsigned int inner = 0, outer = 0, step_of = 1;

    trap_handle(VECTOR_DB, step);
    for (; step_of < STEPS_LIMIT; step_of++) {
        bool outer_caught;

        steps_left = step_of;
        inner_caught = false;
        outer_caught = fault_catch(catch_stepped, NULL).taken;
        inner += inner_caught;
        outer += outer_caught;
        if (steps_left)
            break; /* all of it was over before */
    }
    trap_handle(VECTOR_DB, NULL);
    row_want("step.came-to-an-end", step_of < STEPS_LIMIT, true);
    row_want("step.each-was-caught-once", inner + outer == step_of - 1, true);
    row_want("step.inner", inner > 0, true);
    row_want("step.outer", outer > 0, true);
}

static bool went_on;

static void send(void *port)
{
    struct evtchn_send op = {.port = (evtchn_port_t)(uintptr_t)port};

    evtchn_op(EVTCHNOP_send, &op);
    went_on = true;
}

static void say_upcall(void)
{
    evtchn_port_t port = (evtchn_port_t)evtchn_ipi(0);
    volatile struct vcpu_info *info = &shared_info->vcpu_info[0];

    info->evtchn_upcall_mask = 0;
    shared_info->evtchn_mask[0] = 0;
    row_want("upcall.is-a-fault", fault_catch(send, (void *)(uintptr_t)port).taken, false);
    row_want("upcall.went-on", went_on, true);
    row_want("upcall.came", info->evtchn_upcall_pending, 0);
    info->evtchn_upcall_mask = 1;
}

void guest_main(void)
{
    say_every_instruction();
    say_upcall();
    guest_end();
}
