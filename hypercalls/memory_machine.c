/*
 * memory_op about the machine: its memory map, and the machine-to-phys table that every guest can
 * read.
 */
#include "hypercalls/memory.h"

#include "hypervisor/boot/dom0_machine.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

#define LIST_STEP MIB(2) /* machphys_mfn_list: an entry for each 2 MiB of the table */

/* An entry of the BIOS call that XENMEM_machine_memory_map is modelled on (int 15h, E820h). */
struct e820_entry {
    u64 start, bytes;
    u32 type;
} __attribute__((packed));

/* The control domain is told where the table really ends; others learn only where it may, as does
 * any that sees the one below 4 GiB. */
long memory_machphys_mapping(u64 arg)
{
    struct xen_machphys_mapping map = {
        .v_start = MACH2PHYS_VIRT_START,
        .v_end = MACH2PHYS_VIRT_END,
        .max_mfn = MACH2PHYS_NR_ENTRIES - 1,
    };

    if (caller_is_32bit())
        map = (struct xen_machphys_mapping){PAE_WINDOW_START, PAE_M2P_END, M2P32_MAX - 1};
    else if (is_authorised(DEED_MACHINE_END, NULL))
        map.max_mfn = m2p_frames - 1;
    return STRUCT_WRITE(arg, &map);
}

long memory_machphys_list(u64 arg, bool narrow)
{
    struct xen_machphys_mfn_list list;
    u64 first = virt_to_mfn(narrow ? (void *)m2p32 : m2p).n;
    u64 bytes = narrow ? m2p32_frames * sizeof(*m2p32) : m2p_frames * sizeof(*m2p);
    u32 n, total = (u32)(ALIGN_UP(bytes, LIST_STEP) / LIST_STEP);

    if (STRUCT_READ(&list, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    for (n = 0; n < total && n != list.max_extents; n++) {
        u64 frame = first + n * (LIST_STEP >> PAGE_SHIFT);

        if (word_write((u64)list.extent_start.p, n, frame))
            return refuse(XEN_EFAULT, "the list cannot be written");
    }
    list.nr_extents = n;
    return STRUCT_WRITE(arg, &list);
}

/* Without a buffer only the number of entries is told. Xen wants room for one more than it fills.
 */
long memory_machine_map(u64 arg)
{
    struct xen_memory_map map;
    struct memory_range range;
    u32 n, total = dom0_machine_ranges();
    int rc;

    rc = authorise(DEED_MACHINE_MAP, NULL);
    if (rc)
        return rc;
    if (STRUCT_READ(&map, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (map.buffer.p && map.nr_entries < total + 1)
        return refuse(XEN_EINVAL, "the buffer is too small for the memory map");
    for (n = 0; dom0_machine_range(n, &range); n++) {
        struct e820_entry e = {range.start, range.end - range.start, range.type};

        if (map.buffer.p && guest_write((u64)map.buffer.p + n * sizeof(e), &e, sizeof(e)))
            return refuse(XEN_EFAULT, "the buffer cannot be written");
    }
    map.nr_entries = n;
    return STRUCT_WRITE(arg, &map);
}
