/*
 * The area is written whenever the vcpu begins to run, so it tells the past: each state's time up
 * to the moment when the present one was entered. Since we read while we run, the present one is
 * `running`, and what is missing is the time since then.
 *
 * A vcpu that reads its own area can be caught in the middle only by losing the CPU there; when it
 * has it back, state_entry_time has changed. Another vcpu's area may be written while we read: for
 * that there is a flag in state_entry_time, if the kernel asks for it (vm_assist).
 */
#include "guest-kernel/time/runstate.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/core/hypercall.h"

long runstate_register(struct vcpu_runstate_info *area)
{
    struct vcpu_register_runstate_memory_area registration = {.addr.v = area};

    call_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag);
    return call_vcpu_op(VCPUOP_register_runstate_memory_area, vcpu_self()->id, &registration);
}

struct runstate runstate_snapshot(const struct vcpu_runstate_info *area)
{
    const volatile struct vcpu_runstate_info *shared = area;
    struct runstate r;

    do {
        r.at = shared->state_entry_time;
        compiler_barrier();
        for (unsigned int i = 0; i < RUNSTATE_COUNT; i++)
            r.time[i] = shared->time[i];
        compiler_barrier();
    } while (r.at & XEN_RUNSTATE_UPDATE || shared->state_entry_time != r.at);
    return r;
}

struct runstate runstate_read(const struct vcpu_runstate_info *area)
{
    const volatile struct vcpu_runstate_info *shared = area;
    struct runstate r;
    u64 now;

    do {
        r = runstate_snapshot(area);
        now = time_local_ns(); /* the clock that `at` is from */
        compiler_barrier();
    } while (shared->state_entry_time != r.at);
    r.time[RUNSTATE_running] += now - r.at;
    r.at = now;
    return r;
}

struct runstate runstate_since(const struct runstate *now, const struct runstate *then)
{
    struct runstate span = {.at = now->at - then->at};

    for (unsigned int i = 0; i < RUNSTATE_COUNT; i++)
        span.time[i] = now->time[i] - then->time[i];
    return span;
}

u64 runstate_sum(const struct runstate *r)
{
    u64 sum = 0;

    for (unsigned int i = 0; i < RUNSTATE_COUNT; i++)
        sum += r->time[i];
    return sum;
}
