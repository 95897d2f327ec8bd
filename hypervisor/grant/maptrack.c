/*
 * What a domain has mapped of others: a page of structures when one is needed and none is free, up
 * to its limit, and kept until its end. A handle is the number of one.
 *
 * The end of a domain takes back the pins, and what its mappings for devices hold; those of its
 * page tables hold what they hold, and go with the tables. The structures stay until nobody can
 * find the domain: another CPU may be looking through them for what devices may write.
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/grant/table.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ptype_l1.h"

#define TRACK_UNITS 3 /* of work, cpu/preempt.h: one is looked at, and its pins taken back */

/* A page of them more. Under the lock. */
static bool tracks_add(struct grants *g)
{
    struct maptrack *page;

    if (g->tracks == g->max.maptrack_frames * MAPTRACKS_PER_PAGE)
        return false;
    if (!g->track)
        g->track = pages_alloc(order_for(g->max.maptrack_frames * sizeof(*g->track)));
    if (!g->track || !(page = pages_alloc(0)))
        return false;
    for (u32 i = 0; i < MAPTRACKS_PER_PAGE; i++)
        page[i].next = i + 1 < MAPTRACKS_PER_PAGE ? g->tracks + i + 1 : HANDLE_NONE;
    g->track[g->tracks / MAPTRACKS_PER_PAGE] = page;
    g->track_free = g->tracks;
    __atomic_store_n(&g->tracks, g->tracks + MAPTRACKS_PER_PAGE, __ATOMIC_RELEASE);
    return true;
}

grant_handle_t grant_handle_take(struct grants *g)
{
    grant_handle_t handle = HANDLE_NONE;

    spin_lock(&g->lock);
    if (likely(g->track_free != HANDLE_NONE) || tracks_add(g)) {
        handle = g->track_free;
        g->track_free = track_at(g, handle)->next;
    }
    spin_unlock(&g->lock);
    return handle;
}

void grant_handle_free(struct grants *g, grant_handle_t handle)
{
    struct maptrack *m = track_at(g, handle);

    m->flags = 0;
    m->next = g->track_free;
    g->track_free = handle;
}

void grant_handle_return(struct grants *g, grant_handle_t handle)
{
    spin_lock(&g->lock);
    grant_handle_free(g, handle);
    spin_unlock(&g->lock);
}

u32 grant_pins_of(u32 flags)
{
    u32 by = 0;

    if (flags & GNTMAP_device_map)
        by = flags & GNTMAP_readonly ? PIN_DEV_READ : PIN_DEV_WRITE;
    if (flags & GNTMAP_host_map)
        by |= flags & GNTMAP_readonly ? PIN_HOST_READ : PIN_HOST_WRITE;
    return by;
}

void grant_uses_put(struct frame *f, u32 flags)
{
    if (flags & GNTMAP_device_map) {
        if (!(flags & GNTMAP_readonly))
            dirty_mark(f); /* by whatever device, for whomever */
        l1e_put_counts(f, !(flags & GNTMAP_readonly));
    }
    if (flags & GNTMAP_host_map)
        l1e_put_counts(f, !(flags & GNTMAP_readonly));
}

static void track_release(struct domain *d, struct maptrack *m)
{
    struct domain *granter = m->flags ? domain_find(m->granter) : NULL;

    if (granter) { /* else it is free, or what it mapped is long gone, overwritten */
        grant_uses_put(mfn_to_frame(MFN(m->mfn)), m->flags & ~GNTMAP_host_map);
        grant_unpin(granter, m->ref, grant_pins_of(m->flags), m->mfn, d->id);
    }
    m->flags = 0;
}

int grants_release(struct domain *d)
{
    struct grants *g = d->grants;

    while (g->released < g->tracks) {
        track_release(d, track_at(g, g->released++));
        if (preempt_point(TRACK_UNITS))
            return RESTART;
    }
    return 0;
}

void grant_tracks_free(struct grants *g)
{
    g->tracks -= MAPTRACKS_PER_PAGE;
    pages_free(g->track[g->tracks / MAPTRACKS_PER_PAGE], 0);
}

void grants_each_use(const struct domain *d, grant_use_fn use, void *to)
{
    for (const struct domain *user = domains; user; user = user->next)
        for (u32 h = 0; user->grants && h < user->grants->tracks; h++) {
            const struct maptrack *m = track_at(user->grants, h);

            if ((m->flags & GNTMAP_device_map) && m->granter == d->id)
                use(to, MFN(m->mfn), !(m->flags & GNTMAP_readonly));
        }
}
