/*
 * Reading and writing guest memory by guest virtual address. The only module that does.
 *
 * A guest's address is used as it is (the guest's tables are loaded while its hypercall runs),
 * after a check that it lies outside the hypervisor's range; if the page is not there the access
 * faults, and the exception table turns the fault into a short count. Memory is read once, into a
 * private copy: what is checked afterwards is the copy. Addresses are good for the kernel tables of
 * the running vcpu only.
 */
#ifndef HYPERVISOR_MM_UACCESS_H
#define HYPERVISOR_MM_UACCESS_H

#include "xen-like/lib/types.h"
#include "hypervisor/cpu/fixup.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/smap.h"

/*
 * May a guest name [va, va + len)? Canonical and outside the hypervisor's sixteen L4 slots. Counted
 * from the end of those slots, modulo 2^64, a guest's two halves are one range: the upper one, then
 * (past the wrap of the address) the lower one.
 */
static inline bool guest_range_ok(u64 va, u64 len)
{
    const u64 size = GUEST_LOW_END - DIRECTMAP_VIRT_END;
    u64 offset = va - DIRECTMAP_VIRT_END;

    return len <= size && offset <= size - len;
}

/* Bytes NOT copied (0 = all went well), as much of the beginning as possible having been copied. */
u64 guest_copy_in(void *to, u64 from, u64 len);
u64 guest_copy_out(u64 to, const void *from, u64 len);

/* The same in the form gates want: 0 or -EFAULT. */
int guest_read(void *to, u64 from, u64 len);
int guest_write(u64 to, const void *from, u64 len);

/* Atomically: a byte of the guest's keeps the bits of @keep, and then gets those of @set. 0 or
 * -EFAULT. */
int guest_and_or_u8(u64 at, u8 keep, u8 set);

/*
 * One word at base + index * 8, in one instruction; if it faults, control goes to the label @fault.
 * For use between smap_open() and smap_close() (which must follow on both ways), on a range that
 * was checked before. What must be short uses these; everything else the copies above.
 */
#define GUEST_PUT(base, index, value, fault)                                                       \
    asm goto("1: movq %0, %c1(%2)" FIXUP(fault)                                                    \
             :                                                                                     \
             : "re"((u64)(value)), "i"((index)*8), "r"(base)                                       \
             : "memory"                                                                            \
             : fault)

#define GUEST_GET(value, base, index, fault)                                                       \
    asm goto("1: movq %c1(%2), %0" FIXUP(fault)                                                    \
             : "=r"(value)                                                                         \
             : "i"((index)*8), "r"(base)                                                           \
             : "memory"                                                                            \
             : fault)

/* The same for a word of 32 bits. */
#define GUEST_GET_U32(value, base, fault)                                                          \
    asm goto("1: movl (%1), %0" FIXUP(fault) : "=r"(value) : "r"(base) : "memory" : fault)

#define GUEST_PUT_U32(base, value, fault)                                                          \
    asm goto("1: movl %0, (%1)" FIXUP(fault) : : "ri"((u32)(value)), "r"(base) : "memory" : fault)

#endif
