/*
 * What XZ Embedded asks of its surroundings, and which parts of it are wanted: whole streams in one
 * call, into memory that is there already, with the filter for x86 code. That is what Linux's build
 * makes of an x86 kernel. Its three small structures come from image_xz.c.
 */
#ifndef XEN_LIKE_XZ_CONFIG_H
#define XEN_LIKE_XZ_CONFIG_H

#include "xen-like/lib/string.h"
#include "xz.h"

#define XZ_DEC_SINGLE
#define XZ_DEC_X86
#define XZ_DEC_MICROLZMA

void *image_xz_take(size_t size);

#define GFP_KERNEL                0
#define kmalloc(size, flags)      image_xz_take(size)
#define kfree(place)              ((void)(place))
#define vmalloc(size)             NULL /* for dictionaries beside the output only: */
#define vfree(place)              ((void)(place))
#define memeq(a, b, size)         (memcmp(a, b, size) == 0)
#define memzero(place, size)      memset(place, 0, size)
#define min(a, b)                 MIN(a, b)
#define min_t(type, a, b)         MIN((type)(a), (type)(b))
#define fallthrough               __attribute__((__fallthrough__))
#undef __always_inline
#define __always_inline           inline __attribute__((__always_inline__))

static inline uint32_t get_unaligned_le32(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

static inline void put_unaligned_le32(uint32_t value, uint8_t *to)
{
    memcpy(to, &value, sizeof(value));
}

#define get_le32 get_unaligned_le32

#endif
