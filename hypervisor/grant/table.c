/*
 * A domain's grant table from its beginning to its end: its frames, their number, its version.
 *
 * Frames are only added. The guest maps them like its own; the hypervisor holds each as writable
 * memory (frame_share), so that it stays what it is. When the domain ends they go, but others may
 * still have mapped what it granted, and will end that: the entries then lie in one page that
 * nobody reads.
 */
#include "hypervisor/grant/table.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ptype.h"
#include "xen-like/lib/string.h"

#define FREES_AT_ONCE 32U

struct grants_options grants_options = {
    .max = {.version = 2, .frames = 64, .maptrack_frames = 1024},
    .transitive = true,
    .transfer = true,
};

/* Where entries of the dead are: never a grant, for only flags of use are ever set in it. */
static u64 dead_page[PAGE_SIZE / sizeof(u64)] __attribute__((aligned(PAGE_SIZE)));

static u64 bytes_for(const struct domain_grants_max *max)
{
    u64 pointers = max->frames * (1UL + ACTIVES_PER_FRAME) + status_frames_for(max->frames);

    return sizeof(struct grants) + pointers * sizeof(void *);
}

static void *page_share(struct domain *d)
{
    void *page = pages_alloc(0);

    if (!page)
        return NULL;
    m2p_set(virt_to_mfn(page), INVALID_M2P_ENTRY);
    spin_lock(&d->page_lock);
    frame_share(virt_to_mfn(page), d, true);
    spin_unlock(&d->page_lock);
    return page;
}

void grants_entries_count(struct grants *g)
{
    g->shift = g->version == 1 ? 3 : 4;
    g->entries =
        g->uncleared ? GNTTAB_NR_RESERVED_ENTRIES : (u32)((g->frames * PAGE_SIZE) >> g->shift);
}

int grants_status_add(struct domain *d)
{
    struct grants *g = d->grants;
    void *page = page_share(d);

    if (!page)
        return refuse(XEN_ENOMEM, "no memory for a grant table");
    g->status[g->status_frames++] = page;
    return 0;
}

/* One more shared frame. Those of status come first: every entry has one. */
static int frame_add(struct domain *d)
{
    struct grants *g = d->grants;
    void *page;

    while (g->version == 2 && g->status_frames < status_frames_for(g->frames + 1))
        if (grants_status_add(d))
            return -XEN_ENOMEM;
    page = page_share(d);
    if (!page)
        return refuse(XEN_ENOMEM, "no memory for a grant table");
    g->shared[g->frames++] = page;
    grants_entries_count(g);
    return 0;
}

bool grants_init(struct domain *d, const struct domain_grants_max *max)
{
    struct grants *g = pages_alloc(order_for(bytes_for(max)));

    if (!g)
        return false;
    *g = (struct grants){
        .lock = SPINLOCK(LOCK_GRANTS),
        .version = 1,
        .max = *max,
        .track_free = HANDLE_NONE,
    };
    g->active = (struct active **)&g->shared[max->frames];
    g->status = (u16 **)&g->active[max->frames * ACTIVES_PER_FRAME];
    d->grants = g;
    return !frame_add(d);
}

int grants_grow(struct domain *d, u32 frames)
{
    struct grants *g = d->grants;
    int rc = 0;

    if (frames > g->max.frames)
        return refuse(XEN_EINVAL, "the domain may not have so large a grant table");
    while (!rc && ACCESS_ONCE(g->frames) < frames) {
        spin_lock(&g->lock);
        if (d->dying)
            rc = refuse(XEN_EINVAL, "a domain that is dying gets no larger table");
        else if (g->frames < frames)
            rc = frame_add(d);
        spin_unlock(&g->lock);
        if (!rc && preempt_point(2 * GRANT_FRAME_UNITS))
            rc = RESTART;
    }
    return rc;
}

/* Between two versions there are some that the guest has not yet, or no more. */
static u32 status_shown(const struct grants *g)
{
    return g->version == 2 ? g->status_frames : 0;
}

void grants_size(struct domain *d, struct grants_size *size)
{
    struct grants *g = d->grants;

    spin_lock(&g->lock);
    *size = (struct grants_size){g->frames, status_shown(g), g->max.frames,
                                 status_frames_for(g->max.frames)};
    spin_unlock(&g->lock);
}

u32 grants_frames_for_status(u32 status)
{
    return (u32)MIN((u64)status * STATUS_PER_FRAME * sizeof(union grant_entry_v2) / PAGE_SIZE,
                    (u64)UINT32_MAX);
}

bool grants_list(struct domain *d, bool status, u32 first, u32 count, u64 *mfns)
{
    struct grants *g = d->grants;
    u32 frames;

    spin_lock(&g->lock);
    frames = d->dying ? 0 : status ? status_shown(g) : g->frames;
    for (u32 i = 0; first + count <= frames && i < count; i++)
        mfns[i] = virt_to_mfn(status ? (void *)g->status[first + i] : g->shared[first + i]).n;
    spin_unlock(&g->lock);
    return first + count <= frames;
}

u32 grants_version(const struct domain *d)
{
    return ACCESS_ONCE(d->grants->version);
}

s16 grants_swap(struct domain *d, grant_ref_t a, grant_ref_t b)
{
    struct grants *g = d->grants;
    s16 status = GNTST_okay;
    u64 entry[2], *at, *bt;
    u16 flags;

    spin_lock(&g->lock);
    if (a >= g->entries || b >= g->entries) {
        status = grant_refuse(GNTST_bad_gntref, "the table has no such entry");
    } else if (a != b && ((active_at(g, a) && active_at(g, a)->pin) ||
                          (active_at(g, b) && active_at(g, b)->pin))) {
        status = grant_refuse(GNTST_eagain, "the grant is in use");
    } else {
        at = (u64 *)entry_at(g, a);
        bt = (u64 *)entry_at(g, b);
        memcpy(entry, at, 1UL << g->shift);
        memcpy(at, bt, 1UL << g->shift);
        memcpy(bt, entry, 1UL << g->shift);
        if (g->version == 2) {
            flags = *status_at(g, a);
            *status_at(g, a) = *status_at(g, b);
            *status_at(g, b) = flags;
        }
    }
    spin_unlock(&g->lock);
    return status;
}

void grants_each_page(const struct domain *d, grant_use_fn use, void *to)
{
    const struct grants *g = d->grants;

    for (u32 i = 0; g && i < g->frames && g->shared[i] != dead_page; i++)
        use(to, virt_to_mfn(g->shared[i]), true);
    for (u32 i = 0; g && i < g->status_frames && (void *)g->status[i] != dead_page; i++)
        use(to, virt_to_mfn(g->status[i]), true);
}

/* ---- the end ---- */

/* Take each out of the table, under its lock, then give it back. */
int grants_end(struct domain *d)
{
    struct grants *g = d->grants;

    while (g->ended < g->frames + g->status_frames) {
        void **at =
            g->ended < g->frames ? &g->shared[g->ended] : (void **)&g->status[g->ended - g->frames];
        void *page = *at;

        spin_lock(&g->lock);
        *at = dead_page;
        spin_unlock(&g->lock);
        g->ended++;
        frame_put_and_type(mfn_to_frame(virt_to_mfn(page)));
        if (preempt_point(GRANT_FRAME_UNITS))
            return RESTART;
    }
    return 0;
}

/* Also of one that was not made to its end: then it still has its shared frames. */
bool grants_free(struct domain *d)
{
    struct grants *g = d->grants;

    for (u32 n = 0; g && (g->frames || g->tracks); n++) {
        if (n == FREES_AT_ONCE)
            return false;
        if (g->tracks) {
            grant_tracks_free(g);
            continue;
        }
        g->frames--;
        if (g->shared[g->frames] != dead_page)
            frame_put_and_type(mfn_to_frame(virt_to_mfn(g->shared[g->frames])));
        for (u32 i = 0; i < ACTIVES_PER_FRAME; i++)
            if (g->active[g->frames * ACTIVES_PER_FRAME + i])
                pages_free(g->active[g->frames * ACTIVES_PER_FRAME + i], 0);
    }
    if (g && g->track)
        pages_free(g->track, order_for(g->max.maptrack_frames * sizeof(*g->track)));
    if (g)
        pages_free(g, order_for(bytes_for(&g->max)));
    d->grants = NULL;
    return true;
}
