/*
 * XENMEM_exchange that was interrupted: what is done of one chunk (hypercalls/memory_exchange.c).
 * The end of a vcpu undoes it, or completes it when it is past EXCHANGE_UNDO.
 */
#ifndef HYPERVISOR_DOMAIN_EXCHANGE_H
#define HYPERVISOR_DOMAIN_EXCHANGE_H

#include "xen-like/lib/types.h"

struct domain;

enum exchange_phase {
    EXCHANGE_NONE,
    EXCHANGE_PREPARE, /* new blocks are found and cleared */
    EXCHANGE_STEAL,   /* old frames are taken */
    EXCHANGE_UNDO,    /* it failed, or is not wanted: all goes back where it was */
    EXCHANGE_GIVE,    /* the new ones are the domain's, one by one; then the old ones nobody's */
};

struct exchange {
    enum exchange_phase phase;
    int rc;           /* what is wrong, told at the end */
    u64 arg;          /* guest address of the call's argument, by which it is known again */
    u64 done;         /* blocks or frames of this phase */
    struct domain *d; /* which may end before anything is stolen from it: so also */
    u16 domain_id;
    u64 in, out; /* guest addresses of the lists */
    u64 chunk;
    u32 in_order, out_order;
    u32 in_shift, out_shift; /* extents of a chunk, as powers of two; one of them is 0 */
    u32 address_bits;        /* the new frames must lie below 2^this bytes; 0: anywhere */
    u32 stolen;              /* old frames, linked by frame.next; 0: none */
    u32 blocks;              /* new blocks, linked by their first frames likewise */
    u32 blocks_next;         /* the one after that which is being handed over */
};

/* All of these: 0 or RESTART. Undo it: old frames and new blocks go back where they were. Free the
 * old frames that are left. And end it, whatever its phase, without a word to anybody. */
int exchange_undo(struct exchange *x);
int exchange_free(struct exchange *x);
int exchange_end(struct exchange *x);

/* EXCHANGE_GIVE: the next frames of the first new block become the domain's, at @pfn if the block
 * is there, or at INVALID_M2P_ENTRY. The block's first frame when that was its last part, else 0.
 */
u64 exchange_give_part(struct exchange *x, u64 pfn);

#endif
