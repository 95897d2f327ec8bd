/*
 * Segments as instructions of a guest see them: base, limit and rights of a selector. 64-bit code
 * has no use for them but one: whether it is 64-bit code.
 */
#ifndef HYPERVISOR_CPU_SEGMENT_H
#define HYPERVISOR_CPU_SEGMENT_H

#include "xen-like/abi/xen.h"
#include "xen-like/lib/insn.h"

struct segment {
    u64 base, limit; /* the limit is the last offset that may be used */
    u32 rights;      /* SEGMENT_* */
};

/* Bits of a descriptor's upper half (Intel SDM vol. 3, 3.4.5). */
#define SEGMENT_WRITE      (1U << 9)  /* data: may be written; code: may be read */
#define SEGMENT_CONFORMING (1U << 10) /* code */
#define SEGMENT_DOWN       (1U << 10) /* data: what may be used lies above the limit */
#define SEGMENT_CODE       (1U << 11)
#define SEGMENT_S          (1U << 12) /* code or data */
#define SEGMENT_P          (1U << 15)
#define SEGMENT_LONG       (1U << 21)
#define SEGMENT_BIG        (1U << 22) /* code: 32 bits, not 16 */
#define SEGMENT_PAGES      (1U << 23) /* the limit counts pages */
#define SEGMENT_DPL(s)     ((s)->rights >> 13 & 3)

/* What @descriptor says. */
static inline struct segment segment_decode(u64 descriptor)
{
    struct segment s = {.rights = (u32)(descriptor >> 32) & 0xf0ff00,
                        .base = (descriptor >> 16 & 0xffffff) | (descriptor >> 32 & 0xff000000),
                        .limit = (descriptor & 0xffff) | (descriptor >> 32 & 0xf0000)};

    if (s.rights & SEGMENT_PAGES)
        s.limit = s.limit << 12 | 0xfff;
    return s;
}

/* May data be read from it? */
static inline bool segment_readable(const struct segment *s)
{
    return (s->rights & SEGMENT_P) && (s->rights & SEGMENT_S) &&
           (s->rights & (SEGMENT_CODE | SEGMENT_WRITE)) != SEGMENT_CODE;
}

/* May @bytes at @offset of @s be used? Not for segments that expand down, as Xen. */
static inline bool segment_holds(const struct segment *s, u64 offset, unsigned bytes)
{
    return s->limit >= bytes - 1 && offset <= s->limit - (bytes - 1);
}

/* The descriptor that @selector names in the tables of the running vcpu. False: null, beyond the
 * LDT, or not there. */
bool descriptor_read(u16 selector, u64 *descriptor);

/* The same, decoded. */
bool segment_find(u16 selector, struct segment *s);

/* The selector in a segment register of the running vcpu, by the prefix that names it; else ds. */
u16 segment_selector(u8 prefix, const struct cpu_user_regs *regs);

/* How many of [va, va + bytes), at most a page, the code that was interrupted may not access with
 * @rights (0 or PTE_RW), counted from the first such byte to the end. The hypervisor's own access
 * in its place knows no user bit, and in a 32-bit guest that is all that keeps the kernel's memory
 * from its processes. */
unsigned ring_missing(const struct cpu_user_regs *regs, u64 va, unsigned bytes, u64 rights);

/* Code of the running vcpu, from its instruction pointer on. */
struct code {
    u64 address;   /* of the first byte */
    unsigned bits; /* the mode it is executed in: 16, 32 or 64 */
    unsigned have; /* bytes, of as many as there may be in an instruction */
    bool missing;  /* none, because the first cannot be read (and not: is beyond the segment) */
    u8 bytes[INSN_BYTES_MAX];
};

/* False: its code segment is none. */
bool code_fetch(struct code *code, const struct cpu_user_regs *regs);

#endif
