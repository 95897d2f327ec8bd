/*
 * Mapping and unmapping: a grant becomes an entry of the running domain's page tables.
 *
 * The entry is made here and not by mmu_update, which refuses other domains' frames; from then on
 * it is like any other. It holds a reference to the frame, and if it may write a type reference.
 * When the guest overwrites it, or its table is torn down, those go, and all that is left is the
 * pin, which nobody can end before the domain does: the handle asks for an entry that is not there.
 * A mapping for devices has no entry, and holds its references by the handle alone.
 *
 * To unmap is: take the entry out; make sure that no CPU remembers it; give back what it held, and
 * tell the granter. The caller does the second, for many at once.
 */
#include "hypervisor/debug/trace.h"
#include "hypervisor/grant/table.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/ptype_l1.h"
#include "hypervisor/mm/uaccess.h"

/* ---- entries ---- */

static u64 granted_pte(u64 mfn, u32 flags, const struct domain *d)
{
    u64 e = pte_make(MFN(mfn), PTE_P | PTE_A | PTE_D | PTE_NX);

    if (flags & GNTMAP_application_map)
        e |= PTE_US;
    if (!(flags & GNTMAP_readonly))
        e |= PTE_RW;
    return pte_adjust_l1(
        e | ((u64)(flags >> _GNTMAP_guest_avail0) * (PTE_AVL & -PTE_AVL) & PTE_AVL), d);
}

/* The entry at a machine address, or that maps a guest's, in a table that is held until the caller
 * lets it go. NULL: there is none. */
static u64 *slot_hold(u64 at, u32 flags)
{
    struct vcpu *v = current;
    struct frame *f;
    u64 *slot, type;

    if (flags & GNTMAP_contains_pte)
        slot = at % sizeof(u64) || !mfn_valid(MFN(at >> PAGE_SHIFT)) ? NULL : maddr_to_virt(at);
    else
        slot = guest_range_ok(at, 1) ? pt_find_l1e(MFN(v->cr3_kernel >> PAGE_SHIFT), at) : NULL;
    if (unlikely(!slot))
        return NULL;
    f = mfn_to_frame(virt_to_mfn(slot));
    type = frame_hold_table(f, v->domain);
    if (likely(type == FT_L1))
        return slot;
    if (type != FT_NONE)
        frame_let_go(f);
    return NULL;
}

static inline void slot_let_go(u64 *slot)
{
    frame_let_go_table(mfn_to_frame(virt_to_mfn(slot)));
}

/* The entry at @at becomes @e, which holds its references already. */
static bool entry_put(u64 at, u32 flags, u64 e)
{
    u64 *slot = slot_hold(at, flags), old;

    if (unlikely(!slot))
        return false;
    old = __atomic_exchange_n(slot, e, __ATOMIC_ACQ_REL);
    slot_let_go(slot);
    l1e_put_inline(old);
    return true;
}

/* What is mapped at a guest address, taken from there with the references that it holds. */
static bool entry_steal(u64 va, u64 *e)
{
    u64 *slot = slot_hold(va, 0);

    if (!slot)
        return false;
    *e = __atomic_exchange_n(slot, 0, __ATOMIC_ACQ_REL);
    slot_let_go(slot);
    return true;
}

/* ---- to map ---- */

/* One reference for each of the two kinds of mapping, and a type reference if it writes. */
static s16 uses_get(u64 mfn, struct domain *d, u32 flags, struct frame **f)
{
    bool write = !(flags & GNTMAP_readonly);
    s16 rc = granted_get(mfn, d, write, f);

    if (likely(!rc) && unlikely((flags & GNTMAP_BOTH) == GNTMAP_BOTH)) {
        rc = granted_get(mfn, d, write, f);
        if (rc)
            l1e_put_counts(*f, write);
    }
    return rc;
}

/* Pinned, and its frame held. */
static s16 grant_hold(struct grants *g, struct domain *granter, grant_ref_t ref, u32 flags,
                      struct frame **f)
{
    const struct pin p = {.by = grant_pins_of(flags),
                          .writes = !(flags & GNTMAP_readonly),
                          .maps = true,
                          .user = current->domain->id};
    struct active *a;
    bool told;
    s16 rc;

    if (unlikely(ref >= g->entries))
        return grant_refuse(GNTST_bad_gntref, "the table has no such entry");
    rc = grant_pin(g, ref, &p, &a, &told);
    if (unlikely(rc))
        return rc;
    rc = uses_get(a->pin ? a->mfn : entry_frame(g, ref), granter, flags, f);
    if (unlikely(rc)) {
        grant_told(g, ref, a, p.writes);
        return a->pin ? GNTST_general_error : rc;
    }
    if (!a->pin) {
        *a = (struct active){.mfn = (u32)frame_to_mfn(*f).n, .user = p.user, .length = PAGE_SIZE};
        g->pinned++;
    }
    a->pin += p.by;
    return GNTST_okay;
}

static s16 map_with(struct gnttab_map_grant_ref *op, struct domain *granter, grant_handle_t handle)
{
    struct grants *g = granter->grants, *own = current->domain->grants;
    struct maptrack *m;
    struct frame *f;
    u64 mfn;
    s16 rc;

    spin_lock(&g->lock);
    rc = grant_hold(g, granter, op->ref, op->flags, &f);
    spin_unlock(&g->lock);
    if (unlikely(rc))
        return rc;
    mfn = frame_to_mfn(f).n;
    if ((op->flags & GNTMAP_host_map) &&
        unlikely(
            !entry_put(op->host_addr, op->flags, granted_pte(mfn, op->flags, current->domain)))) {
        grant_uses_put(f, op->flags);
        grant_unpin(granter, op->ref, grant_pins_of(op->flags), (u32)mfn, current->domain->id);
        return grant_refuse(GNTST_general_error, "no L1 entry of the caller's to map it with");
    }
    m = track_at(own, handle);
    m->granter = granter->id;
    m->mfn = (u32)mfn;
    m->ref = op->ref;
    __atomic_store_n(&m->flags, (u16)op->flags, __ATOMIC_RELEASE); /* last: it is there */
    trace(grant_map, op->dom);
    op->handle = handle;
    op->dev_bus_addr = mfn << PAGE_SHIFT;
    return GNTST_okay;
}

s16 grant_map(struct gnttab_map_grant_ref *op)
{
    struct grants *own = current->domain->grants;
    struct domain *granter;
    grant_handle_t handle;
    s16 rc;

    if (unlikely(!(op->flags & GNTMAP_BOTH)))
        return grant_refuse(GNTST_bad_gntref, "a mapping for neither CPUs nor devices");
    granter = domain_find(op->dom);
    if (unlikely(!granter))
        return grant_refuse(GNTST_bad_domain, "there is no such domain");
    handle = grant_handle_take(own);
    if (unlikely(handle == HANDLE_NONE))
        return grant_refuse(GNTST_no_space, "no handle is left");
    rc = map_with(op, granter, handle);
    if (unlikely(rc))
        grant_handle_return(own, handle);
    return rc;
}

/* ---- to unmap ---- */

/* The mapping, if it still is what was found without the lock. Under the lock: the slot's table
 * before it, if there is one. A status. */
static s16 mapping_undo(struct grants *g, struct grant_unmap *u, u16 flags, u64 *slot, u64 e)
{
    struct maptrack *m = track_at(g, u->handle);
    u64 want = granted_pte(m->mfn, flags, current->domain);

    if (m->flags != flags || m->granter != u->granter->id)
        return grant_refuse(GNTST_bad_handle, "the handle is being unmapped by another");
    u->mfn = m->mfn;
    u->ref = m->ref;
    if (u->dev_bus_addr && (flags & GNTMAP_device_map) &&
        u->dev_bus_addr != (u64)m->mfn << PAGE_SHIFT)
        return grant_refuse(GNTST_bad_dev_addr, "the handle's frame has another address");
    if (u->host_addr && (flags & GNTMAP_host_map)) {
        if (unlikely(!slot) || unlikely((*slot ^ want) & (PTE_ADDR | PTE_P | PTE_RW)))
            return grant_refuse(GNTST_general_error, "the grant is not mapped there");
        __atomic_store_n(slot, e, __ATOMIC_RELEASE);
        u->done = GNTMAP_host_map;
    }
    if (u->dev_bus_addr)
        u->done |= flags & GNTMAP_device_map;
    m->flags &= (u16)~u->done;
    if (!(m->flags & GNTMAP_BOTH))
        grant_handle_free(g, u->handle);
    if (u->done)
        u->done |= flags & GNTMAP_readonly;
    return GNTST_okay;
}

static s16 unmap_with(struct grants *g, struct grant_unmap *u, u16 flags)
{
    u64 *slot = NULL, e = 0;
    s16 rc = GNTST_okay;

    if (u->host_addr && (flags & GNTMAP_host_map)) {
        if (unlikely(u->new_addr) &&
            ((flags & GNTMAP_contains_pte) || !entry_steal(u->new_addr, &e)))
            return grant_refuse(GNTST_general_error, "nothing to put in the mapping's place");
        slot = slot_hold(u->host_addr, flags);
    }
    spin_lock(&g->lock);
    rc = mapping_undo(g, u, flags, slot, e);
    spin_unlock(&g->lock);
    if (likely(slot))
        slot_let_go(slot);
    if (unlikely(rc))
        l1e_put_inline(e);
    return rc;
}

s16 grant_unmap_begin(struct grant_unmap *u)
{
    struct domain *d = current->domain;
    struct grants *g = d->grants;
    struct maptrack *m;
    u16 flags;

    u->done = 0;
    if (unlikely(u->handle >= __atomic_load_n(&g->tracks, __ATOMIC_ACQUIRE)))
        return grant_refuse(GNTST_bad_handle, "there is no such handle");
    m = track_at(g, u->handle);
    flags = __atomic_load_n(&m->flags, __ATOMIC_ACQUIRE);
    if (unlikely(!flags))
        return grant_refuse(GNTST_bad_handle, "the handle is not in use");
    u->granter = domain_find(m->granter);
    if (unlikely(!u->granter)) {
        domain_crash(d, "it unmaps a grant that it has overwritten, of a domain that is gone");
        return GNTST_bad_domain;
    }
    trace(grant_unmap, u->granter->id);
    u->user = d->id;
    return unmap_with(g, u, flags);
}

void grant_unmap_end(const struct grant_unmap *u)
{
    if (!u->done)
        return;
    grant_uses_put(mfn_to_frame(MFN(u->mfn)), u->done);
    grant_unpin(u->granter, u->ref, grant_pins_of(u->done), u->mfn, u->user);
}
