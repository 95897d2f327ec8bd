/*
 * The table is memory of the hypervisor that it shares with us, one frame after the other as we ask
 * for them; its addresses are reserved for as many as there may ever be. Entries that nobody uses
 * are a chain: an entry whose type is invalid means nothing to the hypervisor, so its frame field
 * is ours, and holds the number of the next.
 *
 * Two do things to a used entry at once: we take it back, and the hypervisor marks it as in use.
 * Both compare and exchange the same flags, so one of them comes first and the other sees it.
 */
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"

#define TABLE_START       0xffffe00000000000ull /* above what dom0 has for other domains' frames */
#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define IN_USE            (GTF_reading | GTF_writing)

static grant_entry_v1_t *const table = (grant_entry_v1_t *)TABLE_START;
static xen_pfn_t *frames; /* the table's, for asking: room for frames_max */
static u32 frames_now, frames_max;
static grant_ref_t first_free = GRANT_NONE; /* of the chain */
static struct lock lock;                    /* guards all of it, the chain in the table too */

static u64 frame_address(u32 index)
{
    return TABLE_START + index * PAGE_SIZE;
}

/* Locked. */
static void chain_put(grant_ref_t ref)
{
    table[ref].frame = first_free;
    first_free = ref;
}

/* Locked. One frame more; the hypervisor gives the list from the first one on. */
static long table_grow(void)
{
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = frames_now + 1};
    struct mmu_batch batch = {0};
    grant_ref_t first = frames_now * ENTRIES_PER_FRAME, ref;
    long answer;

    if (frames_now == frames_max)
        return -XEN_ENOSPC;
    set_xen_guest_handle(setup.frame_list, frames);
    answer = call_grant_table_op(GNTTABOP_setup_table, &setup, 1);
    if (answer || setup.status != GNTST_okay)
        return answer ? answer : -XEN_ENOMEM;
    mmu_batch_add(&batch, table_walk(table_boot_root(), frame_address(frames_now), 1),
                  pte_make((mfn_t){frames[frames_now]}, PTE_KERNEL_READ_WRITE) | PTE_NX);
    mmu_batch_flush(&batch);
    frames_now++;
    /* Some entries at the beginning have their own purpose. Low numbers are given first. */
    for (ref = first + ENTRIES_PER_FRAME; ref-- > MAX(first, GNTTAB_NR_RESERVED_ENTRIES);)
        chain_put(ref);
    return 0;
}

/* The page tables for all that may come: growing then needs no memory of ours. */
static void addresses_reserve(void)
{
    u64 bytes = ALIGN_UP(frames_max * sizeof(*frames), PAGE_SIZE);

    for (u32 i = 0; i < frames_max; i += PT_ENTRIES)
        table_reach(table_boot_root(), frame_address(i));
    frames = pfn_to_virt(frame_alloc_run(bytes >> PAGE_SHIFT));
}

long grant_init(void)
{
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    struct gnttab_set_version version = {.version = 1};
    long answer;

    if (frames_now)
        return 0;
    /* Whoever ran in this domain before, a boot loader say, may have left the other form. */
    answer = call_grant_table_op(GNTTABOP_set_version, &version, 1);
    if (!answer)
        answer = call_grant_table_op(GNTTABOP_query_size, &size, 1);
    if (answer || size.status != GNTST_okay)
        return answer ? answer : -XEN_ENOMEM;
    frames_max = size.max_nr_frames;
    addresses_reserve();
    return table_grow();
}

grant_ref_t grant_give(domid_t to, mfn_t frame, bool read_only)
{
    grant_ref_t ref = GRANT_NONE;
    bool open = lock_take(&lock);

    if (frame.n <= UINT32_MAX && (first_free != GRANT_NONE || !table_grow())) {
        ref = first_free;
        first_free = table[ref].frame;
    }
    lock_release(&lock, open);
    if (ref == GRANT_NONE)
        return ref;
    table[ref].domid = to;
    table[ref].frame = (u32)frame.n;
    /* Last: with these the entry is valid. */
    __atomic_store_n(&table[ref].flags, GTF_permit_access | (read_only ? GTF_readonly : 0),
                     __ATOMIC_RELEASE);
    return ref;
}

bool grant_end(grant_ref_t ref)
{
    u16 flags = __atomic_load_n(&table[ref].flags, __ATOMIC_ACQUIRE);
    bool open;

    if (!(flags & GTF_type_mask))
        guest_panic("grant %u was taken back twice", ref);
    do {
        if (flags & IN_USE)
            return false;
    } while (!__atomic_compare_exchange_n(&table[ref].flags, &flags, 0, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    open = lock_take(&lock);
    chain_put(ref);
    lock_release(&lock, open);
    return true;
}
