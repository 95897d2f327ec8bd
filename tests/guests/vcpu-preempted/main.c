/*
 * A vcpu that is taken off the CPU in the middle of its user space. Its kernel's memory, where its
 * runstate and its time are kept up to date, is not mapped then; and what the user space has at
 * those addresses is not the hypervisor's to write. Other vcpus read the state there: Linux spins
 * for a lock only while its holder runs. And what the CPU itself holds of one vcpu is not there for
 * the next. All vcpus stay on one CPU, or none would be preempted. (Xen puts off the runstate until
 * the user space calls, and leaves DR6.)
 */
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/domctl.h"
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define OTHER       1
#define DEBUGGER    2
#define STATUS_STEP 0xffff4ff0ul
#define STATUS_SET  0x2005ul /* of DR6: breakpoints 0 and 2, an access to a debug register */

void step_once(void); /* user.asm */

static volatile struct vcpu_runstate_info area;
static u8 kernel_stack[STACK_BYTES] __attribute__((aligned(16)));

static void sleep(u64 ns)
{
    struct sched_poll poll = {.timeout = time_now_ns() + ns};

    call_sched_op(SCHEDOP_poll, &poll);
}

static void stay_together(void)
{
    u8 first = 1;

    for (u32 v = 0; v <= DEBUGGER; v++) {
        domctl_begin();
        op.u.vcpuaffinity.vcpu = v;
        op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
        op.u.vcpuaffinity.cpumap_hard.bitmap.p = &first;
        op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
        row_want(name_nth("together", "affinity", v), domctl(XEN_DOMCTL_setvcpuaffinity, 0), 0);
    }
}

static void user_begin(mfn_t root)
{
    static struct vcpu_guest_context c;

    context_fill(&c, NULL, 0, kernel_stack + STACK_BYTES);
    context_to_user(&c, user_address(user_code), user_stack_top(), root);
    vcpu_begin(OTHER, &c);
}

static volatile u64 debugger_runs;

/* With a breakpoint that never strikes, and a status of its own. */
static void debugger(u64 status)
{
    hypercall_set_debugreg(0, (uintptr_t)kernel_stack);
    hypercall_set_debugreg(7, 1);
    hypercall_set_debugreg(6, status);
    debugger_runs = 1;
    for (;;)
        yield();
}

static void step(void *arg)
{
    (void)arg;
    step_once();
}

/* What the CPU shows to one vcpu of breakpoints is not what another one has seen. */
static void say_debug_status(void)
{
    vcpu_run(DEBUGGER, debugger, STATUS_SET);
    wait_for(&debugger_runs, 1);
    row("debug.vector", fault_catch(step, NULL).vector);
    row_want("debug.single-step-only", (unsigned long)hypercall_get_debugreg(6) == STATUS_STEP,
             true);
    row("debug.down", vcpu_op(VCPUOP_down, DEBUGGER, NULL));
}

void guest_main(void)
{
    struct vcpu_register_runstate_memory_area a = {.addr.v = (void *)&area};
    struct vcpu_runstate_info now, seen;
    u64 then;

    timer_stop_periodic();
    stay_together();
    say_debug_status();
    row("area.register", vcpu_op(VCPUOP_register_runstate_memory_area, OTHER, &a));
    row("area.before", area.state);
    user_begin(user_space_init());
    for (unsigned int i = 0; i < 3; i++) {
        sleep(20 * NS_PER_MILLISECOND);
        do { /* until it does not run in between */
            then = area.state_entry_time;
            seen = area;
        } while (vcpu_op(VCPUOP_get_runstate_info, OTHER, &now) || area.state_entry_time != then);
        row_want(name_nth("preempted", "state", i), now.state, RUNSTATE_runnable);
        row_want(name_nth("preempted", "area", i), seen.state, RUNSTATE_runnable);
        row_want(name_nth("preempted", "same", i), seen.state_entry_time == now.state_entry_time,
                 true);
        row_want(name_nth("preempted", "ran", i), seen.time[RUNSTATE_running] > 0, true);
    }
    guest_end();
}
