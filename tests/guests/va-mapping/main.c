/*
 * update_va_mapping changes the entry that maps an address in the tables in force, and multicall
 * makes many calls in one entry: between them most of what a running kernel does to its memory.
 * Here: the flush that comes with an update, what happens where there is no L1 table, and how a
 * list of calls goes on behind one that fails.
 */
#include "tests/guests/common.h"

static u64 frame_a, frame_b; /* machine addresses */
static volatile u64 *page;

#define M2P_END 0xffe00000 /* in 32 bits */

#define READ_WRITE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)

static const struct {
    const char *what;
    u64 flags;
} flushes[] = {
    {"invlpg", UVMF_INVLPG}, {"invlpg-all", UVMF_INVLPG | UVMF_ALL},
    {"tlb", UVMF_TLB_FLUSH}, {"tlb-all", UVMF_TLB_FLUSH | UVMF_ALL},
    {"kind-3", 3},
};

/* After an update with a flush the new frame is seen at once. */
static void say_flushes(void)
{
    /* A vcpu that there is not is none: no error. */
    static const u64 sets[] = {~0ull, 0, 2, 1ull << 63};
    u64 vcpus = 1;

    for (unsigned int i = 0; i < ARRAY_SIZE(flushes); i++) {
        call_update_va_mapping((void *)page, frame_a | READ_WRITE, UVMF_TLB_FLUSH);
        (void)page[0];
        row(name_of("flush", flushes[i].what),
            call_update_va_mapping((void *)page, frame_b | READ_WRITE, flushes[i].flags));
        if (flushes[i].flags != 3)
            row_hex(name_of("flush-sees", flushes[i].what), page[0]);
    }
    call_update_va_mapping((void *)page, frame_a | READ_WRITE, UVMF_TLB_FLUSH);
    row("flush.vcpu-set", call_update_va_mapping((void *)page, frame_b | READ_WRITE,
                                                 UVMF_INVLPG | (uintptr_t)&vcpus));
    row_hex("flush-sees.vcpu-set", page[0]);
    for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++) {
        vcpus = sets[i];
        row(name_nth("flush", "vcpu-set", i),
            call_update_va_mapping((void *)page, (i & 1 ? frame_b : frame_a) | READ_WRITE,
                                   UVMF_TLB_FLUSH | (uintptr_t)&vcpus));
        row_hex(name_nth("flush-sees", "vcpu-set", i), page[0] & vcpus);
    }
    row("flush.vcpu-set-half-mapped",
        call_update_va_mapping((void *)page, frame_b | READ_WRITE,
                               UVMF_INVLPG | ((uintptr_t)(page + 512) - 4)));
    row("flush.vcpu-set-unmapped",
        call_update_va_mapping((void *)page, frame_a | READ_WRITE, UVMF_INVLPG | 0x1000));
    row_want("flush.vcpu-set-unmapped-done",
             (table_lookup(table_boot_root(), (uintptr_t)page) ^ frame_a) < PAGE_SIZE, 1);
    row("flush.vcpu-set-in-hypervisor",
        call_update_va_mapping((void *)page, frame_b | READ_WRITE,
                               UVMF_TLB_FLUSH | HYPERVISOR_VIRT_START));
    row("flush.kind-0-with-set",
        call_update_va_mapping((void *)page, frame_b | READ_WRITE, 0x1000));
    row("flush.kind-3-with-set",
        call_update_va_mapping((void *)page, frame_b | READ_WRITE, 3 | 0x1000));
    call_update_va_mapping((void *)page, 0, UVMF_TLB_FLUSH);
}

static const struct {
    const char *what;
    u64 va;
} places[] = {
    {"no-tables", 0x1000},
    {"no-l1", SCRATCH_VA + MIB(2)},
    {"no-l2", SCRATCH_VA + GIB(1)},
    {"non-canonical", NON_CANONICAL},
    {"m2p", HYPERVISOR_VIRT_START},
#ifdef __x86_64__
    {"hypervisor", HYPERVISOR_VIRT_START + (6ull << 39)},
    {"hypervisor-last", HYPERVISOR_VIRT_END - PAGE_SIZE},
#else
    {"hypervisor", M2P_END},        {"hypervisor-last", 0xfffff000},
#endif
    {"last-page", ~0ull},
    {"misaligned", SCRATCH_VA + 0x123},
};

static void say_places(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
        row(name_of("place-map", places[i].what),
            map_page((void *)(uintptr_t)places[i].va, frame_a | READ_WRITE));
        row(name_of("place-clear", places[i].what), map_page((void *)(uintptr_t)places[i].va, 0));
        row(name_of("place-no-flush", places[i].what),
            call_update_va_mapping((void *)(uintptr_t)places[i].va, 0, UVMF_NONE));
    }
}

static const struct {
    const char *what;
    u64 pte;
} values[] = {
    {"no-such-frame", BEYOND_MEMORY << PAGE_SHIFT | PTE_PRESENT},
    {"no-such-frame-writable", BEYOND_MEMORY << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE},
    {"no-such-frame-absent", BEYOND_MEMORY << PAGE_SHIFT},
    {"all-ones", ~0ull},
    {"all-address-bits", PTE_ADDRESS_MASK | PTE_PRESENT},
    {"frame-0", PTE_PRESENT | PTE_USER},
    {"frame-0-writable", PTE_PRESENT | PTE_USER | PTE_WRITE},
    {"video-memory", 0xb8000 | PTE_PRESENT | PTE_USER | PTE_WRITE},
    {"local-apic", 0xfee00000 | PTE_PRESENT | PTE_USER | PTE_WRITE},
    {"first-mib-of-hypervisor", MIB(2) | PTE_PRESENT | PTE_USER},
};

static void say_values(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
        row(name_of("value", values[i].what), map_page((void *)page, values[i].pte));
        map_page((void *)page, 0);
    }
    /* The page that hypervisor and guest share may be mapped again, as often as one likes. */
    row("value.shared-info", map_page((void *)page, start_info->shared_info | READ_WRITE));
    row("value.shared-info-same", page[0] == *(volatile u64 *)shared_info);
    row("value.shared-info-uncached",
        map_page((void *)page, start_info->shared_info | READ_WRITE | PTE_NO_CACHE));
    map_page((void *)page, 0);
}

/* A list goes on behind a call that fails, and each entry has its answer. */
static void say_multicall(void)
{
    multicall_entry_t calls[] = {
        {.op = __HYPERVISOR_update_va_mapping,
         .args = {(uintptr_t)page, VA_MAPPING_PTE(frame_a | READ_WRITE), 0}},
        {.op = __HYPERVISOR_update_va_mapping, .args = {0x1000, VA_MAPPING_PTE(0ull), UVMF_INVLPG}},
        {.op = 63, .args = {0}},
        {.op = 64, .args = {0}},
        {.op = ~0ul, .args = {0}},
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_pagesize, 0}},
        {.op = __HYPERVISOR_multicall, .args = {0, 0}},
        {.op = __HYPERVISOR_update_va_mapping,
         .args = {(uintptr_t)page, VA_MAPPING_PTE(frame_b | READ_WRITE), UVMF_INVLPG}},
    };

    row("multicall.answer", call_multicall(calls, ARRAY_SIZE(calls)));
    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
        row(name_nth("multicall", "result", i), (long)calls[i].result);
    row_hex("multicall.page-seen", page[0]);
    row("multicall.none", call_multicall(calls, 0));
    row("multicall.none-null", call_multicall(NULL, 0));
    row("multicall.in-hypervisor", call_multicall(HYPERVISOR_ADDRESS, 1));
    row("multicall.unmapped", call_multicall((void *)0x1000, 1));
    row("multicall.too-many", call_multicall(HYPERVISOR_ADDRESS - PAGE_SIZE, ~0u));
    map_page((void *)page, 0);
}

/* A list in memory that cannot be written: the calls cannot leave their answers. */
static void say_multicall_read_only(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    multicall_entry_t *list = pfn_to_virt(pfn);

    list[0] = (multicall_entry_t){
        .op = __HYPERVISOR_update_va_mapping,
        .args = {(uintptr_t)page + PAGE_SIZE, VA_MAPPING_PTE(frame_b | READ_WRITE), 0}};
    map_page((void *)page, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER));
    row("multicall.read-only", call_multicall((multicall_entry_t *)page, 1));
    row("multicall.read-only-did-it",
        table_lookup(table_boot_root(), (uintptr_t)page + PAGE_SIZE) != 0);
    map_page((void *)page, 0);
    map_page((u8 *)page + PAGE_SIZE, 0);
    frame_free(pfn);
}

void guest_main(void)
{
    pfn_t a = frame_alloc_zeroed(), b = frame_alloc_zeroed();

    scratch_entry(1);
    page = scratch_page(0);
    *(u64 *)pfn_to_virt(a) = 0xa;
    *(u64 *)pfn_to_virt(b) = 0xb;
    frame_a = mfn_to_address(pfn_to_mfn(a));
    frame_b = mfn_to_address(pfn_to_mfn(b));
    say_flushes();
    say_places();
    say_values();
    say_multicall();
    say_multicall_read_only();
    guest_end();
}
