/* See ranges.h. */
#include "hypervisor/mm/ranges.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"

static void range_append(struct ranges *set, u64 first, u64 last)
{
    struct range *before = set->count ? &set->at[set->count - 1] : NULL;

    if (before && before->last + 1 == first)
        before->last = last;
    else
        set->at[set->count++] = (struct range){first, last};
}

/* All of @old but what is from @first to @last, and that too if it is to be @in. */
static void ranges_fill(struct ranges *new, const struct ranges *old, u64 first, u64 last, bool in)
{
    for (u32 i = 0; i < (old ? old->count : 0); i++) {
        const struct range *r = &old->at[i];

        if (r->first < first)
            range_append(new, r->first, MIN(r->last, first - 1));
        if (in && r->last > last) {
            range_append(new, first, last);
            in = false;
        }
        if (r->last > last)
            range_append(new, MAX(r->first, last + 1), r->last);
    }
    if (in)
        range_append(new, first, last);
}

static void ranges_unused(struct quiesce *q)
{
    ranges_free((struct ranges *)((u8 *)q - offsetof(struct ranges, freed)));
}

int ranges_change(struct ranges **set, u64 first, u64 last, bool in)
{
    struct ranges *old = *set, *new;
    unsigned order = order_for(sizeof(*new) + ((old ? old->count : 0) + 1UL) * sizeof(new->at[0]));

    new = pages_alloc(order);
    if (!new)
        return refuse(XEN_ENOMEM, "no memory for a set of ranges");
    new->order = order;
    ranges_fill(new, old, first, last, in);
    __atomic_store_n(set, new, __ATOMIC_RELEASE);
    if (old)
        quiesce(&old->freed, ranges_unused);
    return 0;
}

bool ranges_have(const struct ranges *set, u64 first, u64 last)
{
    for (u32 i = 0; set && i < set->count; i++)
        if (first >= set->at[i].first && first <= set->at[i].last)
            return last <= set->at[i].last;
    return false;
}

void ranges_free(struct ranges *set)
{
    if (set)
        pages_free(set, set->order);
}
