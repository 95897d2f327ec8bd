/* The two parts of the test, and what both need: trees of tables that lead to the window. */
#ifndef TESTS_GUESTS_PAE_RACE_RACE_H
#define TESTS_GUESTS_PAE_RACE_RACE_H

#include "guest-kernel/sched/smp.h"
#include "tests/guests/common.h"

#define VCPUS_MAX 8
#define WINDOW    ((volatile u64 *)scratch_page(3))
#define WORD(n)   ((n)*8)              /* each vcpu's own word of the page in the window */
#define TAG_WORD  (PT_ENTRIES - 1)     /* says which page it is; nobody writes it there */
#define TAG(n)    (0x7a600ull + (n)*2) /* as an entry it would not be present; nor would 0 */

/* Our index in a table of a level on the way to the window. */
static inline unsigned int window_index(unsigned int level)
{
    return pt_index((uintptr_t)WINDOW, level);
}

/* A frame with one entry, read-only for us, fit to become a table. */
static inline mfn_t table_with(unsigned int index, u64 entry)
{
    pfn_t pfn = frame_alloc_zeroed();

    ((u64 *)pfn_to_virt(pfn))[index] = entry;
    frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    return pfn_to_mfn(pfn);
}

/* A page for the window, read-only for us elsewhere. */
static inline mfn_t page_new(unsigned int number)
{
    return table_with(TAG_WORD, TAG(number));
}

/* Entry of the root that leads to the window: what it becomes. */
static inline long window_set(mfn_t root, u64 entry)
{
    return pte_update(table_entry_address(root, window_index(PT_LEVELS)), entry);
}

void moves_run(unsigned int rounds);
void hammer_run(unsigned int calls, u64 seed);

#endif
