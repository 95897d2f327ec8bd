/*
 * How much memory dom0 gets: the value of dom0_mem= and what follows from it. Pure arithmetic, host
 * tests run it.
 *
 * The rule is Xen's (its command-line document, "dom0_mem"):
 * [min:<amount>,][max:<amount>,][<amount>] where an amount is <size>, <percent>% or
 * <size>+<percent>%, and a minus sign before it means "all memory less this". Without an amount
 * dom0 gets everything but a sixteenth, of at most 128 MiB.
 */
#ifndef HYPERVISOR_BOOT_DOM0_SIZE_H
#define HYPERVISOR_BOOT_DOM0_SIZE_H

#include "xen-like/lib/types.h"

struct dom0_amount {
    u64 pages;
    u32 percent; /* of the memory that is there, added to pages */
    bool minus;  /* that much less than there is */
};

struct dom0_mem {
    struct dom0_amount size, min, max;
};

/* What holds when the command line says nothing. */
#define DOM0_MEM_DEFAULT                                                                           \
    {                                                                                              \
        .max = {.pages = INT64_MAX }                                                               \
    }

/* Read a value of dom0_mem= into @mem. NULL, or what was expected in words; then @mem is unchanged.
 */
const char *dom0_mem_parse(struct dom0_mem *mem, const char *value);

/* The pages dom0 gets of @available ones; never more than those. */
u64 dom0_mem_pages(const struct dom0_mem *mem, u64 available);

/* The most pages it may ever have (XENMEM_maximum_reservation), at most 2^32 - 1 as on Xen. */
u64 dom0_mem_limit(const struct dom0_mem *mem, u64 available);

/* dom0_max_vcpus=: `N`, or a range for the number of CPUs to be in: `N-`, `-M`, `N-M`. */
struct dom0_vcpus {
    u32 min, max;
};

const char *dom0_vcpus_parse(struct dom0_vcpus *n, const char *value);

/* How many vcpus dom0 gets on a machine of @cpus CPUs. */
u32 dom0_vcpus_count(const struct dom0_vcpus *n, u32 cpus);

/* The command line's handlers: the above for the one dom0 there is. */
const char *dom0_set_mem(const char *value);
const char *dom0_set_max_vcpus(const char *value);

#endif
