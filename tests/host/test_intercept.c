// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c tests/host/event_guest.c hypervisor/mm/frame.c
// LINK: hypervisor/mm/alloc.c hypervisor/mm/ptype.c hypervisor/mm/pt_update.c
// LINK: hypervisor/mm/io_frames.c hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/event/channel.c hypervisor/event/send.c hypervisor/event/virq.c
// LINK: hypervisor/event/two_level32.c hypervisor/domain/width.c
// LINK: hypervisor/event/fifo.c hypervisor/event/watched.c hypervisor/event/intercept.c
// LINK: hypercalls/layout32.c
// LINK: hypervisor/event/redirect.c hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Interception of events, below its call: what each rule does to which events and when, what is
 * drawn from a seed, where redirections lead, and that the end of whatever is in the way (a port, a
 * domain, a rule) leaves neither an event that should not come nor a page that is nobody's. Then a
 * storm of all of it.
 */
#include "hypervisor/event/intercept.h"
#include "hypervisor/event/two_level.h"
#include "hypervisor/time/timer.h"
#include "tests/host/event_guest.h"

static struct event_guest *a, *b;
static evtchn_port_t left, right; /* a channel from a to b */
static u32 heard[2][2048];
static u64 clock_ns;
static struct timer *alarm_set_for;

u64 now_ns(void)
{
    return clock_ns;
}

void timer_set(struct timer *t, u64 due)
{
    t->due = due;
    alarm_set_for = t;
}

static const struct timer *set_by_test;

bool timer_is_set(const struct timer *t)
{
    return t == set_by_test;
}

static void note(struct event_guest *g, evtchn_port_t port)
{
    heard[g == b][port]++;
}

/* Time passes, and the timer comes when it is due. */
static void pass(u64 ns)
{
    u64 end = clock_ns + ns;

    while (alarm_set_for && alarm_set_for->due <= end) {
        struct timer *t = alarm_set_for;

        clock_ns = t->due > clock_ns ? t->due : clock_ns;
        alarm_set_for = NULL;
        t->fn(t->data);
    }
    clock_ns = end;
}

/* How often @g has heard @port since it was asked last. */
static u32 comes(struct event_guest *g, evtchn_port_t port)
{
    u32 n;

    event_guest_upcalls(g);
    n = heard[g == b][port];
    heard[g == b][port] = 0;
    return n;
}

static void begin(void)
{
    memset(heard, 0, sizeof(heard));
    clock_ns = 1000;
    a = event_guest_new(0, true);
    b = event_guest_new(1, false);
    dom0 = a->d;
    a->event = b->event = note;
    right = (u32)event_alloc_unbound(b->d, 0);
    left = (u32)event_bind_interdomain(a->d, b->d, right);
    comes(a, left);
}

static void rules_drop(u16 domain)
{
    int rc;

    do {
        intercept_lock();
        rc = rules_reset(domain);
        intercept_unlock();
    } while (rc == RESTART);
    assert_int_equal(rc, 0);
}

static void finish(void)
{
    rules_drop(XL_ANY_DOMAIN);
    pass(1); /* what went on by the timer */
    event_guest_end(b);
    event_guest_end(a);
    dom0 = NULL;
    assert_int_equal(event_watched, 0);
}

static struct xl_rule rule(u8 action, u64 value, u64 spread)
{
    return (struct xl_rule){.domain = 1,
                            .side = XL_SIDE_TO,
                            .action = action,
                            .port = XL_ANY,
                            .vcpu = XL_ANY,
                            .virq = XL_ANY,
                            .value = value,
                            .spread = spread};
}

static u32 add(struct xl_rule r)
{
    intercept_lock();
    assert_int_equal(rule_add(&r), 0);
    intercept_unlock();
    return r.id;
}

static struct xl_rule get(u32 id)
{
    struct xl_rule r = {.id = id};

    intercept_lock();
    assert_int_equal(rule_get(&r), 0);
    intercept_unlock();
    assert_int_equal(r.id, id);
    return r;
}

static void delete (u32 id)
{
    intercept_lock();
    assert_int_equal(rule_delete(id), 0);
    intercept_unlock();
}

static u32 release(u32 id, u32 count)
{
    struct xl_release r = {.id = id, .count = count};

    intercept_lock();
    assert_int_equal(rule_release(&r), 0);
    intercept_unlock();
    return r.count;
}

static bool log_get(u64 *next, struct xl_log_entry *e)
{
    bool any;

    intercept_lock();
    any = log_entry_get(next, e);
    intercept_unlock();
    return any;
}

/* One send from a to b: does it come at once? */
static u32 sent(void)
{
    machine_run(a->d);
    assert_int_equal(event_send(a->d, left), 0);
    return comes(b, right);
}

static void which_events_a_rule_takes(void **state)
{
    struct xl_rule r = rule(XL_INTERCEPT_DROP, 0, 0);
    u32 id;

    (void)state;
    begin();
    r.first = 2;
    r.last = 8;
    r.every = 3;
    id = add(r);
    for (u32 n = 1; n <= 12; n++)
        assert_int_equal(sent(), n != 2 && n != 5 && n != 8);
    assert_int_equal(get(id).matched, 12);
    assert_int_equal(get(id).taken, 3);
    delete (id);
    assert_int_equal(event_watched, 0);

    r = rule(XL_INTERCEPT_DROP, 0, 0);
    r.kinds = 1 << EVTCHNSTAT_ipi;
    id = add(r);
    assert_int_equal(sent(), 1);
    delete (id);
    r.kinds = 1 << EVTCHNSTAT_interdomain;
    r.port = right + 1;
    id = add(r);
    assert_int_equal(sent(), 1);
    delete (id);
    r.port = left;
    r.side = XL_SIDE_FROM;
    id = add(r);
    assert_int_equal(sent(), 1); /* it is from domain 0 */
    r.domain = 0;
    r.vcpu = current->id;
    id = add(r);
    assert_int_equal(sent(), 0);
    delete (id);
    r.vcpu++;
    add(r);
    assert_int_equal(sent(), 1);
    finish();
}

static void virqs_are_events(void **state)
{
    struct xl_rule r = rule(XL_INTERCEPT_DELAY, 50, 0);
    int port;

    (void)state;
    begin();
    port = event_bind_virq(b->d, VIRQ_TIMER, 1);
    r.virq = VIRQ_CONSOLE;
    add(r);
    virq_raise(b->d->vcpus[1], VIRQ_TIMER);
    assert_int_equal(comes(b, (u32)port), 1);
    r.virq = VIRQ_TIMER;
    r.side = XL_SIDE_FROM; /* nobody sent it: both sides are its target */
    r.vcpu = 1;
    add(r);
    assert_int_equal(sent(), 1);
    virq_raise(b->d->vcpus[1], VIRQ_TIMER);
    pass(49);
    assert_int_equal(comes(b, (u32)port), 0);
    pass(1);
    assert_int_equal(comes(b, (u32)port), 1);
    finish();
}

static void what_each_action_does(void **state)
{
    u32 id, other;

    (void)state;
    begin();
    id = add(rule(XL_INTERCEPT_DELAY, 100, 0));
    assert_int_equal(sent(), 0);
    pass(60);
    assert_int_equal(sent(), 0);
    pass(39);
    assert_int_equal(comes(b, right), 0);
    assert_int_equal(get(id).holds, 2);
    pass(1);
    assert_int_equal(comes(b, right), 1);
    pass(60);
    assert_int_equal(comes(b, right), 1);
    assert_int_equal(get(id).holds, 0);
    delete (id);

    id = add(rule(XL_INTERCEPT_DUPLICATE, 3, 10));
    assert_int_equal(sent(), 1);
    for (int n = 0; n < 3; n++) {
        pass(9);
        assert_int_equal(comes(b, right), 0);
        pass(1);
        assert_int_equal(comes(b, right), 1);
    }
    pass(1000);
    assert_int_equal(comes(b, right), 0);
    delete (id);

    id = add(rule(XL_INTERCEPT_RATE, 100, 0));
    assert_int_equal(sent(), 1);
    assert_int_equal(sent(), 0);
    assert_int_equal(sent(), 0);
    pass(99);
    assert_int_equal(comes(b, right), 0);
    pass(1);
    assert_int_equal(comes(b, right), 1);
    pass(100);
    assert_int_equal(comes(b, right), 1);
    pass(100);
    assert_int_equal(sent(), 1);
    delete (id);

    id = add(rule(XL_INTERCEPT_HOLD, 0, 0));
    for (int n = 0; n < 5; n++)
        assert_int_equal(sent(), 0);
    pass(1UL << 60);
    assert_int_equal(comes(b, right), 0);
    assert_int_equal(release(id, 2), 2);
    assert_int_equal(comes(b, right), 1); /* two that are one */
    assert_int_equal(get(id).holds, 3);
    other = add(rule(XL_INTERCEPT_DROP, 0, 0));
    delete (id); /* what it holds goes on, and is not matched again */
    assert_int_equal(comes(b, right), 1);
    assert_int_equal(get(other).matched, 0);
    finish();
}

/* Only those that really wait take a turn; and turns do not go round the end of time. */
static void a_rate_counts_who_waits(void **state)
{
    u32 id;

    (void)state;
    begin();
    id = add(rule(XL_INTERCEPT_RATE, 100, 0));
    assert_int_equal(sent(), 1);
    for (u32 n = 0; n < XL_HELD_MAX; n++)
        assert_int_equal(sent(), 0);
    for (u32 n = 0; n < 50; n++)
        assert_int_equal(sent(), 1); /* no room: at once */
    assert_int_equal(get(id).overflowed, 50);
    pass(100);
    assert_int_equal(comes(b, right), 1);
    assert_int_equal(sent(), 0); /* the next turn is the last one's plus one */
    pass(XL_HELD_MAX * 100);
    assert_int_equal(get(id).holds, 0);
    assert_int_equal(comes(b, right), 1);
    for (u32 n = 0; n < 10; n++)
        sent();
    release(id, 0);
    comes(b, right);
    assert_int_equal(sent(), 0);
    pass(100);
    assert_int_equal(comes(b, right), 1); /* not after ten turns that nobody takes */
    delete (id);

    id = add(rule(XL_INTERCEPT_RATE, XL_TIME_MAX, 0));
    assert_int_equal(sent(), 1);
    for (u32 n = 0; n < XL_HELD_MAX; n++)
        assert_int_equal(sent(), 0);
    assert_int_equal(get(id).holds, XL_HELD_MAX);
    delete (id);
    finish();
}

static void rules_are_asked_in_order(void **state)
{
    struct xl_rule passes = rule(XL_INTERCEPT_PASS, 0, 0);
    u32 record, drop;
    struct xl_log_entry e;
    u64 next = 0;

    (void)state;
    begin();
    record = add(rule(XL_INTERCEPT_RECORD, 0, 0));
    passes.last = 1;
    add(passes);
    drop = add(rule(XL_INTERCEPT_DROP, 0, 0));
    assert_int_equal(sent(), 1);
    pass(77);
    assert_int_equal(sent(), 0);
    assert_int_equal(get(record).taken, 2);
    assert_int_equal(get(drop).matched, 1);
    assert_true(log_get(&next, &e));
    assert_true(log_get(&next, &e));
    assert_false(log_get(&next, &(struct xl_log_entry){}));
    assert_int_equal(e.number, 1);
    assert_int_equal(e.nth, 2);
    assert_int_equal(e.time, clock_ns);
    assert_int_equal(e.rule, record);
    assert_int_equal(e.from_domain, 0);
    assert_int_equal(e.from_port, left);
    assert_int_equal(e.from_vcpu, current->id);
    assert_int_equal(e.to_domain, 1);
    assert_int_equal(e.to_port, right);
    assert_int_equal(e.kind, EVTCHNSTAT_interdomain);
    for (u32 n = 0; n < 20000; n++)
        event_send(a->d, left);
    next = 0;
    assert_true(log_get(&next, &e)); /* the oldest are gone */
    assert_int_equal(e.number, 20002 - 16384);
    finish();
}

static u64 splitmix64(u64 *state)
{
    u64 z = (*state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static u64 below(u64 x, u64 n)
{
    return (u64)((unsigned __int128)x * n >> 64);
}

static void chance_is_as_documented(void **state)
{
    struct xl_rule r = rule(XL_INTERCEPT_DROP, 0, 0);
    struct xl_log_entry e;
    u32 dropped = 0, id;
    u64 seed = 42, next = 0;

    (void)state;
    begin();
    r.chance = 250000;
    r.seed = seed;
    id = add(r);
    for (u32 n = 0; n < 10000; n++) {
        bool drops = below(splitmix64(&seed), 1000000) < 250000;

        dropped += drops;
        assert_int_equal(sent(), !drops);
    }
    assert_int_equal(get(id).taken, dropped);
    assert_in_range(dropped, 2350, 2650);
    delete (id);

    r = rule(XL_INTERCEPT_DELAY, 1000, 500);
    r.flags = XL_RULE_LOG;
    r.seed = seed = 7;
    add(r);
    for (u32 n = 0; n < 1000; n++) {
        u64 delay = 1000 + below(splitmix64(&seed), 501), is = 0;

        assert_int_equal(sent(), 0);
        assert_true(log_get(&next, &e));
        assert_int_equal(e.value, delay);
        assert_in_range(delay, 1000, 1500);
        for (pass(999); !comes(b, right); is++)
            pass(1);
        assert_int_equal(is + 999, delay);
    }
    finish();
}

/* Five ports at once; they are raised in the order of their draws, which a FIFO queue shows. */
static evtchn_port_t order[8];
static u32 ordered;

static void note_order(struct event_guest *g, evtchn_port_t port)
{
    (void)g;
    order[ordered++ % ARRAY_SIZE(order)] = port;
}

static void windows_are_shuffled(void **state)
{
    struct xl_rule r = rule(XL_INTERCEPT_REORDER, 5, 100);
    u64 seed = 3, drawn[5], last = 0;
    evtchn_port_t first;

    (void)state;
    begin();
    event_guest_reset(b);
    event_guest_fifo(b);
    first = (u32)event_bind_ipi(b->d, 0);
    for (u32 n = 1; n < 5; n++)
        assert_int_equal(event_bind_ipi(b->d, 0), first + n);
    r.seed = seed;
    add(r);
    b->event = note_order;
    ordered = 0;
    for (u32 n = 0; n < 5; n++) {
        drawn[n] = splitmix64(&seed);
        assert_int_equal(ordered, 0);
        event_send(b->d, first + n);
        event_guest_upcalls(b);
    }
    assert_int_equal(ordered, 5);
    for (u32 n = 0; n < 5; n++) {
        assert_true(drawn[order[n] - first] > last);
        last = drawn[order[n] - first];
    }
    event_send(b->d, first); /* a window that does not fill */
    pass(70);
    event_send(b->d, first + 1);
    pass(29);
    event_guest_upcalls(b);
    assert_int_equal(ordered, 5);
    pass(1);
    event_guest_upcalls(b);
    assert_int_equal(ordered, 7);
    finish();
}

static void room_has_an_end(void **state)
{
    struct xl_rule late = rule(XL_INTERCEPT_DELAY, 50, 0);
    struct xl_log_entry entry;
    u64 next = 0;
    u32 id, copies;

    (void)state;
    begin();
    late.first = late.last = XL_HELD_MAX + 2;
    late.flags = XL_RULE_LOG;
    add(late);
    id = add(rule(XL_INTERCEPT_HOLD, 0, 0));
    for (u32 n = 0; n < XL_HELD_MAX; n++)
        assert_int_equal(event_send(a->d, left), 0);
    assert_int_equal(comes(b, right), 0);
    assert_int_equal(sent(), 1); /* no room: it goes on */
    assert_int_equal(get(id).holds, XL_HELD_MAX);
    assert_int_equal(get(id).overflowed, 1);
    assert_int_equal(sent(), 1);
    assert_true(log_get(&next, &entry));
    assert_int_equal(entry.value, 0); /* no delay at all, so a replay does not delay it */
    release(id, 2);
    event_send(b->d, right);
    copies = add(rule(XL_INTERCEPT_DUPLICATE, XL_WINDOW_MAX, 1));
    delete (id);
    assert_true(alarm_set_for->due > clock_ns + 1000); /* the rest is not for the same interrupt */
    pass(XL_HELD_MAX * 1000);
    for (u32 n = 0; n < 4; n++)
        assert_int_equal(sent(), 1);
    assert_true(get(copies).overflowed <= XL_WINDOW_MAX);
    finish();
}

static int redirect(struct event_guest *g, evtchn_port_t port, u8 type, u8 deliver, u32 to_port,
                    u32 to_vcpu, u32 priority, u32 flags)
{
    struct xl_redirect r = {.type = type,
                            .deliver = deliver,
                            .flags = flags,
                            .port = port,
                            .to_port = to_port,
                            .to_vcpu = to_vcpu,
                            .priority = priority};
    int rc;

    machine_run(a->d);
    intercept_lock();
    rc = redirect_change(g->d, &r);
    intercept_unlock();
    return rc;
}

static void redirected(bool fifo)
{
    const u8 channel = EVTCHNSTAT_interdomain;
    evtchn_port_t target, mine;

    begin();
    if (fifo)
        event_guest_fifo(a);
    target = (u32)event_bind_ipi(a->d, 0);
    assert_int_equal(redirect(a, target + 5, channel, XL_DELIVER_PORT, target, 2, 3, 0), 0);
    assert_int_equal(sent(), 1); /* that is another port's */
    assert_int_equal(redirect(a, left, channel, XL_DELIVER_PORT, target, 2, 3, 0), 0);
    assert_int_equal(sent(), 0);
    assert_true(a->d->vcpus[2]->info->evtchn_upcall_pending);
    assert_false(a->d->vcpus[0]->info->evtchn_upcall_pending);
    if (fifo) {
        const struct evtchn_fifo_control_block *control = mfn_to_virt(a->controls[2]) + 8;

        assert_int_equal(control->ready, 1 << 3);
    }
    assert_int_equal(comes(a, target), 1);
    assert_int_equal(redirect(a, left, channel, XL_DELIVER_PORT, target, 1, 3, XL_REDIRECT_UPDATE),
                     0);
    event_guest_mask(a, target);
    assert_int_equal(sent(), 0); /* masked: pending all the same */
    assert_true(event_is_pending(a->d, target));
    event_unmask(a->d, target);
    comes(a, target);
    assert_int_equal(event_close(a->d, target), 0);
    assert_int_equal(sent(), 0); /* nobody hears it */
    assert_false(fifo ? fifo_is_pending(a->d, target) : two_level_is_pending(a->d, target));
    assert_int_equal(redirect(a, target + 5, channel, 0, 0, 0, 0, XL_REDIRECT_DEASSIGN), 0);
    assert_int_equal(redirect(a, left, channel, 0, 0, 0, 0, XL_REDIRECT_DEASSIGN), 0);
    assert_int_equal(event_watched, 0);
    assert_int_equal(sent(), 1);
    assert_int_equal(redirect(a, left, EVTCHNSTAT_ipi, XL_DELIVER_PORT, left, 0, 0, 0), 0);
    assert_int_equal(sent(), 1); /* another type than the port's */
    assert_int_equal(redirect(a, left, 0, 0, 0, 0, 0, XL_REDIRECT_RESET), 0);

    /* What b sends, the control domain hears; also from a port that waits. */
    mine = (u32)event_bind_ipi(a->d, 0);
    assert_int_equal(redirect(b, right, channel, XL_DELIVER_SELF, mine, 0, 0, 0), 0);
    event_send(b->d, right);
    assert_int_equal(comes(a, left), 0);
    assert_int_equal(comes(a, mine), 1);
    assert_int_equal(event_close(a->d, left), 0);
    event_send(b->d, right);
    assert_int_equal(comes(a, mine), 1);
    assert_int_equal(event_close(b->d, right), 0);
    assert_int_equal(event_send(b->d, right), -XEN_EINVAL);
    event_guest_reset(a);
    finish(); /* b's redirection ends with it */
}

static void redirections_lead_elsewhere(void **state)
{
    (void)state;
    redirected(false);
}

static void redirections_lead_elsewhere_in_queues(void **state)
{
    (void)state;
    redirected(true);
}

static void ends_are_safe(void **state)
{
    u32 hold, delay;

    (void)state;
    begin();
    hold = add(rule(XL_INTERCEPT_HOLD, 0, 0));
    sent();
    event_close(b->d, right); /* bound anew, to the same number */
    assert_int_equal(event_alloc_unbound(b->d, 0), right);
    assert_int_equal(release(hold, 0), 1);
    assert_int_equal(comes(b, right), 0);
    assert_false(event_is_pending(b->d, right));
    left = (u32)event_bind_interdomain(a->d, b->d, right);
    assert_int_equal(sent(), 0);
    event_close(a->d, left); /* the sender leaves: it arrives, for nobody else has the port */
    release(hold, 0);
    assert_int_equal(comes(b, right), 1);
    left = (u32)event_bind_interdomain(a->d, b->d, right);
    assert_int_equal(sent(), 0);
    event_close(a->d, left);
    left = (u32)event_bind_interdomain(a->d, b->d, right); /* connected anew meanwhile */
    release(hold, 0);
    assert_int_equal(comes(b, right), 0);
    sent();
    event_guest_reset(b);
    release(hold, 0);
    assert_int_equal(comes(b, right), 0);

    /* The domain ends with events held and on their way, in several steps. */
    right = (u32)event_bind_ipi(b->d, 1);
    for (u32 n = 0; n < 500; n++)
        event_send(b->d, right);
    delete (hold);
    delay = add(rule(XL_INTERCEPT_DELAY, 100, 0));
    for (u32 n = 0; n < 500; n++)
        event_send(b->d, right);
    b->d->dying = true;
    event_send(b->d, right); /* from now on nothing more is held for it */
    assert_int_equal(get(delay).holds, 500);
    machine_preempt_in = 10;
    assert_int_equal(events_close(b->d), RESTART);
    assert_true(get(delay).holds > 0);
    event_guest_end(b);
    assert_int_equal(get(delay).holds, 0);
    pass(1000);
    b = event_guest_new(1, false);
    finish();
}

static void injected(void **state)
{
    (void)state;
    begin();
    add(rule(XL_INTERCEPT_DROP, 0, 0));
    intercept_lock();
    assert_int_equal(event_inject(b->d, right), 0);
    assert_int_equal(event_inject(b->d, 0), -XEN_EINVAL);
    intercept_unlock();
    assert_int_equal(comes(b, right), 1);
    finish();
}

/* Everything at random; what has to hold: what rules hold adds up, no closed port hears anything,
 * and nothing is left in the end. */
static void step_rule(u32 newest)
{
    struct xl_rule r = rule((u8)machine_random(8), machine_random(300) + 2, machine_random(300));
    struct xl_release released = {.id = newest - machine_random(6), .count = machine_random(3)};
    int rc;

    r.value = r.action == XL_INTERCEPT_REORDER ? 2 + machine_random(9) : r.value;
    r.domain = machine_random(3) ? (u16)machine_random(2) : XL_ANY_DOMAIN;
    r.side = (u8)machine_random(2);
    r.kinds = machine_random(2) ? 0 : machine_random(64);
    r.every = machine_random(4);
    r.chance = machine_random(2) * 500000;
    r.flags = machine_random(2);
    intercept_lock();
    switch (machine_random(12)) {
    case 0:
        assert_int_equal(rule_add(&r), 0);
        break;
    case 1:
        rule_delete(released.id);
        break;
    case 2:
        rc = machine_random(20) ? 0 : rules_reset((u16)machine_random(2));
        assert_true(!rc || rc == RESTART);
        break;
    default:
        rule_release(&released);
    }
    intercept_unlock();
}

static void step_world(void)
{
    struct event_guest *g = machine_random(2) ? a : b;
    evtchn_port_t port = 1 + machine_random(20);

    machine_run(a->d);
    switch (machine_random(16)) {
    case 0:
        event_close(g->d, port);
        break;
    case 1:
        event_bind_ipi(g->d, machine_random(GUEST_VCPUS));
        break;
    case 2:
        port = (u32)event_alloc_unbound(g->d, (u16)machine_random(2));
        event_bind_interdomain(machine_random(2) ? a->d : b->d, g->d, port);
        break;
    case 3:
        event_bind_virq(g->d, VIRQ_TIMER, 0);
        virq_raise(g->d->vcpus[0], VIRQ_TIMER);
        break;
    case 4:
        redirect(g, port, machine_random(2) ? EVTCHNSTAT_ipi : EVTCHNSTAT_interdomain,
                 (u8)machine_random(3), 1 + machine_random(20), machine_random(GUEST_VCPUS),
                 machine_random(16), machine_random(2) ? 0 : XL_REDIRECT_DEASSIGN);
        break;
    case 5:
        pass(machine_random(200));
        break;
    case 6:
        if (!machine_random(200)) {
            event_guest_reset(g);
            if (machine_random(2))
                event_guest_fifo(g);
        }
        break;
    case 7:
        event_guest_upcalls(g);
        break;
    default:
        event_send(g->d, port);
    }
}

static void note_open(struct event_guest *g, evtchn_port_t port)
{
    struct evtchn_status s = {.port = port};

    assert_int_equal(event_status(g->d, &s), 0);
    heard[g == b][port]++;
}

static bool sleeps(const struct timer *set)
{
    bool yes;

    set_by_test = set;
    intercept_lock();
    yes = domain_sleeps(b->d);
    intercept_unlock();
    set_by_test = NULL;
    return yes;
}

static void a_domain_sleeps_that_nothing_will_wake(void **state)
{
    struct vcpu *v;
    u32 id;

    (void)state;
    begin();
    assert_true(sleeps(NULL)); /* none was brought up yet */
    for (u32 i = 0; i < GUEST_VCPUS; i++) {
        v = b->d->vcpus[i];
        v->sched.stopped = 0;
        assert_false(sleeps(NULL));
        v->sched.stopped = STOP_BLOCKED;
    }
    assert_true(sleeps(NULL));
    assert_false(sleeps(&v->time.oneshot));
    assert_false(sleeps(&v->time.poll));
    assert_true(sleeps(&v->time.periodic)); /* which ticks while it runs only */
    assert_false(sleeps(&b->d->watchdogs[WATCHDOGS - 1]));
    v->sched.stopped = STOP_PAUSED;
    assert_false(sleeps(NULL));
    v->sched.stopped = STOP_BLOCKED;
    id = add(rule(XL_INTERCEPT_HOLD, 0, 0));
    assert_true(sleeps(NULL));
    sent();
    for (u32 i = 0; i < GUEST_VCPUS; i++)
        b->d->vcpus[i]->sched.stopped = STOP_BLOCKED;
    assert_false(sleeps(NULL)); /* held for it */
    delete (id);
    finish();
}

static void a_storm_leaves_nothing(void **state)
{
    u32 newest = 0, held = 0;

    (void)state;
    begin();
    a->event = b->event = note_open;
    for (u32 i = 0; i < 150000; i++) {
        if (!machine_random(8))
            step_rule(newest);
        step_world();
        intercept_lock();
        for (struct xl_rule r = {}; !rule_get(&r); r.id++) {
            newest = r.id;
            held = MAX(held, (u32)r.holds);
        }
        intercept_unlock();
        if (!machine_random(20000)) { /* a domain ends in the midst */
            b->d->dying = true;
            event_guest_end(b);
            b = event_guest_new(1, false);
            b->event = note_open;
        }
    }
    assert_true(held > 5);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(which_events_a_rule_takes, machine_all_free),
        cmocka_unit_test_teardown(virqs_are_events, machine_all_free),
        cmocka_unit_test_teardown(what_each_action_does, machine_all_free),
        cmocka_unit_test_teardown(a_rate_counts_who_waits, machine_all_free),
        cmocka_unit_test_teardown(rules_are_asked_in_order, machine_all_free),
        cmocka_unit_test_teardown(chance_is_as_documented, machine_all_free),
        cmocka_unit_test_teardown(windows_are_shuffled, machine_all_free),
        cmocka_unit_test_teardown(room_has_an_end, machine_all_free),
        cmocka_unit_test_teardown(redirections_lead_elsewhere, machine_all_free),
        cmocka_unit_test_teardown(redirections_lead_elsewhere_in_queues, machine_all_free),
        cmocka_unit_test_teardown(ends_are_safe, machine_all_free),
        cmocka_unit_test_teardown(injected, machine_all_free),
        cmocka_unit_test_teardown(a_domain_sleeps_that_nothing_will_wake, machine_all_free),
        cmocka_unit_test_teardown(a_storm_leaves_nothing, machine_all_free),
    };

    machine_frames = 2048;
    machine_quiet = true;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
