/* What the families about page tables share. */
#ifndef HYPERCALLS_MMU_H
#define HYPERCALLS_MMU_H

#include "hypercalls/hypercalls.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/tlb.h"

/*
 * The domain whose frames the caller means by @id: DOMID_SELF, another's number, DOMID_IO or
 * DOMID_XEN. 0; -ESRCH, also for the domain's own number (xen.h says "foreign", and Xen means it);
 * or -EPERM, with the domain found all the same.
 */
int pg_owner_find(u16 id, struct domain **pg_dom);

/* Flushes for the running domain, where those of its vcpus are that are in the bitmap at *@mask (a
 * guest address; NULL: all): 0, or -EFAULT if that cannot be read. Of everything; of a page; of all
 * caches. They wait for other CPUs: no lock is held, nor a table. */
int guest_flush(const u64 *mask);
int guest_flush_page(u64 va, const u64 *mask);
void guest_flush_caches(void);

/*
 * Lists of updates and of operations, interrupted. What is left goes on as a list of its own,
 * marked in the count; what is done so far it finds at @pdone. If only tables are still to be torn
 * down, nothing is left but the result, which travels as the last argument of an empty list. A
 * guest can make up either, as on Xen, whose bit it is.
 */
#define LIST_CONTINUED (1U << 31)

/* Beside 0 and errnos: it is done, but tables are still to be torn down. */
#define DONE_RETIRING 1

static inline int list_note(int rc)
{
    return !rc && unlikely(tables_retiring()) ? DONE_RETIRING : rc;
}

/* A list so marked, or one that comes while tables of another call are still to be torn down (which
 * goes first): @call, the function of the call @op, does what is left and it is counted on; or that
 * result is returned. */
typedef long (*list_call)(unsigned long, unsigned long, unsigned long, unsigned long);
long list_resume(u32 op, list_call call, u64 list, u32 count, u64 pdone, u64 foreigndom);

/* It stops with @rc (not 0), and @left at @rest to do: what the call answers, perhaps later. */
long list_stop(u32 op, int rc, u64 rest, u32 left, u64 pdone, u64 foreigndom);

#endif
