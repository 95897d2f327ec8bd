/*
 * What counts do not say: that every frame in use as a table or as descriptors holds only what a
 * guest without devices may have there, and that no domain is handed what another one left behind.
 *
 * The rules are said here once more, in the words of the manual, and not by the functions that
 * enforce them.
 */
#ifndef TESTS_HOST_STORM_CONTENTS_H
#define TESTS_HOST_STORM_CONTENTS_H

#include "tests/host/fake_machine.h"

/* All frames belong to whom they belong now. Once before the first step. */
void contents_begin(void);

/* NULL, or what is wrong with the contents of some frame. After each step. */
const char *contents_wrong(void);

#endif
