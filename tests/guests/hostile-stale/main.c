/*
 * Stale translations. A guest may take a mapping away without a flush, and go on using what its TLB
 * remembers; that is its own affair while the frame is its own plain memory. Before the frame
 * becomes anything that must not be written (a page table, a descriptor table) or somebody else's,
 * the hypervisor has to see to it that no TLB can write it any more. So: each way to take a
 * writable mapping away without a flush, crossed with each thing that the frame may become; then a
 * store through the address that once led there. It must not arrive.
 */
#include "tests/guests/common.h"

#define WINDOW ((u64 *)scratch_page(3))
#define MARK   0x5a5a5a5a5a5a5a5bull

struct way {
    const char *what;
    void (*unmap)(void);
};

static pfn_t pfn; /* the frame of each attempt */
static mfn_t mfn;
static mfn_t spare; /* a page to map in its place */
static s64 arrived; /* stores that did, in frames of new owners */

static u64 window_entry(unsigned int level)
{
    return table_walk(table_boot_root(), (u64)WINDOW, level);
}

static void by_update(void)
{
    pte_update(window_entry(1), 0);
}

static void by_update_preserving(void)
{
    pte_update(window_entry(1) | MMU_PT_UPDATE_PRESERVE_AD, 0);
}

static void by_address(void)
{
    call_update_va_mapping(WINDOW, 0, UVMF_NONE);
}

static void by_other_page(void)
{
    call_update_va_mapping(WINDOW, pte_make(spare, PTE_READ_WRITE), UVMF_NONE);
}

static void by_read_only(void)
{
    call_update_va_mapping(WINDOW, pte_make(mfn, PTE_READ_ONLY), UVMF_NONE);
}

static void by_multicall(void)
{
    multicall_entry_t calls[] = {
        {.op = __HYPERVISOR_update_va_mapping, .args = {(u64)WINDOW, 0, UVMF_NONE}},
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version, 0}},
    };

    call_multicall(calls, ARRAY_SIZE(calls));
}

/* A store of the guest's own to its L1 table, which is carried out for it. */
static void by_store(void)
{
    volatile u64 *entry = (u64 *)table_entries((mfn_t){window_entry(1) >> PAGE_SHIFT});

    entry[pt_index((u64)WINDOW, 1)] = 0;
}

/* The whole way to it, from above. */
static void by_level(unsigned int level)
{
    u64 address = window_entry(level), old = entry_read(address);

    pte_update(window_entry(1), 0);
    pte_update(address, 0);
    pte_update(address, old);
}

static void by_l2(void)
{
    by_level(2);
}

static void by_l3(void)
{
    by_level(3);
}

static void by_l4(void)
{
    by_level(4);
}

/* Flushed, but for another address. */
static void by_wrong_flush(void)
{
    call_update_va_mapping(WINDOW, 0, UVMF_NONE);
    mmuext(MMUEXT_INVLPG_LOCAL, (u64)WINDOW + PAGE_SIZE);
}

static const struct way ways[] = {
    {"update", by_update},
    {"update-preserving", by_update_preserving},
    {"address", by_address},
    {"other-page", by_other_page},
    {"read-only", by_read_only},
    {"multicall", by_multicall},
    {"store", by_store},
    {"l2", by_l2},
    {"l3", by_l3},
    {"l4", by_l4},
    {"wrong-flush", by_wrong_flush},
};

static long become_l1(void)
{
    return mmuext(MMUEXT_PIN_L1_TABLE, mfn.n);
}

static long become_l2(void)
{
    return mmuext(MMUEXT_PIN_L2_TABLE, mfn.n);
}

static long become_l4(void)
{
    return mmuext(MMUEXT_PIN_L4_TABLE, mfn.n);
}

/* By being named in a table in use, and not by a pin. */
static long become_hooked(void)
{
    return pte_update(window_entry(2) + sizeof(u64), pte_make(mfn, PTE_TABLE));
}

static long become_gdt(void)
{
    return call_set_gdt(&mfn.n, 512);
}

static long reservation(unsigned int command, u64 *frame)
{
    struct xen_memory_reservation request = {.nr_extents = 1, .domid = DOMID_SELF};

    request.extent_start.p = frame;
    return call_memory_op(command, &request);
}

/* Given back. Until somebody gets it, a store to it is nobody's harm; then it must be over. */
static long become_anothers(void)
{
    u64 old = mfn.n, *seen = (u64 *)scratch_page(4), before;
    long answer = reservation(XENMEM_decrease_reservation, &old);

    probe_write(WINDOW, MARK);
    if (reservation(XENMEM_increase_reservation, &old) != 1)
        guest_panic("no frame for the one given back");
    map_page(seen, old << PAGE_SHIFT | PTE_READ_ONLY);
    before = ACCESS_ONCE(seen[1]);
    probe_write(WINDOW + 1, ~before);
    arrived += ACCESS_ONCE(seen[1]) != before;
    map_page(seen, 0);
    return answer;
}

static void undo_pin(void)
{
    mmuext(MMUEXT_UNPIN_TABLE, mfn.n);
}

static void undo_hook(void)
{
    pte_update(window_entry(2) + sizeof(u64), 0);
}

static void undo_gdt(void)
{
    call_set_gdt(NULL, 0);
}

static void undo_nothing(void)
{
}

static const struct {
    const char *what;
    long (*become)(void);
    void (*undo)(void);
} uses[] = {
    {"l1", become_l1, undo_pin},   {"l2", become_l2, undo_pin},
    {"l4", become_l4, undo_pin},   {"hooked", become_hooked, undo_hook},
    {"gdt", become_gdt, undo_gdt}, {"anothers", become_anothers, undo_nothing},
};

/* A frame that only the window may write, and that is in the TLB as such. */
static void frame_prepare(bool seen)
{
    pfn = frame_alloc_zeroed();
    mfn = pfn_to_mfn(pfn);
    call_update_va_mapping(pfn_to_virt(pfn), seen ? pte_make(mfn, PTE_READ_ONLY) | PTE_NX : 0,
                           UVMF_INVLPG);
    map_page(WINDOW, pte_make(mfn, PTE_READ_WRITE));
    WINDOW[0] = 0;
}

/*
 * The store may fault, or go to the page that is mapped there now; the frame must stay as it is. A
 * page table's first entry would be MARK, which is no entry that anybody may have.
 */
static void attempt(const struct way *way, unsigned int use)
{
    bool seen = uses[use].undo != undo_nothing;
    char group[40];
    long answer;

    fmt_snprintf(group, sizeof(group), "%s-then-%s", way->what, uses[use].what);
    frame_prepare(seen);
    way->unmap();
    answer = uses[use].become();
    row(name_of(group, "answer"), answer);
    if (seen) {
        row(name_of(group, "store"), probe_write(WINDOW, MARK).vector);
        row_want_hex(name_of(group, "content"), *(volatile u64 *)pfn_to_virt(pfn), 0);
    }
    uses[use].undo();
    call_update_va_mapping(WINDOW, 0, UVMF_INVLPG);
}

void guest_main(void)
{
    scratch_entry(1);
    spare = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++) {
        for (unsigned int use = 0; use < ARRAY_SIZE(uses); use++)
            attempt(&ways[way], use);
    }
    row_want("anothers.stores-that-arrived", arrived, 0);
    guest_end();
}
