/* set_gdt and update_descriptor: the guest's segment descriptors. */
#include "hypervisor/cpu/descriptors.h"

#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/uaccess.h"

long hc_set_gdt(unsigned long frame_list, unsigned long entries)
{
    u64 frames[FIRST_RESERVED_GDT_PAGE];
    u32 n = (u32)entries;
    int rc;

    if (n > FIRST_RESERVED_GDT_ENTRY)
        return refuse(XEN_EINVAL, "more GDT entries than there is room for");
    for (u32 i = 0; i < (n + 511) / 512; i++)
        if (word_read(&frames[i], frame_list, i))
            return -XEN_EFAULT;
    rc = vcpu_set_gdt(current, frames, n);
    return rc == RESTART ? call_continue(__HYPERVISOR_set_gdt, frame_list, n, 0, 0) : rc;
}

/* @ma: machine address of an entry of a page of descriptors, or of the guest's own writable memory
 * (which may become one later, and is checked then; checking now is what Xen does). */
long hc_update_descriptor(unsigned long ma, unsigned long desc)
{
    struct domain *d = current->domain;
    mfn_t m = MFN(ma >> PAGE_SHIFT);
    struct frame *f;
    u64 entry = desc, type;
    int rc;

    if (ma % sizeof(u64) || !descriptor_fix(&entry, d->is_32bit))
        return refuse(XEN_EINVAL, "a descriptor that no guest may have, or a misaligned one");
    f = frame_get_mfn(m, d);
    if (!f)
        return refuse(XEN_EINVAL, "a frame that is not the domain's");
    type = frame_type(f) == FT_SEGDESC ? FT_SEGDESC : FT_WRITABLE;
    rc = frame_type_get(f, type);
    if (!rc) {
        __atomic_store_n((u64 *)(mfn_to_virt(m) + ma % PAGE_SIZE), entry, __ATOMIC_RELEASE);
        dirty_mark(f);
        frame_type_put(f);
    }
    frame_put(f);
    return rc;
}
