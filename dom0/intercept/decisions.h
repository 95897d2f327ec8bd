/*
 * What rules decided, as a schedule that decides the same again, without chance: of each event that
 * was delayed, dropped or duplicated a line with its number (nth=N) and what was drawn for it.
 *
 * The latest decision comes first. A line counts the events that come to it, and one that takes an
 * event hides it from those behind: in this order a line's event is hidden by nobody, and the
 * numbers are those of the log. What a rule with another action does is drawn from its seed, or
 * waits for somebody: such a rule stays as it is.
 *
 * Pure: no hypercall, no allocation.
 */
#ifndef DOM0_INTERCEPT_DECISIONS_H
#define DOM0_INTERCEPT_DECISIONS_H

#include "dom0/intercept/schedule.h"

/* Whether it becomes lines of single decisions. */
bool rule_decides(const struct xl_rule *rule);

/* The line of one decision: @entry, of the log, is of @rule. */
struct schedule_line decision_line(const struct xl_rule *rule, const struct xl_log_entry *entry);

/*
 * Writes the schedule of @rules, in their order, with the @count entries of the log; those of other
 * rules are passed over. Its length, as fmt_snprintf counts.
 */
size_t decisions_print(char *to, size_t size, const struct xl_rule *rules, u32 rule_count,
                       const struct xl_log_entry *entries, u32 count,
                       const struct domain_names *names);

#endif
