/*
 * Reading numbers and words from text that a person typed: the hypervisor's command line and the
 * older form of a kernel's notes. Everything here says whether it understood, never guesses, and
 * refuses a number that does not fit instead of wrapping it.
 */
#ifndef XEN_LIKE_LIB_PARSE_H
#define XEN_LIKE_LIB_PARSE_H

#include "xen-like/lib/types.h"

/*
 * Reads an unsigned number with C's prefixes (0x hexadecimal, 0 octal, else decimal) from the start
 * of s. *end is where reading stopped. False, *value untouched, if there is no digit or the number
 * is past 64 bits.
 */
bool parse_unsigned(const char *s, const char **end, u64 *value);

/*
 * Reads a size, in bytes, as Xen's command line takes it: a number and B, K, M, G or T in either
 * case; without a letter it means KiB. False, *bytes untouched, where parse_unsigned says so or the
 * size is past 64 bits.
 */
bool parse_size(const char *s, const char **end, u64 *bytes);

/* Reads one of Xen's words for yes (1) and no (0) in s[0..length); -1 if it is none of them. */
int parse_bool(const char *s, size_t length);

#endif
