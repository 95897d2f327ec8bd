/*
 * Schedules that were made here, by name, in dom0's memory; and those of dom0's boot module. A kept
 * one hides a file of the same name.
 */
#ifndef DOM0_INTERCEPT_KEPT_H
#define DOM0_INTERCEPT_KEPT_H

#include "dom0/toolstack/archive.h"

/* Keeps @text, of the heap, which is taken over; an older one of that name goes. False: no memory
 * (and the text is freed). */
bool kept_put(const char *name, char *text);

/* A kept one or a file; bytes NULL: there is neither. */
struct blob kept_find(const char *name);

/* The index-th kept name; NULL: no more. */
const char *kept_name_at(unsigned int index);

#endif
