/*
 * What memory_op tells about the domain and the machine: a kernel sizes its tables by these, and
 * decides from the refusals which of several ways to ask it has left.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define NOWHERE ((void *)0x70000000)
#define DONE(n) ((n) << 6)

static long ask_about(unsigned int op, domid_t id)
{
    struct xen_memory_domain who = {.domid = id};

    return call_memory_op(op, &who);
}

static void reservation_rows(void)
{
    row("memory.current_is_nr_pages",
        ask_about(XENMEM_current_reservation, DOMID_SELF) == (s64)start_info->nr_pages);
    row("memory.current_by_number",
        ask_about(XENMEM_current_reservation, 0) == (s64)start_info->nr_pages);
    row_hex("memory.maximum", (u64)ask_about(XENMEM_maximum_reservation, DOMID_SELF));
    row("memory.current_of_nobody", ask_about(XENMEM_current_reservation, 77));
    row("memory.maximum_of_nobody", ask_about(XENMEM_maximum_reservation, 77));
    row("memory.current_unreadable", call_memory_op(XENMEM_current_reservation, NOWHERE));
    row("memory.maximum_unreadable", call_memory_op(XENMEM_maximum_reservation, NOWHERE));
    row("memory.current_with_extents", ask_about(XENMEM_current_reservation | DONE(1), DOMID_SELF));
    row_hex("memory.maximum_ram_page", (u64)call_memory_op(XENMEM_maximum_ram_page, NULL));
    row("memory.maximum_ram_page_with_extents",
        call_memory_op(XENMEM_maximum_ram_page | DONE(1), NULL));
}

static void table_rows(void)
{
    struct xen_machphys_mapping where;
    struct xen_machphys_mfn_list frames = {.max_extents = 4};
    xen_pfn_t list[4] = {0};

    row("memory.machphys_mapping", call_memory_op(XENMEM_machphys_mapping, &where));
    row_hex("memory.machphys_start", where.v_start);
    row_hex("memory.machphys_end", where.v_end);
    row_hex("memory.machphys_max", where.max_mfn);
    row("memory.machphys_mapping_unwritable", call_memory_op(XENMEM_machphys_mapping, NOWHERE));
    row("memory.machphys_mapping_with_extents",
        call_memory_op(XENMEM_machphys_mapping | DONE(1), &where));

    frames.extent_start.p = list;
    row("memory.machphys_list", call_memory_op(XENMEM_machphys_mfn_list, &frames));
    row("memory.machphys_list_extents", frames.nr_extents);
    row("memory.machphys_list_names_a_frame", list[0] != 0);
    frames.max_extents = 0;
    row("memory.machphys_list_of_none", call_memory_op(XENMEM_machphys_mfn_list, &frames));
    row("memory.machphys_list_of_none_extents", frames.nr_extents);
    frames.max_extents = 1;
    frames.extent_start.p = NOWHERE;
    row("memory.machphys_list_unwritable", call_memory_op(XENMEM_machphys_mfn_list, &frames));
    row("memory.machphys_list_unreadable", call_memory_op(XENMEM_machphys_mfn_list, NOWHERE));
}

static void map_rows(void)
{
    static char buffer[20 * 64];
    struct xen_memory_map map = {.nr_entries = 64};
    u32 entries;

    map.buffer.p = buffer;
    row("memory.own_map", call_memory_op(XENMEM_memory_map, &map));
    row("memory.own_map_unreadable", call_memory_op(XENMEM_memory_map, NOWHERE));

    map.buffer.p = NULL;
    map.nr_entries = 0;
    row("memory.machine_map_size", call_memory_op(XENMEM_machine_memory_map, &map));
    entries = map.nr_entries;
    map.buffer.p = buffer;
    row("memory.machine_map_too_small", call_memory_op(XENMEM_machine_memory_map, &map));
    map.nr_entries = 64;
    row("memory.machine_map", call_memory_op(XENMEM_machine_memory_map, &map));
    row("memory.machine_map_has_that_size", map.nr_entries == entries);
    row_hex("memory.machine_map_first_start", *(u64 *)buffer);
    row("memory.machine_map_first_type", *(u32 *)(buffer + 16));
    row("memory.machine_map_unreadable", call_memory_op(XENMEM_machine_memory_map, NOWHERE));
    map.nr_entries = 64;
    map.buffer.p = NOWHERE;
    row("memory.machine_map_unwritable", call_memory_op(XENMEM_machine_memory_map, &map));
}

/* Every number, with nothing to read: which operations there are, and whether they look at the
 * argument or at the number of extents first. */
static void number_rows(void)
{
    char name[64];

    for (unsigned int op = 0; op < 64; op++) {
        fmt_snprintf(name, sizeof(name), "memory.operation_%u_unreadable", op);
        row(name, op == XENMEM_maximum_ram_page ? 0 : call_memory_op(op, NOWHERE));
        fmt_snprintf(name, sizeof(name), "memory.operation_%u_unreadable_with_extents", op);
        row(name, call_memory_op(op | DONE(1), NOWHERE));
    }
}

static long claim(domid_t id, xen_ulong_t extents, unsigned int order, unsigned int flags,
                  void *list)
{
    struct xen_memory_reservation r = {
        .nr_extents = extents, .extent_order = order, .mem_flags = flags, .domid = id};

    r.extent_start.p = list;
    return call_memory_op(XENMEM_claim_pages, &r);
}

static void claim_rows(void)
{
    static xen_pfn_t list;

    row("memory.claim_with_a_list", claim(DOMID_SELF, 1, 0, 0, &list));
    row("memory.claim_of_an_order", claim(DOMID_SELF, 1, 1, 0, NULL));
    row("memory.claim_with_flags", claim(DOMID_SELF, 1, 0, 1, NULL));
    row("memory.claim_for_self", claim(DOMID_SELF, 1, 0, 0, NULL));
    row("memory.claim_for_nobody", claim(77, 1, 0, 0, NULL));
    row("memory.claim_by_number_of_less_than_owned", claim(0, 1, 0, 0, NULL));
    row("memory.claim_by_number_of_none", claim(0, 0, 0, 0, NULL));
    row("memory.claim_by_number_of_too_many", claim(0, 1ul << sizeof(long) * 5, 0, 0, NULL));
    row("memory.claim_by_number", claim(0, start_info->nr_pages + 16, 0, 0, NULL));
    row("memory.claim_by_number_again", claim(0, start_info->nr_pages + 16, 0, 0, NULL));
    row("memory.claim_given_up", claim(0, 0, 0, 0, NULL));
}

static long reserved(u32 flags, unsigned int entries, void *buffer)
{
    struct xen_reserved_device_memory_map map = {.flags = flags, .nr_entries = entries};
    long answer;

    map.buffer.p = buffer;
    answer = call_memory_op(XENMEM_reserved_device_memory_map, &map);
    return answer ? answer : (long)map.nr_entries;
}

static void reserved_rows(void)
{
    static struct xen_reserved_device_memory one;
    struct xen_mem_access_op access = {.domid = DOMID_SELF};

    row("memory.reserved", reserved(0, 1, &one));
    row("memory.reserved_all", reserved(XENMEM_RDM_ALL, 0, NULL));
    row("memory.reserved_flags", reserved(2, 1, &one));
    row("memory.reserved_nowhere", reserved(0, 1, NOWHERE));
    row("memory.reserved_in_hypervisor", reserved(0, 1, (void *)HYPERVISOR_VIRT_START));
    row("memory.access_of_self", call_memory_op(XENMEM_access_op, &access));
    access.domid = 0;
    row("memory.access_of_number_0", call_memory_op(XENMEM_access_op, &access));
    access.domid = 77;
    row("memory.access_of_nobody", call_memory_op(XENMEM_access_op, &access));
}

static void compat_rows(void)
{
    struct xen_machphys_mfn_list frames = {.max_extents = 1};
    xen_pfn_t list = 0;

    frames.extent_start.p = &list;
    row("memory.compat_list", call_memory_op(XENMEM_machphys_compat_mfn_list, &frames));
    row("memory.sharing_freed", call_memory_op(XENMEM_get_sharing_freed_pages, NULL));
    row("memory.sharing_shared", call_memory_op(XENMEM_get_sharing_shared_pages, NULL));
}

void guest_main(void)
{
    number_rows();
    claim_rows();
    reserved_rows();
    compat_rows();
    reservation_rows();
    table_rows();
    map_rows();
    row("memory.unknown_operation", call_memory_op(63, NULL));
    row("memory.unknown_operation_with_extents", call_memory_op(63 | DONE(5), NULL));
    guest_end();
}
