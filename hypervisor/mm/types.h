/*
 * Frame numbers. A machine frame (mfn) and a guest's pseudo-physical frame (pfn) are different
 * types, so that passing one for the other does not compile. Both count 4 KiB pages.
 */
#ifndef HYPERVISOR_MM_TYPES_H
#define HYPERVISOR_MM_TYPES_H

#include "xen-like/lib/types.h"

typedef struct {
    u64 n;
} mfn_t;

typedef struct {
    u64 n;
} pfn_t;

#define MFN(x)      ((mfn_t){(x)})
#define PFN(x)      ((pfn_t){(x)})
#define INVALID_MFN MFN(~0UL)

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.n == b.n;
}

static inline mfn_t mfn_add(mfn_t m, u64 n)
{
    return MFN(m.n + n);
}

#endif
