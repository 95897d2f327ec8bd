/* What a page must hold to be the first vcpu's descriptor table, and what it has when it is none.
 */
#ifndef TESTS_GUESTS_SMP_STALE_GDT_H
#define TESTS_GUESTS_SMP_STALE_GDT_H

#include "xen-like/lib/types.h"

/* Of the words that no other vcpu writes. As an entry of a page table it is not present. */
void gdt_prepare(volatile u64 *page);

void gdt_undo(void);

#endif
