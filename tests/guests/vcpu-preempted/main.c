/*
 * A vcpu that is taken off the CPU in the middle of its user space. Its kernel's memory, where its
 * runstate and its time are kept up to date, is not mapped then; and what the user space has at
 * those addresses is not the hypervisor's to write. Other vcpus read the state there: Linux spins
 * for a lock only while its holder runs. And what the CPU itself holds of one vcpu is not there for
 * the next. (Xen puts off the runstate until the user space calls, and leaves DR6.)
 */
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define OTHER       1
#define DEBUGGER    2
#define RFLAGS_TF   0x100ul
#define STATUS_STEP 0xffff4ff0
#define STATUS_SET  0x2005ul /* of DR6: breakpoints 0 and 2, an access to a debug register */

static volatile struct vcpu_runstate_info area;
static u8 kernel_stack[STACK_BYTES] __attribute__((aligned(16)));

static void sleep(u64 ns)
{
    struct sched_poll poll = {.timeout = time_now_ns() + ns};

    call_sched_op(SCHEDOP_poll, &poll);
}

static void user_begin(mfn_t root)
{
    static struct vcpu_guest_context c;

    context_fill(&c, NULL, 0, kernel_stack + STACK_BYTES);
    c.flags = 0;
    c.user_regs.cs = FLAT_USER_CS64;
    c.user_regs.ss = FLAT_USER_SS64;
    c.user_regs.rip = user_address(user_code);
    c.user_regs.rsp = user_stack_top();
    c.ctrlreg[1] = xen_pfn_to_cr3(root.n);
    vcpu_begin(OTHER, &c);
}

static volatile u64 debugger_runs;

/* With a breakpoint that never strikes, and a status of its own. */
static void debugger(u64 status)
{
    hypercall_set_debugreg(0, (u64)kernel_stack);
    hypercall_set_debugreg(7, 1);
    hypercall_set_debugreg(6, status);
    debugger_runs = 1;
    for (;;)
        yield();
}

static void step(void *arg)
{
    (void)arg;
    asm volatile("pushfq; orq %0, (%%rsp); popfq; nop; nop" : : "i"(RFLAGS_TF) : "memory", "cc");
}

/* What the CPU shows to one vcpu of breakpoints is not what another one has seen. */
static void say_debug_status(void)
{
    vcpu_run(DEBUGGER, debugger, STATUS_SET);
    wait_for(&debugger_runs, 1);
    row("debug.vector", fault_catch(step, NULL).vector);
    row_want("debug.single-step-only", hypercall_get_debugreg(6) == STATUS_STEP, true);
    row("debug.down", vcpu_op(VCPUOP_down, DEBUGGER, NULL));
}

void guest_main(void)
{
    struct vcpu_register_runstate_memory_area a = {.addr.v = (void *)&area};
    struct vcpu_runstate_info now;
    u64 then;

    timer_stop_periodic();
    say_debug_status();
    row("area.register", vcpu_op(VCPUOP_register_runstate_memory_area, OTHER, &a));
    row("area.before", area.state);
    user_begin(user_space_init());
    for (unsigned int i = 0; i < 3; i++) {
        sleep(20 * NS_PER_MILLISECOND);
        do /* until it does not run in between */
            then = area.state_entry_time;
        while (vcpu_op(VCPUOP_get_runstate_info, OTHER, &now) || area.state_entry_time != then);
        row_want(name_nth("preempted", "state", i), now.state, RUNSTATE_runnable);
        row_want(name_nth("preempted", "area", i), area.state, RUNSTATE_runnable);
        row_want(name_nth("preempted", "same", i), area.state_entry_time == now.state_entry_time,
                 true);
        row_want(name_nth("preempted", "ran", i), area.time[RUNSTATE_running] > 0, true);
    }
    guest_end();
}
