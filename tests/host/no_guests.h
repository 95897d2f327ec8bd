/* A heap that counts its blocks; and no guest: who copies from or to one, or maps its pages, has
 * failed. */
#ifndef TESTS_HOST_NO_GUESTS_H
#define TESTS_HOST_NO_GUESTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

extern long heap_blocks; /* that are not freed */

#endif
