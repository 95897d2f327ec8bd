/*
 * What differs with the width: whether entries are kept as they were written, and the tables above
 * the second level, of which 32-bit guests have a root alone.
 */
#ifndef TESTS_GUESTS_MMU_UPDATE_WIDTH_H
#define TESTS_GUESTS_MMU_UPDATE_WIDTH_H

#include "guest-kernel/mm/pte.h"

/* An empty table for an entry of each level from 2 on. */
extern u64 table_pte[PT_LEVELS];

/* A 64-bit guest's kernel shares a ring with its processes: to its entries the user bit is added.
 */
static inline bool entry_is_kept_as_written(void)
{
    return PT_LEVELS == 3;
}

/* Each flag in an entry of that level. */
void say_upper_forms(unsigned int level);

/* The levels from 3 on. */
void say_roots(void);

#endif
