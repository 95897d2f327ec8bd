/*
 * Which frames a domain has changed since somebody last asked: a bit for each frame of the machine,
 * kept only for domains that are watched (docs/log-dirty.md). All that may write a guest's memory
 * falls under one of three rules:
 *
 *  - the guest's own stores reach only what its shadow tables let it write (mm/shadow.h), and that
 *    has been marked;
 *  - whoever else holds a frame as writable (an update that holds it, another domain's mapping, the
 *    hypervisor itself) marks it when it lets go;
 *  - what is held so at the moment of a question is marked then.
 *
 * While no domain is watched, that costs one test of dirty_logs where something is let go.
 */
#ifndef HYPERVISOR_MM_DIRTY_H
#define HYPERVISOR_MM_DIRTY_H

#include "hypervisor/mm/types.h"

struct domain;
struct frame;
struct vcpu;

struct dirty_log {
    bool on;
    u32 op;                /* of the question that is being answered, for */
    struct domain *reader; /* NULL: none is; and */
    u64 next, zeroed;      /* how far that is: dirty_read, and the bitmap that the caller gave */
    u64 faults, frames;    /* shadow faults, and frames marked, since the last clean */
};

extern u32 dirty_logs; /* domains that are watched */

/* @f was, or is about to be, written: if its owner is watched, it is dirty. Any lock may be held.
 */
void dirty_mark_frame(struct frame *f);

static inline void dirty_mark(struct frame *f)
{
    if (unlikely(ACCESS_ONCE(dirty_logs)))
        dirty_mark_frame(f);
}

/* A writable mapping of @f goes. Those of its own domain were watched by the shadow tables. */
void dirty_unmapped(struct frame *f);

/* Begin to watch @d, with nothing marked; stop. -EINVAL if that is so already (or is not), -ENOMEM.
 * @d is frozen (domain/life.h), or has never run. */
int dirty_start(struct domain *d);
int dirty_stop(struct domain *d);

/*
 * Tell all dirty frames, by pfn: @tell(@pfn, @to) may fail with an errno, which ends it; with
 * @clean those below @pages are no more dirty afterwards. 0, RESTART, or that errno. For @clean @d
 * is frozen. One reader at a time; he comes again until it is done.
 */
int dirty_read(struct domain *d, u64 pages, bool clean, int (*tell)(u64 pfn, void *to), void *to);

#endif
