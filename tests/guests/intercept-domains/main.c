/*
 * The control domain's hand on another domain's events. The tiny kernel counts its timer's ticks,
 * and answers each event on its console's port: both can be held, released and led elsewhere; and
 * when it is destroyed while events are held for it, or are on their way, all memory comes back.
 */
#include "tests/guests/intercept.h"
#include "tests/guests/tinies.h"

#define MANY 1000

static struct tiny tiny;
static struct tiny_report before;
static u32 heard, redirected;

static void on_redirected(u32 port, void *data)
{
    (void)port, (void)data;
    redirected++;
}

static void on_answer(u32 port, void *data)
{
    (void)port, (void)data;
    heard++;
}

static bool ticks_come(void)
{
    return tiny_report(&tiny).ticks > before.ticks + 1;
}

static bool answer_comes(void)
{
    return heard > 0;
}

static bool redirected_comes(void)
{
    return redirected > 0;
}

static void ask(void)
{
    heard = redirected = 0;
    event_send(tiny.port);
}

static struct xl_rule rule_to_it(u8 action, u64 value, u64 spread)
{
    struct xl_rule r = rule_any(action, value, spread);

    r.domain = tiny.domain.domid;
    r.side = XL_SIDE_TO;
    return r;
}

static void tiny_begin(void)
{
    long port;

    if (tiny_build(&tiny) || tiny_watch(&tiny) || domain_unpause(tiny.domain.domid))
        guest_panic("the tiny kernel does not start");
    event_close(tiny.port);
    port = event_bind_interdomain(tiny.domain.domid, tiny.domain.console_port, on_answer, NULL);
    if (port < 0)
        guest_panic("its port cannot be bound");
    tiny.port = (u32)port;
    before = (struct tiny_report){0};
    if (!serve_until(ticks_come, 5000))
        guest_panic("the tiny kernel does not tick");
}

static void hold_rows(void)
{
    struct xl_rule timer = rule_to_it(XL_INTERCEPT_HOLD, 0, 0);
    long id;

    ask();
    row_want("asked.answers", serve_until(answer_comes, 5000), 1);
    timer.virq = VIRQ_TIMER;
    id = rule_add(timer);
    before = tiny_report(&tiny);
    row_want("ticks.held", serve_until(ticks_come, 500), 0);
    row_want("ticks.counted", rule_read(id).holds > 0, 1);
    row_want("ticks.deleted", rule_delete(id), 0);
    row_want("ticks.go_on", serve_until(ticks_come, 5000), 1);
    id = rule_add(rule_to_it(XL_INTERCEPT_DROP, 0, 0));
    ask();
    row_want("asked.dropped", serve_until(answer_comes, 300), 0);
    rule_delete(id);
}

static long sleeps(domid_t domain)
{
    struct xl_sleeps s = {.domain = domain};
    long answer = intercept(XL_INTERCEPT_sleeps, &s);

    return answer ? answer : s.sleeps;
}

static bool sleeps_for_good(void)
{
    return sleeps(tiny.domain.domid) == 1;
}

/* It polls; the timer that would end that is set anew when its tick has come. */
static void sleep_rows(void)
{
    struct xl_rule timer = rule_to_it(XL_INTERCEPT_HOLD, 0, 0);
    long id;

    timer.virq = VIRQ_TIMER;
    row_want("sleeps.who_asks", sleeps(DOMID_SELF), 0);
    row_want("sleeps.with_a_timer", serve_until(sleeps_for_good, 300), 0);
    id = rule_add(timer);
    row_want("sleeps.with_its_tick_held", serve_until(sleeps_for_good, 300), 0);
    row_want("sleeps.tick_held", rule_read(id).holds, 1);
    before = tiny_report(&tiny);
    rule_delete(id);
    row_want("sleeps.ticks_again", serve_until(ticks_come, 5000), 1);
}

/* Its tick was dropped, and another one is only asked for when that has come. */
static void sleep_for_good_rows(void)
{
    row_want("sleeps.with_its_tick_dropped", serve_until(sleeps_for_good, 5000), 1);
    before = tiny_report(&tiny);
    row_want("sleeps.for_good", serve_until(ticks_come, 300), 0);
    ask();
    row_want("sleeps.wakes", serve_until(answer_comes, 5000), 1);
    row_want("sleeps.again", serve_until(sleeps_for_good, 5000), 1);
}

static void redirect_rows(void)
{
    long mine = event_bind_ipi(&vcpu_boot, on_redirected, NULL);
    struct xl_redirect r = {.domain = tiny.domain.domid,
                            .type = EVTCHNSTAT_interdomain,
                            .deliver = XL_DELIVER_SELF,
                            .port = tiny.domain.console_port,
                            .to_port = (u32)mine};

    row_want("redirect.assign", intercept(XL_INTERCEPT_redirect, &r), 0);
    ask();
    row_want("redirect.comes", serve_until(redirected_comes, 5000), 1);
    row_want("redirect.not_there", heard, 0);
    r.flags = XL_REDIRECT_RESET;
    row_want("redirect.reset", intercept(XL_INTERCEPT_redirect, &r), 0);
    ask();
    row_want("redirect.answers_again", serve_until(answer_comes, 5000), 1);
    r.flags = 0;
    row_want("redirect.left_behind", intercept(XL_INTERCEPT_redirect, &r), 0);
    event_close((u32)mine);
}

static void send_many(void)
{
    for (u32 i = 0; i < MANY; i++)
        event_send(tiny.port);
}

void guest_main(void)
{
    long hold, delay;

    toolstack_begin();
    tiny_begin(); /* once for nothing: what the first one takes for good */
    tiny_leave(&tiny);
    domain_destroy(tiny.domain.domid);
    serve_until(redirected_comes, 200);
    pages_before = machine_free_pages();
    for (u32 round = 0; round < 2; round++) {
        tiny_begin();
        if (!round) {
            sleep_rows();
            hold_rows();
            sleep_for_good_rows();
            redirect_rows();
        }
        hold = rule_add(rule_to_it(XL_INTERCEPT_HOLD, 0, 0));
        send_many();
        row_want(name_nth("end", "held", round), rule_read(hold).holds >= MANY, 1);
        if (round)
            rule_release(hold, MANY / 2);
        delay = rule_add(rule_to_it(XL_INTERCEPT_DELAY, NS_PER_SECOND, NS_PER_SECOND));
        row_want(name_nth("end", "destroyed", round), domain_destroy(tiny.domain.domid), 0);
        row_want(name_nth("end", "holds", round), (s64)rule_read(hold).holds, 0);
        tiny_leave(&tiny);
        row_want(name_nth("end", "hold_deleted", round), rule_delete(hold), 0);
        row_want(name_nth("end", "delay_deleted", round), rule_delete(delay), 0);
        row_want(name_nth("end", "pages_are_back", round), serve_until(pages_are_back, 5000), 1);
    }
    guest_end();
}
