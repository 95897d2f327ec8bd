/*
 * What memory_op has for other kinds of guest or for a toolstack, asked by a PV control domain:
 * each is refused, but kernels tell from the errno which of several ways is left. And the domain's
 * own memory map, which it can set itself.
 */
#include "tests/guests/common.h"

#define NOWHERE  ((void *)0x70000000)
#define DONE(n)  ((unsigned long)(n) << 6)
#define NOBODY   77
#define SPACES   7
#define MAP_MAX  1024
#define MAP_SIZE 20

static long memory_op(unsigned long command, void *argument)
{
    return hypercall_memory_op(command, (uintptr_t)argument);
}

/* The refusals that do not depend on what the argument holds. */
static void say_common(const char *name, unsigned int op, void *argument)
{
    row(name_of("unreadable", name), memory_op(op, NOWHERE));
    row(name_of("of-the-hypervisor", name), memory_op(op, HYPERVISOR_ADDRESS));
    row(name_of("with-extents", name), memory_op(op | DONE(1), argument));
    row(name_of("with-extents-unreadable", name), memory_op(op | DONE(1), NOWHERE));
    row(name_of("with-65535-extents", name), memory_op(op | DONE(65535), argument));
    row(name_of("with-65536-extents", name), memory_op(op | DONE(65536), argument));
    row(name_of("with-65536-extents-unreadable", name), memory_op(op | DONE(65536), NOWHERE));
}

static void say_add(const char *name, domid_t domain, xen_pfn_t pfn)
{
    for (unsigned int space = 0; space < SPACES; space++) {
        struct xen_add_to_physmap add = {.domid = domain, .space = space, .gpfn = pfn, .size = 1};

        row(name_nth("add", name, space), memory_op(XENMEM_add_to_physmap, &add));
    }
}

static void say_add_batch(const char *name, domid_t domain, u16 size)
{
    static xen_ulong_t index;
    static xen_pfn_t pfn;
    static int error;

    for (unsigned int space = 0; space < SPACES; space++) {
        struct xen_add_to_physmap_batch add = {.domid = domain, .space = space, .size = size};

        add.idxs.p = &index;
        add.gpfns.p = &pfn;
        add.errs.p = &error;
        row(name_nth("add-batch", name, space), memory_op(XENMEM_add_to_physmap_batch, &add));
    }
}

static void physmap_rows(void)
{
    struct xen_add_to_physmap add = {.domid = DOMID_SELF};
    struct xen_add_to_physmap_batch batch = {.domid = DOMID_SELF};
    struct xen_remove_from_physmap from = {.domid = DOMID_SELF, .gpfn = 1};

    say_common("add", XENMEM_add_to_physmap, &add);
    say_add("self", DOMID_SELF, 1);
    say_add("self-no-pfn", DOMID_SELF, NO_FRAME_AT_ALL);
    say_add("nobody", NOBODY, 1);
    say_add("io", DOMID_IO, 1);
    say_common("add-batch", XENMEM_add_to_physmap_batch, &batch);
    say_add_batch("self", DOMID_SELF, 1);
    say_add_batch("self-none", DOMID_SELF, 0);
    say_add_batch("nobody", NOBODY, 1);
    say_common("remove", XENMEM_remove_from_physmap, &from);
    row("remove.self", memory_op(XENMEM_remove_from_physmap, &from));
    from.domid = NOBODY;
    row("remove.nobody", memory_op(XENMEM_remove_from_physmap, &from));
}

static void say_pod(const char *name, unsigned int op)
{
    struct xen_pod_target target = {.domid = DOMID_SELF, .target_pages = 1};

    say_common(name, op, &target);
    row(name_of("self", name), memory_op(op, &target));
    target.domid = 0;
    row(name_of("by-number", name), memory_op(op, &target));
    target.domid = NOBODY;
    row(name_of("nobody", name), memory_op(op, &target));
}

static void vnuma_rows(void)
{
    struct xen_vnuma_topology_info topology = {.domid = DOMID_SELF};

    say_common("vnuma", XENMEM_get_vnumainfo, &topology);
    row("vnuma.self", memory_op(XENMEM_get_vnumainfo, &topology));
    topology.domid = NOBODY;
    row("vnuma.nobody", memory_op(XENMEM_get_vnumainfo, &topology));
    topology.pad = 1;
    row("vnuma.padding", memory_op(XENMEM_get_vnumainfo, &topology));
}

static void resource_rows(void)
{
    struct xen_mem_acquire_resource want = {.domid = DOMID_SELF, .type = 1, .nr_frames = 1};

    say_common("resource", XENMEM_acquire_resource, &want);
    row("resource.self", memory_op(XENMEM_acquire_resource, &want));
    want.domid = 0;
    row("resource.by-number", memory_op(XENMEM_acquire_resource, &want));
    want.domid = NOBODY;
    row("resource.nobody", memory_op(XENMEM_acquire_resource, &want));
    want.frame = 0xffffffff;
    row("resource.end-too-high", memory_op(XENMEM_acquire_resource, &want));
    want.frame = 1ull << 32;
    row("resource.start-too-high", memory_op(XENMEM_acquire_resource, &want));
    want.frame = 0;
    want.pad = 1;
    row("resource.padding", memory_op(XENMEM_acquire_resource, &want));
}

static char set[MAP_MAX * MAP_SIZE], got[MAP_MAX * MAP_SIZE];

static long map_set(domid_t domain, void *entries, unsigned int count)
{
    struct xen_foreign_memory_map map = {.domid = domain, .map = {.nr_entries = count}};

    map.map.buffer.p = entries;
    return memory_op(XENMEM_set_memory_map, &map);
}

/* Asked for count entries: the answer, how many came, how many bytes of them are right. */
static void say_map(const char *name, void *buffer, unsigned int count)
{
    struct xen_memory_map map = {.nr_entries = count};
    s64 right = 0;

    memset(got, 0, sizeof(got));
    map.buffer.p = buffer;
    row(name_of("map", name), memory_op(XENMEM_memory_map, &map));
    row(name_of("map-entries", name), map.nr_entries);
    for (size_t i = 0; i < sizeof(got); i++)
        right += got[i] && got[i] == set[i];
    row(name_of("map-bytes", name), right);
}

static void map_rows(void)
{
    for (size_t i = 0; i < sizeof(set); i++)
        set[i] = (char)(i % 127 + 1);
    say_common("set-map", XENMEM_set_memory_map, set);
    say_map("before", got, 4);
    row("set-map.nobody", map_set(NOBODY, set, 1));
    row("set-map.unreadable-entries", map_set(DOMID_SELF, NOWHERE, 1));
    row("set-map.1025", map_set(DOMID_SELF, set, MAP_MAX + 1));
    row("set-map.1025-of-nobody", map_set(NOBODY, set, MAP_MAX + 1));
    say_map("still-none", got, 4);

    row("set-map.3", map_set(DOMID_SELF, set, 3));
    say_map("of-3", got, 4);
    say_map("of-3-room-for-2", got, 2);
    say_map("of-3-room-for-none", got, 0);
    say_map("of-3-unwritable", NOWHERE, 3);
    row("map.unreadable", memory_op(XENMEM_memory_map, NOWHERE));
    row("set-map.refused-keeps", map_set(DOMID_SELF, NOWHERE, 5));
    say_map("kept", got, 4);
    row("set-map.1024-by-number", map_set(0, set, MAP_MAX));
    say_map("of-1024", got, MAP_MAX);
    row("set-map.1", map_set(DOMID_SELF, set, 1));
    say_map("of-1", got, MAP_MAX);
    row("set-map.none", map_set(DOMID_SELF, NOWHERE, 0));
    say_map("none-again", got, 4);
}

void guest_main(void)
{
    physmap_rows();
    say_pod("set-pod", XENMEM_set_pod_target);
    say_pod("get-pod", XENMEM_get_pod_target);
    vnuma_rows();
    resource_rows();
    map_rows();
    guest_end();
}
