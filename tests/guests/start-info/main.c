/*
 * What a domain finds when it starts: the start_info page, the order and alignment of what the
 * loader laid out behind the kernel, the tables it runs on, and the two lists of frames. A kernel
 * finds all its memory by these promises of xen.h, before it has anything to check them with.
 *
 * Values that depend on how much memory the hypervisor keeps for itself are given as relations.
 */
#include "tests/guests/common.h"

extern char image_base[], image_end[];

#define LAYOUT_ALIGNMENT MIB(4)
#define LAYOUT_SPARE     KIB(512)
#define UPPER_TABLES     WIDE(3u, 5u) /* of three levels there are four L2 */

static u64 page_up(u64 address)
{
    return ALIGN_UP(address, PAGE_SIZE);
}

static void say_fields(void)
{
    const struct start_info *si = start_info;

    row_text("info.magic", si->magic);
    row_hex("info.flags",
            si->flags & ~SIF_PM_MASK); /* who drives the CPU's power states may vary */
    row_want("info.has-pages", si->nr_pages > 4096, 1);
    row_want("info.shared-info-is-a-page", !(si->shared_info % PAGE_SIZE) && si->shared_info, 1);
    row_want("info.store-mfn", (s64)si->store_mfn, 0);
    row_want("info.store-evtchn", si->store_evtchn, 0);
    row("info.console-offset", si->console.dom0.info_off);
    row("info.console-size", si->console.dom0.info_size);
    row("info.nr-pt-frames", (s64)si->nr_pt_frames);
    row_text("info.cmd-line", (const char *)si->cmd_line);
    row("info.has-word", cmdline_has("word"));
    row("info.nr-p2m-frames", (s64)si->nr_p2m_frames);
}

/* xen.h: kernel image, initrd, p2m list, start_info, page tables, stack, and spare memory. */
static void say_layout(void)
{
    const struct start_info *si = start_info;
    u64 list_begin = page_up(si->mod_len ? si->mod_start + si->mod_len : (uintptr_t)image_end);
    u64 list_end = si->mfn_list + si->nr_pages * sizeof(xen_pfn_t);
    u64 stack_end = si->pt_base + (si->nr_pt_frames + 1) * PAGE_SIZE, end;
    u64 entry = table_walk(table_boot_root(), (uintptr_t)image_base, 2);
    unsigned int l1_tables = 0;

    row_want("layout.list-follows-image", si->mfn_list == list_begin, 1);
    row_want("layout.info-follows-list", (uintptr_t)si == page_up(list_end), 1);
    row_want("layout.tables-follow-info", si->pt_base == (uintptr_t)si + PAGE_SIZE, 1);

    /* The runtime has unmapped the spare memory, but the L1 tables still show how far it went. */
    while (entry_read(entry + l1_tables * sizeof(u64)))
        l1_tables++;
    if (DIRECT_MAP_START == (uintptr_t)image_base)
        l1_tables = (unsigned int)si->nr_pt_frames - UPPER_TABLES; /* it has made more of them */
    end = (uintptr_t)image_base + l1_tables * MIB(2);
    row("layout.l1-tables", l1_tables);
    row_want("layout.end-is-aligned", end % LAYOUT_ALIGNMENT == 0, 1);
    row_want("layout.spare-is-enough", end - stack_end >= LAYOUT_SPARE, 1);
    row_want("layout.spare-is-not-more", end - stack_end < LAYOUT_SPARE + LAYOUT_ALIGNMENT, 1);
    row_want("layout.tables-are-counted", (s64)si->nr_pt_frames, l1_tables + UPPER_TABLES);
}

/* The second boot module, if there is one (see the file run.initrd). */
static void say_initrd(void)
{
    const u8 *bytes = (const u8 *)start_info->mod_start;
    u64 length = start_info->mod_len, sum = 0;

    row("initrd.length", (s64)length);
    if (!length)
        return row_want_hex("initrd.start", start_info->mod_start, 0);
    row_want("initrd.follows-image", start_info->mod_start == page_up((uintptr_t)image_end), 1);
    for (u64 i = 0; i < length; i++)
        sum = sum * 31 + bytes[i];
    row_hex("initrd.sum", sum);
}

/* Each page from VIRT_BASE on is the pfn of the same number; tables are read-only, all else not. */
static void say_mappings(void)
{
    u64 tables = virt_to_pfn((void *)start_info->pt_base).n;
    u64 mapped = virt_to_pfn((void *)start_info->pt_base).n + start_info->nr_pt_frames + 1;
    u64 wrong_pfn = 0, wrong_right = 0, table_flags = 0, page_flags = 0;

    for (u64 pfn = 0; pfn < mapped; pfn++) {
        u64 pte = table_lookup(table_boot_root(), (uintptr_t)image_base + pfn * PAGE_SIZE);
        bool is_table = pfn - tables < start_info->nr_pt_frames;

        if (pte_mfn(pte).n == start_info->shared_info >> PAGE_SHIFT || !pte)
            continue; /* pages of the image that the runtime has put to another use */
        wrong_pfn += mfn_to_pfn(pte_mfn(pte)).n != pfn;
        wrong_right += !(pte & PTE_WRITE) != is_table;
        if (is_table)
            table_flags |= entry_flags(pte);
        else
            page_flags |= entry_flags(pte);
    }
    row_want("map.wrong-frames", (s64)wrong_pfn, 0);
    row_want("map.wrong-rights", (s64)wrong_right, 0);
    row_hex("map.page-flags", page_flags);
    row_hex("map.table-flags", table_flags & ~PTE_DIRTY);
    for (unsigned int level = 2; level <= PT_LEVELS; level++) {
        u64 entry = entry_read(table_walk(table_boot_root(), (uintptr_t)image_base, level));

        row_hex(name_nth("map", "entry-flags-level", level), entry_flags(entry));
    }
}

/* Frames that are mapped nowhere are ours as well, and both lists agree on all. */
static void say_lists(void)
{
    u64 disagree = 0, aligned_zero = 0;

    for (u64 pfn = 0; pfn < start_info->nr_pages; pfn++) {
        mfn_t mfn = pfn_to_mfn((pfn_t){pfn});

        aligned_zero += !mfn.n;
        disagree += mfn_to_pfn(mfn).n != pfn;
    }
    row_want("lists.disagree", (s64)disagree, 0);
    row_want("lists.zero-frames", (s64)aligned_zero, 0);
}

static void say_shared_page(void)
{
    const struct vcpu_info *vcpu = &shared_info->vcpu_info[0];
    u64 any_pending = 0, any_masked = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(shared_info->evtchn_pending); i++) {
        any_pending |= shared_info->evtchn_pending[i];
        any_masked |= shared_info->evtchn_mask[i];
    }
    row("shared.upcall-mask", vcpu->evtchn_upcall_mask);
    row("shared.upcall-pending", vcpu->evtchn_upcall_pending);
    row("shared.pending-selector", (s64)vcpu->evtchn_pending_sel);
    row_hex("shared.pending", any_pending);
    row_hex("shared.masked", any_masked);
    for (unsigned int i = 1; i < ARRAY_SIZE(shared_info->vcpu_info); i += 15)
        row(name_nth("shared", "mask-of-vcpu", i), shared_info->vcpu_info[i].evtchn_upcall_mask);
}

/* The machine-to-phys list: readable to its promised end, and not writable. */
static void say_machine_list(void)
{
    struct xen_machphys_mapping mapping;
    unsigned long value;

    row("m2p.mapping", call_memory_op(XENMEM_machphys_mapping, &mapping));
    row_hex("m2p.start", mapping.v_start);
    row_want("m2p.covers-ours", mapping.max_mfn > start_info->nr_pages, 1);
    row_want("m2p.read", probe_read((void *)mapping.v_start, &value).taken, 0);
    struct fault fault = probe_write((void *)mapping.v_start, 0);
    row("m2p.write-vector", fault.vector);
    row_hex("m2p.write-error", fault.error);
    row_want_hex("m2p.write-address", fault.address, mapping.v_start);
}

void guest_main(void)
{
    say_fields();
    say_layout();
    say_initrd();
    say_mappings();
    say_lists();
    say_shared_page();
    say_machine_list();
    guest_end();
}
