/*
 * Mapping and unmapping grants: which entries let whom map what, what the granter is told, which
 * flags the new entry of the page table has, and every way in which it can be wrong. A backend maps
 * what a guest granted it for each request, so the guest's data depends on the refusals, and the
 * backend's memory on what is given back.
 */
#include "tests/guests/domctl.h"
#include "tests/guests/grant_table.h"

static u64 frame, other; /* mfns of ours */
static volatile u64 *page;
static u8 *at;   /* where grants are mapped */
static u64 slot; /* the machine address of the entry that maps it */
static const grant_ref_t ref = 9;

#define NO_HANDLE 0xffff00u

/* Beyond what a 32-bit guest has; and the one is no address of a 64-bit one, either. */
#define NO_ADDRESS 0x0000800000001000ull
#define FAR        0x0000700000000000ull

#define MAP_RW GNTMAP_host_map
#define MAP_RO (GNTMAP_host_map | GNTMAP_readonly)

static const u16 read_only = GTF_permit_access | GTF_readonly;

static u64 flags_at(const void *va)
{
    return entry_flags(table_lookup(table_boot_root(), (uintptr_t)va));
}

static void clear_at(void *va)
{
    map_page(va, 0);
}

/* Maps, looks, unmaps. */
static void try_good(const char *what, u16 granted, u32 flags)
{
    u64 where = flags & GNTMAP_contains_pte ? slot : (uintptr_t)at;
    grant_handle_t handle;
    unsigned long value = 0;
    u64 address = 0;

    entry_set(ref, granted, US, frame);
    page[0] = 0x1111;
    row(name_of(what, "map"), grant_map_at(where, ref, flags, US, &handle, &address));
    row_hex(name_of(what, "flags-in-use"), entries[ref].flags);
    row(name_of(what, "address"), address == frame << PAGE_SHIFT);
    if (flags & GNTMAP_host_map) {
        row_hex(name_of(what, "pte"), flags_at(at));
        row(name_of(what, "read-faults"), probe_read(at, &value).taken);
        row_hex(name_of(what, "reads"), value);
        row(name_of(what, "write-faults"), probe_write(at, 0x2222).taken);
        row_hex(name_of(what, "wrote"), page[0]);
    }
    row(name_of(what, "unmap"), grant_unmap_at(flags & GNTMAP_host_map ? where : 0,
                                               flags & GNTMAP_device_map ? address : 0, handle));
    row_hex(name_of(what, "flags-after"), entries[ref].flags);
    row_hex(name_of(what, "pte-after"), flags_at(at));
    row(name_of(what, "unmap-again"), grant_unmap_at(where, address, handle));
}

static void try_all_good(void)
{
    try_good("rw", GTF_permit_access, MAP_RW);
    try_good("ro", GTF_permit_access, MAP_RO);
    try_good("ro-of-ro", read_only, MAP_RO);
    try_good("application", GTF_permit_access, MAP_RW | GNTMAP_application_map);
    try_good("application-ro", GTF_permit_access, MAP_RO | GNTMAP_application_map);
    try_good("pte", GTF_permit_access, MAP_RW | GNTMAP_contains_pte);
    try_good("pte-ro", GTF_permit_access, MAP_RO | GNTMAP_contains_pte);
    try_good("pte-application", GTF_permit_access,
             MAP_RW | GNTMAP_contains_pte | GNTMAP_application_map);
    try_good("avail", GTF_permit_access, MAP_RW | 5u << _GNTMAP_guest_avail0);
    try_good("avail-all", GTF_permit_access, MAP_RW | 0xffffu << _GNTMAP_guest_avail0);
    try_good("device", GTF_permit_access, GNTMAP_device_map);
    try_good("device-ro", GTF_permit_access, GNTMAP_device_map | GNTMAP_readonly);
    try_good("both", GTF_permit_access, MAP_RW | GNTMAP_device_map);
    try_good("both-ro", GTF_permit_access, MAP_RO | GNTMAP_device_map);
    try_good("cached", GTF_permit_access | GTF_PWT | GTF_PCD, MAP_RW);
    try_good("unknown-flag", GTF_permit_access, MAP_RW | 1u << 9);
}

/* An entry that lets nobody, or not so. */
static const struct {
    const char *what;
    u16 flags;
    domid_t domid;
    u32 how;
} bad_entries[] = {
    {"invalid", GTF_invalid, US, MAP_RW},
    {"accept-transfer", GTF_accept_transfer, US, MAP_RW},
    {"transitive", GTF_transitive, US, MAP_RW},
    {"sub-page", GTF_permit_access | GTF_sub_page, US, MAP_RW},
    {"to-another", GTF_permit_access, 7, MAP_RW},
    {"to-self", GTF_permit_access, DOMID_SELF, MAP_RW},
    {"write-of-ro", GTF_permit_access | GTF_readonly, US, MAP_RW},
    {"device-write-of-ro", GTF_permit_access | GTF_readonly, US, GNTMAP_device_map},
    {"marked-in-use", GTF_permit_access | GTF_reading | GTF_writing, US, MAP_RO},
};

static const struct {
    const char *what;
    u32 flags;
    grant_ref_t ref;
    domid_t domid;
} bad_maps[] = {
    {"no-kind", 0, 9, US},
    {"readonly-alone", GNTMAP_readonly, 9, US},
    {"pte-alone", GNTMAP_contains_pte, 9, US},
    {"application-alone", GNTMAP_application_map, 9, US},
    {"no-such-entry", MAP_RW, 1u << 20, US},
    {"last-entry", MAP_RW, 511, US},
    {"entry-beyond", MAP_RW, 512, US},
    {"entry-max", MAP_RW, ~0u, US},
    {"no-such-domain", MAP_RW, 9, 77},
    {"self", MAP_RW, 9, DOMID_SELF},
    {"io", MAP_RW, 9, DOMID_IO},
    {"xen", MAP_RW, 9, DOMID_XEN},
    {"both-wrong", 0, ~0u, 77},
};

static const struct {
    const char *what;
    u64 address;
    u32 flags;
} bad_places[] = {
    {"hypervisor", HYPERVISOR_VIRT_START, MAP_RW},
    {"non-canonical", NO_ADDRESS, MAP_RW},
    {"no-table", FAR, MAP_RW},
    {"no-table-below-4-gib", (uintptr_t)NOWHERE, MAP_RW},
    {"null", 0, MAP_RW},
    {"misaligned-pte", 4, MAP_RW | GNTMAP_contains_pte},
    {"pte-beyond", ~7ull, MAP_RW | GNTMAP_contains_pte},
    {"pte-of-nobody", 0xa0000, MAP_RW | GNTMAP_contains_pte},
};

static void try_bad_maps(void)
{
    for (u32 i = 0; i < ARRAY_SIZE(bad_entries); i++) {
        entry_set(ref, bad_entries[i].flags, bad_entries[i].domid, frame);
        row(name_of("entry", bad_entries[i].what),
            grant_map(at, ref, bad_entries[i].how, US, NULL, NULL));
        row_hex(name_of("entry-after", bad_entries[i].what), entries[ref].flags);
        if (bad_entries[i].flags & (GTF_reading | GTF_writing))
            clear_at(at);
    }
    entry_set(ref, GTF_permit_access, US, frame);
    for (u32 i = 0; i < ARRAY_SIZE(bad_maps); i++)
        row(name_of("map", bad_maps[i].what),
            grant_map(at, bad_maps[i].ref, bad_maps[i].flags, bad_maps[i].domid, NULL, NULL));
    for (u32 i = 0; i < ARRAY_SIZE(bad_places); i++) {
        entry_set(10 + i, GTF_permit_access, US, frame);
        row(name_of("place", bad_places[i].what),
            grant_map_at(bad_places[i].address, 10 + i, bad_places[i].flags, US, NULL, NULL));
        row_hex(name_of("place-after", bad_places[i].what), entries[10 + i].flags);
    }
    row("place.pte-in-memory",
        grant_map_at(frame << PAGE_SHIFT, 10, MAP_RW | GNTMAP_contains_pte, US, NULL, NULL));
    row("place.pte-in-l2",
        grant_map_at(scratch_entry(2), 10, MAP_RW | GNTMAP_contains_pte, US, NULL, NULL));
    row("place.pte-misaligned",
        grant_map_at(slot + 4, 10, MAP_RW | GNTMAP_contains_pte, US, NULL, NULL));
}

/* What the entry names. */
static void try_frames(void)
{
    u64 table = scratch_table(1).n;

    entry_set(20, GTF_permit_access, US, BEYOND_MEMORY);
    row("frame.beyond", grant_map(at, 20, MAP_RW, US, NULL, NULL));
    row_hex("frame.beyond-flags", entries[20].flags);
    entry_set(21, GTF_permit_access, US, 0xa0);
    row("frame.io", grant_map(at, 21, MAP_RW, US, NULL, NULL));
    entry_set(22, GTF_permit_access, US, table);
    row("frame.table-to-write", grant_map(at, 22, MAP_RW, US, NULL, NULL));
    row_hex("frame.table-flags", entries[22].flags);
    row("frame.table-to-read", grant_map(at, 22, MAP_RO, US, NULL, NULL));
    row_hex("frame.table-read-flags", entries[22].flags);
    clear_at(at);
    entry_set(23, GTF_permit_access, US, 0xffffffff);
    row("frame.none", grant_map(at, 23, MAP_RO, US, NULL, NULL));
}

/* One grant used more than once. */
static void try_twice(void)
{
    grant_handle_t a, b, c;
    u8 *second = at + PAGE_SIZE;

    entry_set(30, GTF_permit_access, US, frame);
    row("twice.first", grant_map(at, 30, MAP_RO, US, &a, NULL));
    row_hex("twice.reading", entries[30].flags);
    row("twice.second", grant_map(second, 30, MAP_RW, US, &b, NULL));
    row_hex("twice.writing", entries[30].flags);
    row("twice.handles-differ", a != b);
    entries[30].frame = (u32)other; /* in use, it means nothing */
    row("twice.changed", grant_map(second + PAGE_SIZE, 30, MAP_RO, US, &c, NULL));
    row("twice.same-frame", (table_lookup(table_boot_root(), (uintptr_t)second + PAGE_SIZE) &
                             PTE_ADDRESS_MASK) == frame << PAGE_SHIFT);
    row("twice.unmap-writer", grant_unmap(second, 0, b));
    row_hex("twice.reading-again", entries[30].flags);
    entries[30].flags |= GTF_readonly;
    row("twice.write-of-ro", grant_map(second, 30, MAP_RW, US, NULL, NULL));
    entries[30].flags = 0; /* revoked while it is in use */
    row("twice.revoked-read", grant_map(second, 30, MAP_RO, US, &b, NULL));
    row("twice.revoked-unmap", grant_unmap(second, 0, b));
    row("twice.revoked-write", grant_map(second, 30, MAP_RW, US, &b, NULL));
    row_hex("twice.revoked-flags", entries[30].flags);
    row("twice.unmap-b", grant_unmap(second, 0, b));
    row("twice.unmap-c", grant_unmap(second + PAGE_SIZE, 0, c));
    row("twice.unmap-a", grant_unmap(at, 0, a));
    row_hex("twice.after", entries[30].flags);
    row("twice.revoked", grant_map(at, 30, MAP_RO, US, NULL, NULL));
}

/* A grant can be in use so often, in one way; and no more. */
static void try_often(void)
{
    static grant_handle_t handles[200];
    grant_handle_t device;
    u32 n = 0;

    entry_set(31, GTF_permit_access, US, frame);
    while (n < ARRAY_SIZE(handles) &&
           !grant_map(at, 31, MAP_RO | GNTMAP_device_map, US, &handles[n], NULL))
        n++;
    row("often.times", n);
    row("often.once-more", grant_map(at, 31, MAP_RO, US, NULL, NULL));
    row("often.otherwise", grant_map(at, 31, GNTMAP_device_map, US, &device, NULL));
    row("often.otherwise-unmap", grant_unmap(NULL, frame << PAGE_SHIFT, device));
    for (u32 i = 0; i < n; i++) {
        long rc = grant_unmap(i == n - 1 ? at : NULL, frame << PAGE_SHIFT, handles[i]);

        if (rc)
            row(name_nth("often", "unmap", i), rc);
    }
    row_hex("often.after", entries[31].flags);
}

static void try_bad_unmaps(void)
{
    grant_handle_t a, b;
    u8 *second = at + PAGE_SIZE;

    entry_set(40, GTF_permit_access, US, frame);
    row("unmap.never", grant_unmap(at, 0, NO_HANDLE));
    row("unmap.beyond", grant_unmap(at, 0, 1u << 20));
    row("unmap.max", grant_unmap(at, 0, ~0u));
    row("unmap.map", grant_map(at, 40, MAP_RW, US, &a, NULL));
    row("unmap.elsewhere", grant_unmap(second, 0, a));
    row("unmap.no-table", grant_unmap_at(FAR, 0, a));
    row("unmap.as-device", grant_unmap(NULL, frame << PAGE_SHIFT, a));
    row("unmap.nothing", grant_unmap(NULL, 0, a));
    row("unmap.host-as-device-too", grant_unmap(at, 0x1234000, a));
    row_hex("unmap.flags", entries[40].flags);

    row("device-too.map", grant_map(at, 40, MAP_RW | GNTMAP_device_map, US, &a, NULL));
    row("device-too.bad-device", grant_unmap(at, 0x1234000, a));
    row("device-too.bad-device-alone", grant_unmap(NULL, 0x1234000, a));
    row("device-too.still-mapped", flags_at(at) & PTE_PRESENT);
    row("device-too.host", grant_unmap(at, 0, a));
    row_hex("both.flags", entries[40].flags);
    row("device-too.host-again", grant_unmap(at, 0, a));
    row("device-too.device", grant_unmap(NULL, frame << PAGE_SHIFT, a));
    row_hex("device-too.after", entries[40].flags);

    row("overwritten.map", grant_map(at, 40, MAP_RW, US, &a, NULL));
    clear_at(at);
    row("overwritten.unmap", grant_unmap(at, 0, a));
    row_hex("overwritten.flags", entries[40].flags);
    map_page(at, frame << PAGE_SHIFT | PTE_PRESENT | PTE_USER);
    row("overwritten.read-only", grant_unmap(at, 0, a));
    map_page(at, frame << PAGE_SHIFT | ENTRY_READ_WRITE);
    row("overwritten.like-it", grant_unmap(at, 0, a));
    row_hex("overwritten.after", entries[40].flags);

    row("moved.map", grant_map(at, 40, MAP_RW, US, &a, NULL));
    row("moved.copy",
        map_page(second, table_lookup(table_boot_root(), (uintptr_t)at) & ~PTE_GUEST_KERNEL));
    clear_at(at);
    row("moved.unmap", grant_unmap(second, 0, a));
    row_hex("moved.after", entries[40].flags);

    row("over.map", grant_map(at, 40, MAP_RW, US, &a, NULL));
    row("over.map-again", grant_map(at, 40, MAP_RW, US, &b, NULL));
    row("over.unmap", grant_unmap(at, 0, a));
    row("over.unmap-again", grant_unmap(at, 0, b));
    row_hex("over.flags", entries[40].flags);
    map_page(at, frame << PAGE_SHIFT | ENTRY_READ_WRITE);
    row("over.unmap-like-it", grant_unmap(at, 0, b));
    row_hex("over.after", entries[40].flags);
}

static void try_replace(void)
{
    grant_handle_t a;
    u8 *second = at + PAGE_SIZE;

    entry_set(50, GTF_permit_access, US, frame);
    map_page(second, other << PAGE_SHIFT | ENTRY_READ_WRITE);
    row("replace.map", grant_map(at, 50, MAP_RW, US, &a, NULL));
    row("replace.no-table", grant_replace_at((uintptr_t)at, FAR, a));
    row("replace.answer", grant_replace(at, second, a));
    row("replace.is-there",
        (table_lookup(table_boot_root(), (uintptr_t)at) & PTE_ADDRESS_MASK) == other << PAGE_SHIFT);
    row_hex("replace.taken", table_lookup(table_boot_root(), (uintptr_t)second));
    row_hex("replace.flags", entries[50].flags);
    clear_at(at);
    row("replace.map-for-nothing", grant_map(at, 50, MAP_RW, US, &a, NULL));
    row("replace.by-nothing", grant_replace(at, NULL, a));
    row_hex("replace.by-nothing-pte", flags_at(at));
    row("replace.map-for-empty", grant_map(at, 50, MAP_RW, US, &a, NULL));
    row("replace.by-empty", grant_replace(at, second, a));
    row_hex("replace.by-empty-pte", flags_at(at));
    row("replace.map-pte", grant_map_at(slot, 50, MAP_RW | GNTMAP_contains_pte, US, &a, NULL));
    map_page(second, other << PAGE_SHIFT | ENTRY_READ_WRITE);
    row("replace.pte", grant_replace_at(slot, (uintptr_t)second, a));
    row("replace.pte-elsewhere", grant_replace_at(slot + 8, 0, a));
    row("replace.pte-by-nothing", grant_replace_at(slot, 0, a));
    row("replace.second", flags_at(second) != 0);
    row("replace.bad-handle", grant_replace(at, second, NO_HANDLE));
    row("replace.map-elsewhere", grant_map(at, 50, MAP_RW, US, &a, NULL));
    row("replace.elsewhere", grant_replace(at + 2 * PAGE_SIZE, second, a));
    row_hex("replace.elsewhere-lost", table_lookup(table_boot_root(), (uintptr_t)second));
    row("replace.end", grant_unmap(at, 0, a));
    row_hex("replace.after", entries[50].flags);
}

/* Lists: those behind a refused one are done, and a list that cannot be read. */
static void try_lists(void)
{
    static gnttab_map_grant_ref_t maps[70];
    static gnttab_unmap_grant_ref_t unmaps[70];
    u32 okay = 0;

    for (u32 i = 0; i < ARRAY_SIZE(maps); i++) {
        entry_set(60 + i, GTF_permit_access, US, frame);
        maps[i] = (gnttab_map_grant_ref_t){
            .host_addr = (uintptr_t)at + i * PAGE_SIZE, .flags = MAP_RW, .ref = 60 + i, .dom = US};
    }
    maps[3].ref = ~0u;
    maps[5].dom = 77;
    row("list.map", grant_op(GNTTABOP_map_grant_ref, maps, ARRAY_SIZE(maps)));
    for (u32 i = 0; i < ARRAY_SIZE(maps); i++) {
        okay += !maps[i].status;
        unmaps[i].host_addr = maps[i].host_addr;
        unmaps[i].handle = maps[i].status ? NO_HANDLE : maps[i].handle;
        unmaps[i].status = 99;
    }
    row("list.mapped", okay);
    row("list.status-3", maps[3].status);
    row("list.status-5", maps[5].status);
    row("list.unmap", grant_op(GNTTABOP_unmap_grant_ref, unmaps, ARRAY_SIZE(unmaps)));
    okay = 0;
    for (u32 i = 0; i < ARRAY_SIZE(maps); i++)
        okay += !unmaps[i].status && entries[60 + i].flags == GTF_permit_access;
    row("list.unmapped", okay);
    row("list.unmap-status-3", unmaps[3].status);
    row("list.none", grant_op(GNTTABOP_map_grant_ref, maps, 0));
    row("list.negative", grant_op(GNTTABOP_map_grant_ref, maps, 1u << 31));
    row("list.unreadable", grant_op(GNTTABOP_map_grant_ref, NOWHERE, 1));
    row("list.in-hypervisor", grant_op(GNTTABOP_map_grant_ref, HYPERVISOR_ADDRESS, 1));
    row("list.unmap-unreadable", grant_op(GNTTABOP_unmap_grant_ref, NOWHERE, 1));
    row("list.replace-unreadable", grant_op(GNTTABOP_unmap_and_replace, NOWHERE, 1));
    row("list.bits", grant_op(GNTTABOP_map_grant_ref | 1u << 12, maps, 1));
    row("list.high-bits",
        hypercall_grant_table_op((unsigned long)(GNTTABOP_map_grant_ref | 1ull << 32),
                                 (uintptr_t)maps, 0));
    row("list.unknown", grant_op(77, maps, 1));
    row("list.dump", grant_op(GNTTABOP_dump_table, maps, 1));
}

/* A list whose end is not there: what was begun is ended. */
static void try_list_end(void)
{
    gnttab_unmap_grant_ref_t *list = (void *)(at + 9 * PAGE_SIZE - 2 * sizeof(*list));
    grant_handle_t a, b;

    entry_set(150, GTF_permit_access, US, frame);
    map_page(at + 8 * PAGE_SIZE, other << PAGE_SHIFT | ENTRY_READ_WRITE);
    clear_at(at + 9 * PAGE_SIZE);
    row("end.map", grant_map(at, 150, MAP_RW, US, &a, NULL));
    row("end.map-two", grant_map(at + PAGE_SIZE, 150, MAP_RW, US, &b, NULL));
    list[0] = (gnttab_unmap_grant_ref_t){.host_addr = (uintptr_t)at, .handle = a, .status = 99};
    list[1] = (gnttab_unmap_grant_ref_t){
        .host_addr = (uintptr_t)at + PAGE_SIZE, .handle = b, .status = 99};
    row("end.unmap", grant_op(GNTTABOP_unmap_grant_ref, list, 3));
    row("end.status", list[0].status + list[1].status);
    row_hex("end.flags", entries[150].flags);
}

void guest_main(void)
{
    pfn_t pfn = frame_alloc_zeroed();

    frame = pfn_to_mfn(pfn).n;
    page = pfn_to_virt(pfn);
    other = pfn_to_mfn(frame_alloc_zeroed()).n;
    slot = scratch_entry(1);
    at = scratch_page(0);
    row_want("setup", table_setup(1), 0);
    try_all_good();
    try_bad_maps();
    try_frames();
    try_twice();
    try_often();
    try_bad_unmaps();
    try_replace();
    try_lists();
    try_list_end();
    guest_end();
}
