/*
 * A frame changes its owner: what old network backends did instead of copying. The giver must be
 * the only one who counts on the frame; it goes with what is in it. Whatever is wrong with the
 * taker, the giver has it no more, as on Xen.
 */
#include "hypervisor/boot/memory.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/grant/table.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/tlb.h"
#include "xen-like/lib/string.h"

#define TRIES 5

/* Does the entry accept a frame from @giver? Then it says that one is coming. The version of the
 * table, or 0. */
static u32 transfer_commit(struct domain *d, grant_ref_t ref, domid_t giver)
{
    const u32 wanted = GTF_accept_transfer | (u32)giver << 16;
    struct grants *g = d->grants;
    u32 header = wanted, version = 0;

    spin_lock(&g->lock);
    for (int i = 0; ref < g->entries && header == wanted && !version && i < TRIES; i++)
        if (__atomic_compare_exchange_n(entry_at(g, ref), &header, wanted | GTF_transfer_committed,
                                        false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            version = g->version;
    spin_unlock(&g->lock);
    return version;
}

/* The frame is there. The taker may have changed its table meanwhile, and then is not told. */
static s16 transfer_complete(struct domain *d, grant_ref_t ref, u32 version, mfn_t m)
{
    struct grants *g = d->grants;
    s16 rc = GNTST_general_error;
    u32 *e;

    spin_lock(&g->lock);
    if (g->version == version && ref < g->entries) {
        e = entry_at(g, ref);
        m2p_set(m, entry_frame(g, ref));
        if (version == 1)
            ACCESS_ONCE(e[1]) = (u32)m.n;
        else
            ACCESS_ONCE(((union grant_entry_v2 *)e)->full_page.frame) = m.n;
        __atomic_fetch_or((u16 *)e, GTF_transfer_completed, __ATOMIC_ACQ_REL);
        rc = GNTST_okay;
    }
    spin_unlock(&g->lock);
    return rc;
}

/* The frame, which is nobody's, becomes @d's: *moved, whatever @d then finds in its table. */
static s16 frame_move(mfn_t m, struct domain *d, grant_ref_t ref, domid_t giver, bool *moved)
{
    u32 version;

    if (!domain_pages_account(d, 0))
        return grant_refuse(GNTST_general_error, "the taker may have no more frames");
    version = transfer_commit(d, ref, giver);
    if (!version) {
        domain_pages_unaccount(d);
        return grant_refuse(GNTST_general_error, "no entry that accepts a frame from the caller");
    }
    trace(grant_transfer, d->id);
    *moved = true;
    domain_frames_replace(d, m, 0);
    return transfer_complete(d, ref, version, m);
}

/* The frame of *m, which is nobody's, or if its number is too large for the taker another one with
 * the same in it. False: none is left. */
static bool frame_fit(struct domain *d, mfn_t *m, u32 *stolen)
{
    u32 bits = pae_address_bits(d, grants_version(d) == 1 ? 32 + PAGE_SHIFT : 0);
    mfn_t fits;

    if (likely(block_has_bits(*m, 0, bits)))
        return true;
    fits = frames_alloc(0, bits);
    if (fits.n == INVALID_MFN.n)
        return false;
    memcpy(mfn_to_virt(fits), mfn_to_virt(*m), PAGE_SIZE);
    mfn_to_frame(fits)->left_by = mfn_to_frame(*m)->left_by;
    mfn_to_frame(fits)->next = FRAME_NIL;
    frame_free_stolen(stolen);
    *stolen = (u32)fits.n;
    *m = fits;
    return true;
}

s16 grant_transfer(u64 mfn, domid_t to, grant_ref_t ref)
{
    struct domain *giver = current->domain, *d = domain_find(to);
    struct frame *f = frame_get_mfn(MFN(mfn), giver);
    bool moved = false;
    u32 stolen = 0;
    mfn_t m = MFN(mfn);
    s16 rc;

    if (!f)
        return grant_refuse(GNTST_bad_page, "the frame is not the caller's");
    if (!frame_steal(f, &stolen)) {
        frame_put(f);
        return grant_refuse(GNTST_bad_page, "somebody counts on the frame");
    }
    domain_pages_unaccount(giver);
    tlb_stamp(f); /* of mappings for reading, too */
    tlb_flush_stale(f);
    if (!d)
        rc = grant_refuse(GNTST_bad_domain, "there is no such domain");
    else if (!frame_fit(d, &m, &stolen))
        rc = grant_refuse(GNTST_address_too_big, "no frame is left whose number fits");
    else
        rc = frame_move(m, d, ref, giver->id, &moved);
    if (!moved)
        frame_free_stolen(&stolen);
    return rc;
}
