/*
 * The layouts of layouts32.h as a 32-bit guest's compiler sees them. Compiled with -m32 to
 * assembly, never linked: what follows each `->` there becomes a line of $(B)/gen/layouts32.inc,
 * macros that its users define:
 *
 *     LAYOUT32(name, bytes)                   a structure, then for each of its fields
 *     FIELD32(name, field, offset, bytes)
 *     LAYOUT32_END
 *     SIZE32(type, bytes)                     what a sub-operation's argument has
 */
#include "xen-like/abi/calls.h"
#include "xen-like/abi/layouts32.h"

#define SAY(text, ...) __asm__ volatile("\n->" text : : __VA_ARGS__)

/* clang-format off */
#define FIELD(field) SAY("FIELD32(" #field ", %c0, %c1)", "i"(offsetof(TYPE, field)), "i"(sizeof(((TYPE *)0)->field)));
#define SAY_LAYOUT(name)                                                                           \
    {                                                                                              \
        typedef struct name TYPE;                                                                  \
        SAY("LAYOUT32(" #name ", %c0)", "i"(sizeof(TYPE)));                                        \
        XL_FIELDS_##name(FIELD)                                                                    \
        SAY("LAYOUT32_END");                                                                       \
    }
/* clang-format on */

#define SAY_SIZE(op, who, type, way, state, sentence) SAY_SIZE_##state(type)
#define SAY_SIZE_IMPLEMENTED(type)                    SAY("SIZE32(" #type ", %c0)", "i"(sizeof(type)));
#define SAY_SIZE_ABSENT(type)
#define SAY_SIZES(family, call) XL_SUBOPS_##family(SAY_SIZE)

void layouts32(void);

void layouts32(void)
{
    XL_STRUCTS32(SAY_LAYOUT)
    XL_SUBOP_FAMILIES(SAY_SIZES)
}
