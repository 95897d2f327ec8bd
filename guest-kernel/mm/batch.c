/* Batches of page-table updates; batch.h says what they are for. */
#include "guest-kernel/mm/batch.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/hypercall.h"

void mmu_batch_flush(struct mmu_batch *batch)
{
    unsigned int done = 0;
    long answer;

    if (!batch->count)
        return;
    answer = call_mmu_update(batch->requests, batch->count, &done, DOMID_SELF);
    if (answer)
        guest_panic("mmu_update: error %ld at request %u of %u", answer, done, batch->count);
    batch->count = 0;
}

void mmu_batch_add(struct mmu_batch *batch, u64 entry, u64 value)
{
    if (batch->count == BATCH_MAX)
        mmu_batch_flush(batch);
    /* The two low bits of ptr choose the kind of update; MMU_NORMAL_PT_UPDATE is 0. */
    batch->requests[batch->count++] =
        (mmu_update_t){.ptr = entry | MMU_NORMAL_PT_UPDATE, .val = value};
}

static void va_calls_check(const struct va_batch *batch)
{
    for (unsigned int i = 0; i < batch->count; i++) {
        const multicall_entry_t *call = &batch->calls[i];

        if (call->result)
            guest_panic("update_va_mapping of %lx: error %ld", (unsigned long)call->args[0],
                        (long)call->result);
    }
}

void va_batch_flush(struct va_batch *batch)
{
    long answer;

    if (!batch->count)
        return;
    batch->calls[batch->count - 1].args[VA_MAPPING_FLAGS] = UVMF_TLB_FLUSH | UVMF_LOCAL;
    answer = call_multicall(batch->calls, batch->count);
    if (answer)
        guest_panic("multicall: error %ld", answer);
    va_calls_check(batch);
    batch->count = 0;
}

void va_batch_add(struct va_batch *batch, const void *va, u64 pte)
{
    if (batch->count == BATCH_MAX)
        va_batch_flush(batch);
    batch->calls[batch->count++] = (multicall_entry_t){
        .op = __HYPERVISOR_update_va_mapping,
        .args = {(unsigned long)va, VA_MAPPING_PTE(pte), UVMF_NONE},
    };
}
