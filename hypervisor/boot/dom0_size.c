/*
 * dom0_mem=, read and applied. See dom0_size.h for the rule.
 *
 * The one trap is subtraction: "-2G" on a machine of 1 GiB must not wrap into "everything", so what
 * is left is never less than nothing.
 */
#include "hypervisor/boot/dom0_size.h"

#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define VCPUS_MAX 8192U /* of any domain: Xen's limit, which has no name in the public headers */

#define EXPECTED                                                                                   \
    "[min:<amount>,][max:<amount>,][<amount>]; an amount is <size>, <n>% or <size>+<n>%, "         \
    "with - before it for all but that much"

#define DEFAULT_RESERVE_PAGES (MIB(128) >> PAGE_SHIFT)
#define DEFAULT_RESERVE_PART  16

/* One item: a size, or a percentage below 100. */
static bool item_parse(const char **s, struct dom0_amount *a)
{
    const char *end;
    u64 n;

    if (**s < '0' || **s > '9' || !parse_unsigned(*s, &end, &n))
        return false;
    if (*end == '%') {
        if (n >= 100)
            return false;
        a->percent = (u32)n;
        *s = end + 1;
        return true;
    }
    if (!parse_size(*s, s, &n))
        return false;
    a->pages = n >> PAGE_SHIFT;
    return true;
}

/* An amount ends at a comma or at the end of the value. A percentage is always its last item. */
static bool amount_parse(const char **s, struct dom0_amount *amount)
{
    struct dom0_amount a = {0};

    a.minus = **s == '-';
    *s += a.minus;
    if (!item_parse(s, &a))
        return false;
    if (**s == '+') {
        ++*s;
        if ((*s)[-2] == '%' || !item_parse(s, &a) || (*s)[-1] != '%')
            return false;
    }
    if (**s && **s != ',')
        return false;
    *amount = a;
    return true;
}

const char *dom0_mem_parse(struct dom0_mem *mem, const char *value)
{
    struct dom0_mem m = *mem;

    for (;; value++) {
        struct dom0_amount *a = &m.size;

        if (str_starts_with(value, "min:"))
            a = &m.min;
        else if (str_starts_with(value, "max:"))
            a = &m.max;
        value += a == &m.size ? 0 : strlen("min:");
        if (!amount_parse(&value, a))
            return EXPECTED;
        if (!*value)
            break;
    }
    *mem = m;
    return NULL;
}

static u64 amount_pages(const struct dom0_amount *a, u64 available)
{
    u64 pages = a->pages + a->percent * available / 100;

    if (!a->minus)
        return pages;
    return pages < available ? available - pages : 0;
}

u64 dom0_mem_pages(const struct dom0_mem *mem, u64 available)
{
    u64 pages = amount_pages(&mem->size, available);

    if (!pages)
        pages = available - MIN(available / DEFAULT_RESERVE_PART, DEFAULT_RESERVE_PAGES);
    pages = MAX(pages, amount_pages(&mem->min, available));
    pages = MIN(pages, amount_pages(&mem->max, available));
    return MIN(pages, available);
}

u64 dom0_mem_limit(const struct dom0_mem *mem, u64 available)
{
    return MIN(amount_pages(&mem->max, available), (u64)UINT32_MAX);
}

/* A number, if there is one. */
static bool count_parse(const char **s, u32 *n)
{
    u64 value;

    if (**s < '0' || **s > '9' || !parse_unsigned(*s, s, &value))
        return false;
    *n = (u32)MIN(value, (u64)UINT32_MAX);
    return true;
}

const char *dom0_vcpus_parse(struct dom0_vcpus *n, const char *value)
{
    struct dom0_vcpus v = {.min = 1, .max = UINT32_MAX};
    bool from = count_parse(&value, &v.min);

    if (!*value && from)
        v.max = v.min;
    else if (*value != '-' || (++value, !count_parse(&value, &v.max) && !from) || *value)
        return "<n>, <min>-, -<max> or <min>-<max>";
    *n = v;
    return NULL;
}

u32 dom0_vcpus_count(const struct dom0_vcpus *n, u32 cpus)
{
    return MAX(1U, MIN(MIN(MAX(cpus, n->min), n->max), VCPUS_MAX));
}
