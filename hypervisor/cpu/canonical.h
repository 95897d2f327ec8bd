/* Is @va an address that this machine can form: bits 63 to 47 all equal (four-level paging)?
 * Checked wherever a guest's address goes into a register that hardware would refuse, since some
 * emulators accept it there and fault later. */
#ifndef HYPERVISOR_CPU_CANONICAL_H
#define HYPERVISOR_CPU_CANONICAL_H

#include "xen-like/lib/types.h"

static inline bool canonical(u64 va)
{
    return (u64)((s64)(va << 16) >> 16) == va;
}

#endif
