/*
 * Code of ring 0 in user space: what only ring 0 may execute (clts, xsetbv, rdmsr, mov to and from
 * CR0) faults, and a handler does it on the registers below. Where any other instruction faults,
 * the exception table is followed, as the hypervisor would; what is not in it is a failure.
 */
#ifndef TESTS_HOST_RING0_H
#define TESTS_HOST_RING0_H

#include "xen-like/lib/types.h"

extern struct ring0 {
    u64 cr0, xcr0;
    u64 msr;          /* what is in the only MSR that there is, */
    u32 msr_number;   /* of this number; 0: none */
    unsigned refused; /* faults that the exception table knew */
} ring0;

/* From here on, with all registers 0; and back to how it was. */
void ring0_begin(void);
void ring0_end(void);

#endif
