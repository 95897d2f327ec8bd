// LINK: tests/host/sched_machine.c hypervisor/sched/sched.c hypervisor/sched/queue.c
// LINK: hypervisor/sched/cap.c hypervisor/sched/settings.c hypervisor/sched/pool.c
// LINK: hypervisor/sched/credit.c hypervisor/sched/bvt.c hypervisor/sched/round_robin.c
// LINK: xen-like/lib/string.c
/*
 * Whoever freezes a vcpu has all its state afterwards, and no CPU is about to load it: also if one
 * has chosen it just before, and has got no further. The other CPU goes on a step at a time while
 * the one that freezes waits (smp_wait); what must not happen is that it does not wait.
 */
#include "tests/host/sched_machine.h"

#include "hypervisor/sched/choose.c"

/* Of what a CPU does when it moves registers, nothing is done here. */
struct vcpu_info vcpu_info_none;
u64 *hv_l4, host_directmap;

void vcpu_time_pause(struct vcpu *v)
{
    (void)v;
}

void vcpu_time_resume(struct vcpu *v)
{
    (void)v;
}

void vcpu_save(struct vcpu *v)
{
    (void)v;
}

void vcpu_load(struct vcpu *v)
{
    (void)v;
}

void vcpu_load_idle(struct vcpu *idle)
{
    (void)idle;
}

void *pages_alloc(unsigned order)
{
    return calloc(1, PAGE_SIZE << order);
}

NORETURN void guest_enter(struct percpu *cpu)
{
    (void)cpu;
    abort();
}

u64 guest_copy_out(u64 to, const void *from, u64 len)
{
    (void)to, (void)from;
    return len;
}

u64 kernel_tables_begin(void)
{
    return 0;
}

void kernel_tables_end(u64 before)
{
    (void)before;
}

static struct vcpu *chosen;
static u32 steps;

/* CPU 1, which has chosen the vcpu: loads it, finds that it is to choose again, leaves it. */
void smp_wait(void)
{
    u64 until;

    machine_as(1);
    switch (steps++) {
    case 0:
        chosen->sched.loaded = 2;
        break;
    case 1:
        assert_true(chosen->work & WORK_SCHED);
        assert_null(sched_pick(1, machine_now, &until));
        break;
    default:
        chosen->sched.loaded = 0;
    }
    machine_as(0);
}

static void who_was_just_chosen_is_waited_for(void **state)
{
    struct guest *g;
    u64 until;

    (void)state;
    machine_begin(2, "credit");
    g = machine_guest(machine_domain(256, 0), FOREVER, FOREVER);
    chosen = &g->v;
    machine_as(0);
    vcpu_go(chosen, STOP_DOWN);
    machine_as(1);
    assert_ptr_equal(sched_pick(1, machine_now, &until), chosen);
    assert_int_equal(chosen->sched.loaded, 0);
    machine_as(0);
    vcpu_freeze(chosen);
    assert_int_equal(steps, 3);
    assert_false(vcpu_runs(chosen));
    vcpu_thaw(chosen);
    assert_true(chosen->sched.queued);
    machine_end(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_just_chosen_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
