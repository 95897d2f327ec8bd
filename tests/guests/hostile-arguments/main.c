/*
 * Every pointer that a call takes, aimed at where it must not go. The hypervisor lives in the same
 * address space as its guest, so a pointer into its range that it follows unchecked is the guest
 * reading or writing the hypervisor.
 */
#include "tests/guests/common.h"

/* Where the hypervisor's part ends, and what a guest may map. */
#define HYPERVISOR_LAST WIDE(HYPERVISOR_VIRT_END, 0x100000000ull)
#define HOLE            WIDE(USER_END, (u64)HYPERVISOR_VIRT_START)

static u64 good_frame; /* an mfn, for lists of frames */

static u64 *page_of_numbers(void)
{
    static u64 numbers[4];

    return numbers;
}

/* Each answers what the call says to this pointer. */
static long try_trap_table(u64 p)
{
    return hypercall_set_trap_table(p);
}

static long try_mmu_requests(u64 p)
{
    return hypercall_mmu_update(p, 2, 0, DOMID_SELF);
}

static long try_mmu_done(u64 p)
{
    return hypercall_mmu_update((uintptr_t)page_of_numbers(), 0, p, DOMID_SELF);
}

static long try_mmuext_list(u64 p)
{
    return hypercall_mmuext_op(p, 2, 0, DOMID_SELF);
}

static long try_gdt_list(u64 p)
{
    return hypercall_set_gdt(p, 1024);
}

static long try_multicall(u64 p)
{
    return hypercall_multicall(p, 2);
}

static long try_shutdown(u64 p)
{
    return hypercall_sched_op(SCHEDOP_shutdown, p);
}

static long try_poll(u64 p)
{
    return hypercall_sched_op(SCHEDOP_poll, p);
}

static long try_poll_ports(u64 p)
{
    struct sched_poll poll = {.nr_ports = 2, .timeout = 1};

    poll.ports.p = (void *)(uintptr_t)p;
    return call_sched_op(SCHEDOP_poll, &poll);
}

static long try_console_write(u64 p)
{
    return hypercall_console_io(CONSOLEIO_write, 16, p);
}

static long try_features(u64 p)
{
    return hypercall_xen_version(XENVER_get_features, p);
}

static long try_extraversion(u64 p)
{
    return hypercall_xen_version(XENVER_extraversion, p);
}

static long try_capabilities(u64 p)
{
    return hypercall_xen_version(XENVER_capabilities, p);
}

static long try_platform(u64 p)
{
    return hypercall_xen_version(XENVER_platform_parameters, p);
}

static long try_command_line(u64 p)
{
    return hypercall_xen_version(XENVER_commandline, p);
}

static long try_guest_handle(u64 p)
{
    return hypercall_xen_version(XENVER_guest_handle, p);
}

static long try_reservation(u64 p)
{
    return hypercall_memory_op(XENMEM_decrease_reservation, p);
}

static long try_reservation_list(u64 p)
{
    struct xen_memory_reservation r = {.nr_extents = 2, .domid = DOMID_SELF};

    r.extent_start.p = (void *)(uintptr_t)p;
    return call_memory_op(XENMEM_decrease_reservation, &r);
}

static long try_memory_map(u64 p)
{
    return hypercall_memory_op(XENMEM_memory_map, p);
}

static long try_machine_map_buffer(u64 p)
{
    struct xen_memory_map map = {.nr_entries = 2};

    map.buffer.p = (void *)(uintptr_t)p;
    return call_memory_op(XENMEM_machine_memory_map, &map);
}

static long try_m2p_mapping(u64 p)
{
    return hypercall_memory_op(XENMEM_machphys_mapping, p);
}

static long try_domain_pages(u64 p)
{
    long pages = hypercall_memory_op(XENMEM_current_reservation, p);

    return pages > 0 ? 1 : pages; /* how many differs from machine to machine */
}

static long try_vcpu_bitmap(u64 p)
{
    mmuext_op_t op = {.cmd = MMUEXT_TLB_FLUSH_MULTI};

    op.arg2.vcpumask.p = (void *)(uintptr_t)p;
    return call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static const struct {
    const char *what;
    long (*attempt)(u64 pointer);
    bool writes_only; /* the hypervisor reads nothing there: the read-only page is of interest */
} calls[] = {
    {"set-trap-table", try_trap_table, false}, {"mmu-update", try_mmu_requests, false},
    {"mmu-update-done", try_mmu_done, true},   {"mmuext-op", try_mmuext_list, false},
    {"set-gdt", try_gdt_list, false},          {"multicall", try_multicall, false},
    {"shutdown", try_shutdown, false},         {"poll", try_poll, false},
    {"poll-ports", try_poll_ports, false},     {"console-write", try_console_write, false},
    {"features", try_features, true},          {"extraversion", try_extraversion, true},
    {"capabilities", try_capabilities, true},  {"platform", try_platform, true},
    {"command-line", try_command_line, true},  {"guest-handle", try_guest_handle, true},
    {"decrease", try_reservation, false},      {"decrease-list", try_reservation_list, false},
    {"memory-map", try_memory_map, false},     {"machine-map-buffer", try_machine_map_buffer, true},
    {"m2p-mapping", try_m2p_mapping, true},    {"current-reservation", try_domain_pages, false},
    {"vcpu-bitmap", try_vcpu_bitmap, false},
};

static const struct {
    const char *what;
    u64 pointer;
    bool is_readable;
} pointers[] = {
    {"null", 0, false},
    {"unmapped", 0x1000, false},
    {"m2p", HYPERVISOR_VIRT_START, true},
    {"hypervisor", HYPERVISOR_HIDDEN, false},
    {"hypervisor-last", HYPERVISOR_LAST - 8, false},
    {"into-the-hole", HOLE - 8, false},
    {"non-canonical", NON_CANONICAL, false},
    {"last-word", ~7ull, false},
    {"read-only", (u64)(SCRATCH_VA + PAGE_SIZE), true},
    {"half-mapped", (u64)(SCRATCH_VA + 2 * PAGE_SIZE - 2), false},
};

/* What can be read is garbage but harmless only where the call is going to write. */
static void say_all(void)
{
    for (unsigned int call = 0; call < ARRAY_SIZE(calls); call++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(pointers); i++) {
            if (pointers[i].is_readable && !calls[call].writes_only)
                continue;
            row(name_of(calls[call].what, pointers[i].what),
                calls[call].attempt(pointers[i].pointer));
        }
    }
}

void guest_main(void)
{
    scratch_entry(1);
    good_frame = pfn_to_mfn(frame_alloc_zeroed()).n;
    if (map_page(scratch_page(1), good_frame << PAGE_SHIFT | PTE_PRESENT | PTE_USER))
        guest_panic("the read-only page cannot be mapped");
    say_all();
    guest_end();
}
