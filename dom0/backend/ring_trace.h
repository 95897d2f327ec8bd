/*
 * What backends write into the hypervisor's trace: each request that they take from a ring, and
 * each response (XL_TRC_RING of abi/trace.h), through the extension call.
 *
 * Whether anybody wants such records only the hypervisor knows, and the call's answer says. So
 * while they are wanted, each one is a call; while they are not, one request in RING_TRACE_QUIET
 * asks. On Xen, which has no such call, nobody asks again. Off, that is one test and one count.
 */
#ifndef DOM0_BACKEND_RING_TRACE_H
#define DOM0_BACKEND_RING_TRACE_H

#include "ioring/ring.h"
#include "xen-like/abi/trace.h"

#define RING_TRACE_QUIET 1024u

/* How many records are left out before the next question; 0: they are wanted. */
extern u32 ring_trace_quiet;

/* A ring's number: a kind (XL_RING_*), and which of the guest's devices of that kind. A card has
 * two rings: 2 * id is what the guest sends, 2 * id + 1 what it receives. */
static inline u32 ring_trace_number(domid_t guest, u32 kind, u32 device)
{
    return (u32)guest << 16 | kind << 12 | (device & 0xfff);
}

/* Frontends number the requests of each queue by themselves: so an id in the trace has the queue
 * in its highest byte. */
static inline u64 ring_trace_id(u64 id, u32 queue)
{
    return id ^ (u64)queue << 56;
}

void ring_trace_put_request(const struct ring_back *ring, u32 number, u64 id);
void ring_trace_put_response(u32 number, u64 id, s16 status);

static inline bool ring_trace_wants(void)
{
    if (!ring_trace_quiet)
        return true;
    ring_trace_quiet--;
    return false;
}

/* A request was taken; how many are in the ring without a response is looked up. */
static inline void ring_trace_request(const struct ring_back *ring, u32 number, u64 id)
{
    if (ring_trace_wants())
        ring_trace_put_request(ring, number, id);
}

static inline void ring_trace_response(u32 number, u64 id, s16 status)
{
    if (ring_trace_wants())
        ring_trace_put_response(number, id, status);
}

#endif
