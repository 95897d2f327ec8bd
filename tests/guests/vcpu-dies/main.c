/*
 * A domain of several vcpus ends as a whole, whichever of them ends it: one that breaks a rule, one
 * that asks for it, or the last one that goes down. how= on the command line says which.
 */
#include "tests/guests/vcpus.h"

static u64 how; /* a letter */

static NORETURN void other(u64 id)
{
    struct sched_shutdown reboot = {.reason = SHUTDOWN_reboot};

    for (u64 i = 0; i < 10; i++)
        yield();
    if (how == 'c')
        asm volatile("ud2"); /* it has no trap table */
    if (how == 'r')
        call_sched_op(SCHEDOP_shutdown, &reboot);
    if (how == 'b') { /* the first one is the last that is up: it has blocked */
        vcpu_op(VCPUOP_down, 0, NULL);
        vcpu_op(VCPUOP_down, id, NULL);
    }
    for (;;)
        vcpu_op(VCPUOP_down, id, NULL);
}

/* Nobody wakes it: it is masked, and waits for no port. */
static NORETURN void sleep_for_ever(void)
{
    struct sched_poll poll = {.nr_ports = 0};

    for (;;)
        call_sched_op(SCHEDOP_poll, &poll);
}

void guest_main(void)
{
    char value[16] = "";

    cmdline_value("how", value, sizeof(value));
    how = (u8)value[0];
    vcpu_run(1, other, 1);
    if (how == 'd') { /* both go down, this one last */
        while (vcpu_op(VCPUOP_is_up, 1, NULL))
            yield();
        vcpu_op(VCPUOP_down, 0, NULL);
        console_printf("ROW down.returned = 1\n");
    }
    sleep_for_ever();
}
