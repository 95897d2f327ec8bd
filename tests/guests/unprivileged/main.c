/*
 * What a guest that is not the control domain is refused, call by call: all rows of the table of
 * authority (hypercalls/authority.h), and that what is its own affair goes well beside it. The
 * order of the questions shows, too: who may not is told so before or after his arguments are
 * looked at, as in Xen's source.
 */
#include "tests/guests/common.h"

static long reservation(unsigned int command, domid_t domid, u32 order)
{
    static xen_pfn_t list[1];
    struct xen_memory_reservation r = {.nr_extents = 1, .extent_order = order, .domid = domid};

    set_xen_guest_handle(r.extent_start, list);
    return call_memory_op(command, &r);
}

static void memory_try(void)
{
    struct xen_memory_domain self = {.domid = DOMID_SELF}, none = {.domid = 0x1234};
    struct xen_memory_reservation claim = {.nr_extents = 1};
    struct xen_mem_acquire_resource resource = {0};
    struct xen_memory_map map = {0};
    struct xen_machphys_mapping end;

    row_want("memory.own", call_memory_op(XENMEM_current_reservation, &self) > 0, 1);
    row_want("memory.nobody", call_memory_op(XENMEM_current_reservation, &none), -XEN_ESRCH);
    row_want("memory.machine", call_memory_op(XENMEM_machine_memory_map, &map), -XEN_EPERM);
    row_want("memory.end", call_memory_op(XENMEM_machphys_mapping, &end), 0);
    row_want("memory.end-is-hidden", end.max_mfn, MACH2PHYS_NR_ENTRIES - 1);
    claim.domid = DOMID_SELF;
    row_want("memory.claim-self", call_memory_op(XENMEM_claim_pages, &claim), -XEN_EINVAL);
    resource.domid = 0x1234;
    row_want("memory.resource", call_memory_op(XENMEM_acquire_resource, &resource), -XEN_ESRCH);
    row_want("memory.small", reservation(XENMEM_decrease_reservation, 0x1234, 0), 0);
    row_want("memory.large", reservation(XENMEM_populate_physmap, DOMID_SELF, 10), 0);
}

static long update(u64 address, u64 value, unsigned long domains, u32 count)
{
    mmu_update_t request = {.ptr = address, .val = value};

    return hypercall_mmu_update((uintptr_t)&request, count, 0, domains);
}

static void tables_try(void)
{
    u64 entry = scratch_entry(1);
    mmuext_op_t caches = {.cmd = MMUEXT_FLUSH_CACHE}, all = {.cmd = MMUEXT_FLUSH_CACHE_GLOBAL};
    mmuext_op_t flush = {.cmd = MMUEXT_TLB_FLUSH_LOCAL};

    row_want("update.own", update(entry, 0, DOMID_SELF, 1), 0);
    row_want("update.xen", update(entry, 0, DOMID_XEN, 1), -XEN_EPERM);
    row_want("update.xen-unknown", update(entry | 7, 0, DOMID_XEN, 1), -XEN_ENOSYS);
    row_want("update.xen-nothing", update(entry, 0, DOMID_XEN, 0), 0);
    row_want("update.xen-m2p", update(entry | MMU_MACHPHYS_UPDATE, 0, DOMID_XEN, 1), -XEN_EPERM);
    row_want("update.unreadable", hypercall_mmu_update(0, 1, 0, DOMID_XEN), -XEN_EFAULT);
    row_want("update.io", update(entry, 0, DOMID_IO, 1), 0);
    row_want("update.io-frame", update(entry, 0xfed00000ul | PTE_PRESENT, DOMID_IO, 1), -XEN_EPERM);
    row_want("update.nobody", update(entry, 0, 0x1234, 1), -XEN_ESRCH);
    row_want("update.nobodys-tables", update(entry, 0, 0x1235ul << 16 | DOMID_SELF, 1), -XEN_ESRCH);
    row_want("va.xen", hypercall_update_va_mapping_otherdomain(SCRATCH_VA, 0, 0, DOMID_XEN),
             -XEN_EPERM);
    row_want("va.io", hypercall_update_va_mapping_otherdomain(SCRATCH_VA, 0, 0, DOMID_IO),
             -XEN_EPERM);
    row_want("ext.own", call_mmuext_op(&flush, 1, NULL, DOMID_SELF), 0);
    row_want("ext.io", call_mmuext_op(&flush, 1, NULL, DOMID_IO), -XEN_EPERM);
    row_want("ext.io-nothing", call_mmuext_op(&flush, 0, NULL, DOMID_IO), -XEN_EPERM);
    row_want("ext.caches", call_mmuext_op(&caches, 1, NULL, DOMID_SELF), -XEN_EACCES);
    row_want("ext.all-caches", call_mmuext_op(&all, 1, NULL, DOMID_SELF), -XEN_EINVAL);
}

static void toolstack_try(void)
{
    static struct xen_domctl domctl = {.cmd = XEN_DOMCTL_createdomain,
                                       .interface_version = XEN_DOMCTL_INTERFACE_VERSION};
    static struct xen_sysctl sysctl = {.cmd = XEN_SYSCTL_physinfo,
                                       .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
    static struct xen_platform_op platform = {.cmd = XENPF_settime64,
                                              .interface_version = XENPF_INTERFACE_VERSION};
    struct sched_pin_override pin = {0};
    struct sched_remote_shutdown nobody = {.domain_id = 0x1234};
    struct evtchn_alloc_unbound port = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
    struct evtchn_reset reset = {.dom = 0x1234};
    struct physdev_map_pirq map = {.domid = DOMID_SELF};
    char text[8];

    row_want("domctl", hypercall_domctl((uintptr_t)&domctl), -XEN_EPERM);
    domctl.interface_version--;
    row_want("domctl.version", hypercall_domctl((uintptr_t)&domctl), -XEN_EACCES);
    row_want("sysctl", hypercall_sysctl((uintptr_t)&sysctl), -XEN_EPERM);
    row_want("platform", hypercall_platform_op((uintptr_t)&platform), -XEN_EPERM);
    row_want("console.read", call_console_io(CONSOLEIO_read, sizeof(text), text), -XEN_EPERM);
    row_want("sched.pin", call_sched_op(SCHEDOP_pin_override, &pin), -XEN_EPERM);
    row_want("sched.nobody", call_sched_op(SCHEDOP_remote_shutdown, &nobody), -XEN_ESRCH);
    row_want("version.build-id", call_xen_version(XENVER_build_id, NULL), -XEN_EPERM);
    row_want("event.own", call_event_channel_op(EVTCHNOP_alloc_unbound, &port), 0);
    row_want("event.nobody", call_event_channel_op(EVTCHNOP_reset, &reset), -XEN_ESRCH);
    row_want("physdev.map", hypercall_physdev_op(PHYSDEVOP_map_pirq, (uintptr_t)&map), -XEN_EPERM);
}

/* All of both, also those that there are not. The domain is this one. */
static void control_try(void)
{
    static struct xen_domctl domctl;
    static struct xen_sysctl sysctl;

    for (u32 cmd = 0; cmd < 90; cmd++) {
        domctl = (struct xen_domctl){
            .cmd = cmd, .domain = DOMID_SELF, .interface_version = XEN_DOMCTL_INTERFACE_VERSION};
        row(name_nth("domctl", "self", cmd), hypercall_domctl((uintptr_t)&domctl));
        domctl.domain = 0;
        row(name_nth("domctl", "zero", cmd), hypercall_domctl((uintptr_t)&domctl));
    }
    for (u32 cmd = 0; cmd < 35; cmd++) {
        sysctl = (struct xen_sysctl){.cmd = cmd, .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
        row(name_nth("sysctl", "cmd", cmd), hypercall_sysctl((uintptr_t)&sysctl));
    }
}

void guest_main(void)
{
    memory_try();
    tables_try();
    toolstack_try();
    control_try();
    guest_end();
}
