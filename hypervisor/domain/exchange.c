/* Exchanges that nobody goes on with, or nobody wants: see exchange.h. */
#include "hypervisor/domain/exchange.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/alloc.h"

#define FRAME_UNITS 4 /* of work, see cpu/preempt.h: a frame is taken back, freed, handed over */

int exchange_undo(struct exchange *x)
{
    while (x->stolen || x->blocks) {
        mfn_t m = MFN(x->blocks);

        if (x->stolen) {
            frame_unsteal(x->d, &x->stolen);
        } else {
            x->blocks = mfn_to_frame(m)->next;
            frames_free(m, x->out_order);
        }
        if (preempt_point(FRAME_UNITS))
            return RESTART;
    }
    return 0;
}

int exchange_free(struct exchange *x)
{
    while (x->stolen) {
        m2p_set(MFN(x->stolen), INVALID_M2P_ENTRY);
        frame_free_stolen(&x->stolen);
        if (preempt_point(FRAME_UNITS))
            return RESTART;
    }
    return 0;
}

u64 exchange_give_part(struct exchange *x, u64 pfn)
{
    unsigned order = MIN(x->out_order, (u32)EXTENT_ORDER_MIN);
    u64 size = 1UL << x->out_order, within = x->done & (size - 1);
    mfn_t m = MFN(x->blocks);

    if (!within)
        x->blocks_next = mfn_to_frame(m)->next;
    for (u64 n = within; n < within + (1UL << order); n++)
        m2p_set(mfn_add(m, n), pfn == INVALID_M2P_ENTRY ? pfn : pfn + n);
    domain_frames_replace(x->d, mfn_add(m, within), order);
    x->done += 1UL << order;
    if (x->done & (size - 1))
        return 0;
    x->blocks = x->blocks_next;
    return m.n;
}

int exchange_end(struct exchange *x)
{
    bool give = x->phase == EXCHANGE_GIVE;

    while (give && x->blocks) {
        exchange_give_part(x, INVALID_M2P_ENTRY);
        if (preempt_point(FRAME_UNITS << MIN(x->out_order, (u32)EXTENT_ORDER_MIN)))
            return RESTART;
    }
    if (give ? exchange_free(x) : exchange_undo(x))
        return RESTART;
    *x = (struct exchange){0};
    return 0;
}
