/*
 * A virtual NUMA topology: what a domain's builder says of nodes, distances, memory and vcpus comes
 * to the guest as it was given; what makes no sense is refused, and keeps the one before. A guest
 * that does not know how large it is asks with room for nothing first, and is told.
 */
#include "tests/guests/domctl.h"

#define NODES  33 /* one more than there may be */
#define RANGES 171
#define VCPUS  3

struct lists {
    unsigned int distances[NODES * NODES], vcpu_nodes[VCPUS], nodes[NODES];
    struct xen_vmemrange ranges[RANGES];
};

static struct lists given, got;
static u32 d; /* with VCPUS vcpus */

/* To be given: @nodes nodes at distances that are told apart, vcpus and ranges on them in turns. */
static void fill(u32 nodes)
{
    for (u32 i = 0; i < ARRAY_SIZE(given.distances); i++)
        given.distances[i] = 1000 * nodes + i;
    for (u32 i = 0; i < VCPUS; i++)
        given.vcpu_nodes[i] = i % nodes;
    for (u32 i = 0; i < NODES; i++)
        given.nodes[i] = i % 2;
    for (u32 i = 0; i < RANGES; i++)
        given.ranges[i] = (struct xen_vmemrange){
            .start = i * 0x100000ull, .end = (i + 1) * 0x100000ull, .nid = i % nodes};
}

static void ask(u32 nodes, u32 ranges, u32 vcpus)
{
    domctl_begin();
    op.u.vnuma.nr_vnodes = nodes;
    op.u.vnuma.nr_vmemranges = ranges;
    op.u.vnuma.nr_vcpus = vcpus;
    op.u.vnuma.vdistance.p = given.distances;
    op.u.vnuma.vcpu_to_vnode.p = given.vcpu_nodes;
    op.u.vnuma.vnode_to_pnode.p = given.nodes;
    op.u.vnuma.vmemrange.p = given.ranges;
}

static void set(const char *name, u32 nodes, u32 ranges, u32 vcpus)
{
    ask(nodes, ranges, vcpus);
    row(name_of("set", name), domctl(XEN_DOMCTL_setvnumainfo, d));
}

/* Of a 32-bit guest's pointers the upper half has no meaning. */
static void point(u64 *pad)
{
    if (sizeof(long) == sizeof(u32))
        *pad |= 0x12345678ull << 32;
}

static struct xen_vnuma_topology_info topology(u32 domain, u32 nodes, u32 ranges, u32 vcpus)
{
    struct xen_vnuma_topology_info t = {
        .domid = (domid_t)domain, .nr_vnodes = nodes, .nr_vmemranges = ranges, .nr_vcpus = vcpus};

    t.vdistance.h.p = got.distances;
    t.vcpu_to_vnode.h.p = got.vcpu_nodes;
    t.vmemrange.h.p = got.ranges;
    point(&t.vdistance.pad);
    point(&t.vcpu_to_vnode.pad);
    point(&t.vmemrange.pad);
    return t;
}

static u32 sum_of(const void *bytes, size_t length)
{
    u32 sum = 0;

    for (size_t i = 0; i < length; i++)
        sum = sum * 31 + ((const u8 *)bytes)[i];
    return sum;
}

static void say(const char *name, struct xen_vnuma_topology_info *t)
{
    memset(&got, 0x5a, sizeof(got));
    row(name_of("get", name), call_memory_op(XENMEM_get_vnumainfo, t));
    console_printf("ROW told.%s = nodes %u ranges %u vcpus %u\n", name, t->nr_vnodes,
                   t->nr_vmemranges, t->nr_vcpus);
    console_printf("ROW lists.%s = %x %x %x\n", name, sum_of(got.distances, sizeof(got.distances)),
                   sum_of(got.ranges, sizeof(got.ranges)),
                   sum_of(got.vcpu_nodes, sizeof(got.vcpu_nodes)));
}

static void get(const char *name, u32 nodes, u32 ranges, u32 vcpus)
{
    struct xen_vnuma_topology_info t = topology(d, nodes, ranges, vcpus);

    say(name, &t);
}

static void refused_rows(void)
{
    fill(2);
    set("no-nodes", 0, 1, VCPUS);
    set("fewer-vcpus", 2, 1, VCPUS - 1);
    set("more-vcpus", 2, 1, VCPUS + 1);
    set("33-nodes", 33, 1, VCPUS);
    set("65536-nodes", 1u << 16, 1, VCPUS);
    set("171-ranges", 2, 171, VCPUS);
    ask(2, 1, VCPUS);
    op.u.vnuma.pad = 1;
    row("set.padding", domctl(XEN_DOMCTL_setvnumainfo, d));
    row("set.nobody", domctl(XEN_DOMCTL_setvnumainfo, NOBODY));
    given.vcpu_nodes[2] = 2;
    set("vcpu-elsewhere", 2, 1, VCPUS);
    given.nodes[1] = 64;
    set("vcpu-and-node-elsewhere", 2, 1, VCPUS);
    fill(2);
    given.nodes[1] = 64;
    given.ranges[0].flags = 1;
    set("node-elsewhere-and-flags", 2, 1, VCPUS);
    given.nodes[1] = 63;
    set("flags", 2, 1, VCPUS);
    get("still-none", NODES, RANGES, VCPUS);
}

static void unreadable_rows(void)
{
    fill(2);
    ask(2, 1, VCPUS);
    op.u.vnuma.vdistance.p = NOWHERE;
    row("set.no-distances", domctl(XEN_DOMCTL_setvnumainfo, d));
    ask(2, 1, VCPUS);
    op.u.vnuma.vcpu_to_vnode.p = NOWHERE;
    row("set.no-vcpus", domctl(XEN_DOMCTL_setvnumainfo, d));
    ask(2, 1, VCPUS);
    op.u.vnuma.vnode_to_pnode.p = NOWHERE;
    row("set.no-nodes-of-the-machine", domctl(XEN_DOMCTL_setvnumainfo, d));
    ask(2, 1, VCPUS);
    op.u.vnuma.vmemrange.p = NOWHERE;
    row("set.no-ranges", domctl(XEN_DOMCTL_setvnumainfo, d));
    ask(2, 0, VCPUS);
    op.u.vnuma.vmemrange.p = NOWHERE;
    row("set.no-ranges-of-none", domctl(XEN_DOMCTL_setvnumainfo, d));
    get("of-no-ranges", NODES, RANGES, VCPUS);
}

static void get_rows(void)
{
    struct xen_vnuma_topology_info t;

    fill(2);
    set("two", 2, 3, VCPUS);
    get("two", NODES, RANGES, 8);
    get("two-exactly", 2, 3, VCPUS);
    get("no-room", 0, 0, 0);
    get("few-nodes", 1, 3, VCPUS);
    get("few-ranges", 2, 2, VCPUS);
    get("few-vcpus", 2, 3, VCPUS - 1);
    t = topology(d, 2, 3, VCPUS);
    t.pad = 1;
    say("padding", &t);
    t = topology(NOBODY, 2, 3, VCPUS);
    say("nobody", &t);
    t = topology(DOMID_SELF, 2, 3, VCPUS);
    say("self", &t);
    t = topology(d, 2, 3, VCPUS);
    t.vmemrange.h.p = NOWHERE;
    say("no-ranges", &t);
    t = topology(d, 2, 3, VCPUS);
    t.vdistance.h.p = NOWHERE;
    say("no-distances", &t);
    t = topology(d, 2, 3, VCPUS);
    t.vcpu_to_vnode.h.p = NOWHERE;
    say("no-vcpus", &t);
    row("get.unreadable", call_memory_op(XENMEM_get_vnumainfo, NOWHERE));
    fill(32);
    set("most", 32, 170, VCPUS);
    get("most", NODES, RANGES, VCPUS);
    given.nodes[0] = 64;
    set("refused", 2, 3, VCPUS);
    get("kept", NODES, RANGES, VCPUS);
}

/* Frames for a virtual node come from the machine's that was said, if that is asked for exactly. */
static void frame_row(const char *name, unsigned int flags)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .mem_flags = flags, .domid = (domid_t)d};

    row(name_of("frame", name), call_memory_op(XENMEM_increase_reservation, &r));
}

static void frame_rows(void)
{
    domctl_begin();
    op.u.max_mem.max_memkb = 1024;
    row("frame.room", domctl(XEN_DOMCTL_max_mem, d));
    frame_row("without-topology", XENMEMF_vnode | XENMEMF_exact_node(7));
    fill(2);
    set("for-frames", 2, 1, VCPUS);
    frame_row("first", XENMEMF_vnode | XENMEMF_node(0));
    frame_row("first-exactly", XENMEMF_vnode | XENMEMF_exact_node(0));
    frame_row("second", XENMEMF_vnode | XENMEMF_node(1));
    frame_row("second-exactly", XENMEMF_vnode | XENMEMF_exact_node(1));
    frame_row("third", XENMEMF_vnode | XENMEMF_node(2));
}

/* Its own, which its builder could have given it. */
static void own_rows(void)
{
    d = 0;
    fill(1);
    set("own", 1, 1, 1);
    d = DOMID_SELF;
    get("own", 1, 1, 1);
}

void guest_main(void)
{
    d = domain_made(VCPUS);
    frame_rows();
    row("domain.end", domctl_bare(XEN_DOMCTL_destroydomain, d));
    d = domain_made(VCPUS);
    refused_rows();
    unreadable_rows();
    get_rows();
    row("domain.end-with-topology", domctl_bare(XEN_DOMCTL_destroydomain, d));
    own_rows();
    guest_end();
}
