/*
 * Arguments in the caller's layout.
 *
 * Guests of both widths make the same calls, with structures that differ
 * (xen-like/abi/layouts32.h). The calls see one form, the 64-bit one: here a structure changes its
 * form as it is copied. From a 32-bit guest, pointers and frame numbers are zero-extended; to it,
 * one that does not fit is -ERANGE and nothing is written, never a part of it. Where both widths
 * have one layout nothing is asked at all; else it is one test whether the caller is a 32-bit one.
 *
 * A list is never copied as a whole: STRUCT_AT and word_read say where its next element is.
 */
#ifndef HYPERCALLS_LAYOUT32_H
#define HYPERCALLS_LAYOUT32_H

#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/layouts32.h"

#define LAYOUT_NUMBER(name) LAYOUT_##name,
enum layout {
    LAYOUT_SAME,
    XL_STRUCTS32(LAYOUT_NUMBER) LAYOUTS
};

/* Of a structure (an expression; only its type counts): a constant. */
#define LAYOUT_CASE(name) struct name : LAYOUT_##name,
#define LAYOUT_OF(what)   _Generic((what), XL_STRUCTS32(LAYOUT_CASE) default : LAYOUT_SAME)

static inline bool caller_is_32bit(void)
{
    return unlikely(current->domain->is_32bit);
}

/* Those of a 32-bit caller. The structure, in the caller's memory: 0, -EFAULT or (of the write)
 * -ERANGE. Its size. Where the field is that has @at in the 64-bit form, and how large. */
int layout32_read(void *to, u64 from, enum layout layout);
int layout32_write(u64 to, const void *from, enum layout layout);
u32 layout32_bytes(enum layout layout);
int layout32_write_field(u64 to, u64 at, const void *from, enum layout layout);
u64 layout32_offset(u64 at, enum layout layout);

/* The same in two buffers. */
void layout32_widen(void *to, const void *from, enum layout layout);
int layout32_narrow(void *to, const void *from, enum layout layout);

static inline int struct_read(void *to, u64 from, u64 bytes, enum layout layout)
{
    return layout != LAYOUT_SAME && caller_is_32bit() ? layout32_read(to, from, layout)
                                                      : guest_read(to, from, bytes);
}

static inline int struct_write(u64 to, const void *from, u64 bytes, enum layout layout)
{
    return layout != LAYOUT_SAME && caller_is_32bit() ? layout32_write(to, from, layout)
                                                      : guest_write(to, from, bytes);
}

static inline u64 struct_bytes(u64 bytes, enum layout layout)
{
    return layout != LAYOUT_SAME && caller_is_32bit() ? layout32_bytes(layout) : bytes;
}

static inline u64 struct_offset(u64 at, enum layout layout)
{
    return layout != LAYOUT_SAME && caller_is_32bit() ? layout32_offset(at, layout) : at;
}

static inline int struct_write_field(u64 to, u64 at, const void *from, u64 bytes,
                                     enum layout layout)
{
    return layout != LAYOUT_SAME && caller_is_32bit() ? layout32_write_field(to, at, from, layout)
                                                      : guest_write(to + at, from, bytes);
}

/* *@to from the caller's @from, and back; and one field of *@what, in the caller's at @to. */
#define STRUCT_READ(to, from)  struct_read((to), (from), sizeof(*(to)), LAYOUT_OF(*(to)))
#define STRUCT_WRITE(to, what) struct_write((to), (what), sizeof(*(what)), LAYOUT_OF(*(what)))
#define STRUCT_WRITE_FIELD(to, what, field)                                                        \
    struct_write_field((to), offsetof(__typeof__(*(what)), field), &(what)->field,                 \
                       sizeof((what)->field), LAYOUT_OF(*(what)))

/* The size of a type in the caller's layout, and where a field is. */
#define STRUCT_BYTES(type)         struct_bytes(sizeof(type), LAYOUT_OF(*(type *)NULL))
#define STRUCT_OFFSET(type, field) struct_offset(offsetof(type, field), LAYOUT_OF(*(type *)NULL))

/* The caller's own words (unsigned long, xen_pfn_t, a pointer): their size, and element @i of a
 * list of them. 0, -EFAULT or -ERANGE. */
static inline u64 caller_word_bytes(void)
{
    return caller_is_32bit() ? sizeof(u32) : sizeof(u64);
}

int words_write(u64 list, u64 first, const u64 *words, u64 n);

/* For who has asked already whether the caller is a 32-bit one. */
static inline int word_read_as(bool narrow, u64 *to, u64 list, u64 i)
{
    *to = 0;
    return unlikely(narrow) ? guest_read(to, list + i * sizeof(u32), sizeof(u32))
                            : guest_read(to, list + i * sizeof(u64), sizeof(u64));
}

static inline int word_write_as(bool narrow, u64 list, u64 i, u64 word)
{
    return unlikely(narrow) ? words_write(list, i, &word, 1)
                            : guest_write(list + i * sizeof(word), &word, sizeof(word));
}

static inline int word_read(u64 *to, u64 list, u64 i)
{
    return word_read_as(caller_is_32bit(), to, list, i);
}

static inline int word_write(u64 list, u64 i, u64 word)
{
    return word_write_as(caller_is_32bit(), list, i, word);
}

/* One of them at @base, as GUEST_GET: for loops that are made for either width, the constant
 * @narrow. */
#define WORD_GET(value, base, index, narrow, fault)                                                \
    if (narrow) {                                                                                  \
        u32 half;                                                                                  \
        GUEST_GET_U32(half, (base) + (index) * sizeof(half), fault);                               \
        (value) = half;                                                                            \
    } else {                                                                                       \
        GUEST_GET(value, base, index, fault);                                                      \
    }

/* May the caller name [at, at + bytes)? A 32-bit guest's end below the hypervisor's window. */
static inline bool caller_range_ok(u64 at, u64 bytes)
{
    return caller_is_32bit() ? at + bytes - !!bytes < HYPERVISOR_VIRT_START_X86_32
                             : guest_range_ok(at, bytes);
}

#endif
