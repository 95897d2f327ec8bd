/* See no_guests.h. */
#include "tests/host/no_guests.h"

#include "dom0/bridge/frame.h"
#include "dom0/mm/heap.h"

long heap_blocks;

void *heap_alloc(u64 bytes)
{
    heap_blocks++;
    return calloc(1, bytes);
}

void heap_free(void *block)
{
    heap_blocks -= block != NULL;
    free(block);
}

void granted_copy(struct granted_copies *batch, domid_t domain, grant_ref_t ref, u32 offset,
                  const void *own, u32 bytes, bool to_guest, s16 *status)
{
    (void)batch, (void)domain, (void)ref, (void)offset, (void)own, (void)bytes, (void)to_guest;
    (void)status;
    fail();
}

void granted_copy_add(struct granted_copies *batch, const gnttab_copy_t *op, s16 *status)
{
    (void)batch, (void)op, (void)status;
    fail();
}

struct granted_slot *granted_slot_map(struct granted_maps *batch, domid_t domain, grant_ref_t ref,
                                      u32 use)
{
    (void)batch, (void)domain, (void)ref, (void)use;
    fail();
    return NULL;
}

void granted_slot_unmap(struct granted_unmaps *batch, struct granted_slot *slot)
{
    (void)batch, (void)slot;
    fail();
}

void granted_copies_flush(struct granted_copies *batch)
{
    (void)batch;
}

void granted_maps_flush(struct granted_maps *batch)
{
    (void)batch;
}

void granted_unmaps_flush(struct granted_unmaps *batch)
{
    (void)batch;
}
