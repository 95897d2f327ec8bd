/*
 * Updates of page-table entries: mmu_update, update_va_mapping and the emulated write all end here.
 *
 * The order is always: take what the new entry needs, exchange the entry, give back what the old
 * one held. Refused at the first step, nothing has changed. The CPU may set accessed and dirty bits
 * behind our back at any time; frame number and right to write cannot change, since the table is
 * locked.
 */
#include "hypervisor/mm/pt_update.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/ptype_l1.h"

int l1e_get_slow(u64 *e, struct domain *pt_dom, struct domain *pg_dom)
{
    /* A domain that may touch devices may also choose cache attributes. */
    u64 bad = *e & (domain_has_devices(pt_dom) ? L1E_BAD & ~PTE_CACHE : L1E_BAD);
    mfn_t m = pte_mfn(*e);
    struct frame *f;

    if (bad)
        return refuse(XEN_EINVAL, "flags that no guest may set in an L1 entry");
    if (mfn_is_io(m))
        return io_l1e_get(e, pt_dom, pg_dom);
    f = frame_get_mfn(m, pg_dom);
    /* As on Xen: into another's tables the control domain puts whatever it may map itself. */
    if (!f && pg_dom != pt_dom && pg_dom->privileged && mfn_valid(m))
        f = frame_get_mfn(m, ACCESS_ONCE(mfn_to_frame(m)->owner));
    if (!f)
        return refuse(XEN_EBUSY, "the frame is not the domain's own");
    if ((*e & PTE_RW) && frame_type_get(f, FT_WRITABLE)) {
        frame_put(f);
        return refuse(XEN_EBUSY, "a writable mapping of a frame in use as something else");
    }
    if ((*e & PTE_CACHE) && !(ACCESS_ONCE(f->word) & FRAME_ALLOCED)) {
        l1e_put_counts(f, *e & PTE_RW);
        return refuse(XEN_EACCES, "cache attributes of a page that the hypervisor shares");
    }
    if ((*e & (PTE_CACHE | PTE_RW)) == (PTE_WRITE_COMBINING | PTE_RW))
        __atomic_fetch_or(&f->word, FRAME_INCOHERENT, __ATOMIC_ACQ_REL);
    return 0;
}

/* Put @new in place of whatever is there now, and answer what that was. */
static inline u64 pte_exchange(u64 *slot, u64 new, bool preserve_ad)
{
    u64 old;

    if (likely(!preserve_ad))
        return __atomic_exchange_n(slot, new, __ATOMIC_ACQ_REL);
    old = ACCESS_ONCE(*slot);
    while (!__atomic_compare_exchange_n(slot, &old, new | (old & (PTE_A | PTE_D)), false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
    return old;
}

int l1e_write(u64 *slot, u64 val, bool preserve_ad, struct domain *pt_dom, struct domain *pg_dom)
{
    u64 old = ACCESS_ONCE(*slot);

    if (val & PTE_P) {
        u64 new = pte_adjust_l1(val, pt_dom);
        int rc;

        if ((old & PTE_P) && !((old ^ new) & ~PTE_NEUTRAL)) {
            pte_exchange(slot, new, preserve_ad);
            return 0;
        }
        rc = l1e_get_inline(&new, pt_dom, pg_dom);
        if (unlikely(rc))
            return rc;
        val = new;
    }
    old = pte_exchange(slot, val, preserve_ad);
    l1e_put_inline(old);
    return 0;
}

static int upper_write(u64 *slot, u64 val, int level, bool preserve_ad)
{
    struct frame *t = mfn_to_frame(virt_to_mfn(slot));
    unsigned i = (u64)slot % PAGE_SIZE / sizeof(u64);
    u64 old = ACCESS_ONCE(*slot);
    int rc;

    if (level == 4 && l4_slot_is_ours(i))
        return refuse(XEN_EINVAL, "an L4 slot of the hypervisor");
    rc = unlikely(t->owner->is_32bit) ? pae_update_check(t, level, i, val) : 0;
    if (unlikely(rc))
        return rc;
    if (val & PTE_P) {
        if (unlikely(val & PTE_BAD))
            return refuse(XEN_EINVAL, "flags that no guest may set in a table entry");
        val = pte_adjust(val, level, t->owner);
        if ((old & PTE_P) && !((old ^ val) & ~PTE_NEUTRAL)) {
            pte_exchange(slot, val, preserve_ad);
            return 0;
        }
        rc = table_entry_get(val, level, t);
        if (rc) {
            tables_retire_pending();
            return rc;
        }
    }
    table_entry_put(pte_exchange(slot, val, preserve_ad), level, t);
    tables_retire_pending();
    return 0;
}

int pt_entry_write(u64 type, u64 *slot, u64 val, bool preserve_ad, struct domain *pt_dom,
                   struct domain *pg_dom)
{
    if (likely(type == FT_L1))
        return l1e_write(slot, val, preserve_ad, pt_dom, pg_dom);
    if (type_is_table(type)) {
        if (pg_dom != pt_dom)
            return refuse(XEN_EINVAL, "a table entry naming another domain's table");
        return upper_write(slot, val, type_level(type), preserve_ad);
    }
    if (type != FT_WRITABLE)
        return refuse(XEN_EINVAL, "neither a page table nor writable memory");
    __atomic_store_n(slot, val, __ATOMIC_RELEASE);
    return 0;
}

/*
 * Can the guest walk through an entry: present, and with the user bit, which every entry of a
 * 64-bit guest has? Without that a linear entry of an L4 would lead to the hypervisor's tables.
 * Large pages are the hypervisor's only.
 */
static inline bool leads_on(u64 e)
{
    const u64 must = PTE_P | PTE_US;

    return likely((e & (must | PTE_PSE)) == must);
}

static inline u64 *table_at(u64 e)
{
    return maddr_to_virt(e & PTE_ADDR);
}

/* Below a root that is ours (pae.h) an L2's entries need not have the user bit; nor do they lead to
 * tables of the hypervisor's, which shows nothing but large pages there. */
static __attribute__((noinline, cold)) u64 *pae_find_l1e(mfn_t root, u64 va)
{
    u64 *t = mfn_to_virt(root), e = PTE_P;

    if (mfn_to_frame(root)->owner || va >= PAE_END)
        return NULL;
    for (int level = 4; level > 1 && (e & (PTE_P | PTE_PSE)) == PTE_P; level--) {
        e = ACCESS_ONCE(t[pt_index(va, level)]);
        t = table_at(e);
    }
    return (e & (PTE_P | PTE_PSE)) == PTE_P ? &t[pt_index(va, 1)] : NULL;
}

u64 *pt_find_l1e(mfn_t root, u64 va)
{
    const u64 *t = mfn_to_virt(root);
    u64 e = ACCESS_ONCE(t[pt_index(va, 4)]);

    if (!leads_on(e))
        return NULL;
    e = ACCESS_ONCE(table_at(e)[pt_index(va, 3)]);
    if (!leads_on(e))
        return NULL;
    e = ACCESS_ONCE(table_at(e)[pt_index(va, 2)]);
    return leads_on(e) ? &table_at(e)[pt_index(va, 1)] : pae_find_l1e(root, va);
}

u64 pt_rights(mfn_t root, u64 va)
{
    const u64 *t = mfn_to_virt(root);
    u64 rights = ~0UL;

    for (int level = 4; level > 0; level--) {
        u64 e = ACCESS_ONCE(t[pt_index(va, level)]);

        if (!(e & PTE_P))
            return 0;
        rights &= e;
        if (!leads_on(e))
            break;
        t = table_at(e);
    }
    return rights;
}

int table_pin(mfn_t m, struct domain *d, int level)
{
    struct frame *f;
    int rc = frame_get_and_type(m, d, FT_LEVEL(level));
    u64 w;

    if (rc)
        return rc;
    f = mfn_to_frame(m);
    w = __atomic_fetch_or(&f->word, FRAME_PINNED, __ATOMIC_ACQ_REL);
    if (w & FRAME_PINNED) {
        frame_put_and_type(f);
        return refuse(XEN_EINVAL, "the table is pinned already");
    }
    dirty_mark(f); /* whoever saves the domain saves its pins */
    /* Of a domain that is dying the pins have been taken already, or are about to be. */
    if (unlikely(ACCESS_ONCE(d->dying)) &&
        __atomic_fetch_and(&f->word, ~FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED)
        frame_put_and_type(f);
    return 0; /* the pin keeps both references */
}

int table_unpin(mfn_t m, struct domain *d)
{
    struct frame *f = frame_get_mfn(m, d);

    if (!f)
        return refuse(XEN_EINVAL, "no such frame, or not the domain's own");
    if (!(__atomic_fetch_and(&f->word, ~FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED)) {
        frame_put(f);
        return refuse(XEN_EINVAL, "the table is not pinned");
    }
    dirty_mark(f);
    frame_put_and_type(f);
    frame_put(f);
    return 0;
}
