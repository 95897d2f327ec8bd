/*
 * The page tables that the loader made: how far they reach, and who holds them. A kernel that
 * builds its own tables gives these back piece by piece; if their pins and references are not as on
 * Xen, it can neither free nor reuse those frames.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/fmt.h"

extern char image_base[];

static mfn_t table_below(mfn_t table, unsigned int level)
{
    return pte_mfn(table_entries(table)[pt_index((uintptr_t)image_base, level)]);
}

/* Flags of the entries on the way to an address; what the CPU itself sets is left out. */
static void entry_rows(const char *what, u64 va)
{
    mfn_t table = table_boot_root();

    for (unsigned int level = PT_LEVELS; level; level--) {
        u64 entry = table_entries(table)[pt_index(va, level)];
        char name[64];

        fmt_snprintf(name, sizeof(name), "first_tables.level_%u_flags_of_%s", level, what);
        row_hex(name, entry & ~PTE_ADDRESS_MASK & ~(PTE_ACCESSED | PTE_DIRTY));
        table = pte_mfn(entry);
    }
}

static void edge_rows(void)
{
    u64 stack = start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
    unsigned long value;

    row("first_tables.stack_faults", probe_write((void *)(uintptr_t)stack, 0).taken);
    row("first_tables.page_before_faults",
        probe_read((void *)((uintptr_t)image_base - sizeof(u64)), &value).taken);
    row("first_tables.write_error", probe_write((void *)start_info->pt_base, 0).error);
    row("first_tables.writable_mapping_of_the_root",
        call_update_va_mapping((void *)(uintptr_t)stack,
                               pte_make(table_boot_root(), PTE_READ_WRITE), UVMF_INVLPG));
}

/* The root is pinned; the tables below are held by it alone. */
static void pin_rows(void)
{
    mfn_t root = table_boot_root(), table = root;

    for (unsigned int level = PT_LEVELS - 1; level; level--) {
        char name[40];

        table = table_below(table, level + 1);
        fmt_snprintf(name, sizeof(name), "first_tables.unpin_level_%u", level);
        row(name, table_unpin(table));
    }
    row("first_tables.unpin_root", table_unpin(root));
    row("first_tables.unpin_root_again", table_unpin(root));
    row("first_tables.pin_root_as_level_below", table_pin(root, PT_LEVELS - 1));
    row("first_tables.pin_root", table_pin(root, PT_LEVELS));
    row("first_tables.pin_root_again", table_pin(root, PT_LEVELS));
}

void guest_main(void)
{
    edge_rows();
    entry_rows("start_info", (uintptr_t)start_info);
    entry_rows("tables", start_info->pt_base);
    pin_rows();
    guest_end();
}
