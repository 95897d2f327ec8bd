/*
 * What the storm knows of a width. In 64 bits the arena's roots get the kernel's entries, so that
 * it can live on them. In 32 bits it cannot: the last L2 of a root, with the kernel's and the
 * hypervisor's entries, is that of one root only. There the boot root's other slots are the
 * storm's.
 */
#ifndef TESTS_GUESTS_STORM_WIDTH_H
#define TESTS_GUESTS_STORM_WIDTH_H

#include "guest-kernel/mm/pte.h"

/* The first slot of a root that is the kernel's; the selector of an iret to the kernel, whose ring
 * counts in 32 bits only; addresses that are nobody's to write. */
#ifdef __x86_64__
#define KERNEL_SLOT     pt_index(HYPERVISOR_VIRT_END, PT_LEVELS)
#define ROOTS_ARE_ALIKE true
#define IRET_CS         (FLAT_KERNEL_CS & ~3)
#define BAD_ADDRESSES                                                                              \
    {                                                                                              \
        0, 0x1000, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START + (5ull << 39),                    \
            HYPERVISOR_VIRT_START + (6ull << 39) + MIB(2), HYPERVISOR_VIRT_END - 8, NON_CANONICAL, \
            ~7ull, 0xffff700000000000ull                                                           \
    }
#else
#define KERNEL_SLOT     3u
#define ROOTS_ARE_ALIKE false
#define IRET_CS         FLAT_KERNEL_CS
#define BAD_ADDRESSES                                                                              \
    {                                                                                              \
        0, 0x1000, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START - 8, HYPERVISOR_VIRT_START + 8,    \
            HYPERVISOR_VIRT_START + MIB(2), 0xfffff000, 0xfffffff8, 0xffffffff                     \
    }
#endif

#define STORM_SLOTS 4 /* of each table, these are mostly used */

/* The i-th of them: the second and following, but in a root of four entries the first, of which no
 * other than 0 and 2 leads to an address that is the storm's (1: the user code, 3: the kernel). */
static inline unsigned int storm_slot(unsigned int level, u64 i)
{
    return (unsigned int)(level == PT_LEVELS && PT_LEVELS == 3 ? i : 1 + i);
}

static inline unsigned int storm_root_slot(u64 i)
{
    return (unsigned int)(PT_LEVELS == 3 ? i & 2 : 1 + i);
}

#endif
