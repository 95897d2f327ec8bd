/*
 * NMIs strike between any two instructions: of the guest, and of the hypervisor on every way in and
 * out. A mix of calls, traps, returns and system calls goes on while hundreds come, and must not
 * notice. They are the control domain's, who asked for them by nmi_op: one at a time until its
 * iret, with the reason in shared_info, and one that came without a handler is told later.
 */
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define ROUNDS_OF_USER 16
#define LATE_ON_XEN    8 /* one in thousands is there; with much else to do on the machine, more */
#define PATIENCE_NS    (20 * NS_PER_SECOND)
#define USER_RBX       0x12345678u

extern char nmi_entry[], user_loop[];
void nmi_handle(unsigned long cs);

static volatile u64 count, nested, unmasked, strange_cs, reasons, late;
static volatile bool inside, linger;

/* User frames lie among room for an NMI's own frame: one may strike in the entry that fills them.
 */
static struct {
    u8 below[2048];
    struct trap_frame frame;
} user;

static bool typed(char end)
{
    char c = 0;

    call_console_io(CONSOLEIO_read, 1, &c);
    return c == end;
}

static void wait_for_typed(void)
{
    while (!typed('!'))
        ;
}

void nmi_handle(unsigned long cs)
{
    nested += inside;
    inside = true;
    count++;
    reasons |= shared_info->arch.nmi_reason;
    shared_info->arch.nmi_reason = 0;
    unmasked += !shared_info->vcpu_info[0].evtchn_upcall_mask;
    strange_cs += (cs & 0xffff) != KERNEL_CS_IN_FRAMES && (cs & 0xffff) != FLAT_USER_CS;
    if (linger) {
        linger = false;
        console_printf("nmi: handling\n");
        wait_for_typed();
        console_printf("ROW handling.count = %" F64 "u\n", count);
    }
    inside = false;
}

static long nmi_register(void)
{
    struct xennmi_callback c = {.handler_address = (unsigned long)nmi_entry};

    return hypercall_nmi_op(XENNMI_register_callback, (uintptr_t)&c);
}

static void trap(void *arg)
{
    (void)arg;
    asm volatile("ud2");
}

/* One that strikes on the way out of the hypervisor, after that has looked whether one came, must
 * not wait for the next call: whoever sees its reason has been called before. */
static void look_for_late_ones(void)
{
    for (int i = 0; i < 200; i++) {
        call_xen_version(XENVER_version, NULL);
        late += ACCESS_ONCE(shared_info->arch.nmi_reason) != 0;
    }
}

/* Counts what went otherwise than it should. */
static u64 mix(void)
{
    unsigned long unused;
    u64 wrong = 0, root = table_entry_address(table_boot_root(), 0);
    long version = call_xen_version(XENVER_version, NULL);

    wrong += call_xen_version(XENVER_version, NULL) != version;
    wrong += pte_update(root, entry_read(root)) != 0;
    wrong += fault_catch(trap, NULL).vector != VECTOR_UD;
    wrong += probe_read(NULL, &unused).vector != VECTOR_PF;
    user_frame_init(&user.frame, user_address(user_loop), user_stack_top());
    user.frame.rbx = USER_RBX;
    for (u64 i = 1; i <= ROUNDS_OF_USER; i++) {
        user.frame.rip = user_address(user_loop);
        user_run(&user.frame);
        wrong += user.frame.vector != VECTOR_SYSCALL || user.frame.rbx != USER_RBX ||
                 user.frame.rbp != i * 16 || user.frame.rsp != user_stack_top();
    }
    return wrong;
}

static void say_mix(void)
{
    u64 wrong = 0;

    console_printf("nmi: mixing\n");
    while (!typed('!')) {
        console_printf("nmi: going on\n");
        wrong += mix();
        look_for_late_ones();
    }
    row("mix.wrong", (s64)wrong);
    row("mix.most-came", count > 300 && count <= 400);
    row("mix.nested", (s64)nested);
    row("mix.unmasked", (s64)unmasked);
    row("mix.strange-cs", (s64)strange_cs);
    row_want("mix.late", late > (hypervisor_is_xen() ? LATE_ON_XEN : 0), 0);
    row_hex("mix.reason", reasons);
    console_printf("nmi: %" F64 "u came\n", count);
}

/* The next one comes when the first has been handled, not before. */
static void say_handling(void)
{
    count = 0;
    linger = true;
    asm volatile("" ::: "memory");
    console_printf("nmi: waiting for the first\n");
    while (count < 2)
        mix();
    row("handling.nested", (s64)nested);
}

/* What came while there was no handler is told to the next one, as long as the reason stands. */
static void say_late(void)
{
    row("late.unregister", hypercall_nmi_op(XENNMI_unregister_callback, 0));
    shared_info->arch.nmi_reason = 0;
    count = 0;
    row("late.register-without", nmi_register());
    row("late.count-without", (s64)count);
    row("late.unregister-again", hypercall_nmi_op(XENNMI_unregister_callback, 0));
    console_printf("nmi: without a handler\n");
    wait_for_typed();
    row("late.count-unregistered", (s64)count);
    row_hex("late.reason", shared_info->arch.nmi_reason);
    row("late.register", nmi_register());
    row("late.count-registered", (s64)count);
}

static volatile bool woken_by_us;

/* One that comes while another vcpu runs finds the first one asleep. */
static void runner(u64 arg)
{
    struct vcpu_runstate_info first;
    u64 end;

    (void)arg;
    do {
        yield();
        vcpu_op(VCPUOP_get_runstate_info, 0, &first);
    } while (first.state != RUNSTATE_blocked);
    console_printf("nmi: vcpu 0 is blocked\n");
    for (end = time_now_ns() + PATIENCE_NS; !count && time_now_ns() < end;)
        ;
    woken_by_us = !count;
    if (woken_by_us)
        vcpu_op(VCPUOP_send_nmi, 0, NULL);
    for (;;)
        yield();
}

static void say_blocked(void)
{
    struct sched_poll forever = {0};

    count = 0;
    timer_stop_periodic();
    vcpu_run(1, runner, 0);
    while (!count)
        call_sched_op(SCHEDOP_poll, &forever);
    row("blocked.woken-by-it", !woken_by_us);
}

void guest_main(void)
{
    user_space_init();
    row("register.answer", nmi_register());
    if (vcpu_op(VCPUOP_is_up, 1, NULL) == 0) { /* there is another one, as run.two-vcpus has it */
        say_blocked();
        guest_end();
    }
    say_mix();
    say_handling();
    say_late();
    guest_end();
}
