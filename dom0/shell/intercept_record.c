/*
 * `intercept record` and `intercept log`. Recording begins with the rules anew: their counters and
 * generators at the start, each with XL_RULE_LOG. What the log has of them at the end is written as
 * single decisions (intercept/decisions.h) into a schedule that is kept in memory.
 */
#include "dom0/console/terminal.h"
#include "dom0/intercept/control.h"
#include "dom0/intercept/decisions.h"
#include "dom0/intercept/kept.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/intercept.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define PIECE 64 /* entries that are read at a time */

/* The rules whose decisions are recorded, as they were when that began. */
static struct {
    struct xl_rule *rules;
    u32 count;
    u64 from; /* in the log */
} recorded;

/* ---- The log ----------------------------------------------------------------------------------
 */

static void side_print(domid_t domain, u32 port, u32 vcpu)
{
    const char *name = domain_names_here.name(domain);

    terminal_print("%s port %u vcpu %u", name ? name : "(null)", port, vcpu);
}

static void entry_print(const struct xl_log_entry *e)
{
    const char *kind = schedule_kind_name(e->kind);
    char value[32] = "";

    if (e->value && e->action == XL_INTERCEPT_DELAY)
        schedule_time_print(value, sizeof(value), e->value);
    terminal_print("%8llu.%06llu ms  rule %u  nth %" F64 "u  %s%s%s  %s ",
                   e->time / NS_PER_MILLISECOND, e->time % NS_PER_MILLISECOND, e->rule, e->nth,
                   schedule_action_at(e->action), *value ? " " : "", value, kind ? kind : "?");
    if (e->from_domain != DOMID_INVALID)
        side_print(e->from_domain, e->from_port, e->from_vcpu);
    else
        terminal_print("%u", e->virq);
    terminal_print(" -> ");
    side_print(e->to_domain, e->to_port, e->to_vcpu);
    terminal_print("\n");
}

bool intercept_show_log(struct words *words)
{
    struct xl_log_entry entries[PIECE];
    u64 next = 0;
    int n;

    if (words_left(words))
        return false;
    while ((n = intercept_log(&next, entries, PIECE)) > 0) {
        for (int i = 0; i < n; i++)
            entry_print(&entries[i]);
    }
    intercept_told("log", n);
    return true;
}

/* All entries from @from on, of the heap: how many. *gone: so many were overwritten. NULL: there is
 * no memory. */
static struct xl_log_entry *log_read(u64 from, u32 *count, u64 *gone)
{
    struct xl_log_entry piece[PIECE], *all;
    u64 next = from;
    int n;

    while ((n = intercept_log(&next, piece, PIECE)) > 0)
        ;
    all = heap_alloc((next - from + 1) * sizeof(*all));
    *count = 0;
    for (next = from; all && (n = intercept_log(&next, piece, PIECE)) > 0; *count += (u32)n)
        memcpy(all + *count, piece, (u32)n * sizeof(*all));
    *gone = next - from - *count;
    return all;
}

/* ---- Recording --------------------------------------------------------------------------------
 */

/* How many there are. 0 or a negative errno. */
static int rules_count(u32 *count)
{
    struct schedule_line line;
    int answer;

    *count = 0;
    for (u32 id = 0; !(answer = intercept_rule_next(&id, &line));)
        ++*count;
    return answer == -XEN_ENOENT ? 0 : answer;
}

/* The rule goes, and comes again as the last, with its counters at 0 and a log. */
static int rule_renew(struct xl_rule *rule)
{
    struct schedule_line line = {.rule = *rule};
    int answer = intercept_delete(rule->id);

    line.rule.flags |= XL_RULE_LOG;
    if (!answer)
        answer = intercept_add(&line);
    *rule = line.rule;
    return answer;
}

static void record_begin(void)
{
    struct xl_log_entry piece[PIECE];
    struct schedule_line line;
    int answer = rules_count(&recorded.count);

    if (!intercept_told("record", answer))
        return;
    heap_free(recorded.rules);
    recorded.rules = heap_alloc((recorded.count + 1) * sizeof(*recorded.rules));
    if (!recorded.rules) {
        intercept_told("record", -XEN_ENOMEM);
        return;
    }
    for (u32 i = 0, id = 0; i < recorded.count && !intercept_rule_next(&id, &line); i++)
        recorded.rules[i] = line.rule;
    for (u32 i = 0; i < recorded.count && !answer; i++)
        answer = rule_renew(&recorded.rules[i]);
    if (!intercept_told("record", answer))
        return;
    while (intercept_log(&recorded.from, piece, PIECE) > 0)
        ;
    terminal_print("%u rule%s anew; intercept record FILE keeps what is decided\n", recorded.count,
                   recorded.count == 1 ? " begins" : "s begin");
}

static u32 lines_in(const char *text)
{
    u32 count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void record_keep(const char *name)
{
    u32 count;
    u64 gone;
    struct xl_log_entry *entries = log_read(recorded.from, &count, &gone);
    size_t length = decisions_print(NULL, 0, recorded.rules, recorded.count, entries, count,
                                    &domain_names_here);
    char *text = entries ? heap_alloc(length + 1) : NULL;

    if (text)
        decisions_print(text, length + 1, recorded.rules, recorded.count, entries, count,
                        &domain_names_here);
    heap_free(entries);
    if (!text) {
        intercept_told("record", -XEN_ENOMEM);
        return;
    }
    count = lines_in(text);
    if (!kept_put(name, text))
        intercept_told("record", -XEN_ENOMEM);
    else if (gone)
        terminal_print("%u lines in %s, and %" F64 "u earlier ones are lost: the log was full\n",
                       count, name, gone);
    else
        terminal_print("%u line%s in %s\n", count, count == 1 ? "" : "s", name);
}

bool intercept_record(struct words *words)
{
    const char *name = words_next(words);

    if (words_left(words))
        return false;
    if (!name)
        record_begin();
    else if (recorded.rules)
        record_keep(name);
    else
        terminal_print("intercept record: nothing is recorded; begin by: intercept record\n");
    return true;
}
