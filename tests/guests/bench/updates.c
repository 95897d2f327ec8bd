/*
 * Rows of single entries. Each operation changes a present entry to another present one, and a run
 * does it there and back: first all entries to the frames of set 1, then to those of set 0.
 */
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/region.h"
#include "tests/guests/bench/rows.h"

#define MULTICALL_MAX 32

static mmu_update_t there[PT_ENTRIES], back[PT_ENTRIES];
static mmu_update_t forbid[PT_ENTRIES]; /* as back, but read-only */
static multicall_entry_t calls_there[MULTICALL_MAX], calls_back[MULTICALL_MAX];
static mmu_update_t machphys;

static inline long swap_entries(const mmu_update_t *first, unsigned int count)
{
    return call_mmu_update(first, count, NULL, DOMID_SELF) |
           call_mmu_update(back, count, NULL, DOMID_SELF);
}

static long mmu_update_1(void)
{
    return swap_entries(there, 1);
}

static long mmu_update_8(void)
{
    return swap_entries(there, 8);
}

static long mmu_update_32(void)
{
    return swap_entries(there, 32);
}

static long mmu_update_128(void)
{
    return swap_entries(there, 128);
}

static long mmu_update_512(void)
{
    return swap_entries(there, 512);
}

static long permissions_32(void)
{
    return swap_entries(forbid, 32);
}

static long machphys_update(void)
{
    return call_mmu_update(&machphys, 1, NULL, DOMID_SELF);
}

static inline long swap_page(u64 flags)
{
    return call_update_va_mapping(region_page(0), there[0].val, flags) |
           call_update_va_mapping(region_page(0), back[0].val, flags);
}

static long va_no_flush(void)
{
    return swap_page(UVMF_NONE);
}

static long va_invlpg(void)
{
    return swap_page(UVMF_INVLPG | UVMF_LOCAL);
}

static long va_flush(void)
{
    return swap_page(UVMF_TLB_FLUSH | UVMF_LOCAL);
}

static long va_multicall_32(void)
{
    return call_multicall(calls_there, 32) | call_multicall(calls_back, 32);
}

/* Through the kernel's read-only mapping of the table: each store faults, and is carried out. */
static long page_table_store(void)
{
    mfn_t table = {there[0].ptr >> PAGE_SHIFT};
    volatile u64 *entry =
        (volatile u64 *)&table_entries(table)[there[0].ptr % PAGE_SIZE / sizeof(u64)];

    *entry = there[0].val;
    *entry = back[0].val;
    return 0;
}

static void requests_make(void)
{
    mfn_t frame = pte_mfn(frame_entry(0, 0));

    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        u64 ptr = region_entry(i) | MMU_NORMAL_PT_UPDATE;

        there[i] = (mmu_update_t){.ptr = ptr, .val = frame_entry(1, i)};
        back[i] = (mmu_update_t){.ptr = ptr, .val = frame_entry(0, i)};
        forbid[i] = (mmu_update_t){.ptr = ptr, .val = frame_entry(0, i) & ~PTE_WRITE};
    }
    machphys = (mmu_update_t){.ptr = mfn_to_address(frame) | MMU_MACHPHYS_UPDATE,
                              .val = mfn_to_pfn(frame).n};
}

static multicall_entry_t va_call(unsigned int page, u64 pte)
{
    return (multicall_entry_t){.op = __HYPERVISOR_update_va_mapping,
                               .args = {(uintptr_t)region_page(page), pte, UVMF_NONE}};
}

void rows_updates(void)
{
    static const struct bench benches[] = {
        {"mmu-update-1", .run = mmu_update_1, .per_run = 2},
        {"mmu-update-8", .run = mmu_update_8, .per_run = 2 * 8},
        {"mmu-update-32", .run = mmu_update_32, .per_run = 2 * 32},
        {"mmu-update-128", .run = mmu_update_128, .per_run = 2 * 128},
        {"mmu-update-512", .run = mmu_update_512, .per_run = 2 * 512, .runs = RUNS_LONG},
        {"mmu-update-permissions-32", .run = permissions_32, .per_run = 2 * 32},
        {"page-table-store", .run = page_table_store, .per_run = 2},
        {"machphys-update", .run = machphys_update},
        {"update-va-mapping", .run = va_no_flush, .per_run = 2},
        {"update-va-mapping-invlpg", .run = va_invlpg, .per_run = 2},
        {"update-va-mapping-flush", .run = va_flush, .per_run = 2},
        {"update-va-mapping-multicall-32", .run = va_multicall_32, .per_run = 2 * 32},
    };

    requests_make();
    for (unsigned int i = 0; i < MULTICALL_MAX; i++) {
        calls_there[i] = va_call(i, there[i].val);
        calls_back[i] = va_call(i, back[i].val);
    }
    bench_rows(benches, ARRAY_SIZE(benches));
    for (unsigned int i = 0; i < MULTICALL_MAX; i++)
        bench_require("update_va_mapping", (long)(calls_there[i].result | calls_back[i].result));
}
