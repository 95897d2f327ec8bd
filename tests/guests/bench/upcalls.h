/* What upcalls.asm has: handlers of events, each for one port at a time. */
#ifndef TESTS_GUESTS_BENCH_UPCALLS_H
#define TESTS_GUESTS_BENCH_UPCALLS_H

#include "guest-kernel/core/guest.h"

#define BENCH_VCPUS 2

/* To be registered as callbacks: for vcpu 0 and 1; for vcpu 0 with the time taken; for vcpu 0 in
 * the FIFO ABI. */
extern const char upcall_plain_0[], upcall_plain_1[], upcall_stamped_0[], upcall_fifo[];

extern volatile u64 upcall_stamp; /* ticks at the last stamped upcall's first instruction */
extern volatile u64 upcall_count[BENCH_VCPUS]; /* upcalls so far */
extern u64 upcall_bit[BENCH_VCPUS];            /* the port that a vcpu's handler clears */
extern volatile u32 *fifo_ready, *fifo_word;   /* what the FIFO handler clears */

/* Makes a handler that of vcpu 0, and lets events in or keeps them out. */
void upcalls_to(const void *handler);

static inline void upcalls_masked(bool masked)
{
    *(volatile u8 *)&shared_info->vcpu_info[0].evtchn_upcall_mask = masked;
}

/* A port of this domain, by EVTCHNOP_bind_ipi on that vcpu; and its end. */
evtchn_port_t ipi_bind(unsigned int vcpu);
void port_close(evtchn_port_t port);

static inline long port_send(evtchn_port_t port)
{
    struct evtchn_send send = {.port = port};

    return hypercall_event_channel_op(EVTCHNOP_send, (uintptr_t)&send);
}

#endif
