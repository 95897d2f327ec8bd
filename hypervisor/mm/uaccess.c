#include "hypervisor/mm/uaccess.h"

#include "hypervisor/debug/bug.h"
#include "xen-like/abi/xen.h"

u64 uaccess_copy(void *to, const void *from, u64 len); /* uaccess_copy.asm */

u64 guest_copy_in(void *to, u64 from, u64 len)
{
    return likely(guest_range_ok(from, len)) ? uaccess_copy(to, (const void *)from, len) : len;
}

u64 guest_copy_out(u64 to, const void *from, u64 len)
{
    return likely(guest_range_ok(to, len)) ? uaccess_copy((void *)to, from, len) : len;
}

int guest_read(void *to, u64 from, u64 len)
{
    return likely(!guest_copy_in(to, from, len)) ? 0 : refuse(XEN_EFAULT, "unreadable argument");
}

int guest_write(u64 to, const void *from, u64 len)
{
    return likely(!guest_copy_out(to, from, len)) ? 0 : refuse(XEN_EFAULT, "unwritable argument");
}

int guest_and_or_u8(u64 at, u8 keep, u8 set)
{
    if (unlikely(!guest_range_ok(at, 1)))
        return refuse(XEN_EFAULT, "not the guest's address");
    smap_open();
    asm goto("1: lock andb %0, (%1)" FIXUP(fault) : : "q"(keep), "r"(at) : "memory", "cc" : fault);
    asm goto("1: lock orb %0, (%1)" FIXUP(fault) : : "q"(set), "r"(at) : "memory", "cc" : fault);
    smap_close();
    return 0;
fault:
    smap_close();
    return refuse(XEN_EFAULT, "unwritable byte");
}
