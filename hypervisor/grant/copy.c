/*
 * Copies between two frames, each of which is the caller's own, or granted to it: what it needs not
 * be mapped for, and cannot touch otherwise. Only here a grant may be part of a frame, or be passed
 * on: an entry of version 2 that says "what that domain granted to me" (one step, no further).
 *
 * A side stays claimed from one copy to the next, which often have the same page.
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/grant/table.h"
#include "hypervisor/mm/ptype_l1.h"
#include "xen-like/lib/string.h"

static void pin_begin(struct grants *g, struct active *a, const struct grant_side *s, domid_t user,
                      bool part)
{
    *a = (struct active){.mfn = (u32)frame_to_mfn(s->f).n,
                         .user = user,
                         .start = s->start,
                         .length = s->length,
                         .part = part};
    g->pinned++;
}

static bool pin_agrees(const struct active *a, const struct grant_side *s, bool part)
{
    return a->mfn == frame_to_mfn(s->f).n &&
           (!a->part || (part && a->start == s->start && a->length == s->length));
}

static int grant_claim(struct grant_side *s, struct domain *d, grant_ref_t ref, domid_t user,
                       bool pass_on);

static void frame_drop(struct grant_side *s)
{
    l1e_put_counts(s->f, s->writable);
    s->f = NULL;
}

/* An entry that was pinned for a first use, or a first write: what it names, which for one that is
 * in use already must be the same. */
static s16 entry_claim(struct grant_side *s, struct domain *d, grant_ref_t ref, domid_t user,
                       struct active *a)
{
    struct grants *g = d->grants;
    const union grant_entry_v2 *e = (const union grant_entry_v2 *)entry_at(g, ref);
    bool part = g->version == 2 && (ACCESS_ONCE(e->hdr.flags) & GTF_sub_page);
    s16 rc = granted_get(entry_frame(g, ref), d, s->writable, &s->f);

    if (rc)
        return rc;
    s->start = part ? ACCESS_ONCE(e->sub_page.page_off) : 0;
    s->length = part ? ACCESS_ONCE(e->sub_page.length) : (u16)PAGE_SIZE;
    if (!a->pin) {
        pin_begin(g, a, s, user, part);
        g->v2_uses += part;
    } else if (!pin_agrees(a, s, part)) {
        frame_drop(s);
        return grant_refuse(GNTST_general_error, "the grant is in use for another frame");
    }
    return GNTST_okay;
}

/* One that is in use already, in the same way. */
static s16 active_claim(struct grant_side *s, struct domain *d, const struct active *a)
{
    s16 rc;

    if (unlikely(d->dying))
        return grant_refuse(GNTST_bad_domain, "the granter is dying");
    rc = granted_get(a->mfn, d, s->writable, &s->f);
    s->start = a->start;
    s->length = a->length;
    return rc == GNTST_bad_page ? GNTST_bad_domain : rc;
}

/* The entry leads to another domain's grant. The lock is dropped for that one's: what it was before
 * must still be so afterwards. Locked before and after. */
static int passed_on_claim(struct grant_side *s, struct domain *d, grant_ref_t ref, domid_t user,
                           struct active *a)
{
    struct grants *g = d->grants;
    const union grant_entry_v2 *e = (const union grant_entry_v2 *)entry_at(g, ref);
    domid_t from = ACCESS_ONCE(e->transitive.trans_domid);
    u32 pin = a->pin;
    int rc;

    s->from = from == d->id ? NULL : domain_find(from);
    s->from_ref = ACCESS_ONCE(e->transitive.gref);
    if (!s->from)
        return grant_refuse(GNTST_general_error, "a grant passed on of nobody else");
    g->v2_uses++; /* the table stays of this version */
    spin_unlock(&g->lock);
    rc = grant_claim(s, s->from, s->from_ref, d->id, false);
    spin_lock(&g->lock);
    if (rc) {
        g->v2_uses--;
        return rc;
    }
    if (g->version == 2 && a->pin == pin &&
        (!pin || (a->user == user && a->part && pin_agrees(a, s, true)))) {
        if (!pin)
            pin_begin(g, a, s, user, true);
        else
            g->v2_uses--;
        s->through = true;
        return GNTST_okay;
    }
    rc = RESTART;
    if (g->version == 2 && a->pin == pin) /* so it will be the next time, too */
        rc = grant_refuse(GNTST_general_error, "the grant is in use for another frame");
    spin_unlock(&g->lock);
    grant_unpin(s->from, s->from_ref, s->writable ? PIN_HOST_WRITE : PIN_HOST_READ,
                (u32)frame_to_mfn(s->f).n, d->id);
    frame_drop(s);
    spin_lock(&g->lock);
    g->v2_uses--;
    return rc;
}

/* A grant of @d's to @user: *s holds a frame, and the pin. A status, or RESTART. */
static int grant_claim(struct grant_side *s, struct domain *d, grant_ref_t ref, domid_t user,
                       bool pass_on)
{
    struct grants *g = d->grants;
    const struct pin p = {
        .by = s->writable ? PIN_HOST_WRITE : PIN_HOST_READ, .writes = s->writable, .user = user};
    struct active *a;
    bool told;
    int rc;

    spin_lock(&g->lock);
    if (unlikely(ref >= g->entries)) {
        spin_unlock(&g->lock);
        return grant_refuse(GNTST_bad_gntref, "the table has no such entry");
    }
    rc = grant_pin(g, ref, &p, &a, &told);
    if (likely(!rc)) {
        if (unlikely(g->version == 2) &&
            (ACCESS_ONCE(*entry_at(g, ref)) & GTF_type_mask) == GTF_transitive)
            rc = pass_on ? passed_on_claim(s, d, ref, user, a)
                         : grant_refuse(GNTST_general_error, "a grant passed on a second time");
        else
            rc = told ? entry_claim(s, d, ref, user, a) : active_claim(s, d, a);
        if (likely(!rc)) {
            a->pin += p.by;
            s->active = a;
        } else
            grant_told(g, ref, a, p.writes);
    }
    spin_unlock(&g->lock);
    return rc;
}

static void side_release(struct grant_side *s)
{
    u32 by = s->writable ? PIN_HOST_WRITE : PIN_HOST_READ, mfn;

    if (!s->f)
        return;
    mfn = (u32)frame_to_mfn(s->f).n;
    if (s->granted) {
        spin_lock(&s->d->grants->lock);
        grant_unpin_active(s->d->grants, s->at.u.ref, s->active, by);
        spin_unlock(&s->d->grants->lock);
        if (s->through)
            grant_unpin(s->from, s->from_ref, by, mfn, s->d->id);
    }
    frame_drop(s);
}

static bool side_is_claimed(const struct grant_side *s, const struct gnttab_copy_ptr *at,
                            bool granted)
{
    return s->f && s->granted == granted &&
           (granted ? s->at.u.ref == at->u.ref : s->at.u.gmfn == at->u.gmfn);
}

static int side_claim(struct grant_side *s, const struct gnttab_copy_ptr *at, bool granted)
{
    if (likely(side_is_claimed(s, at, granted)))
        return GNTST_okay;
    side_release(s);
    s->at = *at;
    s->granted = granted;
    s->through = false;
    if (granted)
        return grant_claim(s, s->d, at->u.ref, current->domain->id, grants_options.transitive);
    s->start = 0;
    s->length = PAGE_SIZE;
    return granted_get(at->u.gmfn, s->d, s->writable, &s->f);
}

/* The second check is made of every copy: it is what keeps the caller from others' frames. */
static s16 domain_choose(struct grant_side *s, const struct gnttab_copy_ptr *at, bool granted)
{
    if (likely(!s->f)) /* else the same as before */
        s->d = domain_named(at->domid);
    if (unlikely(!s->d))
        return grant_refuse(GNTST_bad_domain, "there is no such domain");
    if (unlikely(at->domid != DOMID_SELF && !granted))
        return grant_refuse(GNTST_permission_denied, "a frame of another domain, not granted");
    return GNTST_okay;
}

static bool side_has(const struct grant_side *s, u16 offset, u16 length)
{
    return offset >= s->start && offset + length <= s->start + s->length;
}

static s16 bytes_copy(const struct gnttab_copy *op, const struct grant_side *from,
                      struct grant_side *to)
{
    if (unlikely(op->source.offset + op->len > PAGE_SIZE) ||
        unlikely(op->dest.offset + op->len > PAGE_SIZE))
        return grant_refuse(GNTST_bad_copy_arg, "a copy beyond the end of a frame");
    if (unlikely(!side_has(from, op->source.offset, op->len)) ||
        unlikely(!side_has(to, op->dest.offset, op->len)))
        return grant_refuse(GNTST_general_error, "a copy beyond what is granted");
    memmove((u8 *)mfn_to_virt(frame_to_mfn(to->f)) + op->dest.offset,
            (u8 *)mfn_to_virt(frame_to_mfn(from->f)) + op->source.offset, op->len);
    dirty_mark(to->f);
    return GNTST_okay;
}

void grant_copy_end(struct grant_side *from, struct grant_side *to)
{
    side_release(from);
    side_release(to);
}

int grant_copy(const struct gnttab_copy *op, struct grant_side *from, struct grant_side *to)
{
    const bool from_grant = op->flags & GNTCOPY_source_gref;
    const bool to_grant = op->flags & GNTCOPY_dest_gref;
    int rc;

    to->writable = true;
    if (!from->d || !to->d || op->source.domid != from->at.domid || op->dest.domid != to->at.domid)
        grant_copy_end(from, to);
    rc = domain_choose(from, &op->source, from_grant);
    if (likely(!rc))
        rc = domain_choose(to, &op->dest, to_grant);
    if (likely(!rc))
        rc = side_claim(from, &op->source, from_grant);
    if (likely(!rc))
        rc = side_claim(to, &op->dest, to_grant);
    if (likely(!rc))
        rc = bytes_copy(op, from, to);
    if (unlikely(rc)) {
        grant_copy_end(from, to);
        from->d = to->d = NULL;
    }
    return rc;
}
