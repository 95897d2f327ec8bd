/*
 * The command line is read through one table: a name, and either a switch (a bool) or a function
 * that takes the value and answers NULL or, in words, what it expected. To add an option, add a
 * line.
 */
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/dom0_size.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/input.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/sched/sched.h"
#include "hypervisor/time/reference.h"
#include "hypervisor/time/vcpu_time.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define WORD_MAX         256
#define CONRING_MIN      KIB(16)
#define CONRING_MAX      MIB(16)
#define EXPECTED_BOOLEAN "one of yes, on, true, enable, 1, no, off, false, disable, 0"

struct options options = {
    .smap = SMAP_DEFAULT,
    .smep = true,
    .conring_size = CONRING_MIN,
};

struct option {
    const char *name;
    bool *flag;                       /* a switch, or */
    const char *(*set)(const char *); /* a value; for the empty one it is called with "" */
    bool console;                     /* applied by cmdline_parse_console() */
    bool boolean_too;                 /* `name` and `no-name` mean set("1") and set("0") */
};

static const char *set_com1(const char *value)
{
    return console_set_serial(0, value);
}

static const char *set_com2(const char *value)
{
    return console_set_serial(1, value);
}

/* Xen's third choice, "hvm", means off for PV guests. */
static const char *set_smap(const char *value)
{
    int v = strcmp(value, "hvm") == 0 ? 0 : parse_bool(value, strlen(value));

    if (v < 0)
        return EXPECTED_BOOLEAN ", hvm";
    options.smap = v;
    return NULL;
}

static const char *set_smep(const char *value)
{
    int v = strcmp(value, "hvm") == 0 ? 0 : parse_bool(value, strlen(value));

    if (v < 0)
        return EXPECTED_BOOLEAN ", hvm";
    options.smep = v;
    return NULL;
}

/* Rounded up to the power of two that the ring needs. */
static const char *set_conring_size(const char *value)
{
    const char *end;
    u64 bytes, size = CONRING_MIN;

    if (!parse_size(value, &end, &bytes) || *end || bytes > CONRING_MAX)
        return "a size of at most 16M, as in 64k";
    while (size < bytes)
        size *= 2;
    options.conring_size = size;
    return NULL;
}

static const char *set_first(const char *value)
{
    bool lone = strcmp(value, "guest") == 0;

    if (!lone && strcmp(value, "dom0") != 0)
        return "dom0 or guest";
    options.lone = lone;
    return NULL;
}

static bool number_set(const char *value, u32 *to)
{
    const char *end;
    u64 n;

    if (!parse_unsigned(value, &end, &n) || *end || n > UINT32_MAX)
        return false;
    *to = (u32)n;
    return true;
}

static const char *set_preempt(const char *value)
{
    return number_set(value, &options.preempt_every) ? NULL
                                                     : "a number of preemption points, as in 1";
}

static const char *set_maxcpus(const char *value)
{
    return number_set(value, &options.maxcpus) ? NULL : "a number of CPUs, as in 4";
}

static const struct option table[] = {
    {.name = "clocksource", .set = reference_choose},
    {.name = "com1", .set = set_com1, .console = true},
    {.name = "com2", .set = set_com2, .console = true},
    {.name = "console", .set = console_set_devices, .console = true},
    {.name = "conring_size", .set = set_conring_size},
    {.name = "conswitch", .set = input_set_switch},
    {.name = "dom0_max_vcpus", .set = dom0_set_max_vcpus},
    {.name = "dom0_mem", .set = dom0_set_mem},
    {.name = "first", .set = set_first},
    {.name = "gnttab", .set = grants_set},
    {.name = "gnttab_max_frames", .set = grants_set_frames},
    {.name = "gnttab_max_maptrack_frames", .set = grants_set_maptrack},
    {.name = "guest_loglvl", .set = log_set_guest_threshold, .console = true},
    {.name = "loglvl", .set = log_set_threshold, .console = true},
    {.name = "maxcpus", .set = set_maxcpus},
    {.name = "noreboot", .flag = &options.noreboot},
    {.name = "nosmp", .flag = &options.nosmp},
    {.name = "preempt", .set = set_preempt},
    {.name = "sched", .set = sched_choose_policy},
    {.name = "smap", .set = set_smap, .boolean_too = true},
    {.name = "smep", .set = set_smep, .boolean_too = true},
    {.name = "tbuf", .set = trace_set_full},
    {.name = "tbuf_size", .set = trace_set_pages},
    {.name = "tevt_mask", .set = trace_set_mask},
    {.name = "tsc_mode", .set = domain_tsc_choose},
    {.name = "umip", .flag = &options.umip},
};

static const struct option *option_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* A value for an option: NULL or what was expected. */
static const char *option_set(const struct option *o, const char *value)
{
    int v;

    if (o->set)
        return o->set(value);
    v = parse_bool(value, strlen(value));
    if (v < 0)
        return EXPECTED_BOOLEAN;
    *o->flag = v;
    return NULL;
}

/* A word without '=': on, off by the prefix "no-", or an option that lacks its value. */
static const char *option_switch(const struct option *o, bool on)
{
    if (o->flag || o->boolean_too)
        return option_set(o, on ? "1" : "0");
    return option_set(o, "");
}

/* One word, ended by NUL; the '=' in it is overwritten. */
static void word_apply(char *word, bool console_only, bool report)
{
    char *equals = strchr(word, '=');
    const struct option *o;
    const char *expected;
    bool on = true;

    if (equals)
        *equals = '\0';
    o = option_find(word);
    if (!o && !equals && str_starts_with(word, "no-")) {
        o = option_find(word + 3);
        on = false;
        if (o && !o->flag && !o->boolean_too)
            o = NULL;
    }
    if (!o) {
        if (report)
            log_warn("command line: unknown option \"%s\" is ignored", word);
        return;
    }
    if (console_only && !o->console)
        return;
    expected = equals ? option_set(o, equals + 1) : option_switch(o, on);
    if (expected && report)
        log_warn("command line: \"%s=%s\" is ignored; expected %s", o->name,
                 equals ? equals + 1 : "", expected);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void words_apply(const char *s, bool console_only, bool report)
{
    char word[WORD_MAX];

    for (;;) {
        size_t n = 0;

        while (is_blank(*s))
            s++;
        if (!*s)
            return;
        while (s[n] && !is_blank(s[n]))
            n++;
        if (n < sizeof(word)) {
            memcpy(word, s, n);
            word[n] = '\0';
            word_apply(word, console_only, report);
        } else if (report) {
            log_warn("command line: a word of %zu characters is ignored; at most %d", n,
                     WORD_MAX - 1);
        }
        s += n;
    }
}

void cmdline_parse_console(const char *text)
{
    words_apply(text, true, false);
}

void cmdline_parse(const char *text)
{
    words_apply(text, false, true);
}
