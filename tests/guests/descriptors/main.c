/*
 * The guest's own segment descriptors. They are loaded into the real CPU, so a descriptor of ring
 * 0, a gate into the hypervisor or a task segment would be the end of all protection: the
 * hypervisor checks each, and keeps the frames that hold them from being written. A kernel that
 * uses the GDT must find its good descriptors where it put them.
 */
#include "tests/guests/common.h"

static pfn_t table_pfn;
static mfn_t table;

/* A frame for descriptors: zeros, not writable, but reached for reading through the direct map. */
static mfn_t descriptor_frame_new(void)
{
    return table_new(); /* a frame like that for page tables */
}

static xen_pfn_t number(mfn_t frame)
{
    return (xen_pfn_t)frame.n;
}

static u64 descriptor_read(unsigned int index)
{
    return table_entries(table)[index];
}

#define GATE_TO_GUEST(rights) ((rights##ull << 32) | (u64)FLAT_KERNEL_CS << 16)

static const struct {
    const char *what;
    u64 value;
} forms[] = {
    {"null", 0},
    {"code-64", 0x00affb000000ffff},
    {"code-64-ring-0", 0x00af9b000000ffff},
    {"code-64-ring-1", 0x00afbb000000ffff},
    {"code-64-ring-2", 0x00afdb000000ffff},
    {"code-64-conforming", 0x00afff000000ffff},
    {"code-64-conforming-ring-0", 0x00af9f000000ffff},
    {"code-long-and-32", 0x00effb000000ffff},
    {"code-32", 0x00cffb000000ffff},
    {"code-32-ring-0", 0x00cf9b000000ffff},
    {"code-16", 0x000ffb000000ffff},
    {"code-32-based", 0x12cffb345678ffff},
    {"data", 0x00cff3000000ffff},
    {"data-ring-0", 0x00cf93000000ffff},
    {"data-ring-1", 0x00cfb3000000ffff},
    {"data-read-only", 0x00cff1000000ffff},
    {"data-expand-down", 0x00cff7000000ffff},
    {"data-not-accessed", 0x00cff2000000ffff},
    {"data-not-present", 0x00cf73000000ffff},
    {"data-not-present-ring-0", 0x00cf13000000ffff},
    {"data-l-bit", 0x00eff3000000ffff},
    {"reserved-type-0", 0x0000800000000000},
    {"tss-16", 0x0000810000000000},
    {"ldt", 0x0000820000000067},
    {"ldt-ring-3", 0x0000e20000000067},
    {"call-gate-16", 0x0000e400e0330000},
    {"task-gate", 0x0000e50000000000},
    {"tss-available", 0x0000890000000067},
    {"tss-available-ring-3", 0x0000e90000000067},
    {"tss-busy", 0x00008b0000000067},
    {"call-gate-to-guest", GATE_TO_GUEST(0xec00)},
    {"call-gate-to-guest-ring-0", GATE_TO_GUEST(0x8c00)},
    {"call-gate-to-hypervisor", 0xffffec00e0080000},
    {"call-gate-null", 0x0000ec0000000000},
    {"call-gate-not-present", GATE_TO_GUEST(0x6c00)},
    {"interrupt-gate", 0x0000ee00e0330000},
    {"trap-gate", 0x0000ef00e0330000},
    {"not-present-system", 0x0000090000000000},
    {"all-ones", ~0ull},
};

/* What the call says to each, and what then is in the table. */
static void say_forms(const char *group)
{
    u64 slot = mfn_to_address(table) + 8 * sizeof(u64);

    for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
        long answer;

        call_update_descriptor(slot, 0);
        answer = call_update_descriptor(slot, forms[i].value);
        if (answer)
            row(name_of(group, forms[i].what), answer);
        else
            row_hex(name_of(group, forms[i].what), descriptor_read(8));
    }
    call_update_descriptor(slot, 0);
}

/* A frame that holds the descriptor already, when it is offered as a GDT. */
static void say_whole_tables(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++) {
        mfn_t frame = descriptor_frame_new();
        xen_pfn_t list[] = {number(frame)};
        long answer;

        pte_update(table_entry_address(frame, 8), forms[i].value);
        answer = call_set_gdt(list, 512);
        if (answer)
            row(name_of("table", forms[i].what), answer);
        else
            row_hex(name_of("table", forms[i].what), table_entries(frame)[8]);
        call_set_gdt(list, 0);
    }
}

static void say_places(void)
{
    pfn_t plain = frame_alloc_zeroed();
    u64 address = mfn_to_address(pfn_to_mfn(plain));

    row("place.plain-memory", call_update_descriptor(address + 8, 0x00cff3000000ffff));
    row_hex("place.plain-memory-word", ((u64 *)pfn_to_virt(plain))[1]);
    row("place.misaligned", call_update_descriptor(address + 4, 0));
    row("place.page-table", call_update_descriptor(mfn_to_address(table_boot_root()), 0));
    row("place.l1-table", call_update_descriptor(mfn_to_address(scratch_table(1)), 0));
    row("place.shared-info", call_update_descriptor(start_info->shared_info + 0x800, 0));
    row("place.beyond-memory", call_update_descriptor(BEYOND_MEMORY << PAGE_SHIFT, 0));
    row("place.non-canonical", call_update_descriptor(~7ull, 0));
    frame_free(plain);
}

static void say_set_gdt(void)
{
    pfn_t plain = frame_alloc_zeroed();
    xen_pfn_t list[16] = {number(table), number(table)};
    const xen_pfn_t bad_lists[][2] = {
        {number(pfn_to_mfn(plain)), number(table)},
        {number(table), number(pfn_to_mfn(plain))},
        {number(table_boot_root()), number(table)},
        {number(table), number(scratch_table(1))},
        {BEYOND_MEMORY, number(table)},
        {number(table), NO_FRAME_AT_ALL},
        {0, 0},
    };
    static const char *const bad_names[] = {
        "writable-frame", "second-is-writable", "page-table", "second-is-l1",
        "beyond-memory",  "second-is-none",     "frame-0"};

    row("gdt.one-frame", call_set_gdt(list, 512));
    row("gdt.one-entry", call_set_gdt(list, 1));
    row("gdt.same-frame-twice", call_set_gdt(list, 1024));
    row("gdt.too-many", call_set_gdt(list, FIRST_RESERVED_GDT_ENTRY + 1));
    row("gdt.far-too-many", call_set_gdt(list, ~0u));
    for (unsigned int i = 0; i < ARRAY_SIZE(bad_names); i++)
        row(name_of("gdt", bad_names[i]), call_set_gdt(bad_lists[i], 1024));
    /* The frames of the table that is still in force are no longer anybody's to write. */
    row("gdt.map-writable", map_page(pfn_to_virt(table_pfn), pte_make(table, PTE_READ_WRITE)));
    row("gdt.make-it-a-table", mmuext(MMUEXT_PIN_L1_TABLE, table.n));
    row("gdt.write-by-request", pte_update(table_entry_address(table, 20), 0));
    row("gdt.clear-page", mmuext(MMUEXT_CLEAR_PAGE, table.n));
    row("gdt.none", call_set_gdt(NULL, 0));
    row("gdt.map-writable-after",
        map_page(pfn_to_virt(table_pfn), pte_make(table, PTE_READ_WRITE)));
    row("gdt.map-read-only-again",
        map_page(pfn_to_virt(table_pfn), pte_make(table, PTE_READ_ONLY)));
}

void guest_main(void)
{
    xen_pfn_t list[1];

    scratch_entry(1);
    table = descriptor_frame_new();
    table_pfn = mfn_to_pfn(table);
    list[0] = number(table);
    say_forms("plain");
    row("gdt.first", call_set_gdt(list, 512));
    say_forms("in-force");
    say_whole_tables();
    say_places();
    say_set_gdt();
    guest_end();
}
