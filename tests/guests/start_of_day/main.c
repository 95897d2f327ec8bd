/*
 * What a kernel finds when it starts, before it has asked for anything: start_info, the order of
 * what lies in its first mapping, the form of its first page tables, the lists of frames, and the
 * hypercall page. A kernel has no way to check these before it relies on them.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/x86_64/hypercall.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define REGION_ALIGN MIB(4)

extern char image_base[], image_end[];

static u64 page_up(u64 address)
{
    return ALIGN_UP(address, PAGE_SIZE);
}

static void start_info_rows(void)
{
    row_text("start_of_day.magic", start_info->magic);
    row_hex("start_of_day.flags", start_info->flags & ~SIF_PM_MASK); /* what Xen does about power */
    row("start_of_day.store_mfn", (s64)start_info->store_mfn);
    row("start_of_day.store_evtchn", start_info->store_evtchn);
    row("start_of_day.shared_info_in_page", (s64)(start_info->shared_info % PAGE_SIZE));
    row("start_of_day.p2m_frames_apart", (s64)start_info->nr_p2m_frames);
    row_text("start_of_day.command_line", (const char *)start_info->cmd_line);
}

/* Distances, since the size of the domain differs from one hypervisor to another. */
static void order_rows(void)
{
    u64 info = (u64)start_info, p2m_end = start_info->mfn_list + start_info->nr_pages * 8;
    u64 tables_end = start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
    u64 stack_end = tables_end + PAGE_SIZE, end = ALIGN_UP(stack_end, REGION_ALIGN);
    u64 kernel_end =
        start_info->mod_len ? start_info->mod_start + start_info->mod_len : (u64)image_end;
    u64 value;

    if (end - stack_end < KIB(512))
        end += REGION_ALIGN;
    row("start_of_day.p2m_behind_kernel", (s64)(start_info->mfn_list - page_up(kernel_end)));
    row("start_of_day.info_behind_p2m", (s64)(info - page_up(p2m_end)));
    row("start_of_day.tables_behind_info", (s64)(start_info->pt_base - info));
    row("start_of_day.tables", (s64)start_info->nr_pt_frames);
    row("start_of_day.last_page_faults", probe_read((void *)(end - 8), &value).taken);
    row("start_of_day.page_behind_faults", probe_read((void *)end, &value).taken);
    row("start_of_day.page_before_faults", probe_read((void *)((u64)image_base - 8), &value).taken);
    row("start_of_day.table_write_error", probe_write((void *)start_info->pt_base, 0).error);
}

/* Flags of the entries of all four levels on the way to an address; the CPU's own two left out. */
static void entry_rows(const char *what, u64 va)
{
    mfn_t table = table_boot_root();

    for (unsigned int level = PT_LEVELS; level; level--) {
        u64 entry = table_entries(table)[pt_index(va, level)];
        char name[64];

        fmt_snprintf(name, sizeof(name), "start_of_day.l%u_flags_of_%s", level, what);
        row_hex(name, entry & ~PTE_ADDRESS_MASK & ~(PTE_ACCESSED | PTE_DIRTY));
        table = pte_mfn(entry);
    }
}

/* Each frame is known by both lists, and the first mapping shows the first frames in order. */
static void frame_rows(void)
{
    u64 wrong = 0, out_of_order = 0;

    for (u64 i = 0; i < start_info->nr_pages; i++)
        wrong += mfn_to_pfn(pfn_to_mfn((pfn_t){i})).n != i;
    for (u64 va = (u64)image_base; va < start_info->pt_base; va += PAGE_SIZE) {
        u64 pfn = (va - (u64)image_base) >> PAGE_SHIFT;

        out_of_order +=
            pte_mfn(table_lookup(table_boot_root(), va)).n != pfn_to_mfn((pfn_t){pfn}).n;
    }
    row("start_of_day.frames_not_in_both_lists", (s64)wrong);
    row("start_of_day.mapped_out_of_order", (s64)out_of_order);
}

/* The root is pinned, the tables below are held by it alone. */
static void pin_rows(void)
{
    mfn_t root = table_boot_root();
    mfn_t l3 = pte_mfn(table_entries(root)[pt_index((u64)image_base, 4)]);

    row("start_of_day.unpin_l3", table_unpin(l3));
    row("start_of_day.unpin_root", table_unpin(root));
    row("start_of_day.unpin_root_again", table_unpin(root));
    row("start_of_day.pin_root", table_pin(root, 4));
    row("start_of_day.pin_root_again", table_pin(root, 4));
}

static void stub_row(const char *name, unsigned int number)
{
    u64 words[2];
    char first[64];

    memcpy(words, hypercall_page + number * XL_STUB_SIZE, sizeof(words));
    fmt_snprintf(first, sizeof(first), "%s_begins", name);
    row_hex(first, words[0]);
    row_hex(name, words[1]);
}

void guest_main(void)
{
    start_info_rows();
    order_rows();
    entry_rows("start_info", (u64)start_info);
    entry_rows("tables", start_info->pt_base);
    frame_rows();
    pin_rows();
    stub_row("start_of_day.stub_of_call_0", 0);
    stub_row("start_of_day.stub_of_iret", __HYPERVISOR_iret);
    stub_row("start_of_day.stub_of_call_127", HYPERCALL_ENTRIES - 1);
    guest_end();
}
