/*
 * The calls that a kernel makes once or twice while it boots: who the hypervisor is, what memory
 * there is, which assists it wants, and the scheduler's. Their errors matter as much as their
 * answers, since a kernel finds out by them what a hypervisor can do.
 */
#include "tests/guests/common.h"

#define NO_SUCH 99u

static void say_version(void)
{
    xen_capabilities_info_t capabilities;
    struct xen_platform_parameters platform;
    xen_domain_handle_t handle;
    u8 any = 0;

    row_hex("version.number", (u64)call_xen_version(XENVER_version, NULL));
    row_hex("version.number-with-argument", (u64)call_xen_version(XENVER_version, (void *)0x1000));
    row("version.capabilities", call_xen_version(XENVER_capabilities, capabilities));
    row("version.capability-64",
        !strncmp(capabilities, "xen-3.0-x86_64", strlen("xen-3.0-x86_64")));
    row("version.platform", call_xen_version(XENVER_platform_parameters, &platform));
    row_hex("version.virt-start", platform.virt_start);
    row("version.page-size", call_xen_version(XENVER_pagesize, NULL));
    row("version.page-size-with-argument", call_xen_version(XENVER_pagesize, &platform));
    row("version.handle", call_xen_version(XENVER_guest_handle, handle));
    for (unsigned int i = 0; i < sizeof(handle); i++)
        any |= handle[i];
    row("version.handle-bytes", any);
    for (unsigned int submap = 0; submap < 3; submap++) {
        struct xen_feature_info info = {.submap_idx = submap};

        row(name_nth("version", "features", submap), call_xen_version(XENVER_get_features, &info));
        row_hex(name_nth("version", "submap", submap), info.submap);
    }
    row("version.no-such", call_xen_version(NO_SUCH, &platform));
    row("version.all-ones", call_xen_version(~0u, &platform));
}

static void say_assists(void)
{
    for (unsigned int type = 0; type < 12; type++) {
        row(name_nth("assist", "enable", type), call_vm_assist(VMASST_CMD_enable, type));
        row(name_nth("assist", "disable", type), call_vm_assist(VMASST_CMD_disable, type));
    }
    for (unsigned int type = 31; type <= 65; type += 1 + type / 32)
        row(name_nth("assist", "enable", type), call_vm_assist(VMASST_CMD_enable, type));
    row("assist.no-such-command", call_vm_assist(2, VMASST_TYPE_4gb_segments));
    row("assist.no-such-both", call_vm_assist(2, NO_SUCH));
}

static void say_scheduler(void)
{
    evtchn_port_t ports[] = {1, EVTCHN_2L_NR_CHANNELS};
    struct sched_poll poll = {.nr_ports = 0, .timeout = 1};

    row("sched.yield", call_sched_op(SCHEDOP_yield, NULL));
    row("sched.yield-with-argument", call_sched_op(SCHEDOP_yield, HYPERVISOR_ADDRESS));
    poll.ports.p = ports + 1;
    poll.nr_ports = 1;
    row("sched.poll-no-such-port", call_sched_op(SCHEDOP_poll, &poll));
    poll.ports.p = ports;
    poll.nr_ports = 2;
    row("sched.poll-second-is-bad", call_sched_op(SCHEDOP_poll, &poll));
    poll.nr_ports = 129;
    row("sched.poll-too-many", call_sched_op(SCHEDOP_poll, &poll));
    poll.nr_ports = ~0u;
    row("sched.poll-far-too-many", call_sched_op(SCHEDOP_poll, &poll));
    row("sched.no-such", call_sched_op(NO_SUCH, NULL));
    row("sched.all-ones", call_sched_op(~0u, NULL));
}

static void say_console(void)
{
    char buffer[8];

    row("console.write-nothing", call_console_io(CONSOLEIO_write, 0, NULL));
    row("console.write-nothing-nowhere", call_console_io(CONSOLEIO_write, 0, HYPERVISOR_ADDRESS));
    row("console.write", call_console_io(CONSOLEIO_write, 1, "\n"));
    row("console.read-nothing-typed", call_console_io(CONSOLEIO_read, sizeof(buffer), buffer));
    row("console.read-no-room", call_console_io(CONSOLEIO_read, 0, buffer));
    row("console.read-huge", call_console_io(CONSOLEIO_read, 0xffffffff, buffer));
    row("console.no-such", call_console_io(2, 1, buffer));
    row("console.all-ones", call_console_io(~0u, 1, buffer));
}

static long reservation(unsigned int command, u64 *frames, u64 count, unsigned int order,
                        domid_t domain)
{
    struct xen_memory_reservation r = {.nr_extents = count, .extent_order = order, .domid = domain};

    r.extent_start.p = (void *)frames;
    return call_memory_op(command, &r);
}

/* A frame given back, and another asked for in its place. */
static void say_reservation(void)
{
    static const domid_t others[] = {0, 1, DOMID_IO, DOMID_XEN, DOMID_INVALID};
    pfn_t pfn = frame_alloc_zeroed();
    u64 list[3] = {pfn_to_mfn(pfn).n, NO_FRAME_AT_ALL, 0}, was;
    domid_t self = DOMID_SELF;

    row("memory.current-is-info's",
        call_memory_op(XENMEM_current_reservation, &self) == (long)start_info->nr_pages);
    row("memory.decrease-mapped", reservation(XENMEM_decrease_reservation, list, 1, 0, self));
    map_page(pfn_to_virt(pfn), 0);
    row("memory.decrease-again", reservation(XENMEM_decrease_reservation, list, 1, 0, self));
    row("memory.decreased",
        call_memory_op(XENMEM_current_reservation, &self) - (long)start_info->nr_pages);
    row("memory.map-it-again", map_page(scratch_page(0), list[0] << PAGE_SHIFT | PTE_PRESENT));
    list[0] = pfn.n;
    row("memory.populate", reservation(XENMEM_populate_physmap, list, 1, 0, self));
    was = list[0];
    row("memory.populated",
        call_memory_op(XENMEM_current_reservation, &self) - (long)start_info->nr_pages);
    row("memory.populated-m2p", mfn_to_pfn((mfn_t){was}).n == pfn.n);
    row("memory.populated-map", map_page(pfn_to_virt(pfn), was << PAGE_SHIFT | PTE_READ_WRITE));
    row("memory.populated-word", (s64)(*(u64 *)pfn_to_virt(pfn) == 0));
    map_page(scratch_page(0), 0);
    list[0] = NO_FRAME_AT_ALL;
    row("memory.decrease-nothing", reservation(XENMEM_decrease_reservation, list, 0, 0, self));
    row("memory.decrease-bad", reservation(XENMEM_decrease_reservation, list, 1, 0, self));
    list[0] = table_boot_root().n;
    row("memory.decrease-page-table", reservation(XENMEM_decrease_reservation, list, 1, 0, self));
    row("memory.page-table-still-there", pte_update(table_entry_address(table_boot_root(), 1), 0));
    row("memory.increase-order-20", reservation(XENMEM_increase_reservation, list, 1, 20, self));
    row("memory.increase-order-64", reservation(XENMEM_increase_reservation, list, 1, 64, self));
    row("memory.populate-order-30", reservation(XENMEM_populate_physmap, list, 1, 30, self));
    row("memory.increase-too-many", reservation(XENMEM_increase_reservation, list, ~0ull, 0, self));
    row("memory.flags-unknown", call_memory_op(XENMEM_increase_reservation | 1 << 30, list));
    for (unsigned int i = 0; i < ARRAY_SIZE(others); i++) {
        domid_t id = others[i];

        row(name_nth("memory", "increase-for", id),
            reservation(XENMEM_increase_reservation, list, 0, 0, id));
        row(name_nth("memory", "current-of", id),
            call_memory_op(XENMEM_current_reservation, &id) > 0);
        row(name_nth("memory", "decrease-of", id),
            reservation(XENMEM_decrease_reservation, list, 1, 0, id));
    }
}

static void say_memory(void)
{
    struct xen_machphys_mfn_list m2p_list = {.max_extents = 0};
    struct xen_memory_map map = {.nr_entries = 0};
    domid_t self = DOMID_SELF, none = 1;

    row("memory.maximum", call_memory_op(XENMEM_maximum_reservation, &self) > 0);
    row("memory.maximum-pfn", call_memory_op(XENMEM_maximum_gpfn, &self));
    row("memory.maximum-of-none", call_memory_op(XENMEM_maximum_reservation, &none));
    row("memory.ram-page", call_memory_op(XENMEM_maximum_ram_page, NULL) > 0);
    row("memory.m2p-list-no-room", call_memory_op(XENMEM_machphys_mfn_list, &m2p_list));
    row("memory.m2p-list-extents", m2p_list.nr_extents);
    row("memory.map", call_memory_op(XENMEM_memory_map, &map));
    row("memory.machine-map-no-room", call_memory_op(XENMEM_machine_memory_map, &map));
    row("memory.no-such", call_memory_op(NO_SUCH, &map));
    row("memory.all-ones", call_memory_op(~0u, &map));
}

static void say_machine_map(void)
{
    struct e820 {
        u64 start, size;
        u32 type;
    } __attribute__((packed)) entries[64];
    struct xen_memory_map map = {.nr_entries = ARRAY_SIZE(entries)};
    u64 ram = 0;

    map.buffer.p = entries;
    row("machine-map.answer", call_memory_op(XENMEM_machine_memory_map, &map));
    row("machine-map.has-entries", map.nr_entries > 3);
    for (unsigned int i = 0; i < map.nr_entries; i++)
        ram += entries[i].type == 1 ? entries[i].size : 0;
    row("machine-map.ram-mib", (s64)(ram >> 20));
}

/* Numbers with no call, or with one that this gate does not know yet. */
static void say_no_such_call(void)
{
    static const unsigned int numbers[] = {43, 47, 55, 56, 63, 64, 100, 127};

    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
        row(name_nth("call", "number", numbers[i]), hypercall_any(numbers[i], 0, 0, 0, 0, 0));
}

void guest_main(void)
{
    scratch_entry(1);
    say_version();
    say_assists();
    say_scheduler();
    say_console();
    say_memory();
    say_machine_map();
    say_reservation();
    say_no_such_call();
    guest_end();
}
