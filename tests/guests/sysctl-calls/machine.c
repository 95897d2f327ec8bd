/* What the machine has: CPUs and how they are joined, memory, nodes, devices; and its domains. */
#include "tests/guests/sysctl-calls/sysctl_calls.h"
#include "tests/guests/sysctl.h"

#include "guest-kernel/time/clock.h"

#define PLACES 8

static u64 list[PLACES * 4]; /* whatever is answered in lists */

static void physinfo_rows(void)
{
    const struct xen_sysctl_physinfo *p = &op.u.physinfo;

    memset(&op, 0x7f, sizeof(op));
    row("physinfo.answer", sysctl(XEN_SYSCTL_physinfo));
    row("physinfo.threads_per_core", p->threads_per_core);
    row("physinfo.cores_per_socket", p->cores_per_socket);
    row("physinfo.cpus", p->nr_cpus);
    row("physinfo.last_cpu", p->max_cpu_id);
    row("physinfo.nodes", p->nr_nodes);
    row("physinfo.last_node", p->max_node_id);
    row("physinfo.khz", p->cpu_khz > 1000);
    row("physinfo.pv", !!(p->capabilities & XEN_SYSCTL_PHYSCAP_pv));
    row("physinfo.directio", !!(p->capabilities & XEN_SYSCTL_PHYSCAP_directio));
    row("physinfo.vpmu", !!(p->capabilities & XEN_SYSCTL_PHYSCAP_vpmu));
    row("physinfo.arch_capabilities", p->arch_capabilities);
    row("physinfo.pad", p->pad);
    row("physinfo.total_mib", (s64)(p->total_pages + 128) / 256);
    row("physinfo.some_free", p->free_pages > 0 && p->free_pages < p->total_pages);
    row("physinfo.scrub", (s64)p->scrub_pages);
    row("physinfo.outstanding", (s64)p->outstanding_pages);
    row("physinfo.last_frame", p->max_mfn >= p->total_pages - 1);
    for (u32 i = 0; i < ARRAY_SIZE(p->hw_cap); i++)
        row_hex(name_nth("physinfo", "hw_cap", i), p->hw_cap[i]);
}

static long heap(u32 min, u32 max, s32 node)
{
    sysctl_begin();
    op.u.availheap.min_bitwidth = min;
    op.u.availheap.max_bitwidth = max;
    op.u.availheap.node = node;
    return sysctl(XEN_SYSCTL_availheap);
}

static u64 heap_bytes(u32 min, u32 max, s32 node)
{
    heap(min, max, node);
    return op.u.availheap.avail_bytes;
}

static void heap_rows(void)
{
    u64 all = heap_bytes(0, 0, -1);

    sysctl_begin();
    row("heap.physinfo", sysctl(XEN_SYSCTL_physinfo));
    row("heap.is_what_is_free", op.u.physinfo.free_pages << PAGE_SHIFT == all);
    row("heap.answer", heap(0, 0, -1));
    row("heap.some", all > 0);
    row("heap.node", heap_bytes(0, 0, 0) == all);
    row("heap.no_node", (s64)heap_bytes(0, 0, 7));
    row("heap.wide", heap_bytes(0, 52, -1) == all);
    row("heap.wider", heap_bytes(0, 1000, -1) == all);
    row("heap.beyond", (s64)heap_bytes(48, 0, -1));
    row("heap.narrow", (s64)heap_bytes(0, 5, -1) < 100000);
    row("heap.parts", heap_bytes(0, 28, -1) + heap_bytes(29, 0, -1) == all);
    row("heap.part_is_some", heap_bytes(0, 28, -1) > 0);
}

static void cpu_list_rows(void)
{
    u64 now;

    sysctl_begin();
    row("cpuinfo.none", sysctl(XEN_SYSCTL_getcpuinfo));
    row("cpuinfo.none_count", op.u.getcpuinfo.nr_cpus);
    op.u.getcpuinfo.max_cpus = 1;
    op.u.getcpuinfo.info.p = (void *)list;
    memset(list, 0xff, sizeof(list));
    row("cpuinfo.one", sysctl(XEN_SYSCTL_getcpuinfo));
    row("cpuinfo.one_count", op.u.getcpuinfo.nr_cpus);
    now = time_now_ns();
    row("cpuinfo.idle_less_than_now", list[0] < now);
    op.u.getcpuinfo.max_cpus = PLACES;
    row("cpuinfo.all", sysctl(XEN_SYSCTL_getcpuinfo));
    row("cpuinfo.all_count", op.u.getcpuinfo.nr_cpus);
    op.u.getcpuinfo.info.p = NOWHERE;
    row("cpuinfo.unwritable", sysctl(XEN_SYSCTL_getcpuinfo));
    op.u.getcpuinfo.max_cpus = 0;
    row("cpuinfo.nothing_to_write", sysctl(XEN_SYSCTL_getcpuinfo));
}

static void topology_rows(void)
{
    struct xen_sysctl_cputopo *t = (void *)list;
    struct xen_sysctl_cputopoinfo *info = &op.u.cputopoinfo;

    sysctl_begin();
    row("topology.count_answer", sysctl(XEN_SYSCTL_cputopoinfo));
    row("topology.count", info->num_cpus);
    memset(list, 0x7f, sizeof(list));
    info->num_cpus = PLACES;
    info->cputopo.p = t;
    row("topology.answer", sysctl(XEN_SYSCTL_cputopoinfo));
    row("topology.listed", info->num_cpus);
    for (u32 i = 0; i < info->num_cpus && i < PLACES; i++) {
        row(name_nth("topology", "core", i), t[i].core);
        row(name_nth("topology", "socket", i), t[i].socket);
        row(name_nth("topology", "node", i), t[i].node);
    }
    info->num_cpus = 0;
    row("topology.no_room", sysctl(XEN_SYSCTL_cputopoinfo));
    row("topology.no_room_count", info->num_cpus);
    info->num_cpus = 1;
    info->cputopo.p = NOWHERE;
    row("topology.unwritable", sysctl(XEN_SYSCTL_cputopoinfo));
}

static void numa_rows(void)
{
    struct xen_sysctl_meminfo *m = (void *)list;
    u32 *distance = (void *)(list + PLACES);
    struct xen_sysctl_numainfo *info = &op.u.numainfo;

    sysctl_begin();
    row("numa.count_answer", sysctl(XEN_SYSCTL_numainfo));
    row("numa.count", info->num_nodes);
    memset(list, 0x7f, sizeof(list));
    info->num_nodes = 4;
    info->meminfo.p = m;
    info->distance.p = distance;
    row("numa.answer", sysctl(XEN_SYSCTL_numainfo));
    row("numa.listed", info->num_nodes);
    row("numa.mib", (s64)(m->memsize >> 20));
    row("numa.some_free", m->memfree > 0 && m->memfree < m->memsize);
    row("numa.distance", distance[0]);
    row_hex("numa.distance_next", distance[1]);
    info->num_nodes = 0;
    row("numa.no_room", sysctl(XEN_SYSCTL_numainfo));
    row("numa.no_room_count", info->num_nodes);
    info->num_nodes = 1;
    info->meminfo.p = NOWHERE;
    row("numa.unwritable", sysctl(XEN_SYSCTL_numainfo));
    info->meminfo.p = NULL;
    row("numa.distance_only", sysctl(XEN_SYSCTL_numainfo));
    info->distance.p = NOWHERE;
    row("numa.distance_unwritable", sysctl(XEN_SYSCTL_numainfo));
}

static void device_rows(void)
{
    struct physdev_pci_device devices[3] = {{.bus = 0, .devfn = 0}, {.bus = 77}, {.seg = 9}};
    struct physdev_pci_device_add announced = {.bus = 0, .devfn = 0};
    u32 nodes[3] = {7, 7, 7};
    struct xen_sysctl_pcitopoinfo *info = &op.u.pcitopoinfo;

    sysctl_begin();
    row("device.no_lists", sysctl(XEN_SYSCTL_pcitopoinfo));
    info->devs.p = devices;
    row("device.no_answers", sysctl(XEN_SYSCTL_pcitopoinfo));
    info->nodes.p = nodes;
    row("device.none", sysctl(XEN_SYSCTL_pcitopoinfo));
    info->num_devs = 3;
    row("device.answer", sysctl(XEN_SYSCTL_pcitopoinfo));
    row("device.count", info->num_devs);
    for (u32 i = 0; i < 3; i++)
        row_hex(name_nth("device", "node", i), nodes[i]);
    row("device.announced", hypercall_physdev_op(PHYSDEVOP_pci_device_add, (uintptr_t)&announced));
    row("device.again", sysctl(XEN_SYSCTL_pcitopoinfo));
    row_hex("device.node_of_the_announced", nodes[0]);
    row("device.taken_back",
        hypercall_physdev_op(PHYSDEVOP_pci_device_remove, (uintptr_t)&devices[0]));
    row("device.once_more", sysctl(XEN_SYSCTL_pcitopoinfo));
    row_hex("device.node_then", nodes[0]);
    info->nodes.p = NOWHERE;
    row("device.unwritable", sysctl(XEN_SYSCTL_pcitopoinfo));
    info->devs.p = NOWHERE;
    row("device.unreadable", sysctl(XEN_SYSCTL_pcitopoinfo));
}

static void domain_rows(void)
{
    struct xen_domctl_getdomaininfo info[2];
    struct xen_sysctl_getdomaininfolist *l = &op.u.getdomaininfolist;

    sysctl_begin();
    memset(info, 0x7f, sizeof(info));
    row("domains.no_room", sysctl(XEN_SYSCTL_getdomaininfolist));
    row("domains.no_room_count", l->num_domains);
    l->max_domains = 2;
    l->buffer.p = info;
    row("domains.answer", sysctl(XEN_SYSCTL_getdomaininfolist));
    row("domains.count", l->num_domains);
    row("domains.first", info[0].domain);
    row("domains.first_vcpus", info[0].nr_online_vcpus);
    row("domains.second_untouched", info[1].domain == 0x7f7f);
    l->first_domain = 1;
    row("domains.from_one", sysctl(XEN_SYSCTL_getdomaininfolist));
    row("domains.from_one_count", l->num_domains);
    l->first_domain = 0;
    l->buffer.p = NOWHERE;
    row("domains.unwritable", sysctl(XEN_SYSCTL_getdomaininfolist));
}

/* Where 64-bit kernels have the pointer, whoever asks: Xen translates no sysctl, and this one is
 * not of the kind that is the same in both widths. */
static void page_status(void *to)
{
    *(u64 *)(op.u.pad + 16) = (uintptr_t)to;
}

static void page_rows(void)
{
    u32 status[2] = {0x77, 0x77};
    struct xen_sysctl_page_offline_op *p = &op.u.page_offline;

    sysctl_begin();
    p->start = 1;
    row("page.backwards", sysctl(XEN_SYSCTL_page_offline_op));
    /* To take a frame out of use is not tried: its owner would miss it. */
    for (u32 cmd = 0; cmd < 5; cmd += cmd == 0 ? 2 : 1) {
        sysctl_begin();
        p->cmd = cmd;
        page_status(status);
        p->start = p->end = ~0U;
        status[0] = 0x77;
        row(name_nth("page", "last", cmd), (s32)sysctl(XEN_SYSCTL_page_offline_op));
        row_hex(name_nth("page", "last_status", cmd), status[0]);
        p->start = p->end = (u32)pfn_to_mfn(frame_alloc()).n;
        row(name_nth("page", "own", cmd), sysctl(XEN_SYSCTL_page_offline_op));
        row_hex(name_nth("page", "own_status", cmd), status[0]);
        page_status(NOWHERE);
        row(name_nth("page", "unwritable", cmd), sysctl(XEN_SYSCTL_page_offline_op));
    }
}

void machine_rows(void)
{
    physinfo_rows();
    heap_rows();
    cpu_list_rows();
    topology_rows();
    numa_rows();
    device_rows();
    domain_rows();
    page_rows();
}
