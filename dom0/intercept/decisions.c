/* See decisions.h. */
#include "dom0/intercept/decisions.h"

#include "xen-like/lib/fmt.h"

bool rule_decides(const struct xl_rule *rule)
{
    return rule->action == XL_INTERCEPT_DROP || rule->action == XL_INTERCEPT_DELAY ||
           rule->action == XL_INTERCEPT_DUPLICATE;
}

struct schedule_line decision_line(const struct xl_rule *rule, const struct xl_log_entry *entry)
{
    struct schedule_line line = {.rule = *rule};

    line.rule.first = line.rule.last = entry->nth;
    line.rule.every = line.rule.chance = line.rule.flags = 0;
    line.rule.seed = 0;
    if (rule->action != XL_INTERCEPT_DELAY)
        return line;
    line.rule.value = entry->value;
    line.rule.spread = 0;
    if (!entry->value) /* a delay of nothing: rules behind do not see it, as before */
        line.rule.action = XL_INTERCEPT_PASS;
    return line;
}

static size_t line_add(char *to, size_t size, size_t length, const struct schedule_line *line,
                       const struct domain_names *names)
{
    size_t used = MIN(length, size);
    size_t more = schedule_line_print(to + used, size - used, line, names);

    used = MIN(length + more, size);
    return length + more + fmt_snprintf(to + used, size - used, "\n");
}

size_t decisions_print(char *to, size_t size, const struct xl_rule *rules, u32 rule_count,
                       const struct xl_log_entry *entries, u32 count,
                       const struct domain_names *names)
{
    size_t length = 0;

    for (u32 i = 0; i < rule_count; i++) {
        struct schedule_line line = {.rule = rules[i]};

        line.rule.flags &= ~XL_RULE_LOG;
        if (!rule_decides(&rules[i]))
            length = line_add(to, size, length, &line, names);
        for (u32 n = count; rule_decides(&rules[i]) && n--;) {
            line = decision_line(&rules[i], &entries[n]);
            if (entries[n].rule == rules[i].id)
                length = line_add(to, size, length, &line, names);
        }
    }
    return length;
}
