/*
 * Lists of CPUs as xl writes them: ranges and single ones with commas between, `all`, and ^ before
 * what is taken out again. They apply from left to right.
 */
#include "dom0/toolstack/config.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define CPUS_MAX 4096 /* more than any hypervisor has */

struct cpu_range {
    u64 first, last;
    bool without;
};

static bool range_read(const char **text, struct cpu_range *range)
{
    const char *at = *text;

    range->without = *at == '^';
    at += range->without;
    if (str_starts_with(at, "all")) {
        *range = (struct cpu_range){0, CPUS_MAX - 1, range->without};
        *text = at + 3;
        return true;
    }
    if (!parse_unsigned(at, &at, &range->first))
        return false;
    range->last = range->first;
    if (*at == '-' && !parse_unsigned(at + 1, &at, &range->last))
        return false;
    *text = at;
    return range->first <= range->last && range->last < CPUS_MAX;
}

/* Only `all` may name CPUs that are not there. */
static bool range_apply(const struct cpu_range *range, u8 *bitmap, u32 cpus)
{
    bool all = range->last == CPUS_MAX - 1 && !range->first;

    if (!all && range->last >= cpus)
        return false;
    for (u64 cpu = range->first; cpu <= range->last && cpu < cpus; cpu++) {
        if (range->without)
            bitmap[cpu / 8] &= (u8) ~(1u << cpu % 8);
        else
            bitmap[cpu / 8] |= (u8)(1u << cpu % 8);
    }
    return true;
}

static bool any_left(const u8 *bitmap, u32 cpus)
{
    for (u32 i = 0; i < (cpus + 7) / 8; i++) {
        if (bitmap[i])
            return true;
    }
    return !cpus;
}

bool config_cpus(const char *text, u8 *bitmap, u32 cpus)
{
    struct cpu_range range;

    for (u32 i = 0; i < (cpus + 7) / 8; i++)
        bitmap[i] = 0;
    for (;; text++) {
        if (!range_read(&text, &range) || (cpus && !range_apply(&range, bitmap, cpus)))
            return false;
        if (*text != ',')
            return !*text && any_left(bitmap, cpus);
    }
}
