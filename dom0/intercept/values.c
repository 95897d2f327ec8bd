/*
 * See values.h. Whatever is printed is read as the same again; what would mean something else than
 * the user thinks (a time without a unit, a chance of nothing) is refused.
 */
#include "dom0/intercept/values.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define MILLION 1000000u
#define PERCENT (MILLION / 100)

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static bool whole_number(const char *text, u64 *value)
{
    const char *end;

    return parse_unsigned(text, &end, value) && !*end;
}

static bool number32_read(const char *text, u32 *value)
{
    u64 number;

    if (!whole_number(text, &number) || number >= XL_ANY)
        return false;
    *value = (u32)number;
    return true;
}

static bool count_read(const char *text, void *field, const struct domain_names *names)
{
    (void)names;
    return number32_read(text, field);
}

static size_t count_print(char *to, size_t size, const void *field,
                          const struct domain_names *names)
{
    const u32 *count = field;

    (void)names;
    return *count ? fmt_snprintf(to, size, "%u", *count) : 0;
}

/* 0 is the highest: it is always said. */
static size_t priority_print(char *to, size_t size, const void *field,
                             const struct domain_names *names)
{
    const u32 *priority = field;

    (void)names;
    return fmt_snprintf(to, size, "%u", *priority);
}

static bool port_read(const char *text, void *field, const struct domain_names *names)
{
    u32 *port = field;

    if (strcmp(text, "any"))
        return count_read(text, field, names);
    *port = XL_ANY;
    return true;
}

static size_t port_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const u32 *port = field;

    (void)names;
    return *port != XL_ANY ? fmt_snprintf(to, size, "%u", *port) : 0;
}

static bool number_read(const char *text, void *field, const struct domain_names *names)
{
    (void)names;
    return whole_number(text, field);
}

static size_t number_print(char *to, size_t size, const void *field,
                           const struct domain_names *names)
{
    const u64 *number = field;

    (void)names;
    return *number ? fmt_snprintf(to, size, "%" F64 "u", *number) : 0;
}

/* ---- Which events of those: all three are first and last ----------------------------------------
 */

static bool is_one(const struct xl_rule *rule)
{
    return rule->first && rule->first == rule->last;
}

static bool nth_read(const char *text, void *field, const struct domain_names *names)
{
    struct xl_rule *rule = field;
    u64 nth;

    (void)names;
    if (!whole_number(text, &nth) || !nth)
        return false;
    rule->first = rule->last = nth;
    return true;
}

static size_t nth_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const struct xl_rule *rule = field;

    return is_one(rule) ? number_print(to, size, &rule->first, names) : 0;
}

static bool first_read(const char *text, void *field, const struct domain_names *names)
{
    struct xl_rule *rule = field;

    return number_read(text, &rule->first, names);
}

static size_t first_print(char *to, size_t size, const void *field,
                          const struct domain_names *names)
{
    const struct xl_rule *rule = field;

    return is_one(rule) ? 0 : number_print(to, size, &rule->first, names);
}

static bool last_read(const char *text, void *field, const struct domain_names *names)
{
    struct xl_rule *rule = field;

    return number_read(text, &rule->last, names);
}

static size_t last_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const struct xl_rule *rule = field;

    return is_one(rule) ? 0 : number_print(to, size, &rule->last, names);
}

/* ---- Times ------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    u64 ns;
} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};

bool schedule_time_read(const char *text, u64 *ns)
{
    const char *end;
    u64 number;

    if (!parse_unsigned(text, &end, &number))
        return false;
    for (u32 i = 0; i < ARRAY_SIZE(units); i++) {
        if (!strcmp(end, units[i].name))
            return !__builtin_mul_overflow(number, units[i].ns, ns);
    }
    return false;
}

size_t schedule_time_print(char *to, size_t size, u64 ns)
{
    u32 i = 0;

    while (ns % units[i].ns)
        i++;
    return fmt_snprintf(to, size, "%" F64 "u%s", ns / units[i].ns, units[i].name);
}

static bool time_read(const char *text, void *field, const struct domain_names *names)
{
    u64 *ns = field;

    (void)names;
    return schedule_time_read(text, ns) && *ns <= XL_TIME_MAX;
}

static size_t time_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const u64 *ns = field;

    (void)names;
    return *ns ? schedule_time_print(to, size, *ns) : 0;
}

/* ---- Chances ----------------------------------------------------------------------------------
 */

/* The digits behind a percentage's point, as parts of a million: four places. */
static bool percent_fraction(const char *text, u32 *millionths)
{
    u32 place = PERCENT / 10;

    for (*millionths = 0; *text >= '0' && *text <= '9' && place; text++, place /= 10)
        *millionths += (u32)(*text - '0') * place;
    return !strcmp(text, "%");
}

static bool chance_read(const char *text, void *field, const struct domain_names *names)
{
    u32 *chance = field, part = 0;
    u64 number, of;
    const char *end;

    (void)names;
    if (!parse_unsigned(text, &end, &number) || number > MILLION)
        return false;
    if (*end == '/') {
        if (!whole_number(end + 1, &of) || !of || number > of)
            return false;
        number = number * MILLION / of;
    } else {
        if (strcmp(end, "%") && (*end != '.' || !percent_fraction(end + 1, &part)))
            return false;
        number = number * PERCENT + part;
    }
    *chance = (u32)number;
    return number && number <= MILLION;
}

static size_t chance_print(char *to, size_t size, const void *field,
                           const struct domain_names *names)
{
    const u32 *chance = field;

    (void)names;
    if (!*chance)
        return 0;
    if (*chance % PERCENT == 0)
        return fmt_snprintf(to, size, "%u%%", *chance / PERCENT);
    if (MILLION % *chance == 0)
        return fmt_snprintf(to, size, "1/%u", MILLION / *chance);
    return fmt_snprintf(to, size, "%u/%u", *chance, MILLION);
}

/* ---- Flags ------------------------------------------------------------------------------------
 */

static bool log_read(const char *text, void *field, const struct domain_names *names)
{
    struct xl_rule *rule = field;
    int yes = parse_bool(text, strlen(text));

    (void)names;
    rule->flags = yes > 0 ? rule->flags | XL_RULE_LOG : rule->flags & ~XL_RULE_LOG;
    return yes >= 0;
}

static size_t log_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const struct xl_rule *rule = field;

    (void)names;
    return rule->flags & XL_RULE_LOG ? fmt_snprintf(to, size, "yes") : 0;
}

const struct value value_count = {count_read, count_print, "a number"};
const struct value value_priority = {count_read, priority_print, "0, the highest, to 15"};
const struct value value_port = {port_read, port_print, "a number, or any"};
const struct value value_seed = {number_read, number_print, "a number"};
const struct value value_first = {first_read, first_print, "a number; the first is 1"};
const struct value value_last = {last_read, last_print, "a number; the first is 1"};
const struct value value_nth = {nth_read, nth_print, "a number; the first is 1"};
const struct value value_time = {time_read, time_print,
                                 "a time with its unit: 500ns, 20us, 3ms or 1s (to 52 days)"};
const struct value value_chance = {chance_read, chance_print,
                                   "a fraction up to 1 and not 0: 1/20, or 5%"};
const struct value value_log = {log_read, log_print, "yes or no"};
