/*
 * What is a 32-bit guest's alone about its calls: words of 64 bits in two registers, lists of half
 * the size, the calls that it has not, and addresses that end below the hypervisor's window. No
 * Xen of Debian's runs such a guest, so each answer stands here, as Xen's code for such guests
 * gives it; that everything else is as with 64 bits, the other tests show, which run in both
 * widths.
 */
#include "tests/guests/common.h"

#include "guest-kernel/time/clock.h"

#define WINDOW   HYPERVISOR_VIRT_START
#define AT_END   ((void *)(WINDOW - 4)) /* the last word of the guest's, which is not mapped */
#define BEYOND   ((void *)WINDOW)       /* and what is none */
#define HIGH_BIT (1ull << 45)           /* of an address: a frame that no machine of ours has */

/* Both halves of a word count. */
static void say_halves(void)
{
    pfn_t pfn = frame_alloc();
    u64 at = pfn_to_mfn(pfn).n << PAGE_SHIFT, entry = at | PTE_PRESENT | PTE_WRITE;
    struct vcpu_set_singleshot_timer set = {.timeout_abs_ns = ~0ull >> 1};

    scratch_entry(1);
    row_want("halves.mapping", call_update_va_mapping(scratch_page(0), entry, 0), 0);
    *(volatile u64 *)scratch_page(0) = 0x1122334455667788;
    row_want("halves.mapping-is-there", *(u64 *)pfn_to_virt(pfn) == 0x1122334455667788, true);
    row_want("halves.mapping-high", call_update_va_mapping(scratch_page(0), entry | HIGH_BIT, 0),
             -XEN_EPERM);
    row_want("halves.mapping-flags",
             call_update_va_mapping(scratch_page(0), 0, UVMF_INVLPG | UVMF_ALL), 0);
    row_want("halves.other-domain",
             hypercall_update_va_mapping_otherdomain((unsigned long)scratch_page(0), entry, 0, 999),
             -XEN_ESRCH);
    row_want("halves.descriptor", call_update_descriptor(at, 0x00cff3000000ffff), 0);
    row_want("halves.descriptor-is-there", *(u64 *)pfn_to_virt(pfn) == 0x00cff3000000ffff, true);
    row_want("halves.descriptor-high", call_update_descriptor(at | HIGH_BIT, 0), -XEN_EINVAL);
    row_want("halves.timer", call_set_timer_op(time_now_ns() + (1ull << 40)), 0);
    row_want("halves.timer-none", call_set_timer_op(0), 0);
    row_want("halves.timer-in-structure", call_vcpu_op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    row_want("halves.timer-stopped", call_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    row_want("halves.timer-of-another", call_vcpu_op(VCPUOP_set_singleshot_timer, 1, &set),
             -XEN_EINVAL);
    row_want("halves.timer-of-another-nowhere", /* read before it is looked at whose it is */
             call_vcpu_op(VCPUOP_set_singleshot_timer, 1, (void *)NON_CANONICAL), -XEN_EFAULT);
}

/* What it has not, or has in another form. */
static void say_forms(void)
{
    mmuext_op_t ops[] = {{.cmd = MMUEXT_TLB_FLUSH_LOCAL}, {.cmd = MMUEXT_NEW_USER_BASEPTR}};
    struct callback_unregister gone = {.type = CALLBACKTYPE_syscall};
    struct callback_register reg = {.type = CALLBACKTYPE_syscall};
    struct xen_memory_reservation claim = {.domid = 0};
    domid_t self = DOMID_SELF;
    unsigned int done = 7;

    row_want("forms.segment-base", call_set_segment_base(0, 0), -XEN_ENOSYS);
    row_want("forms.user-base", call_mmuext_op(ops, 2, &done, DOMID_SELF), -XEN_EINVAL);
    row_want("forms.user-base-done", done, 1);
    row_want("forms.claim", call_memory_op(XENMEM_claim_pages, &claim), -XEN_ENOSYS);
    row_want("forms.maximum-fits", call_memory_op(XENMEM_maximum_reservation, &self), INT32_MAX);
    row_want("forms.callback-op", hypercall_callback_op(99, 0), -XEN_EINVAL);
    row_want("forms.callback-syscall",
             hypercall_callback_op(CALLBACKOP_register, (unsigned long)&reg), -XEN_ENOSYS);
    row_want("forms.unregister-syscall",
             hypercall_callback_op(CALLBACKOP_unregister, (unsigned long)&gone), -XEN_ENOSYS);
    gone.type = CALLBACKTYPE_event;
    row_want("forms.unregister-event",
             hypercall_callback_op(CALLBACKOP_unregister, (unsigned long)&gone), -XEN_EINVAL);
    row_want("forms.no-table", call_grant_table_op(GNTTABOP_setup_table, NULL, 0), 0);
    row_want("forms.no-status", call_grant_table_op(GNTTABOP_get_status_frames, NULL, 0), 0);
}

/* Xen translates both lists of an exchange in two pages: what cannot be done in parts that fit
 * there is refused, before anybody looks whether the frames are the guest's. (They are not.) */
static long exchange(unsigned in_order, unsigned out_order, unsigned done, xen_pfn_t *list)
{
    const unsigned most = in_order > out_order ? in_order : out_order;
    struct xen_memory_exchange x = {.in = {.nr_extents = 1ul << (most - in_order),
                                           .extent_order = in_order,
                                           .domid = DOMID_SELF},
                                    .out = {.nr_extents = 1ul << (most - out_order),
                                            .extent_order = out_order,
                                            .domid = DOMID_SELF},
                                    .nr_exchanged = done};

    set_xen_guest_handle(x.in.extent_start, list);
    set_xen_guest_handle(x.out.extent_start, list);
    return call_memory_op(XENMEM_exchange, &x);
}

static void say_exchange(void)
{
    static xen_pfn_t list[1024];

    row_want("exchange.to-512", exchange(0, 9, 0, list), -XEN_EINVAL);
    row_want("exchange.from-512", exchange(9, 0, 0, list), -XEN_EINVAL);
    row_want("exchange.to-1024", exchange(0, 10, 0, list), -XEN_E2BIG);
    row_want("exchange.from-1024", exchange(10, 0, 0, list), -XEN_E2BIG);
    row_want("exchange.to-1024-all-done", exchange(0, 10, 1024, list), -XEN_E2BIG);
    row_want("exchange.to-512-all-done", exchange(0, 9, 512, list), 0);
    row_want("exchange.to-1024-half-done", exchange(0, 10, 512, list), -XEN_EINVAL);
    row_want("exchange.to-1024-no-list", exchange(0, 10, 0, BEYOND), -XEN_EFAULT);
    row_want("exchange.too-large", exchange(19, 19, 0, list), -XEN_EPERM);
    row_want("exchange.too-large-to-1", exchange(19, 0, 0, list), -XEN_E2BIG);
}

static void say_parameters(void)
{
    xen_capabilities_info_t text;
    struct xen_platform_parameters platform = {0};
    struct xen_machphys_mapping m2p = {0};

    row_want("parameters.capabilities", call_xen_version(XENVER_capabilities, text), 0);
    row_want("parameters.is-one", !strncmp(text + 15, "xen-3.0-x86_32p", 15), true);
    row_want("parameters.platform", call_xen_version(XENVER_platform_parameters, &platform), 0);
    row_want("parameters.window", platform.virt_start == WINDOW, true);
    row_want("parameters.m2p", call_memory_op(XENMEM_machphys_mapping, &m2p), 0);
    row_want("parameters.m2p-there", m2p.v_start == WINDOW && m2p.max_mfn > 1000, true);
}

static long poll_ports(void *ports)
{
    struct sched_poll poll = {.ports.p = ports, .nr_ports = 1, .timeout = 1};

    return call_sched_op(SCHEDOP_poll, &poll);
}

static long runstate_area(const void *at)
{
    struct vcpu_register_runstate_memory_area area = {.addr.v = (void *)at};

    return call_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &area);
}

static long io_bitmap(void *at)
{
    struct physdev_set_iobitmap set = {.bitmap.p = at};

    return hypercall_physdev_op(PHYSDEVOP_set_iobitmap, (unsigned long)&set);
}

static long table_frames(void *at, unsigned int count)
{
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = count, .frame_list.p = at};
    long rc = call_grant_table_op(GNTTABOP_setup_table, &setup, 1);

    return rc ? rc : setup.status;
}

static long batch(void *at)
{
    struct xen_add_to_physmap_batch add = {
        .domid = DOMID_SELF, .size = 1, .idxs.p = at, .gpfns.p = at, .errs.p = at};

    return call_memory_op(XENMEM_add_to_physmap_batch, &add);
}

static long increase(void *at)
{
    struct xen_memory_reservation more = {
        .domid = DOMID_SELF, .nr_extents = 1, .extent_start.p = at};

    return call_memory_op(XENMEM_increase_reservation, &more);
}

/* A list must end below the window, whether or not it is read. */
static void say_window(void)
{
    static unsigned long word;

    row_want("window.poll", poll_ports(BEYOND), -XEN_EINVAL); /* but this: of frame 0, no port */
    row_want("window.poll-end", poll_ports(AT_END), -XEN_EFAULT);
    row_want("window.runstate", runstate_area(BEYOND), -XEN_EFAULT);
    row_want("window.runstate-crosses", runstate_area(AT_END), -XEN_EFAULT);
    row_want("window.runstate-none", runstate_area(NULL), 0);
    row_want("window.io-bitmap", io_bitmap(BEYOND), -XEN_EINVAL);
    row_want("window.io-bitmap-crosses", io_bitmap((char *)BEYOND - 0x1fff), -XEN_EINVAL);
    row_want("window.io-bitmap-end", io_bitmap((char *)BEYOND - 0x2000), 0);
    row_want("window.grants", table_frames(BEYOND, 1), -XEN_EFAULT);
    row_want("window.grants-cross", table_frames(AT_END, 2), -XEN_EFAULT);
    row_want("window.grants-end", table_frames(AT_END, 1), GNTST_bad_virt_addr);
    row_want("window.grants-many", table_frames(&word, ~0u), -XEN_EFAULT);
    row_want("window.batch", batch(BEYOND), -XEN_EFAULT);
    row_want("window.batch-unmapped", batch(AT_END), -XEN_EFAULT);
    row_want("window.batch-own", batch(&word), -XEN_EACCES);
    row_want("window.increase", increase(BEYOND), 0);
}

/* Entries of eight words of 32 bits; each has its own answer. */
static void say_lists(void)
{
    pfn_t pfn = frame_alloc();
    u64 entry = pfn_to_mfn(pfn).n << PAGE_SHIFT | PTE_PRESENT;
    multicall_entry_t calls[] = {
        {.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
        {.op = 60, .result = 5},
        {.op = __HYPERVISOR_multicall, .args = {0, 0}},
        {.op = __HYPERVISOR_update_va_mapping,
         .args = {(unsigned long)scratch_page(1), (u32)entry, (u32)(entry >> 32), UVMF_INVLPG}},
        {.op = __HYPERVISOR_set_segment_base},
        {.op = __HYPERVISOR_stack_switch, .args = {FLAT_KERNEL_DS & ~3u, 0x1234}},
        {.op = ~0u, .result = 5},
    };
    const unsigned int count = ARRAY_SIZE(calls);

    *(u32 *)pfn_to_virt(pfn) = 0x600d;
    row_want("list.answer", call_multicall(calls, count), 0);
    row_want("list.version", calls[0].result >> 16, 4);
    row_want("list.unknown", (s32)calls[1].result, -XEN_ENOSYS);
    row_want("list.in-list", (s32)calls[2].result, -XEN_EINVAL);
    row_want("list.mapping", calls[3].result, 0);
    row_want("list.mapping-is-there", *(volatile u32 *)scratch_page(1), 0x600d);
    row_want("list.segment-base", (s32)calls[4].result, -XEN_ENOSYS);
    row_want("list.stack", calls[5].result, 0);
    row_want("list.far-unknown", (s32)calls[6].result, -XEN_ENOSYS);
    row_want("list.arguments-stay", calls[3].args[1] == (u32)entry, true);
    row_want("list.unreadable", call_multicall(AT_END, 1), -XEN_EFAULT);
    row_want("list.beyond-4G", call_multicall((multicall_entry_t *)calls, ~0u), -XEN_EFAULT);
}

void guest_main(void)
{
    say_halves();
    say_forms();
    say_exchange();
    say_parameters();
    say_window();
    say_lists();
    guest_end();
}
