/*
 * The memory map that a domain sees: what its builder has set (XENMEM_set_memory_map), entry for
 * entry as it came; the hypervisor never looks into it. dom0 starts without one.
 *
 * Guest memory is not touched under the lock: readers take a copy.
 */
#include "hypercalls/memory.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/string.h"

#define ENTRIES_MAX 1024U /* Xen's limit; it has no name in the public headers */

static u64 map_bytes(u32 entries)
{
    return (u64)entries * MEMORY_MAP_ENTRY;
}

/* Put @map in place of the domain's and give the old one back. A small one is kept in the domain.
 */
static void map_replace(struct domain *d, void *map, u32 entries)
{
    void *old;
    u32 old_entries;

    spin_lock(&d->page_lock);
    old = d->memory_map;
    old_entries = d->map_entries;
    d->memory_map = entries > MAP_FEW ? map : d->map_few;
    d->map_entries = entries;
    if (entries && entries <= MAP_FEW)
        memcpy(d->map_few, map, map_bytes(entries));
    spin_unlock(&d->page_lock);
    if (old_entries > MAP_FEW)
        pages_free(old, order_for(map_bytes(old_entries)));
    if (entries && entries <= MAP_FEW)
        pages_free(map, order_for(map_bytes(entries)));
}

long memory_set_map(u64 arg)
{
    struct xen_foreign_memory_map want;
    struct domain *d;
    u32 entries;
    void *map;
    int rc;

    if (STRUCT_READ(&want, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    entries = want.map.nr_entries;
    if (entries > ENTRIES_MAX)
        return refuse(XEN_EINVAL, "the memory map has too many entries");
    rc = authorise_named(DEED_OWN, want.domid, &d);
    if (rc)
        return rc;
    if (!entries) {
        map_replace(d, NULL, 0);
        return 0;
    }
    map = pages_alloc(order_for(map_bytes(entries)));
    if (!map)
        return refuse(XEN_ENOMEM, "no memory for the memory map");
    if (guest_read(map, (u64)want.map.buffer.p, map_bytes(entries))) {
        pages_free(map, order_for(map_bytes(entries)));
        return refuse(XEN_EFAULT, "the memory map cannot be read");
    }
    map_replace(d, map, entries);
    return 0;
}

/* Into @to, which has room for the largest map; answers the number of entries. */
static u32 map_copy(struct domain *d, void *to)
{
    u32 entries;

    spin_lock(&d->page_lock);
    entries = d->map_entries;
    if (entries)
        memcpy(to, d->memory_map, map_bytes(entries));
    spin_unlock(&d->page_lock);
    return entries;
}

/* @map is the guest's argument, @entries what there is at @from. */
static long map_tell(struct xen_memory_map *map, u64 arg, const void *from, u32 entries)
{
    if (!entries)
        return refuse(XEN_ENOSYS, "no memory map was set for this domain");
    map->nr_entries = MIN(map->nr_entries, entries);
    if (map->nr_entries && guest_write((u64)map->buffer.p, from, map_bytes(map->nr_entries)))
        return refuse(XEN_EFAULT, "the buffer cannot be written");
    return STRUCT_WRITE(arg, map);
}

long memory_own_map(u64 arg)
{
    unsigned order = order_for(map_bytes(ENTRIES_MAX));
    struct xen_memory_map map;
    void *copy;
    long rc;

    if (STRUCT_READ(&map, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    copy = pages_alloc(order);
    if (!copy)
        return refuse(XEN_ENOMEM, "no memory for a copy of the memory map");
    rc = map_tell(&map, arg, copy, map_copy(current->domain, copy));
    pages_free(copy, order);
    return rc;
}
