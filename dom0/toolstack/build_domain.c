/*
 * An empty domain: created, with its vcpus, limits and shares, before it has a frame. The defaults
 * are those of xl.
 */
#include "dom0/toolstack/builder.h"

#include "dom0/mm/heap.h"
#include "dom0/toolstack/pools.h"
#include "xen-like/lib/string.h"

#define EVENT_CHANNELS  1023 /* its highest port */
#define GRANT_FRAMES    64
#define MAPTRACK_FRAMES 1024
#define GRANT_VERSION   2

/* One range of XENMEM_memory_map's answer, in the BIOS's form (memory.h: "e820"). */
struct memory_range {
    u64 start, size;
    u32 type;
} __attribute__((packed));

#define RANGE_RAM 1

#define TSC_DEFAULT 0 /* emulated only if necessary (arch-x86/cpuid.h) */

static int domain_create(struct builder *b)
{
    struct xen_domctl op = {0};
    struct xen_domctl_createdomain *create = &op.u.createdomain;
    u32 vcpus = MAX(b->config->maxvcpus, b->config->vcpus);
    struct pool pool = {0};
    int answer;

    memcpy(create->handle, b->config->uuid, sizeof(create->handle));
    if (b->config->pool && !pool_find(b->config->pool, &pool))
        return build_refuse(b, b->config->pool, "there is no such pool of CPUs; see: cpupool-list");
    create->cpupool_id = pool.id;
    create->max_vcpus = vcpus;
    create->max_evtchn_port = EVENT_CHANNELS;
    create->max_grant_frames = GRANT_FRAMES;
    create->max_maptrack_frames = MAPTRACK_FRAMES;
    create->grant_opts = XEN_DOMCTL_GRANT_version(GRANT_VERSION);
    answer = control_domctl(&op, XEN_DOMCTL_createdomain, 0); /* 0: any number that is free */
    if (answer == -XEN_ENODEV)
        return build_refuse(b, pool.name, "the pool has no CPU; see: cpupool-cpu-add");
    if (answer)
        return build_fail(b, answer, "creating the domain");
    b->created = true;
    b->domain->domid = op.domain;
    op = (struct xen_domctl){.u.max_vcpus.max = vcpus};
    answer = control_domctl(&op, XEN_DOMCTL_max_vcpus, b->domain->domid);
    return answer ? build_fail(b, answer, "making its vcpus") : 0;
}

/* Before it has memory, which its width decides the form of. New domains are for 64-bit kernels. */
static int width_set(struct builder *b)
{
    struct xen_domctl op = {.u.address_size.size = b->image.class};
    int answer = 0;

    if (b->layout.pae)
        answer = control_domctl(&op, XEN_DOMCTL_set_address_size, b->domain->domid);
    return answer ? build_fail(b, answer, "making it a domain for a 32-bit kernel") : 0;
}

/* It may have what it is built with; that it can grow to `maxmem', if it is let, its memory map
 * says. */
static int memory_limit(struct builder *b)
{
    u64 kib = MAX(b->config->maxmem_kib, b->config->memory_kib);
    struct memory_range ram = {.size = kib << 10, .type = RANGE_RAM};
    struct xen_foreign_memory_map map = {.domid = b->domain->domid, .map.nr_entries = 1};
    int answer = domain_set_max_memory(b->domain->domid, b->config->memory_kib + SLACK_KIB);

    if (answer)
        return build_fail(b, answer, "limiting its memory");
    set_xen_guest_handle(map.map.buffer, (void *)&ram);
    answer = control_memory(XENMEM_set_memory_map, &map);
    return answer ? build_fail(b, answer, "describing its memory") : 0;
}

/* The TSC as the hypervisor thinks best, from 0. */
static int tsc_default(struct builder *b)
{
    struct xen_domctl op = {.u.tsc_info.tsc_mode = TSC_DEFAULT};
    int answer = control_domctl(&op, XEN_DOMCTL_settscinfo, b->domain->domid);

    return answer ? build_fail(b, answer, "setting its TSC") : 0;
}

/*
 * What its CPU is said to be: the default for PV guests, as a toolstack must state it that wants
 * the domain to find the same after a move. NULL buffers ask for the numbers of leaves and of MSRs.
 */
static int policy_default(struct builder *b)
{
    struct xen_sysctl get = {.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_pv_default};
    struct xen_sysctl_cpu_policy *p = &get.u.cpu_policy;
    struct xen_domctl set = {0};
    int answer = control_sysctl(&get, XEN_SYSCTL_get_cpu_policy);
    u8 *space =
        heap_alloc(p->nr_leaves * sizeof(xen_cpuid_leaf_t) + p->nr_msrs * sizeof(xen_msr_entry_t));

    if (!answer && !space)
        answer = -XEN_ENOMEM;
    if (!answer) {
        set_xen_guest_handle(p->leaves, (xen_cpuid_leaf_t *)space);
        set_xen_guest_handle(p->msrs,
                             (xen_msr_entry_t *)(space + p->nr_leaves * sizeof(xen_cpuid_leaf_t)));
        answer = control_sysctl(&get, XEN_SYSCTL_get_cpu_policy);
    }
    if (!answer) {
        set.u.cpu_policy = (struct xen_domctl_cpu_policy){
            .nr_leaves = p->nr_leaves, .nr_msrs = p->nr_msrs, .leaves = p->leaves, .msrs = p->msrs};
        answer = control_domctl(&set, XEN_DOMCTL_set_cpu_policy, b->domain->domid);
    }
    heap_free(space);
    return answer ? build_fail(b, answer, "describing its CPU") : 0;
}

static int shares_set(struct builder *b)
{
    const struct domain_config *c = b->config;
    u32 weight = c->weight ? c->weight : DOMAIN_WEIGHT_DEFAULT;
    int answer;

    if (!c->weight && !c->cap)
        return 0;
    answer = domain_schedule_set(b->domain->domid, weight, c->cap);
    return answer ? build_fail(b, answer, "setting its weight and cap") : 0;
}

/* One text for all vcpus, or one for each of the first. */
static int affinity_set(struct builder *b, const struct text_list *texts, u32 which, u8 *bitmap,
                        u32 cpus)
{
    const char *text = texts->first;
    int answer = 0;

    for (u32 i = 0; !answer && texts->count && i < b->config->vcpus; i++) {
        if (i && texts->count > 1)
            text += strlen(text) + 1;
        if (i && i == texts->count && texts->count > 1)
            break;
        if (!config_cpus(text, bitmap, cpus))
            return build_refuse(b, text, "the machine has not these CPUs");
        answer = domain_vcpu_affinity(b->domain->domid, i, which, true, bitmap, cpus);
    }
    return answer ? build_fail(b, answer, "setting its affinity") : 0;
}

static int affinities_set(struct builder *b)
{
    struct xen_sysctl_physinfo machine;
    u8 *bitmap;
    int answer;

    if (!b->config->cpus.count && !b->config->cpus_soft.count)
        return 0;
    answer = machine_info(&machine);
    if (answer)
        return build_fail(b, answer, "counting the CPUs");
    bitmap = heap_alloc(machine.max_cpu_id / 8 + 1);
    if (!bitmap)
        return build_fail(b, -XEN_ENOMEM, "in the control domain");
    answer =
        affinity_set(b, &b->config->cpus, XEN_VCPUAFFINITY_HARD, bitmap, machine.max_cpu_id + 1);
    if (!answer)
        answer = affinity_set(b, &b->config->cpus_soft, XEN_VCPUAFFINITY_SOFT, bitmap,
                              machine.max_cpu_id + 1);
    heap_free(bitmap);
    return answer;
}

int build_create(struct builder *b)
{
    struct xen_domctl_getdomaininfo info;
    int answer = domain_create(b);

    if (!answer)
        answer = width_set(b);
    if (!answer)
        answer = memory_limit(b);
    if (!answer)
        answer = tsc_default(b);
    if (!answer)
        answer = policy_default(b);
    if (!answer)
        answer = shares_set(b);
    if (!answer)
        answer = affinities_set(b);
    if (answer)
        return answer;
    answer = domain_info(b->domain->domid, &info);
    b->shared_address = (u64)info.shared_info_frame << PAGE_SHIFT;
    return answer ? build_fail(b, answer, "asking for its shared page") : 0;
}
