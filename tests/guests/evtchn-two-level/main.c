/*
 * Events in the two-level ABI: what a send does to the bits, when the upcall comes and in which
 * state, what is merged, what a mask holds back and who lets it out again. A kernel's interrupts
 * rest on each of these, and an upcall that is missing hangs it.
 *
 * The handler notes what it sees, takes the selected bits, and answers as the ABI asks: upcall
 * pending first, then selector, then ports.
 */
#include "tests/guests/evtchn.h"
#include "tests/guests/user_space.h"

#define WORDS     (sizeof(xen_ulong_t) * 8)
#define LAST      (EVTCHN_2L_NR_CHANNELS - 1)
#define RFLAGS_IF 0x200u

extern char user_call[], user_called[];

static struct {
    unsigned int upcalls, events; /* since the last say() */
    u8 masked, was_pending;       /* in the handler of the last upcall */
    u64 selected, cs, flags;
    u64 sp;
    evtchn_port_t last, order[8];
    evtchn_port_t send_inside; /* send on it once */
    bool leave;                /* do not look at the ports */
} seen;

static void event_take(evtchn_port_t port)
{
    port_pending_set(port, false);
    seen.last = port;
    if (seen.events < ARRAY_SIZE(seen.order))
        seen.order[seen.events] = port;
    seen.events++;
}

static bool upcall(struct trap_frame *frame)
{
    volatile struct vcpu_info *v = vcpu_info();
    evtchn_port_t send = seen.send_inside;

    seen.upcalls++;
    seen.masked = v->evtchn_upcall_mask;
    seen.was_pending = v->evtchn_upcall_pending;
    seen.cs = frame->cs;
    seen.flags = frame->rflags & RFLAGS_IF;
    seen.sp = frame_sp(frame);
    v->evtchn_upcall_pending = 0;
    seen.selected = __atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    seen.send_inside = 0;
    if (send)
        evtchn_send(send);
    for (u64 words = seen.leave ? 0 : seen.selected; words; words &= words - 1) {
        u32 word = (u32)__builtin_ctzl(words);
        u64 ports = *(volatile xen_ulong_t *)&shared_info->evtchn_pending[word] &
                    ~*(volatile xen_ulong_t *)&shared_info->evtchn_mask[word];

        for (; ports; ports &= ports - 1)
            event_take(word * WORDS + (u32)__builtin_ctzl(ports));
    }
    return true;
}

/* What came since the last time, and the state that it left. */
static void say(const char *name, evtchn_port_t port)
{
    volatile struct vcpu_info *v = vcpu_info();

    console_printf("ROW %s = %u upcalls, %u events, last %u; pending %u, masked %u, selector "
                   "0x%lx, upcall %u, mask %u\n",
                   name, seen.upcalls, seen.events, seen.last, port_pending(port),
                   port_masked(port), v->evtchn_pending_sel, v->evtchn_upcall_pending,
                   v->evtchn_upcall_mask);
    seen.upcalls = seen.events = seen.last = 0;
}

/* Nothing is pending anywhere, upcalls are masked. */
static void clean(evtchn_port_t port)
{
    upcalls_close();
    port_mask_set(port, false);
    port_pending_set(port, false);
    vcpu_info()->evtchn_pending_sel = 0;
    vcpu_info()->evtchn_upcall_pending = 0;
    seen.upcalls = seen.events = seen.last = 0;
}

static void sends(evtchn_port_t port, unsigned int n)
{
    while (n--)
        evtchn_send(port);
}

static void say_upcalls(evtchn_port_t ipi)
{
    clean(ipi);
    row("upcall.send", evtchn_send(ipi));
    say("upcall.held-back", ipi);
    sends(ipi, 5);
    say("upcall.held-back-more", ipi);
    upcalls_open();
    say("upcall.let-in", ipi);
    row_hex("upcall.in-handler-mask", seen.masked);
    row_hex("upcall.in-handler-pending", seen.was_pending);
    row_hex("upcall.in-handler-selected", seen.selected);
    row_hex("upcall.frame-cs", seen.cs);
    row_hex("upcall.frame-flags", seen.flags);
    row("upcall.open-send", evtchn_send(ipi));
    say("upcall.at-once", ipi);
    sends(ipi, 5);
    say("upcall.each", ipi);
    seen.send_inside = ipi;
    sends(ipi, 1);
    say("upcall.sent-in-handler", ipi);
    seen.leave = true;
    sends(ipi, 3);
    seen.leave = false;
    say("upcall.not-taken", ipi);
    clean(ipi);
    vcpu_info()->evtchn_upcall_pending = 1;
    upcalls_open();
    say("upcall.of-the-guest's-own", ipi);
}

static void say_masks(evtchn_port_t ipi)
{
    clean(ipi);
    upcalls_open();
    port_mask_set(ipi, true);
    sends(ipi, 2);
    say("mask.send", ipi);
    row("mask.unmask", evtchn_unmask(ipi));
    say("mask.unmasked", ipi);
    row("mask.unmask-again", evtchn_unmask(ipi));
    say("mask.unmasked-again", ipi);
    port_mask_set(ipi, true);
    evtchn_unmask(ipi);
    say("mask.nothing-pending", ipi);
    port_pending_set(ipi, true);
    evtchn_unmask(ipi);
    say("mask.pending-not-masked", ipi);
    sends(ipi, 1);
    say("mask.send-already-pending", ipi);
    clean(ipi);
    upcalls_open();
    port_mask_set(ipi, true);
    sends(ipi, 1);
    port_mask_set(ipi, false);
    sends(ipi, 1);
    say("mask.taken-away-by-hand", ipi);
    clean(ipi);
    upcalls_open();
    vcpu_info()->evtchn_pending_sel = ~0ul;
    sends(ipi, 1);
    say("mask.selected-already", ipi);
    clean(ipi);
    port_mask_set(ipi, true);
    sends(ipi, 1);
    row("mask.unmask-held-back", evtchn_unmask(ipi));
    say("mask.unmasked-held-back", ipi);
    upcalls_open();
    say("mask.let-in", ipi);
}

/* Bits of a port that is closed, of one that nobody can send on, and beyond them all. */
static void say_odd_ports(evtchn_port_t ipi)
{
    evtchn_port_t other = (u32)evtchn_alloc(DOMID_SELF, DOMID_SELF);
    evtchn_port_t virq = (u32)evtchn_virq(VIRQ_DEBUG, 0);

    clean(other);
    upcalls_open();
    row("odd.send-unbound", evtchn_send(other));
    say("odd.unbound", other);
    port_mask_set(virq, true);
    port_pending_set(virq, true);
    row("odd.unmask-virq", evtchn_unmask(virq));
    say("odd.virq", virq);
    port_pending_set(other, true);
    port_mask_set(other, true);
    row("odd.close-pending", evtchn_close(other));
    say("odd.closed", other);
    port_pending_set(other, true);
    row("odd.unmask-closed", evtchn_unmask(other));
    say("odd.still-masked", other);
    row("odd.close-virq", evtchn_close(virq));
    clean(other);
    clean(ipi);
}

/* Both ends are this domain's: each hears the other. The connection itself is an event, since the
 * other end may have sent before. */
static void say_loopback(void)
{
    evtchn_port_t left = (u32)evtchn_alloc(DOMID_SELF, DOMID_SELF), right;

    clean(left);
    upcalls_open();
    right = (u32)evtchn_connect(DOMID_SELF, left);
    say("loopback.connected", right);
    sends(left, 1);
    say("loopback.left-to-right", right);
    sends(right, 1);
    say("loopback.right-to-left", left);
    upcalls_close();
    sends(left, 2);
    sends(right, 2);
    say("loopback.both-held-back", left);
    upcalls_open();
    say("loopback.both", left);
    row("loopback.order", seen.order[0] == left && seen.order[1] == right);
    upcalls_close();
    sends(left, 1);
    evtchn_close(right);
    say("loopback.closed-while-pending", right);
    upcalls_open();
    say("loopback.nothing-left", right);
    sends(left, 1);
    say("loopback.nobody-hears", left);
    evtchn_close(left);
    clean(left);
}

/* Ports in the last words. */
static void say_far_ports(void)
{
    evtchn_port_t port = 0;

    while (port < LAST)
        port = (u32)evtchn_ipi(0);
    clean(port);
    upcalls_open();
    sends(port, 1);
    say("far.sent", port);
    row_hex("far.selected", seen.selected);
    upcalls_close();
    for (; port > LAST - 195; port -= 60)
        sends(port, 1);
    row_hex("far.selector", vcpu_info()->evtchn_pending_sel);
    upcalls_open();
    say("far.several", LAST);
    upcalls_close();
    for (port = LAST; evtchn_status_text(DOMID_SELF, port)[5] == '5'; port--)
        evtchn_close(port);
}

/* The iret that unmasks delivers what came meanwhile: before the first instruction of whoever it
 * returns to, on the same stack, not deeper. */
static void say_user(evtchn_port_t ipi)
{
    static struct trap_frame frame;
    mfn_t root;

    scratch_entry(1);
    for (enum user_page page = USER_CODE; page <= USER_STACK; page++)
        user_page_map(page, PTE_USER | PTE_WRITE);
    memcpy(scratch_page(USER_CODE), user_code, (size_t)(user_code_end - user_code));
    root = HAS_USER_ROOTS ? user_root_new() : (mfn_t){0};
    row("user.root", root.n ? mmuext(MMUEXT_NEW_USER_BASEPTR, root.n) : 0);
    for (unsigned int masked = 0; masked < 2; masked++) {
        clean(ipi);
        user_frame_init(&frame, user_address(user_call), user_stack_top());
        frame.rflags = masked ? 0 : RFLAGS_IF;
        sends(ipi, 1);
        user_run(&frame);
        row(name_nth("user", "entry", masked), (s64)frame.vector);
        row(name_nth("user", "place", masked), (s64)(frame.rip - user_address(user_call)));
        row_hex(name_nth("user", "cs", masked), frame.cs);
        row_hex(name_nth("user", "flags", masked), frame.rflags & RFLAGS_IF);
        row(name_nth("user", "stack", masked), (s64)(frame.rsp - user_stack_top()));
        say(name_nth("user", "state", masked), ipi);
    }
    clean(ipi);
}

static void say_depth(evtchn_port_t ipi)
{
    u64 deepest = 0, first;

    clean(ipi);
    upcalls_open();
    seen.send_inside = ipi;
    sends(ipi, 1);
    first = seen.sp;
    for (int i = 0; i < 1000; i++) {
        seen.send_inside = ipi;
        sends(ipi, 1);
        deepest = MAX(deepest, first - seen.sp);
    }
    say("depth.thousand", ipi);
    row("depth.of-stack", (s64)deepest);
}

void guest_main(void)
{
    evtchn_port_t ipi;

    upcalls_close();
    trap_handle(VECTOR_EVENT, upcall);
    ipi = (u32)evtchn_ipi(0);
    row("ipi.port", ipi);
    say_upcalls(ipi);
    say_masks(ipi);
    say_odd_ports(ipi);
    say_loopback();
    say_depth(ipi);
    say_user(ipi);
    say_far_ports();
    guest_end();
}
