/*
 * The frames and addresses that are the storm's to wreck. The kernel sees the frames read-only in
 * its direct map, which is no obstacle to any use of them; whatever else maps them, the storm did.
 */
#include "tests/guests/storm/storm.h"
#include "tests/guests/user_space.h"

#define HOME_SLOT pt_index(SCRATCH_VA, PT_LEVELS)

#define RESERVE 1024

static pfn_t frames[ARENA_FRAMES];
static mfn_t mfns[ARENA_FRAMES]; /* of frames[] */
static mfn_t user_root;

mfn_t arena_mfn(unsigned int index)
{
    return mfns[index];
}

pfn_t arena_pfn(unsigned int index)
{
    return frames[index];
}

mfn_t home_user_root(void)
{
    return user_root;
}

/* Of each sixteen frames, one or two are meant to be roots, others tables below, and so on. */
static unsigned int level_of(unsigned int index)
{
    static const u8 levels[16] = {PT_LEVELS, 3, 3, 2, 2, 2, 1, 1, 1, 1};

    return levels[index % 16];
}

static mfn_t frame_meant_for(unsigned int level)
{
    unsigned int index;

    do
        index = (unsigned int)draw(ARENA_FRAMES);
    while (level_of(index) != level);
    return mfns[index];
}

mfn_t arena_frame_of_level(unsigned int level)
{
    return one_in(16) ? arena_frame() : frame_meant_for(MIN(level, PT_LEVELS));
}

mfn_t arena_frame(void)
{
    return mfns[draw(ARENA_FRAMES)];
}

unsigned int arena_index(mfn_t mfn)
{
    unsigned int index = 0;

    while (index < ARENA_FRAMES && mfns[index].n != mfn.n)
        index++;
    return index;
}

void arena_hide(unsigned int index)
{
    map_page(pfn_to_virt(frames[index]), 0);
}

void arena_show(unsigned int index)
{
    long answer =
        map_page(pfn_to_virt(frames[index]), pte_make(mfns[index], PTE_READ_ONLY) | PTE_NX);

    if (answer)
        guest_panic("arena frame %u cannot be seen: error %ld", index, answer);
}

void arena_replace(unsigned int index, mfn_t mfn)
{
    mfns[index] = mfn;
    ((u64 *)start_info->mfn_list)[frames[index].n] = mfn.n;
    pte_update(mfn_to_address(mfn) | MMU_MACHPHYS_UPDATE, frames[index].n);
    arena_show(index);
    mmuext(MMUEXT_CLEAR_PAGE, mfn.n); /* there may be in it what we had once written to it */
    if (level_of(index) == PT_LEVELS)
        arena_root_fit(mfn);
}

/* Not by way of the machine-to-physical table: a root may lack that (the m2p_strict assist). */
static const u64 *boot_entries(void)
{
    return (const u64 *)start_info->pt_base;
}

static u64 entry_meaning(u64 entry)
{
    return entry & ~(PTE_ACCESSED | PTE_DIRTY);
}

/* Entries by the direct map: a frame's machine-to-physical entry may be what the storm made it. */
static const u64 *arena_entries(mfn_t mfn)
{
    unsigned int index = arena_index(mfn);

    return index < ARENA_FRAMES ? pfn_to_virt(frames[index]) : NULL;
}

bool arena_root_is_fit(mfn_t mfn)
{
    const u64 *boot = boot_entries(), *root = arena_entries(mfn);

    for (unsigned int i = KERNEL_SLOT; root && i < PT_ENTRIES; i++) {
        if (entry_meaning(boot[i]) != entry_meaning(root[i]))
            return false;
    }
    return root != NULL && ROOTS_ARE_ALIKE;
}

void arena_root_fit(mfn_t mfn)
{
    const u64 *boot = boot_entries(), *root = arena_entries(mfn);

    for (unsigned int i = KERNEL_SLOT; ROOTS_ARE_ALIKE && root && i < PT_ENTRIES; i++) {
        if (entry_meaning(boot[i]) != entry_meaning(root[i]))
            pte_update(table_entry_address(mfn, i), entry_meaning(boot[i]));
    }
}

/*
 * Frames given back are gone for good only when nothing maps them any more; that the new ones come
 * from elsewhere, the hypervisor gets some to begin with.
 */
static void reserve_give(void)
{
    for (unsigned int i = 0; i < RESERVE; i++) {
        pfn_t pfn = frame_alloc();
        xen_pfn_t mfn = pfn_to_mfn(pfn).n;
        struct xen_memory_reservation give = {.nr_extents = 1, .domid = DOMID_SELF};

        give.extent_start.p = &mfn;
        map_page(pfn_to_virt(pfn), 0);
        if (call_memory_op(XENMEM_decrease_reservation, &give) != 1)
            guest_panic("a free frame cannot be given back");
    }
}

void arena_init(void)
{
    reserve_give();
    for (unsigned int i = 0; i < ARENA_FRAMES; i++) {
        frames[i] = frame_alloc_zeroed();
        mfns[i] = pfn_to_mfn(frames[i]);
        arena_show(i);
    }
    user_root = user_space_init();
    arena_reset();
}

/* The lower half of the boot root, but for the entry that leads to the user code. */
static void boot_root_clear(void)
{
    mfn_t root = table_boot_root();

    for (unsigned int i = 0; i < pt_index(USER_END, PT_LEVELS); i++) {
        if (boot_entries()[i] && i != HOME_SLOT)
            pte_update(table_entry_address(root, i), 0);
    }
}

static unsigned int clear_all(void)
{
    unsigned int refused = 0;

    for (unsigned int i = 0; i < ARENA_FRAMES; i++)
        refused += mmuext(MMUEXT_CLEAR_PAGE, mfns[i].n) != 0;
    return refused;
}

/* Entries that fit, in every slot that is often used: the trees that the storm then wrecks. */
static void trees_plant(void)
{
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        for (unsigned int i = 0; i < ARENA_FRAMES * STORM_SLOTS; i++) {
            unsigned int index = i / STORM_SLOTS, slot = storm_slot(level, i % STORM_SLOTS);

            if (level_of(index) == level)
                pte_update(table_entry_address(mfns[index], slot),
                           pte_make(frame_meant_for(level - 1), PTE_READ_WRITE));
        }
    }
    for (unsigned int i = 0; i < STORM_SLOTS; i++)
        pte_update(table_entry_address(table_boot_root(), storm_root_slot(i)),
                   pte_make_table(frame_meant_for(PT_LEVELS - 1), PT_LEVELS));
}

unsigned int arena_reset(void)
{
    mmuext_op_t ldt = {.cmd = MMUEXT_SET_LDT};
    struct evtchn_reset events = {.dom = DOMID_SELF};
    unsigned int refused;

    kernel_mend();
    call_set_gdt(NULL, 0);
    hypercall_event_channel_op(EVTCHNOP_reset, (uintptr_t)&events);
    call_mmuext_op(&ldt, 1, NULL, DOMID_SELF);
    table_switch(table_boot_root(), user_root);
    boot_root_clear();
    for (unsigned int i = 0; i < ARENA_FRAMES; i++)
        mmuext(MMUEXT_UNPIN_TABLE, mfns[i].n);
    clear_all(); /* what a frame maps may hold another: once for each level of a tree */
    for (unsigned int i = 0; i < PT_LEVELS; i++)
        clear_all();
    refused = clear_all();
    for (unsigned int i = 0; i < ARENA_FRAMES; i++) {
        if (level_of(i) == PT_LEVELS)
            arena_root_fit(mfns[i]);
    }
    trees_plant();
    return refused;
}

/* An entry that would be the same on another machine: its frame by its place in the arena. */
static u64 entry_relative(u64 entry, u64 *last_mfn, u64 *last_index)
{
    u64 mfn = pte_mfn(entry).n;

    if (mfn != *last_mfn) {
        *last_mfn = mfn;
        *last_index = arena_index((mfn_t){mfn});
    }
    if (*last_index == ARENA_FRAMES)
        return entry_flags(entry);
    return entry_flags(entry) | *last_index << PAGE_SHIFT;
}

u64 arena_hash(void)
{
    u64 hash = 0xcbf29ce484222325ull, last_mfn = NO_FRAME_AT_ALL, last_index = ARENA_FRAMES;

    for (unsigned int i = 0; i < ARENA_FRAMES; i++) {
        const u64 *entries = pfn_to_virt(frames[i]);

        for (unsigned int slot = 0; slot < pt_index(HYPERVISOR_VIRT_START, PT_LEVELS); slot++) {
            u64 word = entry_meaning(entries[slot]);

            if (word) /* most are not: they count by the place of the others */
                hash = (hash ^ entry_relative(word, &last_mfn, &last_index) ^ (u64)slot << 32) *
                       0x100000001b3ull;
        }
    }
    return hash;
}
