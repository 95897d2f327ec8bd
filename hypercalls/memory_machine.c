/*
 * memory_op about the machine: its memory map, and the machine-to-phys table that every guest can
 * read.
 */
#include "hypercalls/memory.h"

#include "hypervisor/boot/dom0_machine.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

#define LIST_STEP MIB(2) /* machphys_mfn_list: an entry for each 2 MiB of the table */

/* An entry of the BIOS call that XENMEM_machine_memory_map is modelled on (int 15h, E820h). */
struct e820_entry {
    u64 start, bytes;
    u32 type;
} __attribute__((packed));

/* The control domain is told where the table really ends; others learn only where it may. */
long memory_machphys_mapping(u64 arg)
{
    struct xen_machphys_mapping answer = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = MACH2PHYS_NR_ENTRIES - 1,
    };

    if (current->domain->privileged)
        answer.max_mfn = m2p_frames - 1;
    if (guest_write(arg, &answer, sizeof(answer)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return 0;
}

long memory_machphys_list(u64 arg)
{
    struct xen_machphys_mfn_list list;
    u64 total = ALIGN_UP(m2p_frames * sizeof(*m2p), LIST_STEP) / LIST_STEP;
    u32 n;

    if (guest_read(&list, arg, sizeof(list)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    for (n = 0; n < total && n != list.max_extents; n++) {
        u64 frame = virt_to_mfn(m2p).n + n * (LIST_STEP >> PAGE_SHIFT);

        if (guest_write((u64)list.extent_start.p + n * sizeof(frame), &frame, sizeof(frame)))
            return refuse(XEN_EFAULT, "the list cannot be written");
    }
    list.nr_extents = n;
    if (guest_write(arg, &list, sizeof(list)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return 0;
}

/* Without a buffer only the number of entries is told. Xen wants room for one more than it fills.
 */
long memory_machine_map(u64 arg)
{
    struct xen_memory_map map;
    struct memory_range range;
    u32 n, total = dom0_machine_ranges();

    if (!current->domain->privileged)
        return refuse(XEN_EPERM, "only the control domain may see the machine's memory map");
    if (guest_read(&map, arg, sizeof(map)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (map.buffer.p && map.nr_entries < total + 1)
        return refuse(XEN_EINVAL, "the buffer is too small for the memory map");
    for (n = 0; dom0_machine_range(n, &range); n++) {
        struct e820_entry e = {range.start, range.end - range.start, range.type};

        if (map.buffer.p && guest_write((u64)map.buffer.p + n * sizeof(e), &e, sizeof(e)))
            return refuse(XEN_EFAULT, "the buffer cannot be written");
    }
    map.nr_entries = n;
    if (guest_write(arg, &map, sizeof(map)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return 0;
}
