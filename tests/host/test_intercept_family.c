// LINK: dom0/intercept/schedule.c dom0/intercept/values.c dom0/intercept/values_names.c
// LINK: dom0/intercept/family.c dom0/intercept/decisions.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
/*
 * The schedules that `explore` draws, and the decisions that `record` writes: the same seed draws
 * the same, all that is drawn may be said as a line, points are spread over all events and all
 * lengths; and written decisions, played on a model of the rules, are those that were made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/intercept/decisions.h"
#include "dom0/intercept/family.h"
#include "dom0/intercept/schedule.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define DOMAIN 7
#define EVENTS 40
#define SEEDS  4000

static bool number_of(const char *word, domid_t *domain)
{
    const char *end;
    u64 number;

    if (!parse_unsigned(word, &end, &number) || *end)
        return false;
    *domain = (domid_t)number;
    return true;
}

static const char *no_name(domid_t domain)
{
    (void)domain;
    return NULL;
}

static const struct domain_names names = {number_of, no_name};

/* ---- What is drawn ----------------------------------------------------------------------------
 */

static struct plain_event events[EVENTS];
static const struct plain_run plain = {events, EVENTS, 500000};

/* 30 events of port 3, 10 of port 9. */
static int events_make(void **state)
{
    (void)state;
    for (u32 i = 0; i < EVENTS; i++)
        events[i] = (struct plain_event){i < 30 ? 3 : 9, i < 30 ? i + 1 : i - 29};
    return 0;
}

static bool is_point(const struct xl_rule *rule)
{
    return rule->first;
}

static void a_seed_draws_the_same_again_and_another_another(void **state)
{
    struct xl_rule one[FAMILY_RULES_MAX], other[FAMILY_RULES_MAX];
    u32 differ = 0;

    (void)state;
    for (u64 seed = 0; seed < 100; seed++) {
        u32 count = family_draw(seed, DOMAIN, &plain, one);

        assert_int_equal(family_draw(seed, DOMAIN, &plain, other), count);
        assert_memory_equal(one, other, count * sizeof(*one));
        family_draw(seed + 1, DOMAIN, &plain, other);
        differ += memcmp(one, other, sizeof(*one)) != 0;
    }
    assert_in_range(differ, 99, 100);
}

static void all_that_is_drawn_may_be_said(void **state)
{
    struct xl_rule rules[FAMILY_RULES_MAX];
    char text[SCHEDULE_LINE_MAX], message[SCHEDULE_MESSAGE_SIZE];

    (void)state;
    for (u64 seed = 0; seed < SEEDS; seed++) {
        u32 count = family_draw(seed, DOMAIN, &plain, rules);

        assert_in_range(count, 1, FAMILY_RULES_MAX);
        for (u32 i = 0; i < count; i++) {
            struct schedule_line line = {.rule = rules[i]}, again;

            schedule_line_print(text, sizeof(text), &line, &names);
            if (!schedule_line_read(&again, text, &names, message))
                fail_msg("%s: %s", text, message);
            assert_memory_equal(&again.rule, &rules[i], sizeof(again.rule));
            assert_int_not_equal(rules[i].action, XL_INTERCEPT_DROP); /* no event is ever lost */
        }
    }
}

static void points_are_among_all_events_and_all_lengths(void **state)
{
    u32 hit[EVENTS] = {0}, lengths[10] = {0}, storms = 0;
    struct xl_rule rules[FAMILY_RULES_MAX];

    (void)state;
    for (u64 seed = 0; seed < SEEDS; seed++) {
        u32 count = family_draw(seed, DOMAIN, &plain, rules);

        storms += !is_point(&rules[0]);
        for (u32 i = 0; i < count && is_point(&rules[i]); i++) {
            u64 nth = rules[i].first, delay = rules[i].value, octave = 0;

            assert_int_equal(rules[i].last, nth);
            assert_in_range(nth, 1, rules[i].port == 3 ? 30 : 10);
            hit[rules[i].port == 3 ? nth - 1 : nth + 29]++;
            if (rules[i].action != XL_INTERCEPT_DELAY)
                continue;
            assert_in_range(delay, 1000, 1024000);
            while (delay >= 2000u << octave)
                octave++;
            lengths[octave]++;
        }
    }
    for (u32 i = 0; i < EVENTS; i++)
        assert_in_range(hit[i], 50, SEEDS / 10);
    for (u32 i = 0; i < ARRAY_SIZE(lengths); i++)
        assert_in_range(lengths[i], 200, SEEDS / 5);
    assert_in_range(storms, SEEDS / 5, SEEDS * 3 / 10);
}

static void without_events_all_is_disturbed(void **state)
{
    const struct plain_run none = {NULL, 0, 0};
    struct xl_rule rules[FAMILY_RULES_MAX];

    (void)state;
    for (u64 seed = 0; seed < 100; seed++) {
        assert_int_equal(family_draw(seed, DOMAIN, &none, rules), 1);
        assert_false(is_point(&rules[0]));
    }
}

static void the_log_tells_which_events_there_are(void **state)
{
    const struct xl_log_entry entries[] = {
        {.to_domain = DOMAIN, .to_port = 3, .nth = 1},
        {.to_domain = DOMAIN, .to_port = 4, .nth = 2},
        {.to_domain = 9, .to_port = 3},
        {.to_domain = DOMAIN, .to_port = 3, .nth = 3},
        {.to_domain = DOMAIN, .to_port = 4, .nth = 4},
    };
    struct plain_event found[5];

    (void)state;
    assert_int_equal(plain_events(found, entries, ARRAY_SIZE(entries), DOMAIN), 4);
    for (u32 i = 0; i < 4; i++) {
        assert_int_equal(found[i].port, i % 2 ? 4 : 3);
        assert_int_equal(found[i].nth, i / 2 + 1);
    }
}

/* ---- What was decided -------------------------------------------------------------------------
 * A model of the rules (xen-like/abi/intercept.h) for events of two ports: the first rule that
 * takes an event decides.
 */

struct fate {
    u8 action;
    u64 value;
};

static bool takes(struct xl_rule *rule, evtchn_port_t port, u64 *chance)
{
    u64 every = rule->every ? rule->every : 1, first = rule->first ? rule->first : 1;

    if (rule->port != XL_ANY && rule->port != port)
        return false;
    rule->matched++;
    if (rule->matched < first || (rule->last && rule->matched > rule->last) ||
        (rule->matched - first) % every)
        return false;
    *chance = *chance * 6364136223846793005u + 1442695040888963407u;
    return !rule->chance || (*chance >> 33) % 1000000 < rule->chance;
}

static struct fate event_meet(struct xl_rule *rules, u32 count, evtchn_port_t port, u64 *chance,
                              struct xl_log_entry *log, u32 *logged)
{
    for (u32 i = 0; i < count; i++) {
        struct fate fate = {rules[i].action, rules[i].value};

        if (!takes(&rules[i], port, chance))
            continue;
        if (rules[i].spread && rules[i].action == XL_INTERCEPT_DELAY)
            fate.value += (*chance >> 20) % (rules[i].spread + 1);
        if (rules[i].flags & XL_RULE_LOG)
            log[(*logged)++] = (struct xl_log_entry){
                .rule = rules[i].id, .nth = rules[i].matched, .value = fate.value};
        return fate;
    }
    return (struct fate){XL_INTERCEPT_PASS, 0};
}

static bool rule_collect(void *data, const struct schedule_line *line,
                         char message[SCHEDULE_MESSAGE_SIZE])
{
    struct xl_rule **next = data;

    (void)message;
    *(*next)++ = line->rule;
    return true;
}

#define ARRIVING 400

static void decisions_are_made_again(const struct xl_rule *given, u32 count, u32 lines_wanted)
{
    struct xl_rule rules[4], again[ARRIVING + 4], *end = again;
    struct xl_log_entry log[ARRIVING];
    struct fate fates[ARRIVING];
    char text[40000], message[SCHEDULE_MESSAGE_SIZE];
    u64 chance = 1, other = 99;
    u32 logged = 0;
    size_t length;

    memcpy(rules, given, count * sizeof(*rules));
    for (u32 i = 0; i < ARRIVING; i++)
        fates[i] = event_meet(rules, count, i % 3 ? 3 : 9, &chance, log, &logged);
    length = decisions_print(text, sizeof(text), rules, count, log, logged, &names);
    assert_in_range(length, 1, sizeof(text) - 1);
    if (!schedule_read("decisions", text, length, &names, rule_collect, &end, message))
        fail_msg("%s", message);
    assert_int_equal(end - again, lines_wanted ? lines_wanted : logged);
    for (u32 i = 0; i < ARRIVING; i++) {
        struct fate fate =
            event_meet(again, (u32)(end - again), i % 3 ? 3 : 9, &other, log, &logged);

        if (fates[i].action == XL_INTERCEPT_DELAY && !fates[i].value)
            fates[i].action = XL_INTERCEPT_PASS;
        assert_int_equal(fate.action, fates[i].action);
        assert_int_equal(fate.value, fates[i].value);
    }
}

#define RULE(number, on, what, ...)                                                                \
    {                                                                                              \
        .id = number, .domain = DOMAIN, .side = XL_SIDE_TO, .action = XL_INTERCEPT_##what,         \
        .port = on, .vcpu = XL_ANY, .virq = XL_ANY, .flags = XL_RULE_LOG, __VA_ARGS__              \
    }

static void what_was_drawn_happens_again_without_chance(void **state)
{
    static const struct xl_rule one[] = {
        RULE(1, XL_ANY, DELAY, .chance = 300000, .value = 500, .spread = 1000, .seed = 4)};
    static const struct xl_rule hidden[] = {
        RULE(1, XL_ANY, DELAY, .every = 3, .spread = 2),
        RULE(2, XL_ANY, DROP, .chance = 100000, .seed = 5),
        RULE(5, 3, DUPLICATE, .first = 7, .every = 5, .value = 2, .spread = 10)};

    (void)state;
    decisions_are_made_again(one, ARRAY_SIZE(one), 0);
    decisions_are_made_again(hidden, ARRAY_SIZE(hidden), 0);
}

static void a_rule_that_decides_nothing_by_itself_stays(void **state)
{
    static const struct xl_rule rules[] = {
        RULE(1, XL_ANY, REORDER, .every = 3, .value = 4, .spread = 1000, .seed = 4),
        RULE(2, XL_ANY, HOLD, .first = 100)};
    char text[200];

    (void)state;
    decisions_are_made_again(rules, ARRAY_SIZE(rules), 2);
    decisions_print(text, sizeof(text), rules, 2, NULL, 0, &names);
    assert_string_equal(text,
                        "reorder to=7 every=3 window=4 within=1us seed=4\nhold to=7 first=100\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_draws_the_same_again_and_another_another),
        cmocka_unit_test(all_that_is_drawn_may_be_said),
        cmocka_unit_test(points_are_among_all_events_and_all_lengths),
        cmocka_unit_test(without_events_all_is_disturbed),
        cmocka_unit_test(the_log_tells_which_events_there_are),
        cmocka_unit_test(what_was_drawn_happens_again_without_chance),
        cmocka_unit_test(a_rule_that_decides_nothing_by_itself_stays),
    };

    return cmocka_run_group_tests(tests, events_make, NULL);
}
