/* See bitmap.h. */
#include "hypercalls/bitmap.h"

#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/bitmap.h"
#include "xen-like/lib/string.h"

#define BYTES(bits) (((bits) + 7UL) / 8)

/* The caller's end may be far: what is zeros there is his own time, but no more than this. */
#define ZEROS_MAX 4096U

int bitmap_answer(const struct xenctl_bitmap *to, const unsigned long *words, u32 bits)
{
    u64 bytes = MIN(BYTES(to->nr_bits), ZEROS_MAX);
    const u8 *from = (const u8 *)words;

    for (u64 i = 0; i < bytes; i++) {
        u8 byte = i < BYTES(bits) ? from[i] : 0;

        if (i == bits / 8) /* what is behind the last bit is nothing */
            byte &= (u8)((1U << bits % 8) - 1);
        if (guest_write((u64)(to->bitmap.p + i), &byte, 1))
            return refuse(XEN_EFAULT, "the set cannot be written");
    }
    return 0;
}

int bitmap_ask(unsigned long *words, u32 bits, const struct xenctl_bitmap *from)
{
    memset(words, 0, BITMAP_LONGS(bits) * sizeof(*words));
    if (guest_read(words, (u64)from->bitmap.p, MIN(BYTES(bits), BYTES(from->nr_bits))))
        return refuse(XEN_EFAULT, "the set cannot be read");
    for (u32 bit = from->nr_bits; bit < bits && bit % 8; bit++)
        bitmap_clear(words, bit);
    return 0;
}
