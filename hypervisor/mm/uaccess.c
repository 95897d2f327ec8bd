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
