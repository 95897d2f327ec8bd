/* The longest things that a guest can ask for, each as a function; main.c runs them. */
#ifndef TESTS_GUESTS_LONGEST_PATH_LONGEST_H
#define TESTS_GUESTS_LONGEST_PATH_LONGEST_H

#include "tests/guests/common.h"

/* An ordinary frame of our own at any time, where it is mapped, and so that it is mapped nowhere.
 */
mfn_t frame_new(void);
mfn_t frame_new_unmapped(void);

/* Frames of tables and descriptors, filled by the caller while `fill` runs, then read-only. */
mfn_t table_filled(u64 (*fill)(unsigned int index));

void long_lists(void);
void long_trees(void);
void long_memory(void);
void long_events(void);
void long_grants(void);

#endif
