/*
 * mmu_update: the call by which a guest changes its page tables, in batches. What an entry reads
 * back as, how many requests of a batch were done when one fails, and what is refused are all that
 * a kernel has to go by: it cannot look at the hypervisor's counts.
 */
#include "tests/guests/common.h"
#include "tests/guests/mmu-update/width.h"

static u64 data_pte;
u64 table_pte[PT_LEVELS];

/* Writes value to the entry and says the flags that it then has. */
static void say_written(const char *group, const char *what, u64 address, u64 value)
{
    long answer = pte_update(address, value);
    u64 entry = entry_read(address);

    if (answer)
        row(name_of(group, what), answer);
    else
        row_hex(name_of(group, what), entry_flags(entry));
}

/* The same of an entry below the root, to which nothing is added in 32 bits. */
static void say_as_written(const char *group, const char *what, u64 address, u64 value)
{
    if (entry_is_kept_as_written() && !pte_update(address, value))
        row_want_hex(name_of(group, what), entry_flags(entry_read(address)), entry_flags(value));
    else
        say_written(group, what, address, value);
}

static const struct {
    const char *what;
    u64 flags;
} l1_forms[] = {
    {"read-only", PTE_PRESENT | PTE_USER},
    {"read-write", PTE_PRESENT | PTE_USER | PTE_WRITE},
    {"kernel-only", PTE_PRESENT | PTE_WRITE},
    {"kernel-only-marked", PTE_PRESENT | PTE_WRITE | PTE_GUEST_KERNEL},
    {"user-marked-kernel", PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_GUEST_KERNEL},
    {"global", PTE_PRESENT | PTE_USER | PTE_GLOBAL},
    {"global-kernel", PTE_PRESENT | PTE_GLOBAL},
    {"accessed", PTE_PRESENT | PTE_USER | PTE_ACCESSED},
    {"dirty", PTE_PRESENT | PTE_USER | PTE_WRITE | PTE_DIRTY},
    {"no-execute", PTE_PRESENT | PTE_USER | PTE_NX},
    {"available-low", PTE_PRESENT | PTE_USER | 0xe00},
    {"available-53", PTE_PRESENT | PTE_USER | 1ull << 53},
    {"available-58", PTE_PRESENT | PTE_USER | 1ull << 58},
    {"available-61", PTE_PRESENT | PTE_USER | 1ull << 61},
    {"available-62", PTE_PRESENT | PTE_USER | 1ull << 62},
    {"write-through", PTE_PRESENT | PTE_USER | PTE_WRITE_THROUGH},
    {"no-cache", PTE_PRESENT | PTE_USER | PTE_NO_CACHE},
    {"pat", PTE_PRESENT | PTE_USER | PTE_PAT_OR_LARGE},
    {"not-present-but-full", ~PTE_PRESENT & ~PTE_ADDRESS_MASK},
};

static void say_l1_forms(void)
{
    u64 slot = scratch_entry(1), other = slot + sizeof(u64);

    for (unsigned int i = 0; i < ARRAY_SIZE(l1_forms); i++) {
        pte_update(slot, 0);
        say_as_written("l1-fresh", l1_forms[i].what, slot, data_pte | l1_forms[i].flags);
        /* Over an entry with the same frame and the right to write there is a short road. */
        pte_update(other, data_pte | PTE_PRESENT | PTE_USER | (l1_forms[i].flags & PTE_WRITE));
        say_as_written("l1-over-same", l1_forms[i].what, other, data_pte | l1_forms[i].flags);
    }
    pte_update(slot, 0);
    pte_update(other, 0);
}

/* Each bit that is no address, and those of the address that no machine has. */
static void say_l1_bits(void)
{
    u64 slot = scratch_entry(1);

    for (unsigned int bit = 1; bit < 64; bit++) {
        if (bit >= PAGE_SHIFT && bit < 40)
            continue;
        pte_update(slot, 0);
        say_as_written("l1-bits", name_nth("bit", "fresh", bit), slot,
                       data_pte | PTE_PRESENT | 1ull << bit);
        pte_update(slot, 0);
        say_as_written("l1-bits", name_nth("bit", "writable", bit), slot,
                       data_pte | PTE_PRESENT | PTE_WRITE | 1ull << bit);
    }
    pte_update(slot, 0);
}

void say_upper_forms(unsigned int level)
{
    u64 slot = scratch_entry(level) + 8 * sizeof(u64);
    char group[16];

    fmt_snprintf(group, sizeof(group), "l%u", level);
    for (unsigned int bit = 1; bit < 64; bit++) {
        if (bit >= PAGE_SHIFT && bit < 52)
            continue;
        pte_update(slot, 0);
        say_as_written(group, name_nth("bit", "fresh", bit), slot,
                       table_pte[level - 2] | PTE_PRESENT | 1ull << bit);
    }
    pte_update(slot, 0);
    pte_update(slot, table_pte[level - 2] | PTE_PRESENT);
    say_as_written(group, "same-with-accessed", slot,
                   table_pte[level - 2] | PTE_PRESENT | PTE_ACCESSED);
    say_as_written(group, "same-read-write", slot, table_pte[level - 2] | PTE_PRESENT | PTE_WRITE);
    say_as_written(group, "not-present", slot, 0xff0);
    pte_update(slot, 0);
}

/* PRESERVE_AD keeps what the CPU has noted meanwhile; NORMAL overwrites it. */
static void say_preserve(void)
{
    u64 slot = scratch_entry(1), base = data_pte | PTE_PRESENT | PTE_USER | PTE_WRITE;

    pte_update(slot, base | PTE_ACCESSED | PTE_DIRTY);
    say_written("preserve", "neutral", slot | MMU_PT_UPDATE_PRESERVE_AD, base | PTE_NX);
    pte_update(slot, base | PTE_ACCESSED);
    say_written("preserve", "to-read-only", slot | MMU_PT_UPDATE_PRESERVE_AD, base & ~PTE_WRITE);
    pte_update(slot, base | PTE_ACCESSED);
    say_written("preserve", "normal-drops", slot, base);
    pte_update(slot, base | PTE_ACCESSED | PTE_DIRTY);
    say_written("preserve", "to-not-present", slot | MMU_PT_UPDATE_PRESERVE_AD, 0);
    pte_update(slot, 0);
    say_written("preserve", "from-not-present", slot | MMU_PT_UPDATE_PRESERVE_AD, base);

    slot = scratch_entry(2) + 8 * sizeof(u64);
    pte_update(slot, table_pte[0] | PTE_PRESENT | PTE_ACCESSED);
    say_written("preserve", "level-2", slot | MMU_PT_UPDATE_PRESERVE_AD,
                table_pte[0] | PTE_PRESENT);
    pte_update(slot, 0);
    pte_update(scratch_entry(1), 0);
}

/* The CPU notes accesses in the entry itself, and the guest sees them there. */
static void say_accessed_by_use(void)
{
    u64 slot = scratch_entry(1);
    unsigned long value;

    pte_update(slot, data_pte | PTE_PRESENT | PTE_USER | PTE_WRITE);
    mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
    probe_read(scratch_page(0), &value);
    row_hex("use.read", entry_flags(entry_read(slot)));
    probe_write(scratch_page(0), 1);
    row_hex("use.write", entry_flags(entry_read(slot)));
    pte_update(slot, 0);
}

static void say_machine_to_phys(void)
{
    pfn_t pfn = frame_alloc();
    mfn_t mfn = pfn_to_mfn(pfn);
    u64 address = mfn_to_address(mfn);

    row_want("m2p.set", pte_update(address | MMU_MACHPHYS_UPDATE, 0x12345), 0);
    row_want_hex("m2p.reads-back", mfn_to_pfn(mfn).n, 0x12345);
    row_want("m2p.offset-is-ignored", pte_update((address + 0xff0) | MMU_MACHPHYS_UPDATE, pfn.n),
             0);
    row_want("m2p.restored", mfn_to_pfn(mfn).n == pfn.n, 1);
    row("m2p.no-such-frame", pte_update(BEYOND_MEMORY << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0));
    row("m2p.of-the-hypervisor", pte_update(start_info->shared_info | MMU_MACHPHYS_UPDATE, 1));
    frame_free(pfn);
}

/* A batch stops at its first bad request; the count says how far it came. */
static void say_batches(void)
{
    u64 slot = scratch_entry(1), good = data_pte | PTE_PRESENT | PTE_USER;
    mmu_update_t batch[20];
    unsigned int done;

    for (unsigned int bad = 0; bad <= 16; bad += 4) {
        for (unsigned int i = 0; i < ARRAY_SIZE(batch); i++)
            batch[i] = (mmu_update_t){.ptr = slot + i * sizeof(u64), .val = good};
        batch[bad].ptr |= 5;
        done = 99;
        row(name_nth("batch", "answer-bad", bad), call_mmu_update(batch, 20, &done, DOMID_SELF));
        row_want(name_nth("batch", "done-bad", bad), done, bad);
        row_want(name_nth("batch", "last-written-bad", bad),
                 bad ? entry_read(slot + (bad - 1) * sizeof(u64)) != 0 : 1, 1);
        row_want(name_nth("batch", "next-untouched-bad", bad),
                 (s64)entry_read(slot + (bad + 1) * sizeof(u64)), 0);
        for (unsigned int i = 0; i < ARRAY_SIZE(batch); i++)
            pte_update(slot + i * sizeof(u64), 0);
    }
    done = 99;
    row("batch.empty", call_mmu_update(batch, 0, &done, DOMID_SELF));
    row("batch.empty-done", done);
    row("batch.empty-null", call_mmu_update(NULL, 0, NULL, DOMID_SELF));
    for (unsigned int i = 0; i < ARRAY_SIZE(batch); i++)
        batch[i] = (mmu_update_t){.ptr = slot + i * sizeof(u64), .val = i << 1};
    row("batch.good", call_mmu_update(batch, 20, &done, DOMID_SELF));
    row("batch.good-done", done);
    row("batch.good-no-count", call_mmu_update(batch, 20, NULL, DOMID_SELF));
    row_hex("batch.last", entry_read(slot + 19 * sizeof(u64)));
    row("batch.count-in-hypervisor", call_mmu_update(batch, 1, HYPERVISOR_ADDRESS, DOMID_SELF));
    row("batch.requests-in-hypervisor", call_mmu_update(HYPERVISOR_ADDRESS, 1, NULL, DOMID_SELF));
    done = 99;
    row("batch.requests-unmapped", call_mmu_update((void *)0x1000, 1, &done, DOMID_SELF));
    row("batch.requests-unmapped-done", done);
}

/* The kind without translation: for a kernel that translates itself it is the normal one. */
static void say_no_translate(void)
{
    u64 slot = scratch_entry(1), upper = scratch_entry(2) + 8 * sizeof(u64);

    say_written("no-translate", "level-1", slot | MMU_PT_UPDATE_NO_TRANSLATE,
                data_pte | PTE_PRESENT | PTE_WRITE);
    pte_update(slot, data_pte | PTE_PRESENT | PTE_ACCESSED);
    say_written("no-translate", "drops-accessed", slot | MMU_PT_UPDATE_NO_TRANSLATE,
                data_pte | PTE_PRESENT);
    say_written("no-translate", "level-2", upper | MMU_PT_UPDATE_NO_TRANSLATE,
                table_pte[0] | PTE_PRESENT);
    row("no-translate.no-such-frame",
        pte_update(slot | MMU_PT_UPDATE_NO_TRANSLATE, BEYOND_MEMORY << PAGE_SHIFT | PTE_PRESENT));
    pte_update(upper, 0);
    pte_update(slot, 0);
}

/* Plain memory that is no page table can be written in the same way. */
static void say_plain_memory(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 *page = pfn_to_virt(pfn), address = mfn_to_address(pfn_to_mfn(pfn));

    row("plain.write", pte_update(address + 16, 0xfeedfacecafebeef));
    row_hex("plain.word", page[2]);
    row("plain.beyond-memory", pte_update(BEYOND_MEMORY << PAGE_SHIFT, 0));
    row("plain.shared-info", pte_update(start_info->shared_info + 0x800, 0));
    row("plain.command-4", pte_update(address | 4, 0));
    row("plain.command-7", pte_update(address | 7, 0));
    row("plain.no-translate", pte_update(address | MMU_PT_UPDATE_NO_TRANSLATE, 0x10));
    frame_free(pfn);
}

static const struct {
    const char *what;
    u32 id;
} domains[] = {
    {"self", DOMID_SELF},
    {"number-0", 0},
    {"number-1", 1},
    {"io", DOMID_IO},
    {"xen", DOMID_XEN},
    {"cow", DOMID_COW},
    {"invalid", DOMID_INVALID},
    {"tables-of-self", 1u << 16 | DOMID_SELF},
    {"tables-of-1", 2u << 16 | DOMID_SELF},
    {"tables-of-big", 0xffffu << 16 | DOMID_SELF},
};

static void say_domains(void)
{
    mmu_update_t request = {.ptr = scratch_entry(1), .val = data_pte | PTE_PRESENT | PTE_USER};

    for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++) {
        row(name_of("domain", domains[i].what),
            call_mmu_update(&request, 1, NULL, (domid_t)domains[i].id));
        row(name_of("domain-wide", domains[i].what),
            hypercall_mmu_update((uintptr_t)&request, 1, 0, domains[i].id));
        pte_update(scratch_entry(1), 0);
    }
}

void guest_main(void)
{
    scratch_entry(1);
    data_pte = mfn_to_address(pfn_to_mfn(frame_alloc_zeroed()));
    for (unsigned int level = 1; level < PT_LEVELS; level++)
        table_pte[level - 1] = mfn_to_address(table_new());
    say_l1_forms();
    say_l1_bits();
    say_upper_forms(2);
    say_roots();
    say_preserve();
    say_accessed_by_use();
    say_machine_to_phys();
    say_batches();
    say_plain_memory();
    say_no_translate();
    say_domains();
    guest_end();
}
