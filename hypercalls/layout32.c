/* Structures of 32-bit guests: see layout32.h. */
#include "hypercalls/layout32.h"

#include "hypervisor/debug/bug.h"
#include "xen-like/abi/calls.h"
#include "xen-like/lib/string.h"

/* A field in both widths. Of those that differ in size the narrow one is a word of 32 bits. */
struct field {
    u16 at64, bytes64, at32, bytes32;
};

/* In the order of enum layout; a field's bytes are 0 in front of each structure. */
/* clang-format off */
#define LAYOUT32(name, bytes)
#define LAYOUT32_END
#define SIZE32(type, bytes)
#define FIELD32(name, field, at, bytes)                                                            \
    _Static_assert(sizeof(((struct name *)NULL)->field) == (bytes) ||                              \
                   (sizeof(((struct name *)NULL)->field) == sizeof(u64) && (bytes) == sizeof(u32)),\
                   "a field that is neither the same nor a word");
#include "layouts32.inc"

#undef LAYOUT32
#undef FIELD32
#undef LAYOUT32_END
#define LAYOUT32(name, bytes)           static const struct field fields_##name[] = {
#define FIELD32(name, field, at, bytes)                                                            \
    {offsetof(struct name, field), sizeof(((struct name *)NULL)->field), at, bytes},
#define LAYOUT32_END                    {0, 0, 0, 0}};
#include "layouts32.inc"

#undef LAYOUT32
#undef FIELD32
#undef LAYOUT32_END
#define LAYOUT32(name, bytes)           [LAYOUT_##name] = {bytes, sizeof(struct name), fields_##name},
#define FIELD32(name, field, at, bytes)
#define LAYOUT32_END
static const struct {
    u16 bytes32, bytes64;
    const struct field *fields; /* up to one of no bytes */
} layouts[LAYOUTS] = {
#include "layouts32.inc"
};

/* What a sub-operation takes has one layout, or stands in the list. */
#undef LAYOUT32
#undef SIZE32
#define LAYOUT32(name, bytes)
#define OWN(name)                       struct name: 1,
#define SIZE32(type, bytes)                                                                        \
    _Static_assert(sizeof(type) == (bytes) || LAYOUT_OF(*(type *)NULL) ||                          \
                   _Generic(*(type *)NULL, XL_OWN32(OWN) default: 0),                              \
                   "another layout with 32 bits: " #type);
#include "layouts32.inc"
/* clang-format on */

#define BYTES_MAX sizeof(struct xen_memory_exchange) /* of the largest, with 32 bits */

u32 layout32_bytes(enum layout layout)
{
    return layouts[layout].bytes32;
}

void layout32_widen(void *to, const void *from, enum layout layout)
{
    memset(to, 0, layouts[layout].bytes64);
    for (const struct field *f = layouts[layout].fields; f->bytes64; f++)
        memcpy((u8 *)to + f->at64, (const u8 *)from + f->at32, f->bytes32);
}

static int field_narrow(void *to, const void *from, const struct field *f)
{
    const u32 *words = from;

    if (f->bytes32 != f->bytes64 && words[1])
        return refuse(XEN_ERANGE, "a value that a 32-bit guest cannot be told");
    memcpy(to, from, f->bytes32);
    return 0;
}

int layout32_narrow(void *to, const void *from, enum layout layout)
{
    int rc = 0;

    memset(to, 0, layouts[layout].bytes32);
    for (const struct field *f = layouts[layout].fields; !rc && f->bytes64; f++)
        rc = field_narrow((u8 *)to + f->at32, (const u8 *)from + f->at64, f);
    return rc;
}

int layout32_read(void *to, u64 from, enum layout layout)
{
    u64 copy[BYTES_MAX / sizeof(u64)];
    int rc = guest_read(copy, from, layouts[layout].bytes32);

    if (!rc)
        layout32_widen(to, copy, layout);
    return rc;
}

int layout32_write(u64 to, const void *from, enum layout layout)
{
    u64 copy[BYTES_MAX / sizeof(u64)];
    int rc = layout32_narrow(copy, from, layout);

    return rc ? rc : guest_write(to, copy, layouts[layout].bytes32);
}

static const struct field *field_find(u64 at, enum layout layout)
{
    const struct field *f = layouts[layout].fields;

    while (f->at64 != at)
        BUG_ON(!f++->bytes64);
    return f;
}

u64 layout32_offset(u64 at, enum layout layout)
{
    return field_find(at, layout)->at32;
}

int layout32_write_field(u64 to, u64 at, const void *from, enum layout layout)
{
    const struct field *f = field_find(at, layout);
    u64 copy[sizeof(struct vcpu_runstate_info) / sizeof(u64)];
    int rc = field_narrow(copy, from, f);

    return rc ? rc : guest_write(to + f->at32, copy, f->bytes32);
}

int words_write(u64 list, u64 first, const u64 *words, u64 n)
{
    if (!caller_is_32bit())
        return guest_write(list + first * sizeof(*words), words, n * sizeof(*words));
    for (u64 i = 0; i < n; i++) {
        u32 word = (u32)words[i];

        if (word != words[i])
            return refuse(XEN_ERANGE, "a word that a 32-bit guest cannot be told");
        if (guest_write(list + (first + i) * sizeof(word), &word, sizeof(word)))
            return -XEN_EFAULT;
    }
    return 0;
}
