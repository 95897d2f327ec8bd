/*
 * printf's formatting into a buffer, freestanding. What it knows:
 *   %d %i %u %x %X %c %s %p %%   with lengths l, ll and z
 *   -  left-align;  0  pad numbers with zeros;  #  put 0x before a hexadecimal number
 *   a width, and a precision for %s (the string then need not end in NUL); either may be *
 * %p prints 0x and the digits. A null %s prints (null). A conversion that is not in this list is
 * copied as it stands: PRINTF_LIKE lets the compiler refuse most of those first.
 */
#ifndef XEN_LIKE_LIB_FMT_H
#define XEN_LIKE_LIB_FMT_H

#include "xen-like/lib/types.h"

/*
 * Writes at most size - 1 characters and a NUL to buf (nothing at all for size 0, buf may then be
 * NULL). Returns the length that the whole text has: a value >= size says that it was cut.
 */
size_t fmt_vsnprintf(char *buf, size_t size, const char *format, va_list args);

size_t fmt_snprintf(char *buf, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
