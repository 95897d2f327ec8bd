/*
 * Large blocks of memory for a domain, in steps that can be interrupted: up to 1 GiB at once.
 *
 * First the block is made clean; so far it is the running vcpu's, and if another call wants another
 * one, goes back. Then it is the domain's by its accounts, and the caller tells the guest where it
 * is; its frames follow one by one. That part is completed by whatever comes next: nobody has to
 * remember it but the vcpu.
 */
#ifndef HYPERVISOR_MM_EXTENT_H
#define HYPERVISOR_MM_EXTENT_H

#include "hypervisor/mm/types.h"

struct domain;

#define EXTENT_ORDER_MIN 6 /* smaller ones are quicker done at once: domain_frames_alloc */

struct extent {
    mfn_t block;      /* 0: none */
    struct domain *d; /* for whom it is clean: not what it left itself, for anybody else */
    unsigned order;   /* from EXTENT_ORDER_MIN on */
    u64 clean;        /* frames that may be handed over */
    u64 left;         /* frames that are still to be, once the block is the domain's; else 0 */
    u64 pfn;          /* of its first frame, or INVALID_M2P_ENTRY */
};

/* None may be left to be handed over (extent_finish). A clean block for @d, in which no address has
 * more than @bits bits (0: any). 0, -ENOMEM (no such block, or more than @d may have, unless it
 * @replaces other frames), or RESTART. */
int extent_make(struct domain *d, unsigned order, u32 bits, bool replaces, mfn_t *m);

/* It is the caller's, to hand over by himself. */
void extent_take(void);

/* It is not wanted. */
void extent_drop(void);

/* It is its domain's, at @pfn, if that may still have so much: else -ENOMEM, and it is dropped. */
int extent_assign(u64 pfn);

/* Hand over what is left of one that was assigned: 0 or RESTART. */
int extent_finish(void);

/* Nobody goes on with @e: it is finished, or dropped. 0 or RESTART. */
int extent_end(struct extent *e);

#endif
