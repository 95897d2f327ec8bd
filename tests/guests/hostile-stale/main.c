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
#define MARK   ((unsigned long)0x5a5a5a5afee00a5bull)

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
    return table_walk(table_boot_root(), (uintptr_t)WINDOW, level);
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
        {.op = __HYPERVISOR_update_va_mapping,
         .args = {(uintptr_t)WINDOW, VA_MAPPING_PTE(0ull), UVMF_NONE}},
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version, 0}},
    };

    call_multicall(calls, ARRAY_SIZE(calls));
}

/* A store of the guest's own to its L1 table, which is carried out for it. */
static void by_store(void)
{
    volatile u64 *entry = (u64 *)table_entries((mfn_t){window_entry(1) >> PAGE_SHIFT});

    entry[pt_index((uintptr_t)WINDOW, 1)] = 0;
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

static void by_root(void)
{
    by_level(PT_LEVELS);
}

/* Flushed, but for another address. */
static void by_wrong_flush(void)
{
    call_update_va_mapping(WINDOW, 0, UVMF_NONE);
    mmuext(MMUEXT_INVLPG_LOCAL, (uintptr_t)WINDOW + PAGE_SIZE);
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
    {"root", by_root},
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

/* In 32 bits a root needs one entry, the kernel's; the request that writes it is none of the
 * mappings. */
static long become_root(void)
{
    if (PT_LEVELS == 3)
        pte_update(table_entry_address(mfn, 3), table_entries(table_new_kernel_root())[3]);
    return table_pin(mfn, PT_LEVELS);
}

/* By being named in a table in use, and not by a pin. */
static long become_hooked(void)
{
    return pte_update(window_entry(2) + sizeof(u64), pte_make(mfn, PTE_TABLE));
}

static long become_gdt(void)
{
    xen_pfn_t frame = (xen_pfn_t)mfn.n;

    return call_set_gdt(&frame, 512);
}

static long reservation(unsigned int command, xen_pfn_t *frame)
{
    struct xen_memory_reservation request = {.nr_extents = 1, .domid = DOMID_SELF};

    request.extent_start.p = frame;
    return call_memory_op(command, &request);
}

/* Given back. Until somebody gets it, a store to it is nobody's harm; then it must be over. */
static long become_anothers(void)
{
    xen_pfn_t old = (xen_pfn_t)mfn.n;
    u64 *seen = (u64 *)scratch_page(4), before;
    long answer = reservation(XENMEM_decrease_reservation, &old);

    probe_write(WINDOW, MARK);
    if (reservation(XENMEM_increase_reservation, &old) != 1)
        guest_panic("no frame for the one given back");
    map_page(seen, (u64)old << PAGE_SHIFT | PTE_READ_ONLY);
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
    {"l1", become_l1, undo_pin},     {"l2", become_l2, undo_pin},
    {"root", become_root, undo_pin}, {"hooked", become_hooked, undo_hook},
    {"gdt", become_gdt, undo_gdt},   {"anothers", become_anothers, undo_nothing},
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
