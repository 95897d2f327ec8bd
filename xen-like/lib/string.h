/*
 * Bytes and strings, for code without a libc.
 *
 * A freestanding compiler still emits calls to memcpy, memmove, memset and memcmp (for structure
 * assignments, for instance), so these four must exist under exactly these names. -ffreestanding
 * also turns GCC's own expansion off; the macros below turn it on again, so that a memcpy of eight
 * constant bytes is one load and one store, and no call.
 *
 * On a host (-DHOST_TEST) libc has all of this; string.c is then built under the names xl_..., so
 * that a unit test can hold ours against libc's.
 */
#ifndef XEN_LIKE_LIB_STRING_H
#define XEN_LIKE_LIB_STRING_H

#include "xen-like/lib/types.h"

#ifdef HOST_TEST

#include <string.h>

void *xl_memcpy(void *dst, const void *src, size_t n);
void *xl_memmove(void *dst, const void *src, size_t n);
void *xl_memset(void *dst, int byte, size_t n);
int xl_memcmp(const void *a, const void *b, size_t n);
size_t xl_strlen(const char *s);
size_t xl_strnlen(const char *s, size_t max);
int xl_strcmp(const char *a, const char *b);
int xl_strncmp(const char *a, const char *b, size_t n);
char *xl_strchr(const char *s, int c);

#else

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);

#define memcpy(dst, src, n)  __builtin_memcpy(dst, src, n)
#define memmove(dst, src, n) __builtin_memmove(dst, src, n)
#define memset(dst, byte, n) __builtin_memset(dst, byte, n)
#define memcmp(a, b, n)      __builtin_memcmp(a, b, n)
#define strlen(s)            __builtin_strlen(s)

#endif

/*
 * Copies src into dst[size], cut where it must be and always ended by a NUL (size 0 writes
 * nothing). Returns the length of src: a value >= size says that it was cut.
 */
size_t str_copy(char *dst, const char *src, size_t size);

/* True if s begins with the whole of prefix. */
bool str_starts_with(const char *s, const char *prefix);

#endif
