/*
 * The version of a table: 1, or 2, which can grant parts of frames, pass grants on, and has the
 * flags of use in frames of their own.
 *
 * A table changes its version only while none of its entries is in use, but for the reserved ones,
 * which a toolstack wrote for the domain's console and xenstore: those are kept, in the other form,
 * and everything else is cleared.
 *
 * A table may be large. So it changes in steps: the frames of status that version 2 needs are
 * added; then, at once, the reserved entries change their form and all others are gone; then these
 * are cleared; and after a change to version 1 the frames of status go. A call that is interrupted
 * is made again; if it is not, the table has few entries, and the next such call goes on.
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/grant/table.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ptype.h"
#include "xen-like/lib/string.h"

#define KEPT        GNTTAB_NR_RESERVED_ENTRIES
#define GTF_IN_USE  (GTF_reading | GTF_writing)
#define V2_AT(g, i) (&((union grant_entry_v2 *)(g)->shared[0])[i])

static bool others_in_use(const struct grants *g)
{
    u32 kept = 0;

    for (u32 i = 0; g->active[0] && i < KEPT; i++)
        kept += g->active[0][i].pin != 0;
    return g->pinned != kept;
}

/* Nobody but the hypervisor has them. (Who maps one at this moment, keeps a page of no meaning.) */
static bool status_is_free(const struct grants *g)
{
    for (u32 i = 0; i < g->status_frames; i++)
        if ((ACCESS_ONCE(mfn_to_frame(virt_to_mfn(g->status[i]))->word) & FRAME_REF_MASK) != 1)
            return false;
    return true;
}

/* Can version 1 say what the reserved entries do? */
static bool kept_fit(const struct grants *g)
{
    for (u32 i = 0; i < KEPT; i++) {
        const union grant_entry_v2 *e = V2_AT(g, i);
        u32 type = e->hdr.flags & GTF_type_mask;

        if (type == GTF_transitive || (type == GTF_permit_access && e->full_page.frame >> 32))
            return false;
    }
    return true;
}

static void kept_read(const struct grants *g, struct grant_entry_v1 *kept)
{
    for (u32 i = 0; i < KEPT; i++) {
        const union grant_entry_v2 *e = V2_AT(g, i);

        if (g->version == 1)
            memcpy(&kept[i], entry_at(g, i), sizeof(kept[i]));
        else if ((e->hdr.flags & GTF_type_mask) == GTF_permit_access)
            kept[i] = (struct grant_entry_v1){.flags = e->hdr.flags | *status_at(g, i),
                                              .domid = e->hdr.domid,
                                              .frame = (u32)e->full_page.frame};
    }
}

static void kept_write(const struct grants *g, const struct grant_entry_v1 *kept)
{
    for (u32 i = 0; i < KEPT; i++) {
        union grant_entry_v2 *e = V2_AT(g, i);

        if (g->version == 1) {
            memcpy(entry_at(g, i), &kept[i], sizeof(kept[i]));
            continue;
        }
        *status_at(g, i) = kept[i].flags & GTF_IN_USE;
        e->full_page.frame = kept[i].frame;
        e->hdr = (struct grant_entry_header){.flags = kept[i].flags & (u16)~GTF_IN_USE,
                                             .domid = kept[i].domid};
    }
}

/* To version 1: may it be? */
static int version_1_check(const struct grants *g)
{
    if (g->v2_uses)
        return refuse(XEN_EAGAIN, "grants of version 2 are in use");
    if (!kept_fit(g))
        return refuse(XEN_ERANGE, "version 1 cannot say what a reserved entry does");
    return status_is_free(g) ? 0 : refuse(XEN_EBUSY, "the guest has mapped frames of status");
}

/* What nobody sees half done: from now on the table is of the other version, and has no entries but
 * the reserved ones, until the rest of it is cleared. */
static void version_turn(struct grants *g, u32 version)
{
    struct grant_entry_v1 kept[KEPT] = {0};

    kept_read(g, kept);
    memset(g->shared[0], 0, PAGE_SIZE);
    g->version = version;
    g->uncleared = g->frames - 1;
    grants_entries_count(g);
    kept_write(g, kept);
}

/* One step towards @version, or to the end of an earlier change. 0 or an errno. */
static int version_step(struct domain *d, u32 version)
{
    struct grants *g = d->grants;
    int rc;

    if (g->uncleared) {
        memset(g->shared[g->uncleared--], 0, PAGE_SIZE);
        grants_entries_count(g);
        return 0;
    }
    if (g->version == version) { /* 1, and there are frames of status left */
        frame_put_and_type(mfn_to_frame(virt_to_mfn(g->status[--g->status_frames])));
        return 0;
    }
    if (others_in_use(g))
        return refuse(XEN_EBUSY, "grants of the table are in use");
    if (version == 2 && g->status_frames < status_frames_for(g->frames))
        return grants_status_add(d);
    rc = version == 1 ? version_1_check(g) : 0;
    if (!rc)
        version_turn(g, version);
    return rc;
}

static bool version_is(const struct grants *g, u32 version)
{
    return g->version == version && !g->uncleared && (version == 2 || !g->status_frames);
}

int grants_set_version(struct domain *d, u32 version)
{
    struct grants *g = d->grants;
    bool done;
    int rc = 0;

    if (version != 1 && version != 2)
        return refuse(XEN_EINVAL, "there is no such version of grant tables");
    if (version > g->max.version)
        return refuse(XEN_ENOSYS, "the domain was made for version 1 only");
    do {
        spin_lock(&g->lock);
        done = version_is(g, version);
        if (!done)
            rc = version_step(d, version);
        spin_unlock(&g->lock);
    } while (!done && !rc && !preempt_point(GRANT_FRAME_UNITS));
    return done ? 0 : rc ? rc : RESTART;
}
