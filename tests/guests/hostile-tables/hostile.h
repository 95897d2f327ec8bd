/* What the attempts share, and those that each width has of its own. */
#ifndef TESTS_GUESTS_HOSTILE_TABLES_HOSTILE_H
#define TESTS_GUESTS_HOSTILE_TABLES_HOSTILE_H

#include "tests/guests/common.h"

#define PIN(level) (MMUEXT_PIN_L1_TABLE + (level)-1)
#define READ_ONLY  (PTE_PRESENT | PTE_USER)

/* The root, which is pinned, leads to tree[PT_LEVELS - 1] and so on to tree[0], a page. */
extern mfn_t tree[PT_LEVELS + 1];

/* An entry of that table which nothing uses: its machine address. */
static inline u64 spare_entry(unsigned int level)
{
    return table_entry_address(tree[level], spare_slot(level, 0));
}

/* Updates of entries that are the hypervisor's. */
void say_hypervisor_slots(void);

/* What a guest writes into those before the frame is a table is not kept either. */
void say_prepared_slots(void);

#endif
