/*
 * A kernel that pre-empts its threads amid a hypercall may go on with one on another vcpu, which
 * then makes the rest of the call: it must be the same call there. Vcpu 1 sends vcpu 0 events at
 * any time; an upcall that lies on the way into a call has vcpu 1 make that call, with the
 * registers as they are now, and vcpu 0 waits for what it answers.
 *
 * (What of a call cannot go on elsewhere must not be interrupted by an upcall: domain/exit.c. Xen
 * does not interrupt such work at all, but for tables that were let go: on another vcpu such a call
 * answers before they are plain memory. That is in ARGS=ours.)
 */
#include "guest-kernel/core/trap.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/domctl.h"
#include "tests/guests/evtchn.h"

#define ROUNDS   200
#define VCPUS    600 /* of the domain that is paused: each is a step of that */
#define PATIENCE (15 * NS_PER_SECOND)
#define EXTENTS  4
#define ORDER    9

struct call {
    u64 number, a[4];
    long answer;
};

static struct call call;        /* the one that vcpu 0 makes, */
static volatile bool under_way; /* and may lose */
static bool asked;              /* vcpu 1 is to make it, and has not yet. Atomic */
static volatile bool moved, lost, over;
static volatile u32 seen, moves;
static evtchn_port_t disturber;

/* Has vcpu 0 stopped where it goes into the hypervisor? */
static bool is_entering(const struct trap_frame *frame)
{
    const u8 *stub = (const u8 *)hypercall_page + call.number * 32, *at = (const u8 *)frame->rip;

    return at >= stub && at < stub + 32 &&
           ((at[0] == 0x0f && at[1] == 0x05) || (at[0] == 0xcd && at[1] == 0x82));
}

/* The call is vcpu 1's, whichever it is by now; this one goes on behind it. */
static void call_take(struct trap_frame *frame)
{
#ifdef __x86_64__
    call = (struct call){frame->rax, {frame->rdi, frame->rsi, frame->rdx, frame->r10}, 0};
#else
    call = (struct call){frame->rax, {frame->rbx, frame->rcx, frame->rdx, frame->rsi}, 0};
#endif
    frame->rip += 2; /* of syscall, or int 0x82 */
}

static bool is_asked(void)
{
    return __atomic_load_n(&asked, __ATOMIC_ACQUIRE);
}

static bool upcall(struct trap_frame *frame)
{
    u64 began = time_now_ns();

    vcpu_self()->info->evtchn_upcall_pending = 0;
    ACCESS_ONCE(vcpu_self()->info->evtchn_pending_sel) = 0;
    port_pending_set(disturber, false);
    seen = seen + 1;
    if (!under_way || !is_entering(frame))
        return true;
    call_take(frame);
    under_way = false;
    moved = true;
    __atomic_store_n(&asked, true, __ATOMIC_RELEASE);
    while (is_asked() && !lost) {
        lost = time_now_ns() > began + PATIENCE;
        __builtin_ia32_pause();
    }
    return true;
}

static long call_make(void)
{
    return hypercall_any(call.number, call.a[0], call.a[1], call.a[2], call.a[3], 0);
}

/* Vcpu 1: an event, then some time until the next one, now longer and now shorter. */
static void disturb(void *unused)
{
    u32 random = 1;

    (void)unused;
    while (!over) {
        u32 last = seen;

        if (is_asked()) {
            call.answer = call_make();
            moves = moves + 1;
            __atomic_store_n(&asked, false, __ATOMIC_RELEASE);
        }
        evtchn_send(disturber);
        while (seen == last && !is_asked() && !over)
            __builtin_ia32_pause();
        random = random * 1103515245 + 12345;
        for (u32 i = random >> 16 & (random >> 28 ? 0 : 0xfff); i; i--)
            __builtin_ia32_pause();
    }
}

static long moving(struct call c)
{
    long answer;

    call = c;
    moved = false;
    under_way = true;
    answer = call_make();
    under_way = false;
    if (lost)
        guest_panic("call %lu(%lx, ...) never ended on vcpu 1", (unsigned long)call.number,
                    (unsigned long)call.a[0]);
    return moved ? call.answer : answer;
}

static long domctl_moving(u32 cmd, u32 domain)
{
    static struct xen_domctl own;

    own = (struct xen_domctl){
        .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = (domid_t)domain};
    return moving((struct call){__HYPERVISOR_domctl, {(uintptr_t)&own}, 0});
}

static long memory_moving(u32 cmd, void *arg)
{
    return moving((struct call){__HYPERVISOR_memory_op, {cmd, (uintptr_t)arg}, 0});
}

/* Each is done once, wherever it ends. */
static void say_pauses(void)
{
    u32 domain = domain_made(VCPUS);
    long pauses = 0, ends = 0, refused = 0;

    row("pause.first-end", domctl_moving(XEN_DOMCTL_unpausedomain, domain));
    for (u32 i = 0; i < ROUNDS; i++) {
        pauses += domctl_moving(XEN_DOMCTL_pausedomain, domain);
        ends += domctl_moving(XEN_DOMCTL_unpausedomain, domain);
        refused += domctl_moving(XEN_DOMCTL_unpausedomain, domain) == -XEN_EINVAL;
    }
    row_want("pause.pauses", pauses, 0);
    row_want("pause.ends", ends, 0);
    row_want("pause.refused", refused, ROUNDS);
    row("pause.destroy", domctl_bare(XEN_DOMCTL_destroydomain, domain));
}

/* What a domain wrote, asked for bit by bit: whoever goes on is no other reader. */
static long question(u32 domain, u32 what)
{
    static struct xen_domctl own;
    static u8 bitmap[16384];

    own = (struct xen_domctl){.cmd = XEN_DOMCTL_shadow_op,
                              .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                              .domain = (domid_t)domain,
                              .u.shadow_op = {.op = what, .pages = sizeof(bitmap) * 8}};
    set_xen_guest_handle(own.u.shadow_op.dirty_bitmap, bitmap);
    return moving((struct call){__HYPERVISOR_domctl, {(uintptr_t)&own}, 0});
}

static void say_questions(void)
{
    u32 domain = domain_made(1);
    long failed = 0;

    row("question.watch", question(domain, XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY));
    for (u32 i = 0; i < ROUNDS / 10; i++)
        failed += question(domain, XEN_DOMCTL_SHADOW_OP_CLEAN) < 0;
    row_want("question.failed", failed, 0);
    row("question.end", question(domain, XEN_DOMCTL_SHADOW_OP_OFF));
    row("question.destroy", domctl_bare(XEN_DOMCTL_destroydomain, domain));
}

static xen_pfn_t list[EXTENTS], small[EXTENTS << ORDER];

static struct xen_memory_reservation *extents(xen_pfn_t *first, u64 count, u32 order)
{
    static struct xen_memory_reservation r;

    r = (struct xen_memory_reservation){
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};
    r.extent_start.p = first;
    return &r;
}

/* The domain's to give back: then all of their frames were. */
static void say_extents(void)
{
    long made = 0, given = 0;

    for (u32 i = 0; i < ROUNDS; i++) {
        for (u32 n = 0; n < EXTENTS; n++)
            list[n] = 0x50000 + (n << ORDER);
        made += memory_moving(XENMEM_populate_physmap, extents(list, EXTENTS, ORDER));
        given += memory_moving(XENMEM_decrease_reservation, extents(list, EXTENTS, ORDER));
    }
    row_want("extents.made", made, ROUNDS * EXTENTS);
    row_want("extents.given-back", given, ROUNDS * EXTENTS);
}

static struct xen_memory_exchange exchange;

static long exchange_run(xen_pfn_t *in, u64 ins, u32 in_order, xen_pfn_t *out, u64 outs,
                         u32 out_order)
{
    exchange = (struct xen_memory_exchange){.in = *extents(in, ins, in_order)};
    exchange.out = *extents(out, outs, out_order);
    return memory_moving(XENMEM_exchange, &exchange);
}

/* Frames for a block, and back, as often as it takes. */
static void say_exchanges(void)
{
    long failed = 0, done = 0;

    for (u32 n = 0; n < EXTENTS << ORDER; n++)
        small[n] = 0x50000 + n;
    row("exchange.populate",
        call_memory_op(XENMEM_populate_physmap, extents(small, ARRAY_SIZE(small), 0)));
    for (u32 i = 0; i < ROUNDS / 10; i++) {
        for (u32 n = 0; n < EXTENTS; n++)
            list[n] = 0x50000 + (n << ORDER);
        failed += exchange_run(small, ARRAY_SIZE(small), 0, list, EXTENTS, ORDER);
        done += (long)exchange.nr_exchanged;
        for (u32 n = 0; n < EXTENTS << ORDER; n++)
            small[n] = 0x50000 + n;
        failed += exchange_run(list, EXTENTS, ORDER, small, ARRAY_SIZE(small), 0);
        done += (long)exchange.nr_exchanged;
    }
    row_want("exchange.failed", failed, 0);
    row_want("exchange.done", done, ROUNDS / 10 * (EXTENTS + (EXTENTS << ORDER)));
    row("exchange.give-back",
        call_memory_op(XENMEM_decrease_reservation, extents(small, ARRAY_SIZE(small), 0)));
}

/* All entries of a table lead to @to. */
static pfn_t table_full(mfn_t to, u64 flags)
{
    pfn_t pfn = frame_alloc();
    u64 *t = pfn_to_virt(pfn);

    for (u32 i = 0; i < PT_ENTRIES; i++)
        t[i] = pte_make(to, flags);
    frame_protect(pfn, PTE_READ_ONLY);
    return pfn;
}

static long table_moving(u32 cmd, mfn_t table)
{
    static mmuext_op_t request;

    request = (mmuext_op_t){.cmd = cmd, .arg1.mfn = (xen_pfn_t)table.n};
    return moving(
        (struct call){__HYPERVISOR_mmuext_op, {(uintptr_t)&request, 1, 0, DOMID_SELF}, 0});
}

/* A table that was let go is one no more, nor is any below it. */
static void say_tables(void)
{
    pfn_t l1 = table_full(pfn_to_mfn(frame_alloc()), PTE_READ_WRITE),
          l2 = table_full(pfn_to_mfn(l1), PTE_TABLE);
    long failed = 0, plain = 0;

    for (u32 i = 0; i < ROUNDS; i++) {
        failed += table_moving(MMUEXT_PIN_L2_TABLE, pfn_to_mfn(l2));
        failed += table_moving(MMUEXT_UNPIN_TABLE, pfn_to_mfn(l2));
        plain += !map_page(scratch_page(0), pte_make(pfn_to_mfn(l1), PTE_READ_WRITE));
        plain += !map_page(scratch_page(0), pte_make(pfn_to_mfn(l2), PTE_READ_WRITE));
        map_page(scratch_page(0), 0);
    }
    row_want("tables.failed", failed, 0);
    row_want("tables.plain", plain, 2 * ROUNDS);
}

void guest_main(void)
{
    scratch_entry(1);
    disturber = (evtchn_port_t)evtchn_ipi(0);
    trap_handle(VECTOR_EVENT, upcall);
    timer_stop_periodic();
    port_mask_set(disturber, false);
    upcalls_open();
    vcpu_start(1, disturb, NULL);
    if (cmdline_has("ours")) {
        say_tables();
        say_questions();
    } else {
        say_pauses();
        say_extents();
        say_exchanges();
    }
    over = true;
    vcpu_wait_down(1);
    console_printf("%u calls moved, of %u upcalls\n", moves, seen);
    row_want("upcalls-came", seen > ROUNDS, true);
    guest_end();
}
