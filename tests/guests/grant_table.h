/*
 * What the guests that test grants share: this domain's own grant table, entries by number, and
 * single operations. A domain may grant to itself, so that one domain is enough for most of it; the
 * ABI has it named by its number then, not by DOMID_SELF.
 */
#ifndef TESTS_GUESTS_GRANT_TABLE_H
#define TESTS_GUESTS_GRANT_TABLE_H

#include "tests/guests/common.h"

#define US 0 /* these guests run as the first domain */

#ifdef __x86_64__
#define TABLE_VA  0x0000123480000000ull
#define STATUS_VA 0x00001234a0000000ull
#else
#define TABLE_VA  0x52800000ull
#define STATUS_VA 0x52a00000ull
#endif
#define FRAMES_MAX 64

#define ENTRY_READ_WRITE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

static volatile grant_entry_v1_t *const entries = (void *)(uintptr_t)TABLE_VA;
static volatile grant_entry_v2_t *const entries2 = (void *)(uintptr_t)TABLE_VA;
static volatile grant_status_t *const statuses = (void *)(uintptr_t)STATUS_VA;

static inline long grant_op(u32 command, void *list, u32 count)
{
    return hypercall_grant_table_op(command, (uintptr_t)list, count);
}

static inline long frames_map(u64 va, const xen_pfn_t *frames, u32 count)
{
    long rc = 0;

    for (u32 i = 0; i < count && !rc; i++) {
        table_reach(table_boot_root(), va + i * PAGE_SIZE);
        rc = map_page((void *)(uintptr_t)(va + i * PAGE_SIZE),
                      frames[i] << PAGE_SHIFT | ENTRY_READ_WRITE);
    }
    return rc;
}

/* The first @count frames of our table, mapped at TABLE_VA; a status, or an errno times 1000. */
static inline long table_setup(u32 count)
{
    static xen_pfn_t frames[FRAMES_MAX];
    gnttab_setup_table_t setup = {.dom = DOMID_SELF, .nr_frames = count, .status = 99};
    long rc;

    set_xen_guest_handle(setup.frame_list, frames);
    rc = grant_op(GNTTABOP_setup_table, &setup, 1);
    if (!rc && !setup.status)
        rc = frames_map(TABLE_VA, frames, count);
    return rc ? rc * 1000 : setup.status;
}

static inline void entry_set(grant_ref_t ref, u16 flags, domid_t domid, u64 mfn)
{
    entries[ref].flags = 0;
    entries[ref].domid = domid;
    entries[ref].frame = (u32)mfn;
    __atomic_store_n(&entries[ref].flags, flags, __ATOMIC_SEQ_CST);
}

/* The status of an operation, or the errno of the call times 1000. Of those that end in _at the
 * addresses have 64 bits in each width, as in the structure: entries of tables, and what no guest
 * has. */
static inline long grant_map_at(u64 at, grant_ref_t ref, u32 flags, domid_t domid,
                                grant_handle_t *handle, u64 *address)
{
    gnttab_map_grant_ref_t op = {.host_addr = at,
                                 .flags = flags,
                                 .ref = ref,
                                 .dom = domid,
                                 .status = 99,
                                 .handle = 0x12345678};
    long rc = grant_op(GNTTABOP_map_grant_ref, &op, 1);

    if (handle)
        *handle = op.handle;
    if (address)
        *address = op.dev_bus_addr;
    return rc ? rc * 1000 : op.status;
}

static inline long grant_map(void *at, grant_ref_t ref, u32 flags, domid_t domid,
                             grant_handle_t *handle, u64 *address)
{
    return grant_map_at((uintptr_t)at, ref, flags, domid, handle, address);
}

static inline long grant_unmap_at(u64 at, u64 address, grant_handle_t handle)
{
    gnttab_unmap_grant_ref_t op = {
        .host_addr = at, .dev_bus_addr = address, .handle = handle, .status = 99};
    long rc = grant_op(GNTTABOP_unmap_grant_ref, &op, 1);

    return rc ? rc * 1000 : op.status;
}

static inline long grant_unmap(void *at, u64 address, grant_handle_t handle)
{
    return grant_unmap_at((uintptr_t)at, address, handle);
}

static inline long grant_replace_at(u64 at, u64 by, grant_handle_t handle)
{
    gnttab_unmap_and_replace_t op = {
        .host_addr = at, .new_addr = by, .handle = handle, .status = 99};
    long rc = grant_op(GNTTABOP_unmap_and_replace, &op, 1);

    return rc ? rc * 1000 : op.status;
}

static inline long grant_replace(void *at, void *by, grant_handle_t handle)
{
    return grant_replace_at((uintptr_t)at, (uintptr_t)by, handle);
}

static inline long grant_copy(gnttab_copy_t *op)
{
    long rc;

    op->status = 99;
    rc = grant_op(GNTTABOP_copy, op, 1);
    return rc ? rc * 1000 : op->status;
}

#endif
