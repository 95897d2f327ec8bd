/*
 * Granted frames for a moment: slots, their batches, and copies. Each slot has an address of its
 * own for as long as dom0 runs, so that no tables are made while requests come; there are as many
 * as were ever needed at once.
 */
#include "dom0/mm/granted.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/core/hypercall.h"

#define SLOTS_AT_ONCE 64

static struct list free_slots = LIST_INIT(free_slots);

static void slots_make(void)
{
    struct area *area = area_reserve(SLOTS_AT_ONCE);
    struct granted_slot *slots = area ? heap_alloc(SLOTS_AT_ONCE * sizeof(*slots)) : NULL;

    if (!slots) {
        if (area)
            area_release(area);
        return;
    }
    for (u32 n = 0; n < SLOTS_AT_ONCE; n++) {
        slots[n].at = area_page(area, n);
        list_add_tail(&free_slots, &slots[n].link);
    }
}

static struct granted_slot *slot_take(void)
{
    struct list *link;

    if (list_is_empty(&free_slots))
        slots_make();
    link = list_take_first(&free_slots);
    return link ? LIST_ENTRY(link, struct granted_slot, link) : NULL;
}

static void batch_send(unsigned int command, void *ops, u32 count)
{
    long answer = count ? hypercall_grant_table_op(command, (uintptr_t)ops, count) : 0;

    if (answer)
        guest_panic("grant_table_op %u: %ld", command, answer);
}

struct granted_slot *granted_slot_map(struct granted_maps *batch, domid_t domain, grant_ref_t ref,
                                      u32 use)
{
    struct granted_slot *slot = slot_take();
    bool visible = use & (GRANTED_READ | GRANTED_WRITE);
    bool device = use & (GRANTED_DEVICE_READS | GRANTED_DEVICE_WRITES);
    bool writes = use & (GRANTED_WRITE | GRANTED_DEVICE_WRITES);

    if (!slot)
        return NULL;
    if (batch->count == GRANTED_BATCH)
        granted_maps_flush(batch);
    slot->use = (u8)use;
    slot->status = GNTST_general_error;
    batch->slots[batch->count] = slot;
    batch->ops[batch->count++] = (gnttab_map_grant_ref_t){
        .host_addr = visible ? (uintptr_t)slot->at : 0,
        .flags = (visible ? GNTMAP_host_map : 0) | (device ? GNTMAP_device_map : 0) |
                 (writes ? 0 : GNTMAP_readonly),
        .ref = ref,
        .dom = domain};
    return slot;
}

void granted_maps_flush(struct granted_maps *batch)
{
    batch_send(GNTTABOP_map_grant_ref, batch->ops, batch->count);
    for (u32 n = 0; n < batch->count; n++) {
        batch->slots[n]->status = batch->ops[n].status;
        batch->slots[n]->handle = batch->ops[n].handle;
        batch->slots[n]->machine = batch->ops[n].dev_bus_addr;
    }
    batch->count = 0;
}

void granted_slot_unmap(struct granted_unmaps *batch, struct granted_slot *slot)
{
    bool visible = slot->use & (GRANTED_READ | GRANTED_WRITE);
    bool device = slot->use & (GRANTED_DEVICE_READS | GRANTED_DEVICE_WRITES);

    if (slot->status != GNTST_okay) {
        list_add_head(&free_slots, &slot->link);
        return;
    }
    if (batch->count == GRANTED_BATCH)
        granted_unmaps_flush(batch);
    batch->slots[batch->count] = slot;
    batch->ops[batch->count++] =
        (gnttab_unmap_grant_ref_t){.host_addr = visible ? (uintptr_t)slot->at : 0,
                                   .dev_bus_addr = device ? slot->machine : 0,
                                   .handle = slot->handle};
}

void granted_unmaps_flush(struct granted_unmaps *batch)
{
    batch_send(GNTTABOP_unmap_grant_ref, batch->ops, batch->count);
    for (u32 n = 0; n < batch->count; n++) {
        if (batch->ops[n].status != GNTST_okay)
            guest_panic("a grant cannot be unmapped: %d", batch->ops[n].status);
        list_add_head(&free_slots, &batch->slots[n]->link);
    }
    batch->count = 0;
}

void granted_copy_add(struct granted_copies *batch, const gnttab_copy_t *op, s16 *status)
{
    if (batch->count == GRANTED_BATCH)
        granted_copies_flush(batch);
    batch->statuses[batch->count] = status;
    batch->ops[batch->count++] = *op;
}

void granted_copy(struct granted_copies *batch, domid_t domain, grant_ref_t ref, u32 offset,
                  const void *own, u32 bytes, bool to_guest, s16 *status)
{
    struct gnttab_copy_ptr guest = {.u.ref = ref, .domid = domain, .offset = (u16)offset};
    struct gnttab_copy_ptr ours = {.u.gmfn = virt_to_mfn(own).n,
                                   .domid = DOMID_SELF,
                                   .offset = (u16)((uintptr_t)own % PAGE_SIZE)};
    gnttab_copy_t op = {.source = to_guest ? ours : guest,
                        .dest = to_guest ? guest : ours,
                        .len = (u16)bytes,
                        .flags = to_guest ? GNTCOPY_dest_gref : GNTCOPY_source_gref};

    granted_copy_add(batch, &op, status);
}

void granted_copies_flush(struct granted_copies *batch)
{
    batch_send(GNTTABOP_copy, batch->ops, batch->count);
    for (u32 n = 0; n < batch->count; n++) {
        if (batch->statuses[n])
            *batch->statuses[n] = batch->ops[n].status;
    }
    batch->count = 0;
}
