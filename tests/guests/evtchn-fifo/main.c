/*
 * Events in the FIFO ABI: queues by priority in the guest's own memory, which both sides write. The
 * rows are the words themselves after each step: a guest must find its events where Xen would have
 * put them, in the same order, and an odd guest only confuses itself.
 *
 * Upcalls stay masked; whether one is pending is part of each row.
 */
#include "tests/guests/evtchn.h"

#define PENDING  (1u << EVTCHN_FIFO_PENDING)
#define MASKED   (1u << EVTCHN_FIFO_MASKED)
#define LINKED   (1u << EVTCHN_FIFO_LINKED)
#define BUSY     (1u << EVTCHN_FIFO_BUSY)
#define LINK     ((u32)EVTCHN_FIFO_LINK_MASK)
#define PRIORITY EVTCHN_FIFO_PRIORITY_DEFAULT
#define OFFSET   256u /* of the control block on its page */

static pfn_t control_page, words_page;
static volatile struct evtchn_fifo_control_block *control;
static volatile event_word_t *words;
static evtchn_port_t heads[EVTCHN_FIFO_MAX_QUEUES];

static u64 gfn_of(pfn_t pfn)
{
    return pfn_to_mfn(pfn).n;
}

static long control_init(u64 gfn, u32 offset, u32 vcpu)
{
    struct evtchn_init_control a = {.control_gfn = gfn, .offset = offset, .vcpu = vcpu};
    long answer = evtchn_op(EVTCHNOP_init_control, &a);

    return answer ? answer : a.link_bits;
}

static long array_expand(u64 gfn)
{
    struct evtchn_expand_array a = {.array_gfn = gfn};

    return evtchn_op(EVTCHNOP_expand_array, &a);
}

static void pages_new(void)
{
    control_page = frame_alloc_zeroed();
    words_page = frame_alloc_zeroed();
    control = pfn_to_virt(control_page) + OFFSET;
    words = pfn_to_virt(words_page);
    memset(heads, 0, sizeof(heads));
}

/* A port's word: P, M, L, B for its bits, and where it leads. */
static void say_word(const char *name, evtchn_port_t port)
{
    char text[32];
    u32 w = words[port];

    fmt_snprintf(text, sizeof(text), "%s%s%s%s>%u", w & PENDING ? "P" : "", w & MASKED ? "M" : "",
                 w & LINKED ? "L" : "", w & BUSY ? "B" : "",
                 w & ~(PENDING | MASKED | LINKED | BUSY));
    row_text(name, text);
}

/* The control block's queues that are ready, and the upcall. */
static void say_state(const char *name)
{
    console_printf("ROW %s = ready 0x%x, upcall %u, head %u, of 3: %u, of 15: %u\n", name,
                   control->ready, vcpu_info()->evtchn_upcall_pending, control->head[PRIORITY],
                   control->head[3], control->head[15]);
    vcpu_info()->evtchn_upcall_pending = 0;
}

static u32 word_change(evtchn_port_t port, u32 clear, u32 set)
{
    event_word_t *w = (event_word_t *)&words[port], old = *w;

    while (!__atomic_compare_exchange_n(w, &old, (old & ~clear) | set, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
        ;
    return old;
}

/* Takes one queue as far as it goes, as the ABI asks; says the ports in order, those that are not
 * pending with a dash. */
static void queue_take(const char *name, u32 priority)
{
    char text[96];
    size_t at = 0;
    u32 *ready = (u32 *)&control->ready;

    text[0] = 0;
    for (int i = 0; i < 12; i++) {
        evtchn_port_t port = heads[priority];

        if (!port) {
            if (!(__atomic_fetch_and(ready, ~(1u << priority), __ATOMIC_SEQ_CST) >> priority & 1))
                break;
            port = control->head[priority];
        }
        heads[priority] = word_change(port, LINKED | LINK, 0) & LINK;
        at += (size_t)fmt_snprintf(text + at, sizeof(text) - at, " %u%s", port,
                                   words[port] & PENDING ? "" : "-");
        word_change(port, PENDING, 0);
    }
    row_text(name, text);
}

static void say_refusals(void)
{
    static const u32 offsets[] = {4, 1, PAGE_SIZE - 68, PAGE_SIZE - 64, PAGE_SIZE, ~0u};
    u64 gfn = gfn_of(control_page);

    row("refused.expand-too-early", array_expand(gfn_of(words_page)));
    row("refused.no-vcpu", control_init(gfn, 0, 9));
    row("refused.no-vcpu-bad-offset", control_init(gfn, 3, 9));
    row("refused.far-vcpu", control_init(gfn, 0, ~0u));
    for (unsigned int i = 0; i < ARRAY_SIZE(offsets); i++)
        row(name_nth("refused", "offset", offsets[i]), control_init(gfn, offsets[i], 0));
    row("refused.no-frame", control_init(NO_FRAME_AT_ALL, 0, 0));
    row("refused.beyond", control_init(BEYOND_MEMORY, 0, 0));
    row("refused.table", control_init(table_boot_root().n, 0, 0));
    row("refused.low", control_init(0xa0, 0, 0));
    row("refused.expand-still-early", array_expand(gfn_of(words_page)));
    row("refused.priority-too-early", evtchn_priority(1, 3));
}

/* From one ABI to the other, with an event pending, and one that comes while there are no words. */
static void say_switch(evtchn_port_t a, evtchn_port_t b, evtchn_port_t c)
{
    evtchn_send(a);
    row("switch.two-level", port_pending(a));
    row("switch.init", control_init(gfn_of(control_page), OFFSET, 0));
    row("switch.again", control_init(gfn_of(control_page), OFFSET, 0));
    row("switch.other-frame", control_init(gfn_of(words_page), 0, 0));
    vcpu_info()->evtchn_upcall_pending = 0;
    row("switch.send-without-words", evtchn_send(b));
    row("switch.unmask-without-words", evtchn_unmask(c));
    row("switch.two-level-still", port_pending(a));
    row("switch.two-level-not", port_pending(b));
    say_state("switch.nothing-yet");
    row("switch.no-frame", array_expand(NO_FRAME_AT_ALL));
    row("switch.table", array_expand(table_boot_root().n));
    row("switch.expand", array_expand(gfn_of(words_page)));
    say_state("switch.state");
    say_word("switch.a", a);
    say_word("switch.b", b);
    say_word("switch.c", c);
    queue_take("switch.taken", PRIORITY);
    say_state("switch.taken-state");
}

static void say_queue(evtchn_port_t a, evtchn_port_t b, evtchn_port_t c)
{
    evtchn_send(b);
    say_state("queue.first");
    say_word("queue.first-word", b);
    evtchn_send(a);
    evtchn_send(c);
    evtchn_send(b);
    say_state("queue.three");
    say_word("queue.a", a);
    say_word("queue.b", b);
    say_word("queue.c", c);
    queue_take("queue.taken", PRIORITY);
    say_word("queue.a-after", a);
    evtchn_send(c);
    say_state("queue.one-more");
    queue_take("queue.taken-more", PRIORITY);
    /* Taken from the queue, not handled yet: sent again it is queued again. */
    evtchn_send(a);
    vcpu_info()->evtchn_upcall_pending = 0;
    word_change(a, LINKED | LINK, 0);
    evtchn_send(a);
    say_word("queue.again", a);
    say_state("queue.again-state");
    queue_take("queue.again-taken", PRIORITY);
    /* And one that lost its mark while it waits. */
    evtchn_send(a);
    evtchn_send(b);
    word_change(a, PENDING, 0);
    queue_take("queue.nothing-there", PRIORITY);
    say_state("queue.empty");
}

static void say_masks(evtchn_port_t a, evtchn_port_t b)
{
    word_change(a, 0, MASKED);
    row("mask.send", evtchn_send(a));
    say_word("mask.sent", a);
    say_state("mask.state");
    row("mask.unmask", evtchn_unmask(a));
    say_word("mask.unmasked", a);
    say_state("mask.unmasked-state");
    row("mask.unmask-again", evtchn_unmask(a));
    evtchn_send(b);
    word_change(b, 0, MASKED);
    say_word("mask.while-linked", b);
    queue_take("mask.taken", PRIORITY);
    word_change(a, 0, MASKED);
    evtchn_send(a);
    word_change(a, MASKED, 0);
    evtchn_send(a);
    say_word("mask.by-hand", a);
    say_state("mask.by-hand-state");
    queue_take("mask.by-hand-taken", PRIORITY);
    word_change(b, 0, BUSY | MASKED);
    evtchn_send(b);
    say_word("mask.busy", b);
    row("mask.busy-unmask", evtchn_unmask(b));
    say_word("mask.busy-unmasked", b);
    queue_take("mask.busy-taken", PRIORITY);
    say_state("mask.empty");
    word_change(b, BUSY, 0);
}

static void say_priorities(evtchn_port_t a, evtchn_port_t b, evtchn_port_t c)
{
    static const u32 priorities[] = {0, 3, 15, 16, 99, ~0u};

    for (unsigned int i = 0; i < ARRAY_SIZE(priorities); i++) {
        row(name_nth("priority", "set", priorities[i]), evtchn_priority(a, priorities[i]));
        row(name_nth("priority", "closed", priorities[i]), evtchn_priority(40, priorities[i]));
        row(name_nth("priority", "none", priorities[i]), evtchn_priority(4000, priorities[i]));
    }
    row("priority.reserved", evtchn_priority(0, 3));
    evtchn_priority(a, 3);
    evtchn_priority(b, 15);
    evtchn_send(b);
    evtchn_send(c);
    evtchn_send(a);
    say_state("priority.three");
    /* In its queue it stays where it is; next time it goes to the other. */
    evtchn_priority(a, PRIORITY);
    evtchn_send(a);
    say_state("priority.changed-while-linked");
    queue_take("priority.of-3", 3);
    evtchn_send(a);
    say_state("priority.moved");
    queue_take("priority.of-7", PRIORITY);
    queue_take("priority.of-15", 15);
    /* a was the last of the one queue, is the last of another, and the one goes on. */
    evtchn_priority(a, 3);
    evtchn_send(c);
    evtchn_send(a);
    evtchn_priority(a, PRIORITY);
    queue_take("priority.old-queue", 3);
    evtchn_send(a);
    evtchn_priority(b, 3);
    evtchn_send(b);
    say_state("priority.both");
    say_word("priority.a", a);
    say_word("priority.b", b);
    say_word("priority.c", c);
    queue_take("priority.both-3", 3);
    queue_take("priority.both-7", PRIORITY);
    evtchn_priority(b, PRIORITY);
    say_state("priority.empty");
}

/* Closed while it is in a queue: nobody's until it is taken from there. */
static void say_busy(evtchn_port_t a)
{
    evtchn_port_t other = (u32)evtchn_ipi(0), next;

    row("busy.port", other);
    evtchn_priority(other, 3);
    evtchn_send(a);
    evtchn_send(other);
    row("busy.close", evtchn_close(other));
    say_word("busy.closed", other);
    next = (u32)evtchn_ipi(0);
    row("busy.next", next);
    row("busy.next-close", evtchn_close(next));
    queue_take("busy.taken", 3);
    queue_take("busy.taken-other", PRIORITY);
    next = (u32)evtchn_ipi(0);
    row("busy.again", next);
    evtchn_send(next);
    say_state("busy.default-priority-again");
    queue_take("busy.taken-again", PRIORITY);
    row("busy.close-again", evtchn_close(next));
}

/* What no kernel should do. */
static void say_garbage(evtchn_port_t a, evtchn_port_t b, evtchn_port_t c)
{
    evtchn_port_t odd;

    word_change(a, LINK, 0x1ffff);
    evtchn_send(a);
    say_word("garbage.link", a);
    evtchn_send(b);
    say_word("garbage.linked-over", a);
    word_change(b, LINKED, 0); /* the last, taken out without a word */
    evtchn_send(c);
    say_state("garbage.tail-gone");
    say_word("garbage.b", b);
    say_word("garbage.c", c);
    word_change(c, 0, ~0u);
    evtchn_send(a);
    say_word("garbage.all-ones", c);
    word_change(a, ~0u, 0);
    evtchn_send(a);
    say_word("garbage.a", a);
    say_word("garbage.c-over", c);
    control->head[PRIORITY] = 0x1fffff;
    control->ready = ~0u;
    vcpu_info()->evtchn_upcall_pending = 0;
    word_change(a, ~0u, 0);
    evtchn_send(a);
    say_state("garbage.ready-already");
    control->ready = 0;
    word_change(a, ~0u, 0);
    word_change(b, ~0u, 0);
    word_change(c, ~0u, 0);
    evtchn_send(a);
    say_state("garbage.a-alone");
    word_change(a, ~0u, 0);
    word_change(60, 0, LINKED);
    for (odd = 0; odd < 62; odd = (u32)evtchn_ipi(0))
        ;
    row("garbage.all-but-the-linked", odd);
    row_text("garbage.linked-and-free", evtchn_status_text(DOMID_SELF, 60));
    word_change(60, LINKED, 0);
    row("garbage.free-again", evtchn_ipi(0));
    for (odd = 63; odd > c; odd--)
        evtchn_close(odd);
    control->ready = 0;
}

/* The pages are the guest's again, and can be tables; while they are used they cannot. */
static void say_reset(evtchn_port_t a)
{
    long last = 0;
    int pages = 1;

    while (!(last = array_expand(gfn_of(words_page))))
        pages++;
    row("reset.pages", pages);
    row("reset.no-more-pages", last);
    evtchn_send(a);
    row("reset.by-number", evtchn_reset(0));
    say_word("reset.word", a);
    row_text("reset.closed", evtchn_status_text(DOMID_SELF, a));
    row("reset.again", evtchn_reset(DOMID_SELF));
    row("reset.two-level-expand", array_expand(gfn_of(words_page)));
    row("reset.first-port", evtchn_ipi(0));
    port_pending_set(1, false);
    vcpu_info()->evtchn_pending_sel = 0;
    vcpu_info()->evtchn_upcall_pending = 0;
    evtchn_send(1);
    row("reset.two-level", port_pending(1));
    row("reset.two-level-upcall", vcpu_info()->evtchn_upcall_pending);
    memset((void *)words, 0, PAGE_SIZE);
    row("reset.unmap", map_page((void *)words, 0));
    row("reset.page-is-free", mmuext(MMUEXT_PIN_L1_TABLE, gfn_of(words_page)));
    row("reset.unpin", mmuext(MMUEXT_UNPIN_TABLE, gfn_of(words_page)));
    pages_new();
    vcpu_info()->evtchn_upcall_pending = 0;
    row("reset.begin-again", control_init(gfn_of(control_page), OFFSET, 0));
    row("reset.expand-again", array_expand(gfn_of(words_page)));
    /* Not where it leads: Xen raises again what once waited for its word, though it is closed. */
    row_hex("reset.word-again", words[1] & ~LINK);
    say_state("reset.state-again");
    row("reset.unmap-again", map_page((void *)words, 0));
    row("reset.page-is-no-table", mmuext(MMUEXT_PIN_L1_TABLE, gfn_of(words_page)));
}

void guest_main(void)
{
    evtchn_port_t a, b, c;

    upcalls_close();
    pages_new();
    a = (u32)evtchn_ipi(0);
    b = (u32)evtchn_ipi(0);
    c = (u32)evtchn_ipi(0);
    say_refusals();
    say_switch(a, b, c);
    say_queue(a, b, c);
    say_masks(a, b);
    say_priorities(a, b, c);
    say_busy(a);
    say_garbage(a, b, c);
    say_reset(a);
    guest_end();
}
