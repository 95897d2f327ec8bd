/*
 * What the tiny kernel tells: it knows no xenstore, so the page that would be xenstore's ring holds
 * two counters, which the control domain reads through a mapping.
 */
#ifndef GUEST_KERNEL_TINY_TINY_H
#define GUEST_KERNEL_TINY_TINY_H

#include "xen-like/lib/types.h"

#define TINY_PAGES       16 /* of memory are enough */
#define TINY_TICKS_HERTZ 10

struct tiny_report {
    u64 ticks;  /* of its timer */
    u64 events; /* of its console port, each of which it has answered by one */
};

#endif
