// LINK: dom0/intercept/schedule.c dom0/intercept/values.c dom0/intercept/values_names.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
/*
 * Schedules of interceptions as text: what a line means, that a printed line means the same, and
 * that each mistake is one line which names the word and the way out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/intercept/schedule.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

/* Two domains: 5 is "web", 6 has a name that no line can have. */
static bool number_of(const char *word, domid_t *domain)
{
    const char *end;
    u64 number = 5;

    if (strcmp(word, "web") && (!parse_unsigned(word, &end, &number) || *end || number > 32751))
        return false;
    *domain = (domid_t)number;
    return true;
}

static const char *name_of(domid_t domain)
{
    return domain == 5 ? "web" : domain == 6 ? "two words" : NULL;
}

static const struct domain_names names = {number_of, name_of};
static struct schedule_line line;
static char message[SCHEDULE_MESSAGE_SIZE], printed[SCHEDULE_LINE_MAX];

static const char *print_line(void)
{
    schedule_line_print(printed, sizeof(printed), &line, &names);
    return printed;
}

static void fine(const char *text)
{
    message[0] = 0;
    if (!schedule_line_read(&line, text, &names, message))
        fail_msg("%s: %s", text, message);
}

static void refused(const char *text, const char *why)
{
    assert_false(schedule_line_read(&line, text, &names, message));
    assert_string_equal(message, why);
}

static void a_line_is_a_rule(void **state)
{
    (void)state;
    fine("delay from=web port=3 vcpu=1 kind=ipi,interdomain every=4 last=9 chance=1/20 by=2ms "
         "spread=30us "
         "seed=7 log=yes");
    assert_false(line.is_redirect);
    assert_int_equal(line.rule.action, XL_INTERCEPT_DELAY);
    assert_int_equal(line.rule.domain, 5);
    assert_int_equal(line.rule.side, XL_SIDE_FROM);
    assert_int_equal(line.rule.port, 3);
    assert_int_equal(line.rule.vcpu, 1);
    assert_int_equal(line.rule.kinds, 1 << EVTCHNSTAT_ipi | 1 << EVTCHNSTAT_interdomain);
    assert_int_equal(line.rule.virq, XL_ANY);
    assert_int_equal(line.rule.every, 4);
    assert_int_equal(line.rule.last, 9);
    assert_int_equal(line.rule.chance, 50000);
    assert_int_equal(line.rule.value, 2000000);
    assert_int_equal(line.rule.spread, 30000);
    assert_int_equal(line.rule.seed, 7);
    assert_int_equal(line.rule.flags, XL_RULE_LOG);
}

static void what_is_not_said_is_any(void **state)
{
    (void)state;
    fine(" drop\t# all");
    assert_int_equal(line.rule.domain, XL_ANY_DOMAIN);
    assert_int_equal(line.rule.side, XL_SIDE_TO);
    assert_int_equal(line.rule.port, XL_ANY);
    assert_int_equal(line.rule.vcpu, XL_ANY);
    assert_int_equal(line.rule.kinds, 0);
    fine("hold to=any port=any virq=any log=no");
    assert_int_equal(line.rule.domain, XL_ANY_DOMAIN);
    assert_int_equal(line.rule.port, XL_ANY);
    assert_int_equal(line.rule.flags, 0);
    fine("duplicate");
    assert_int_equal(line.rule.value, 1);
    fine("drop nth=17");
    assert_int_equal(line.rule.first, 17);
    assert_int_equal(line.rule.last, 17);
}

static void a_line_is_a_redirection(void **state)
{
    (void)state;
    fine("redirect from=web port=4 kind=ipi deliver=port to-port=9 to-vcpu=1 priority=3");
    assert_true(line.is_redirect);
    assert_int_equal(line.redirect.domain, 5);
    assert_int_equal(line.redirect.port, 4);
    assert_int_equal(line.redirect.type, EVTCHNSTAT_ipi);
    assert_int_equal(line.redirect.deliver, XL_DELIVER_PORT);
    assert_int_equal(line.redirect.to_port, 9);
    assert_int_equal(line.redirect.to_vcpu, 1);
    assert_int_equal(line.redirect.priority, 3);
    fine("redirect from=0 port=4 deliver=pass");
    assert_int_equal(line.redirect.type, EVTCHNSTAT_interdomain);
    assert_int_equal(line.redirect.priority, EVTCHN_FIFO_PRIORITY_DEFAULT);
}

/* Each line in the form in which it is printed. */
static void what_is_printed_is_the_line_that_makes_it(void **state)
{
    static const char *const lines[] = {
        "pass",
        "record to=web log=yes",
        "drop from=any port=0",
        "drop from=7 vcpu=2 kind=interdomain,pirq virq=timer first=3 every=2",
        "drop to=6 virq=14 first=3 last=4 chance=100%",
        "delay to=web nth=17 by=2ms",
        "delay to=web chance=1/8 spread=1500us seed=18446744073709551615",
        "delay to=web chance=333333/1000000 by=1s",
        "delay to=web chance=123/1000000 by=1001ns",
        "duplicate to=web copies=3 apart=10us",
        "reorder to=web window=4 within=1ms",
        "rate to=web period=1ms",
        "hold to=web last=3",
        "redirect from=web port=4 kind=interdomain deliver=pass priority=7",
        "redirect from=6 port=4 kind=ipi deliver=self to-port=3 to-vcpu=1 priority=0",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        fine(lines[i]);
        assert_string_equal(print_line(), lines[i]);
    }
}

static void numbers_of_all_kinds(void **state)
{
    static const struct {
        const char *said, *means;
    } cases[] = {
        {"chance=5%", "chance=5%"},
        {"chance=0.5%", "chance=1/200"},
        {"chance=12.34%", "chance=123400/1000000"},
        {"chance=3/3", "chance=100%"},
        {"chance=1/20", "chance=5%"},
        {"by=1000us", "by=1ms"},
        {"by=0x10ns", "by=16ns"},
        {"by=60s", "by=60s"},
        {"virq=0", "virq=timer"},
        {"virq=3", "virq=dom_exc"},
        {"kind=ipi,ipi", "kind=ipi"},
        {"to=5", "to=web"},
        {"first=4 last=4", "nth=4"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char said[64], means[64];

        strcpy(said, "delay spread=1ns ");
        fine(strcat(said, cases[i].said));
        print_line();
        strcpy(means, " ");
        assert_non_null(strstr(printed, strcat(means, cases[i].means)));
    }
}

#define TIMES " write a time with its unit: 500ns, 20us, 3ms or 1s (to 52 days)"
#define WORDS                                                                                      \
    "; there are from= to= port= vcpu= kind= virq= nth= first= last= every= chance= seed= log="

static void a_mistake_names_the_word_and_the_way_out(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"",
         "an empty line: an action is missing; there are pass record drop delay duplicate reorder "
         "rate hold redirect"},
        {"lose to=web",
         "lose: no action; there are pass record drop delay duplicate reorder rate hold "
         "redirect"},
        {"drop web", "web: no word=value"},
        {"drop by=1ms", "by=1ms: no word of this action" WORDS},
        {"drop to=web to=5", "to=5: said twice"},
        {"drop to=shop", "to=shop: write a domain's name or number (see: list), or any"},
        {"drop to=web from=web", "to: a rule is about one side; write from= or to="},
        {"drop port=x", "port=x: write a number, or any"},
        {"drop port=4294967295", "port=4294967295: write a number, or any"},
        {"drop kind=fifo", "kind=fifo: write some of interdomain,ipi,virq,pirq,unbound"},
        {"drop kind=ipi,", "kind=ipi,: write some of interdomain,ipi,virq,pirq,unbound"},
        {"drop virq=clock",
         "virq=clock: write timer, debug, console, dom_exc, another's number, or any"},
        {"drop nth=0", "nth=0: write a number; the first is 1"},
        {"drop nth=1 last=2", "nth: is first= and last= in one; write one or the other"},
        {"drop first=3 last=2", "last: before first=3"},
        {"drop chance=0", "chance=0: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"drop chance=0%", "chance=0%: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"drop chance=1/0", "chance=1/0: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"drop chance=3/2", "chance=3/2: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"drop chance=101%", "chance=101%: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"drop chance=1.00001%",
         "chance=1.00001%: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"drop chance=1/9000000",
         "chance=1/9000000: write a fraction up to 1 and not 0: 1/20, or 5%"},
        {"delay by=5", "by=5:" TIMES},
        {"delay by=ms", "by=ms:" TIMES},
        {"delay by=5min", "by=5min:" TIMES},
        {"delay by=99999999999s", "by=99999999999s:" TIMES},
        {"delay by=4503599628s", "by=4503599628s:" TIMES},
        {"duplicate copies=1025", "duplicate: how many more? write copies=1 (to 1024)"},
        {"delay to=web", "delay: by how much? write by=2ms"},
        {"reorder window=1 within=1ms", "reorder: how many? write window=4 (2 to 1024)"},
        {"reorder within=4ms", "reorder: how many? write window=4 (2 to 1024)"},
        {"rate to=web", "rate: one in how long? write period=1ms"},
        {"duplicate copies=0", "duplicate: how many more? write copies=1 (to 1024)"},
        {"drop log=perhaps", "log=perhaps: write yes or no"},
        {"redirect port=1 deliver=pass", "redirect: of which port? write from=DOMAIN port=N"},
        {"redirect from=any port=1 deliver=pass",
         "redirect: of which port? write from=DOMAIN port=N"},
        {"redirect from=web port=1", "redirect: where to? write deliver=pass, port or self"},
        {"redirect from=web port=1 deliver=self", "redirect: to which port? write to-port=N"},
        {"redirect from=web port=1 kind=any deliver=pass", "kind=any: write interdomain or ipi"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        refused(cases[i].text, cases[i].why);
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static bool count_line(void *data, const struct schedule_line *one, char why[SCHEDULE_MESSAGE_SIZE])
{
    u32 *count = data;

    (void)one;
    strcpy(why, "no more than two");
    return ++*count <= 2;
}

static bool read_file(const char *text, u64 size, u32 *count)
{
    char *copy = malloc(size ? size : 1);
    bool answer;

    *count = 0;
    memcpy(copy, text, size);
    answer = schedule_read("s", copy, size, &names, count_line, count, message);
    free(copy);
    return answer;
}

static void a_file_has_comments_and_empty_lines(void **state)
{
    static const char text[] = "# two lines\n\n  drop to=web # one\n \t\r\ndelay by=1ms\r\n#end";
    u32 count;

    (void)state;
    assert_true(read_file(text, sizeof(text) - 1, &count));
    assert_int_equal(count, 2);
    assert_true(read_file("", 0, &count));
    assert_int_equal(count, 0);
}

static void a_files_mistakes_have_its_name_and_the_line(void **state)
{
    char text[SCHEDULE_LINE_MAX + 8];
    u32 count;

    (void)state;
    assert_false(read_file("drop\n\ndrop port=x\n", 18, &count));
    assert_string_equal(message, "s:3: port=x: write a number, or any");
    assert_false(read_file("drop\ndrop\ndrop\n", 15, &count));
    assert_string_equal(message, "s:3: no more than two");
    assert_false(read_file("drop\0\n", 6, &count));
    assert_string_equal(message, "s:1: this line has a byte 0 in it");
    memset(text, ' ', sizeof(text));
    assert_false(read_file(text, sizeof(text), &count));
    assert_string_equal(message, "s:1: this line is too long");
}

static void a_line_is_cut_where_the_room_ends(void **state)
{
    char small[10];
    size_t whole;

    (void)state;
    fine("delay to=web kind=interdomain,ipi nth=17 by=2ms");
    whole = schedule_line_print(printed, sizeof(printed), &line, &names);
    assert_int_equal(whole, strlen(printed));
    assert_int_equal(schedule_line_print(small, sizeof(small), &line, &names), whole);
    assert_string_equal(small, "delay to=");
    assert_int_equal(schedule_line_print(NULL, 0, &line, &names), whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_rule),
        cmocka_unit_test(what_is_not_said_is_any),
        cmocka_unit_test(a_line_is_a_redirection),
        cmocka_unit_test(what_is_printed_is_the_line_that_makes_it),
        cmocka_unit_test(numbers_of_all_kinds),
        cmocka_unit_test(a_mistake_names_the_word_and_the_way_out),
        cmocka_unit_test(a_file_has_comments_and_empty_lines),
        cmocka_unit_test(a_files_mistakes_have_its_name_and_the_line),
        cmocka_unit_test(a_line_is_cut_where_the_room_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
