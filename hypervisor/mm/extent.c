/* Large blocks for a domain, step by step: see extent.h. */
#include "hypervisor/mm/extent.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/alloc.h"

#define STEP       (1UL << EXTENT_ORDER_MIN)
#define STEP_UNITS 40 /* of work, see cpu/preempt.h: frames are looked at, or handed over */

static int extent_clean(struct extent *e)
{
    while (e->clean < 1UL << e->order) {
        mfn_t m = mfn_add(e->block, e->clean);

        frames_flush_stale(m, EXTENT_ORDER_MIN);
        if (frames_clean(m, EXTENT_ORDER_MIN, e->d))
            return RESTART;
        e->clean += STEP;
        if (preempt_point(STEP_UNITS))
            return RESTART;
    }
    return 0;
}

int extent_make(struct domain *d, unsigned order, u32 bits, bool replaces, mfn_t *m)
{
    struct extent *e = &current->extent;

    ASSERT(!e->left);
    if (e->block.n && (e->order != order || e->d != d || !block_has_bits(e->block, order, bits)))
        extent_drop();
    if (!e->block.n) {
        *m = replaces ? block_take(order, bits, NULL) : domain_block_alloc(d, order, bits);
        if (!mfn_valid(*m))
            return refuse(XEN_ENOMEM, "no such block, or more than the domain may have");
        *e = (struct extent){.block = *m, .d = d, .order = order};
    }
    *m = e->block;
    return extent_clean(e);
}

void extent_take(void)
{
    current->extent = (struct extent){0};
}

static void extent_free(struct extent *e)
{
    frames_free(e->block, e->order);
    *e = (struct extent){0};
}

void extent_drop(void)
{
    ASSERT(!current->extent.left);
    extent_free(&current->extent);
}

int extent_assign(u64 pfn)
{
    struct extent *e = &current->extent;

    if (!domain_pages_account(e->d, e->order)) {
        extent_drop();
        return refuse(XEN_ENOMEM, "more than the domain may have");
    }
    e->left = 1UL << e->order;
    e->pfn = pfn;
    return 0;
}

static int extent_hand_over(struct extent *e)
{
    while (e->left) {
        u64 done = (1UL << e->order) - e->left;

        for (u64 n = done; n < done + STEP; n++)
            m2p_set(mfn_add(e->block, n), e->pfn == INVALID_M2P_ENTRY ? e->pfn : e->pfn + n);
        domain_frames_replace(e->d, mfn_add(e->block, done), EXTENT_ORDER_MIN);
        e->left -= STEP;
        if (preempt_point(STEP_UNITS) && e->left)
            return RESTART;
    }
    *e = (struct extent){0};
    call_unbind(current);
    return 0;
}

int extent_finish(void)
{
    return extent_hand_over(&current->extent);
}

int extent_end(struct extent *e)
{
    if (e->left)
        return extent_hand_over(e);
    if (e->block.n)
        extent_free(e);
    return 0;
}
