/*
 * sysctl: the machine's CPUs, memory and domains. Lists are written entry by entry, as many as the
 * caller has room for; one that asks with no list at all learns how many there are.
 *
 * All memory is one node, whatever the machine's tables say: nothing here allocates by distance.
 */
#include "hypercalls/sysctl.h"

#include "hypercalls/domctl.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/irq.h"
#include "hypervisor/cpu/system_policy.h"
#include "hypervisor/cpu/topology.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/clock.h"

#define NODES_MAX      64 /* Xen's limit, which toolstacks size their sets by */
#define NODE_DISTANCE  10 /* ACPI: of a node from itself */
#define FEATURES_SHOWN 8
#define ANY_NODE       (-1)
#define LIST_UNITS     8 /* of work, see cpu/preempt.h: an entry of a list */

#define FRAMES_AT_ONCE  4096U
#define DOMAINS_AT_ONCE 256U /* a list that ends earlier is taken for a whole one by some tools */
#define DEVICES_AT_ONCE 64U
#define UNWRITABLE      refuse(XEN_EFAULT, "the list cannot be written")

static const u32 untouched = 0x01010101;

long sysctl_physinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_physinfo *p = &op->u.physinfo;
    u32 threads = cpus_like_first(CPU_CORE);

    *p = (struct xen_sysctl_physinfo){
        .threads_per_core = threads,
        .cores_per_socket = cpus_like_first(CPU_SOCKET) / threads,
        .nr_cpus = cpus_online,
        .max_cpu_id = cpus_online - 1,
        .nr_nodes = 1,
        .max_node_id = NODES_MAX - 1,
        .cpu_khz = clock_khz(),
        .capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 |
                        (grants_options.max.version > 1 ? XEN_SYSCTL_PHYSCAP_gnttab_v2 : 0),
        .total_pages = memory_ram_frames(),
        .free_pages = frames_free_count(),
        .outstanding_pages = frames_claimed_count(),
        .max_mfn = frames_max - 1,
    };
    for (u32 i = 0; i < FEATURES_SHOWN; i++)
        p->hw_cap[i] = system_features(XEN_SYSCTL_cpu_featureset_host, i);
    p->hw_cap[FEATURES_AMD_EDX] &= ~CPUID_COMMON_EDX;
    return 0;
}

/* A width of 0 is any; of those that end in the middle of a block the block decides. */
long sysctl_availheap(struct xen_sysctl *op)
{
    struct xen_sysctl_availheap *h = &op->u.availheap;

    h->avail_bytes = 0;
    if (h->node == ANY_NODE || !h->node)
        h->avail_bytes = frames_free_between(h->min_bitwidth, h->max_bitwidth) << PAGE_SHIFT;
    return 0;
}

long sysctl_getcpuinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;

    g->nr_cpus = MIN(g->max_cpus, cpus_online);
    for (u32 i = 0; i < g->nr_cpus; i++) {
        struct xen_sysctl_cpuinfo info = {.idletime = sched_idle_ns(i)};

        if (guest_write((u64)(g->info.p + i), &info, sizeof(info)))
            return UNWRITABLE;
    }
    return 0;
}

long sysctl_cputopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;

    t->num_cpus = t->cputopo.p ? MIN(t->num_cpus, cpus_online) : cpus_online;
    for (u32 i = 0; t->cputopo.p && i < t->num_cpus; i++) {
        struct xen_sysctl_cputopo topo = {cpu_place(i, CPU_CORE), cpu_place(i, CPU_SOCKET), 0};

        if (guest_write((u64)(t->cputopo.p + i), &topo, sizeof(topo)))
            return UNWRITABLE;
    }
    return 0;
}

long sysctl_numainfo(struct xen_sysctl *op)
{
    struct xen_sysctl_numainfo *n = &op->u.numainfo;
    struct xen_sysctl_meminfo memory = {frames_max << PAGE_SHIFT, frames_free_count()
                                                                      << PAGE_SHIFT};
    u32 distance = NODE_DISTANCE;

    if ((n->meminfo.p || n->distance.p) && !n->num_nodes)
        return 0;
    n->num_nodes = 1;
    if (n->meminfo.p && guest_write((u64)n->meminfo.p, &memory, sizeof(memory)))
        return UNWRITABLE;
    if (n->distance.p && guest_write((u64)n->distance.p, &distance, sizeof(distance)))
        return UNWRITABLE;
    return 0;
}

/* No device is known to be near any memory; nor is the machine looked through for devices: those
 * are there that were announced. */
static u32 device_node(const struct physdev_pci_device *device)
{
    bool known;

    spin_lock(&irq_lock);
    known = pci_device_known(SBDF(device->seg, device->bus, device->devfn));
    spin_unlock(&irq_lock);
    return known ? XEN_INVALID_NODE_ID : XEN_INVALID_DEV;
}

long sysctl_pcitopoinfo(struct xen_sysctl *op)
{
    struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;
    struct physdev_pci_device device;
    u32 node;

    if (!t->devs.p || !t->nodes.p)
        return refuse(XEN_EINVAL, "a list is missing");
    for (u32 i = 0; i < t->num_devs; i++) {
        if (guest_read(&device, (u64)(t->devs.p + i), sizeof(device)))
            return refuse(XEN_EFAULT, "the list of devices cannot be read");
        node = device_node(&device);
        if (guest_write((u64)(t->nodes.p + i), &node, sizeof(node)))
            return UNWRITABLE;
        if (i >= DEVICES_AT_ONCE && preempt_point(LIST_UNITS))
            t->num_devs = i + 1;
    }
    return 0;
}

/* As many as there is room for, or time: who asks on from the last finds the rest. */
long sysctl_getdomaininfolist(struct xen_sysctl *op)
{
    struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
    struct domain *d = domain_at_least(l->first_domain);
    struct xen_domctl_getdomaininfo info;

    for (l->num_domains = 0; d && l->num_domains < l->max_domains; d = d->next) {
        domain_info(d, &info);
        if (guest_write((u64)(l->buffer.p + l->num_domains++), &info, sizeof(info)))
            return UNWRITABLE;
        if (l->num_domains >= DOMAINS_AT_ONCE && preempt_point(LIST_UNITS))
            break;
    }
    return 0;
}

/* Of a frame that never leaves use there is little to say. Xen marks those that it has not come to
 * in each byte. */
long sysctl_page_offline_op(struct xen_sysctl *op)
{
    const struct xen_sysctl_page_offline_op *p = &op->u.page_offline;
    u64 count = (u64)p->end - p->start + 1, to = (u64)p->status.p;
    bool known = p->cmd >= sysctl_page_offline && p->cmd <= sysctl_query_page_offline;

    if (p->end < p->start)
        return refuse(XEN_EINVAL, "a range that ends before it begins");
    if (count > FRAMES_AT_ONCE)
        return refuse(XEN_ENOMEM, "so many frames at once");
    for (u64 n = p->start; n <= p->end; n++, to += sizeof(u32)) {
        u32 status = p->cmd == sysctl_page_offline ? PG_OFFLINE_FAILED : 0;

        known = known && mfn_valid(MFN(n)) && !mfn_is_io(MFN(n));
        if (guest_write(to, known ? &status : &untouched, sizeof(status)))
            return UNWRITABLE;
    }
    return known ? 0 : refuse(XEN_EINVAL, "no such operation, or not a frame of RAM");
}
