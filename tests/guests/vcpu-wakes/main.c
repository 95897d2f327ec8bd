/*
 * One vcpu wakes another: by an event on a port that it polls, by an upcall or an NMI when it has
 * blocked. And it does not while that one is down, but then nothing may be lost: what came
 * meanwhile is there when it comes up.
 */
#include "tests/guests/evtchn.h"
#include "tests/guests/vcpus.h"

#define ROUNDS 2000u

struct vcpu_info *info_of_1;
u64 upcalls, nmis;
extern char upcall_entry[], nmi_entry[];

static evtchn_port_t to_0, to_1, never;
static volatile u64 pings, phase, laps, missed;

static long poll(const evtchn_port_t *port)
{
    struct sched_poll poll = {.nr_ports = 1};

    set_xen_guest_handle(poll.ports, (evtchn_port_t *)port);
    return call_sched_op(SCHEDOP_poll, &poll);
}

static void port_wait(const evtchn_port_t *port)
{
    while (!port_pending(*port))
        if (poll(port))
            guest_panic("a poll is refused");
    port_pending_set(*port, false);
}

/* First it answers what it polls for; then it polls for what does not come, until something else
 * does; then it blocks, over and over. */
static NORETURN void other(u64 id)
{
    (void)id;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        port_wait(&to_1);
        pings++;
        evtchn_send(to_0);
    }
    phase = 1;
    poll(&never);
    phase = 2;
    for (;;) {
        call_sched_op(SCHEDOP_block, NULL);
        laps++;
    }
}

static u32 state(void)
{
    struct vcpu_runstate_info r = {.state = -1};

    vcpu_op(VCPUOP_get_runstate_info, 1, &r);
    return (u32)r.state;
}

/* Until vcpu 1 has blocked again, or gone as far as it can. */
static void settle(void)
{
    for (unsigned int i = 0; i < 20 || state() < RUNSTATE_blocked; i++)
        yield();
}

static void say(const char *what)
{
    settle();
    console_printf("ROW %s = upcalls %" F64 "u nmis %" F64 "u laps %" F64 "u state %u pending %u\n",
                   what, upcalls, nmis, laps, state(), info_of_1->evtchn_upcall_pending);
    port_pending_set(to_1, false);
    upcalls = nmis = laps = 0;
}

static void say_polls(void)
{
    for (unsigned int i = 0; i < ROUNDS; i++) {
        evtchn_send(to_1);
        port_wait(&to_0);
        missed += pings != i + 1;
    }
    row_want("poll.pings", (s64)pings, ROUNDS);
    row_want("poll.missed", (s64)missed, 0);
    wait_for(&phase, 1);
    settle();
    row("poll.phase", (s64)phase);
    port_mask_set(to_1, false); /* upcalls are masked there, so this one waits until it blocks */
    row("poll.send-other", evtchn_send(to_1));
    wait_for(&phase, 2);
    say("poll.ended");
    row("poll.send", evtchn_send(never)); /* which it waits for no longer */
    say("poll.is-over");
}

static void say_blocked(void)
{
    say("block.begins");
    row("block.send", evtchn_send(to_1));
    say("block.event");
    port_mask_set(to_1, true);
    row("block.send-masked", evtchn_send(to_1));
    say("block.masked-event");
    evtchn_send(to_1);
    row("block.unmask", evtchn_unmask(to_1));
    say("block.unmasked-event");
    row("block.nmi", vcpu_op(VCPUOP_send_nmi, 1, NULL));
    say("block.nmi-taken");
    /* It has not been ended by the hypercall iret: another one waits, but wakes. */
    row("block.nmi-again", vcpu_op(VCPUOP_send_nmi, 1, NULL));
    say("block.nmi-again-taken");
}

static void say_down(void)
{
    row("down.down", vcpu_op(VCPUOP_down, 1, NULL));
    say("down.blocked");
    row("down.send", evtchn_send(to_1));
    settle();
    console_printf("ROW down.sent = is_up %ld state %u pending %u port %u laps %" F64 "u\n",
                   vcpu_op(VCPUOP_is_up, 1, NULL), state(), info_of_1->evtchn_upcall_pending,
                   port_pending(to_1), laps);
    row("down.up", vcpu_op(VCPUOP_up, 1, NULL));
    say("down.up-again");
    row("down.down-again", vcpu_op(VCPUOP_down, 1, NULL));
    row("down.up-at-once", vcpu_op(VCPUOP_up, 1, NULL));
    say("down.up-still-blocked");
    evtchn_send(to_1);
    say("down.and-wakes");
    for (unsigned int i = 0; i < 200; i++) { /* down while another sends */
        evtchn_send(to_1);
        vcpu_op(VCPUOP_down, 1, NULL);
        evtchn_send(to_1);
        vcpu_op(VCPUOP_up, 1, NULL);
        settle();
        missed += port_pending(to_1) && info_of_1->evtchn_upcall_pending;
        port_pending_set(to_1, false);
    }
    row_want("down.missed", (s64)missed, 0);
    row_want("down.told", upcalls >= 200, 1);
}

void guest_main(void)
{
    static struct vcpu_guest_context c;
    static u8 stack[STACK_BYTES] __attribute__((aligned(16)));

    info_of_1 = &shared_info->vcpu_info[1];
    to_0 = (evtchn_port_t)evtchn_ipi(0);
    to_1 = (evtchn_port_t)evtchn_ipi(1);
    never = (evtchn_port_t)evtchn_ipi(1);
    port_mask_set(never, true);
    port_mask_set(to_0, true);
    port_mask_set(to_1, true);
    context_fill(&c, other, 1, stack + sizeof(stack));
    c.event_callback_eip = (uintptr_t)upcall_entry;
    c.trap_ctxt[2] =
        (struct trap_info){.vector = 2, .cs = FLAT_KERNEL_CS, .address = (uintptr_t)nmi_entry};
    vcpu_begin(1, &c);
    say_polls();
    say_blocked();
    say_down();
    guest_end();
}
