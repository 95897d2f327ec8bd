/*
 * Pins: how the two sides of a grant agree that it is in use.
 *
 * The granter wants to take an entry back; the hypervisor wants to begin a use of it. In version 1
 * both change the same word, by compare-and-exchange: the hypervisor sets reading (and writing)
 * only while the flags and the user are what it has checked, the granter clears the flags only
 * while neither is set; one of them comes first. In version 2 the flags of use are in a word of
 * their own: the hypervisor sets them, and then looks at the entry again; the granter clears the
 * entry, and then looks at them. With a full barrier between both sides' two steps at least one
 * sees the other's.
 *
 * A guest can change its entry faster than we can exchange it: after a few tries it is refused.
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/grant/table.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ptype_l1.h"

#define TRIES         5
#define LOOKS_AT_ONCE 4096U /* a multiple of it goes into the command word */

/* The entry as it was read: a header word. Does it let @p use it? A write-only check of what is in
 * use already by the same domain is left to the caller. */
static bool lets(u32 header, const struct pin *p, bool transitive)
{
    u32 type = header & (GTF_type_mask | (p->maps ? GTF_sub_page : 0));

    return header >> 16 == p->user &&
           (type == GTF_permit_access || (transitive && !p->maps && type == GTF_transitive));
}

static s16 status_set_v1(u32 *entry, const struct active *a, const struct pin *p)
{
    const u32 set = GTF_reading | (p->writes ? GTF_writing : 0);
    u32 header = ACCESS_ONCE(*entry);

    for (int i = 0; i < TRIES; i++) {
        if (unlikely(!a->pin && !lets(header, p, false)))
            return grant_refuse(GNTST_general_error, "the entry is no grant to this domain");
        if (unlikely(p->writes && (header & GTF_readonly)))
            return grant_refuse(GNTST_general_error, "the grant is for reading only");
        if (likely(__atomic_compare_exchange_n(entry, &header, header | set, false,
                                               __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
            return GNTST_okay;
    }
    return grant_refuse(GNTST_general_error, "the entry does not stand still");
}

static s16 status_set_v2(const u32 *entry, u16 *status, const struct active *a, const struct pin *p)
{
    u32 header = ACCESS_ONCE(*entry);
    bool first = !a->pin;

    if (first && !lets(header, p, true))
        return grant_refuse(GNTST_general_error, "the entry is no grant to this domain");
    if (p->writes && (header & GTF_readonly))
        return grant_refuse(GNTST_general_error, "the grant is for reading only");
    __atomic_fetch_or(status, GTF_reading | (p->writes ? GTF_writing : 0), __ATOMIC_SEQ_CST);
    header = ACCESS_ONCE(*entry);
    if ((!first || lets(header, p, true)) && !(p->writes && (header & GTF_readonly)))
        return GNTST_okay;
    __atomic_fetch_and(status, (u16) ~(GTF_writing | (first ? GTF_reading : 0)), __ATOMIC_SEQ_CST);
    return grant_refuse(GNTST_general_error, "the grant was taken back");
}

static struct active *active_add(struct grants *g, grant_ref_t ref)
{
    struct active **page = &g->active[ref / ACTIVES_PER_PAGE];

    *page = pages_alloc(0);
    return *page ? &(*page)[ref % ACTIVES_PER_PAGE] : NULL;
}

s16 grant_pin_slow(struct grants *g, grant_ref_t ref, const struct pin *p, struct active **act,
                   bool *told)
{
    struct active *a = active_at(g, ref);

    if (unlikely(!a) && !(a = active_add(g, ref)))
        return grant_refuse(GNTST_no_space, "no memory for uses of grants");
    *act = a;
    *told = !a->pin || (p->writes && !(a->pin & PIN_WRITERS));
    if (a->pin &&
        (a->user != p->user || (a->pin & PIN_FULL(p->by)) || (p->maps && unlikely(a->part))))
        return grant_refuse(GNTST_general_error,
                            "the grant is in use by another, in part, or too often");
    if (!*told)
        return GNTST_okay;
    if (likely(g->version == 1))
        return status_set_v1(entry_at(g, ref), a, p);
    return status_set_v2(entry_at(g, ref), status_at(g, ref), a, p);
}

void grant_told(struct grants *g, grant_ref_t ref, const struct active *a, bool wrote)
{
    u16 clear = a->pin ? 0 : GTF_reading;

    if (wrote && !(a->pin & PIN_WRITERS))
        clear |= GTF_writing;
    if (clear)
        __atomic_fetch_and(status_at(g, ref), (u16)~clear, __ATOMIC_SEQ_CST);
}

/* Is there such a use? After the granter's end its number may be another domain's, whose table
 * knows nothing of it. */
static bool is_pinned(const struct active *a, u32 by, u32 mfn, domid_t user)
{
    if (!a || a->mfn != mfn || a->user != user)
        return false;
    for (; by; by &= by - 1)
        if (!(a->pin & PIN_COUNT << __builtin_ctz(by)))
            return false;
    return true;
}

void grant_unpin_active(struct grants *g, grant_ref_t ref, struct active *a, u32 by)
{
    a->pin -= by;
    g->pinned -= !a->pin;
    grant_told(g, ref, a, by & PIN_WRITERS);
    if (unlikely(a->part) && !a->pin)
        g->v2_uses--;
}

void grant_unpin(struct domain *d, grant_ref_t ref, u32 by, u32 mfn, domid_t user)
{
    struct grants *g = d->grants;
    struct active *a;

    spin_lock(&g->lock);
    a = likely(ref < g->entries) ? active_at(g, ref) : NULL;
    if (likely(is_pinned(a, by, mfn, user)))
        grant_unpin_active(g, ref, a, by);
    spin_unlock(&g->lock);
}

s16 granted_get_slow(u64 mfn, struct domain *d, bool write, struct frame **to)
{
    struct frame *f = frame_get_mfn(MFN(mfn), d);

    if (!f)
        return grant_refuse(GNTST_bad_page, "the frame is not the granter's");
    if (write && frame_type_get(f, FT_WRITABLE)) {
        frame_put(f);
        return grant_refuse(GNTST_general_error, "the frame is in use as something else");
    }
    *to = f;
    return GNTST_okay;
}

int grant_is_used(struct domain *d, mfn_t m, const struct domain *user, grant_ref_t *ref)
{
    struct grants *g = d->grants;
    u32 i, end;
    bool found = false;

    spin_lock(&g->lock);
    end = MIN(*ref + LOOKS_AT_ONCE, g->entries);
    for (i = *ref; i < end && !found; i++) {
        const struct active *a = active_at(g, i);

        found = a && a->pin && a->user == user->id && a->mfn == m.n;
    }
    end = g->entries;
    spin_unlock(&g->lock);
    if (found)
        return 0;
    *ref = i;
    return i < end ? RESTART : refuse(XEN_EINVAL, "the frame is not granted to the caller");
}
