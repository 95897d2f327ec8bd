/*
 * Values that are names (values.h): kinds of ports, VIRQs, what a redirection does, domains.
 */
#include "dom0/intercept/values.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

static const char *const kind_names[] = {
    [EVTCHNSTAT_unbound] = "unbound", [EVTCHNSTAT_interdomain] = "interdomain",
    [EVTCHNSTAT_pirq] = "pirq",       [EVTCHNSTAT_virq] = "virq",
    [EVTCHNSTAT_ipi] = "ipi",
};

const char *schedule_kind_name(u8 kind)
{
    return kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : NULL;
}

static const char *const virq_names[] = {
    [VIRQ_TIMER] = "timer",       [VIRQ_DEBUG] = "debug",       [VIRQ_CONSOLE] = "console",
    [VIRQ_DOM_EXC] = "dom_exc",   [VIRQ_TBUF] = "tbuf",         [VIRQ_DEBUGGER] = "debugger",
    [VIRQ_XENOPROF] = "xenoprof", [VIRQ_CON_RING] = "con_ring", [VIRQ_ENOMEM] = "enomem",
    [VIRQ_XENPMU] = "xenpmu",
};

static const char *const deliver_names[] = {
    [XL_DELIVER_PASS] = "pass", [XL_DELIVER_PORT] = "port", [XL_DELIVER_SELF] = "self"};

/* The index of text[0..length); count: it is none of them. */
static u32 name_index(const char *const *names, u32 count, const char *text, size_t length)
{
    u32 i = 0;

    while (i < count &&
           !(names[i] && strlen(names[i]) == length && !strncmp(names[i], text, length)))
        i++;
    return i;
}

static bool kinds_read(const char *text, void *field, const struct domain_names *names)
{
    u32 *kinds = field;

    (void)names;
    for (*kinds = 0;; text++) {
        const char *comma = strchr(text, ',');
        size_t length = comma ? (size_t)(comma - text) : strlen(text);
        u32 kind = name_index(kind_names, ARRAY_SIZE(kind_names), text, length);

        if (kind == ARRAY_SIZE(kind_names))
            return false;
        *kinds |= 1u << kind;
        text += length;
        if (!*text)
            return true;
    }
}

static size_t kinds_print(char *to, size_t size, const void *field,
                          const struct domain_names *names)
{
    const u32 *kinds = field;
    size_t length = 0;

    (void)names;
    for (u32 i = 0; i < ARRAY_SIZE(kind_names); i++) {
        if (*kinds & 1u << i && kind_names[i])
            length += fmt_snprintf(to + MIN(length, size), size - MIN(length, size), "%s%s",
                                   length ? "," : "", kind_names[i]);
    }
    return length;
}

static bool byte_name_read(const char *const *all, u32 count, const char *text, u8 *field)
{
    u32 index = name_index(all, count, text, strlen(text));

    *field = (u8)index;
    return index < count;
}

static bool kind_read(const char *text, void *field, const struct domain_names *names)
{
    (void)names;
    return byte_name_read(kind_names, ARRAY_SIZE(kind_names), text, field);
}

static size_t kind_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const u8 *kind = field;

    (void)names;
    return fmt_snprintf(to, size, "%s", kind_names[*kind]);
}

static bool deliver_read(const char *text, void *field, const struct domain_names *names)
{
    (void)names;
    return byte_name_read(deliver_names, ARRAY_SIZE(deliver_names), text, field);
}

static size_t deliver_print(char *to, size_t size, const void *field,
                            const struct domain_names *names)
{
    const u8 *deliver = field;

    (void)names;
    return fmt_snprintf(to, size, "%s", deliver_names[*deliver]);
}

static bool virq_read(const char *text, void *field, const struct domain_names *names)
{
    u32 *virq = field;

    *virq = name_index(virq_names, ARRAY_SIZE(virq_names), text, strlen(text));
    return *virq < ARRAY_SIZE(virq_names) || value_port.read(text, field, names);
}

static size_t virq_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    const u32 *virq = field;

    if (*virq < ARRAY_SIZE(virq_names) && virq_names[*virq])
        return fmt_snprintf(to, size, "%s", virq_names[*virq]);
    return value_port.print(to, size, field, names);
}

/* ---- Domains ----------------------------------------------------------------------------------
 */

static bool domain_read(const char *text, void *field, const struct domain_names *names)
{
    domid_t *domain = field;

    *domain = XL_ANY_DOMAIN;
    return !strcmp(text, "any") || names->number(text, domain);
}

/* A name that a line can have: its number is said for another. */
static bool is_one_word(const char *name)
{
    return *name && strcmp(name, "any") && !strchr(name, ' ') && !strchr(name, '\t') &&
           !strchr(name, '\r') && !strchr(name, '\n');
}

static size_t domain_print(char *to, size_t size, const void *field,
                           const struct domain_names *names)
{
    const domid_t *domain = field;
    const char *name = *domain == XL_ANY_DOMAIN ? "any" : names->name(*domain);

    if (name && *domain != XL_ANY_DOMAIN && !is_one_word(name))
        name = NULL;
    return name ? fmt_snprintf(to, size, "%s", name) : fmt_snprintf(to, size, "%u", *domain);
}

static bool side_read(struct xl_rule *rule, u8 side, const char *text,
                      const struct domain_names *names)
{
    rule->side = side;
    return domain_read(text, &rule->domain, names);
}

/* A rule for all that arrives anywhere says nothing of domains. */
static size_t side_print(const struct xl_rule *rule, u8 side, char *to, size_t size,
                         const struct domain_names *names)
{
    bool is_default = side == XL_SIDE_TO && rule->domain == XL_ANY_DOMAIN;

    return rule->side == side && !is_default ? domain_print(to, size, &rule->domain, names) : 0;
}

static bool from_read(const char *text, void *field, const struct domain_names *names)
{
    return side_read(field, XL_SIDE_FROM, text, names);
}

static size_t from_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    return side_print(field, XL_SIDE_FROM, to, size, names);
}

static bool to_read(const char *text, void *field, const struct domain_names *names)
{
    return side_read(field, XL_SIDE_TO, text, names);
}

static size_t to_print(char *to, size_t size, const void *field, const struct domain_names *names)
{
    return side_print(field, XL_SIDE_TO, to, size, names);
}

#define DOMAIN_ADVICE "a domain's name or number (see: list), or any"

const struct value value_kinds = {kinds_read, kinds_print,
                                  "some of interdomain,ipi,virq,pirq,unbound"};
const struct value value_kind = {kind_read, kind_print, "interdomain or ipi"};
const struct value value_virq = {virq_read, virq_print,
                                 "timer, debug, console, dom_exc, another's number, or any"};
const struct value value_deliver = {deliver_read, deliver_print, "pass, port or self"};
const struct value value_domain = {domain_read, domain_print, DOMAIN_ADVICE};
const struct value value_from = {from_read, from_print, DOMAIN_ADVICE};
const struct value value_to = {to_read, to_print, DOMAIN_ADVICE};
