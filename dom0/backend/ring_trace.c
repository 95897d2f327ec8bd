/* See ring_trace.h. */
#include "dom0/backend/ring_trace.h"

#include "guest-kernel/core/hypercall.h"
#include "xen-like/abi/intercept.h"

u32 ring_trace_quiet; /* 0: the first request asks */

static void record_put(u32 event, u32 words, const u32 *word)
{
    struct xl_trace_record record = {.event = event, .words = words};
    long answer;

    memcpy(record.word, word, words * sizeof(*word));
    answer =
        hypercall_any(__HYPERVISOR_xl_intercept, XL_INTERCEPT_trace, (uintptr_t)&record, 0, 0, 0);
    if (answer < 0)
        ring_trace_quiet = UINT32_MAX;
    else if (!answer)
        ring_trace_quiet = RING_TRACE_QUIET;
}

void ring_trace_put_request(const struct ring_back *ring, u32 number, u64 id)
{
    u32 pending = ring->req_seen - ring->rsp_prod;

    record_put(XL_TRACE_ring_request, 5,
               (u32[]){number, (u32)id, (u32)(id >> 32), pending, ring->ring.size});
}

void ring_trace_put_response(u32 number, u64 id, s16 status)
{
    record_put(XL_TRACE_ring_response, 4,
               (u32[]){number, (u32)id, (u32)(id >> 32), (u32)(s32)status});
}
