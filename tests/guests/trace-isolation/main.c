/*
 * Trace buffers have everybody's secrets: which calls others make, with what arguments, and when. A
 * guest that is not the control domain must get at none of their frames, by no name, and may not
 * ask where they are. This one is alone on the machine (first=guest), and the hypervisor has made
 * buffers: it tries to map each frame that there is.
 */
#include "tests/guests/sysctl.h"

#define MEMORY_FRAMES (512ull << (20 - PAGE_SHIFT)) /* of the machine: run */

#define SHARED_FRAMES 2 /* with the guest itself: its shared_info, its grant table */

static const struct {
    const char *what;
    domid_t id;
} owners[] = {{"self", DOMID_SELF}, {"xen", DOMID_XEN}, {"io", DOMID_IO}, {"number-0", 0}};

static bool is_own(u64 mfn)
{
    u64 pfn = mfn_to_pfn((mfn_t){mfn}).n;

    return pfn < start_info->nr_pages && pfn_to_mfn((pfn_t){pfn}).n == mfn;
}

static void say_frames(const char *owner, domid_t id, u64 flags, const char *how)
{
    void *page = scratch_page(0);
    u64 mapped = 0;

    for (u64 mfn = 0; mfn < MEMORY_FRAMES; mfn++)
        if (!is_own(mfn) && !hypercall_update_va_mapping_otherdomain(
                                (uintptr_t)page, mfn << PAGE_SHIFT | PTE_PRESENT | flags, 0, id))
            mapped++;
    map_page(page, 0);
    row_want(name_of(owner, how), (s64)mapped, id == DOMID_SELF ? SHARED_FRAMES : 0);
}

void guest_main(void)
{
    scratch_entry(1);
    sysctl_begin();
    op.u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_get_info;
    row_want("ask.answer", sysctl(XEN_SYSCTL_tbuf_op), -XEN_EPERM);
    row_want("ask.frame", (s64)op.u.tbuf_op.buffer_mfn, 0);
    for (u32 i = 0; i < ARRAY_SIZE(owners); i++) {
        say_frames(owners[i].what, owners[i].id, 0, "read");
        say_frames(owners[i].what, owners[i].id, PTE_WRITE, "write");
    }
    guest_end();
}
