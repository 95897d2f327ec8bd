/*
 * What zstd asks of its surroundings: the one file of the library that is meant to be replaced, and
 * ours. Memory it takes only from the place that ZSTD_initStaticDCtx is given.
 */
#ifndef XEN_LIKE_ZSTD_DEPS_H
#define XEN_LIKE_ZSTD_DEPS_H

#include "xen-like/lib/string.h"

#define ZSTD_memcpy(to, from, size)  __builtin_memcpy(to, from, size)
#define ZSTD_memmove(to, from, size) __builtin_memmove(to, from, size)
#define ZSTD_memset(to, byte, size)  __builtin_memset(to, byte, size)

#endif

#if defined(ZSTD_DEPS_NEED_MALLOC) && !defined(XEN_LIKE_ZSTD_DEPS_MALLOC)
#define XEN_LIKE_ZSTD_DEPS_MALLOC

#define ZSTD_malloc(size)        NULL
#define ZSTD_calloc(count, size) NULL
#define ZSTD_free(place)         ((void)(place))

#endif
