/*
 * A set of frame numbers, as ranges: few and large, changed hardly ever, asked often. Who asks
 * takes no lock: each change makes a new set, and the old one is freed when nobody can still look
 * at it (cpu/smp.h). Who changes sees to it that he is the only one.
 */
#ifndef HYPERVISOR_MM_RANGES_H
#define HYPERVISOR_MM_RANGES_H

#include "hypervisor/cpu/smp.h"

struct ranges {
    struct quiesce freed;
    u32 count;
    u32 order; /* of the pages that this is in */
    struct range {
        u64 first, last; /* ascending, and apart */
    } at[];
};

/* Put @first to @last into *@set, or take them out. A set that does not exist is empty. 0, or
 * -ENOMEM with nothing changed. */
int ranges_change(struct ranges **set, u64 first, u64 last, bool in);

/* Are all of these in it? */
bool ranges_have(const struct ranges *set, u64 first, u64 last);

/* Nobody looks at it any more. NULL is fine. */
void ranges_free(struct ranges *set);

#endif
