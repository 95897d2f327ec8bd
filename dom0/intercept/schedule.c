/*
 * See schedule.h. One table says which words an action knows, where the value of each lies in the
 * line and what kind of value it is; reading and printing both follow it, so they cannot disagree.
 */
#include "dom0/intercept/schedule.h"

#include "dom0/intercept/values.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

/* Actions as bits; a redirection is one more. */
#define REDIRECT    (XL_INTERCEPT_HOLD + 1)
#define BIT(action) (1u << (action))
#define RULES       (BIT(REDIRECT) - 1)

static const char *const action_names[] = {
    [XL_INTERCEPT_PASS] = "pass",
    [XL_INTERCEPT_RECORD] = "record",
    [XL_INTERCEPT_DROP] = "drop",
    [XL_INTERCEPT_DELAY] = "delay",
    [XL_INTERCEPT_DUPLICATE] = "duplicate",
    [XL_INTERCEPT_REORDER] = "reorder",
    [XL_INTERCEPT_RATE] = "rate",
    [XL_INTERCEPT_HOLD] = "hold",
    [REDIRECT] = "redirect",
};

struct word {
    const char *name;
    u32 actions; /* that know it */
    u32 at;      /* of its value in a line */
    const struct value *value;
};

#define IN_RULE(field)     (u32) __builtin_offsetof(struct schedule_line, rule.field)
#define IN_REDIRECT(field) (u32) __builtin_offsetof(struct schedule_line, redirect.field)
#define RULE               (u32) __builtin_offsetof(struct schedule_line, rule)

static const struct word words[] = {
    {"from", RULES, RULE, &value_from},
    {"to", RULES, RULE, &value_to},
    {"port", RULES, IN_RULE(port), &value_port},
    {"vcpu", RULES, IN_RULE(vcpu), &value_port},
    {"kind", RULES, IN_RULE(kinds), &value_kinds},
    {"virq", RULES, IN_RULE(virq), &value_virq},
    {"nth", RULES, RULE, &value_nth},
    {"first", RULES, RULE, &value_first},
    {"last", RULES, RULE, &value_last},
    {"every", RULES, IN_RULE(every), &value_count},
    {"chance", RULES, IN_RULE(chance), &value_chance},
    {"by", BIT(XL_INTERCEPT_DELAY), IN_RULE(value), &value_time},
    {"spread", BIT(XL_INTERCEPT_DELAY), IN_RULE(spread), &value_time},
    {"copies", BIT(XL_INTERCEPT_DUPLICATE), IN_RULE(value), &value_seed},
    {"apart", BIT(XL_INTERCEPT_DUPLICATE), IN_RULE(spread), &value_time},
    {"window", BIT(XL_INTERCEPT_REORDER), IN_RULE(value), &value_seed},
    {"within", BIT(XL_INTERCEPT_REORDER), IN_RULE(spread), &value_time},
    {"period", BIT(XL_INTERCEPT_RATE), IN_RULE(value), &value_time},
    {"seed", RULES, IN_RULE(seed), &value_seed},
    {"log", RULES, RULE, &value_log},
    {"from", BIT(REDIRECT), IN_REDIRECT(domain), &value_domain},
    {"port", BIT(REDIRECT), IN_REDIRECT(port), &value_count},
    {"kind", BIT(REDIRECT), IN_REDIRECT(type), &value_kind},
    {"deliver", BIT(REDIRECT), IN_REDIRECT(deliver), &value_deliver},
    {"to-port", BIT(REDIRECT), IN_REDIRECT(to_port), &value_count},
    {"to-vcpu", BIT(REDIRECT), IN_REDIRECT(to_vcpu), &value_count},
    {"priority", BIT(REDIRECT), IN_REDIRECT(priority), &value_priority},
};

const char *schedule_action_at(u32 index)
{
    return index < ARRAY_SIZE(action_names) ? action_names[index] : NULL;
}

static void line_begin(struct schedule_line *line, u32 action)
{
    *line = (struct schedule_line){.is_redirect = action == REDIRECT};
    line->rule = (struct xl_rule){.domain = XL_ANY_DOMAIN,
                                  .side = XL_SIDE_TO,
                                  .action = (u8)action,
                                  .port = XL_ANY,
                                  .vcpu = XL_ANY,
                                  .virq = XL_ANY};
    line->redirect = (struct xl_redirect){.domain = XL_ANY_DOMAIN,
                                          .type = EVTCHNSTAT_interdomain,
                                          .priority = EVTCHN_FIFO_PRIORITY_DEFAULT};
    if (action == XL_INTERCEPT_DUPLICATE)
        line->rule.value = 1;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

struct reader {
    struct schedule_line *line;
    u32 action;
    u32 seen; /* words, by their place in the table */
    const struct domain_names *names;
    char *message;
};

static bool wrong(struct reader *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(r->message, SCHEDULE_MESSAGE_SIZE, format, args);
    va_end(args);
    return false;
}

/* What may be written, as a list, for a message. */
static bool names_wrong(struct reader *r, const char *text, const char *what, bool actions)
{
    size_t used =
        fmt_snprintf(r->message, SCHEDULE_MESSAGE_SIZE, "%.32s: %s; there are", text, what);

    for (u32 i = 0; i < (actions ? ARRAY_SIZE(action_names) : ARRAY_SIZE(words)); i++) {
        if (used < SCHEDULE_MESSAGE_SIZE && (actions || words[i].actions & BIT(r->action)))
            used += fmt_snprintf(r->message + used, SCHEDULE_MESSAGE_SIZE - used, " %s%s",
                                 actions ? action_names[i] : words[i].name, actions ? "" : "=");
    }
    return false;
}

static bool action_read(struct reader *r, const char *text)
{
    for (r->action = 0; r->action <= REDIRECT; r->action++) {
        if (!strcmp(text, action_names[r->action])) {
            line_begin(r->line, r->action);
            return true;
        }
    }
    return names_wrong(r, text, "no action", true);
}

static const struct word *word_find(const struct reader *r, const char *name, size_t length)
{
    for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i].actions & BIT(r->action) && strlen(words[i].name) == length &&
            !strncmp(words[i].name, name, length))
            return &words[i];
    }
    return NULL;
}

static bool word_read(struct reader *r, const char *text)
{
    const char *value = strchr(text, '=');
    const struct word *word;

    if (!value)
        return wrong(r, "%.64s: no word=value", text);
    word = word_find(r, text, (size_t)(value - text));
    if (!word)
        return names_wrong(r, text, "no word of this action", false);
    if (r->seen & BIT(word - words))
        return wrong(r, "%.64s: said twice", text);
    r->seen |= BIT(word - words);
    if (!word->value->read(value + 1, (u8 *)r->line + word->at, r->names))
        return wrong(r, "%.64s: write %s", text, word->value->advice);
    return true;
}

static bool was_said(const struct reader *r, const char *name)
{
    const struct word *word = word_find(r, name, strlen(name));

    return word && r->seen & BIT(word - words);
}

/* What words mean together. */
static bool redirect_check(struct reader *r)
{
    const struct xl_redirect *redirect = &r->line->redirect;

    if (redirect->domain == XL_ANY_DOMAIN || !redirect->port)
        return wrong(r, "redirect: of which port? write from=DOMAIN port=N");
    if (!was_said(r, "deliver"))
        return wrong(r, "redirect: where to? write deliver=pass, port or self");
    if (redirect->deliver != XL_DELIVER_PASS && !redirect->to_port)
        return wrong(r, "redirect: to which port? write to-port=N");
    return true;
}

static bool rule_check(struct reader *r)
{
    const struct xl_rule *rule = &r->line->rule;

    if (was_said(r, "from") && was_said(r, "to"))
        return wrong(r, "to: a rule is about one side; write from= or to=");
    if (was_said(r, "nth") && (was_said(r, "first") || was_said(r, "last")))
        return wrong(r, "nth: is first= and last= in one; write one or the other");
    if (rule->last && rule->last < rule->first)
        return wrong(r, "last: before first=%lu", rule->first);
    if (rule->action == XL_INTERCEPT_DELAY && !rule->value && !rule->spread)
        return wrong(r, "delay: by how much? write by=2ms");
    if (rule->action == XL_INTERCEPT_REORDER && (rule->value < 2 || rule->value > XL_WINDOW_MAX))
        return wrong(r, "reorder: how many? write window=4 (2 to %u)", XL_WINDOW_MAX);
    if (rule->action == XL_INTERCEPT_DUPLICATE && (!rule->value || rule->value > XL_WINDOW_MAX))
        return wrong(r, "duplicate: how many more? write copies=1 (to %u)", XL_WINDOW_MAX);
    if (rule->action == XL_INTERCEPT_RATE && !rule->value)
        return wrong(r, "rate: one in how long? write period=1ms");
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool schedule_line_read(struct schedule_line *line, const char *text,
                        const struct domain_names *names, char message[SCHEDULE_MESSAGE_SIZE])
{
    struct reader r = {.line = line, .names = names, .message = message};
    char word[SCHEDULE_LINE_MAX];
    bool first = true;

    for (;; first = false) {
        size_t length = 0;

        while (is_blank(*text))
            text++;
        if (!*text || *text == '#')
            break;
        for (; *text && !is_blank(*text) && length < sizeof(word) - 1; text++)
            word[length++] = *text;
        word[length] = 0;
        if (!(first ? action_read(&r, word) : word_read(&r, word)))
            return false;
    }
    if (first)
        return names_wrong(&r, "an empty line", "an action is missing", true);
    return line->is_redirect ? redirect_check(&r) : rule_check(&r);
}

/* Nothing but blanks and a comment. */
static bool is_empty(const char *text)
{
    while (is_blank(*text))
        text++;
    return !*text || *text == '#';
}

/* Copies the line at *text, without its end, and goes on to the next. NULL, or what is wrong. */
static const char *line_take(char line[SCHEDULE_LINE_MAX], const char **text, const char *end)
{
    size_t length = 0;

    while (*text + length < end && (*text)[length] != '\n')
        length++;
    if (length >= SCHEDULE_LINE_MAX)
        return "this line is too long";
    memcpy(line, *text, length);
    line[length] = 0;
    *text += MIN(length + 1, (size_t)(end - *text));
    return strlen(line) == length ? NULL : "this line has a byte 0 in it";
}

bool schedule_read(const char *file, const char *text, u64 size, const struct domain_names *names,
                   schedule_take_fn *take, void *data, char message[SCHEDULE_MESSAGE_SIZE])
{
    char one[SCHEDULE_LINE_MAX], why[SCHEDULE_MESSAGE_SIZE];
    struct schedule_line line;
    u32 number = 0;

    for (const char *at = text, *end = text + size; at < end;) {
        const char *broken = line_take(one, &at, end);

        number++;
        if (broken)
            str_copy(why, broken, sizeof(why));
        else if (is_empty(one) ||
                 (schedule_line_read(&line, one, names, why) && take(data, &line, why)))
            continue;
        fmt_snprintf(message, SCHEDULE_MESSAGE_SIZE, "%s:%u: %s", file, number, why);
        return false;
    }
    return true;
}

/* ---- Printing ---------------------------------------------------------------------------------
 */

size_t schedule_line_print(char *to, size_t size, const struct schedule_line *line,
                           const struct domain_names *names)
{
    u32 action = line->is_redirect ? REDIRECT : line->rule.action;
    size_t length = fmt_snprintf(to, size, "%s", action_names[action]);

    for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
        char value[SCHEDULE_LINE_MAX / 2];

        if (!(words[i].actions & BIT(action)) ||
            !words[i].value->print(value, sizeof(value), (const u8 *)line + words[i].at, names))
            continue;
        length += fmt_snprintf(to + MIN(length, size), size - MIN(length, size), " %s=%s",
                               words[i].name, value);
    }
    return length;
}
