/*
 * What a toolstack does to the memory of a domain that it builds: it gives it frames, maps and
 * fills them, makes page tables of them and pins those, and tells the machine-to-phys table what
 * they are; and all that is refused on the way. The other domain never runs: it has a vcpu, for
 * without one it has no tables (as Xen sees it).
 */
#include "tests/guests/domctl.h"

#define FRAMES    16
#define NOT_THERE 0x1234 /* a number that no domain has */

static domid_t other;
static xen_pfn_t frames[FRAMES]; /* of the other domain, by its pfn */
static u64 own;                  /* a frame of ours */

#define window ((volatile u8 *)SCRATCH_VA) /* where we map one of them */

/* Of one of those frames. */
static u64 address_of(u32 pfn)
{
    return mfn_to_address((mfn_t){frames[pfn]});
}

/* It must go well, and has no rows of its own: it is done twice. */
static void must(const char *what, long answer)
{
    if (answer)
        row(what, answer);
}

static void domain_make(u32 vcpus)
{
    struct xen_domctl_createdomain *create = &op.u.createdomain;

    domctl_begin();
    create->max_vcpus = 1;
    create->max_evtchn_port = 1023;
    create->max_grant_frames = 4;
    create->max_maptrack_frames = 4;
    create->grant_opts = XEN_DOMCTL_GRANT_version(2);
    must("create", domctl(XEN_DOMCTL_createdomain, 0));
    other = op.domain;
    if (vcpus) {
        domctl_begin();
        op.u.max_vcpus.max = vcpus;
        must("max-vcpus", domctl(XEN_DOMCTL_max_vcpus, other));
    }
    domctl_begin();
    op.u.max_mem.max_memkb = 4 * (FRAMES + 8);
    must("max-mem", domctl(XEN_DOMCTL_max_mem, other));
}

static void domain_end(void)
{
    must("destroy", domctl_bare(XEN_DOMCTL_destroydomain, other));
}

/* ---- memory_op ------------------------------------------------------------------------------ */

static long reservation(unsigned int command, domid_t domid, xen_pfn_t *list, u64 count, u32 order)
{
    struct xen_memory_reservation r = {.nr_extents = count, .extent_order = order, .domid = domid};

    set_xen_guest_handle(r.extent_start, list);
    return call_memory_op(command, &r);
}

static long query(unsigned int command, domid_t domid)
{
    struct xen_memory_domain who = {.domid = domid};

    return call_memory_op(command, &who);
}

static long claim(domid_t domid, u64 pages, u32 order)
{
    struct xen_memory_reservation r = {.nr_extents = pages, .extent_order = order, .domid = domid};

    return call_memory_op(XENMEM_claim_pages, &r);
}

static long map_set(domid_t domid, u32 entries, void *list)
{
    struct xen_foreign_memory_map map = {.domid = domid, .map.nr_entries = entries};

    set_xen_guest_handle(map.map.buffer, list);
    return call_memory_op(XENMEM_set_memory_map, &map);
}

static long physmap_add(domid_t domid, unsigned int space)
{
    struct xen_add_to_physmap add = {.domid = domid, .space = space};

    return call_memory_op(XENMEM_add_to_physmap, &add);
}

static long resource(domid_t domid, unsigned int type, u64 frame, u32 count)
{
    struct xen_mem_acquire_resource want = {
        .domid = domid, .type = type, .frame = frame, .nr_frames = count};

    return call_memory_op(XENMEM_acquire_resource, &want);
}

static long pod(domid_t domid)
{
    struct xen_pod_target target = {.domid = domid};

    return call_memory_op(XENMEM_get_pod_target, &target);
}

static long vnuma(domid_t domid)
{
    struct xen_vnuma_topology_info topology = {.domid = domid};

    return call_memory_op(XENMEM_get_vnumainfo, &topology);
}

static long access_get(domid_t domid)
{
    struct xen_mem_access_op get = {.op = XENMEM_access_op_get_access, .domid = domid};

    return call_memory_op(XENMEM_access_op, &get);
}

static long exchange(domid_t domid, xen_pfn_t *in, xen_pfn_t *out)
{
    struct xen_memory_exchange x = {.in = {.nr_extents = 1, .domid = domid},
                                    .out = {.nr_extents = 1, .domid = domid}};

    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    return call_memory_op(XENMEM_exchange, &x);
}

static void memory_try(void)
{
    u8 ram[20] = {0};
    xen_pfn_t more[FRAMES + 16], in, out;

    row_want("memory.none", query(XENMEM_current_reservation, other), 0);
    row_want("memory.maximum", query(XENMEM_maximum_reservation, other), FRAMES + 8);
    row("memory.maximum-gpfn", query(XENMEM_maximum_gpfn, other));
    row("memory.not-there", query(XENMEM_current_reservation, NOT_THERE));
    row("memory.maximum-not-there", query(XENMEM_maximum_reservation, NOT_THERE));
    for (u32 i = 0; i < FRAMES; i++)
        frames[i] = i;
    row_want("memory.populate", reservation(XENMEM_populate_physmap, other, frames, FRAMES, 0),
             FRAMES);
    row_want("memory.some", query(XENMEM_current_reservation, other), FRAMES);
    row("memory.populate-not-there", reservation(XENMEM_populate_physmap, NOT_THERE, more, 1, 0));
    for (u32 i = 0; i < ARRAY_SIZE(more); i++)
        more[i] = FRAMES + i;
    row("memory.populate-too-much",
        reservation(XENMEM_populate_physmap, other, more, ARRAY_SIZE(more), 0));
    row("memory.decrease", reservation(XENMEM_decrease_reservation, other, more, 4, 0));
    row("memory.decrease-again", reservation(XENMEM_decrease_reservation, other, more, 4, 0));
    row("memory.after", query(XENMEM_current_reservation, other));
    row("memory.increase", reservation(XENMEM_increase_reservation, other, more, 1, 1));
    row("memory.decrease-pair", reservation(XENMEM_decrease_reservation, other, more, 1, 1));
    row("memory.decrease-own", reservation(XENMEM_decrease_reservation, 0, frames, 1, 0));
    in = frames[FRAMES - 1];
    out = FRAMES - 1;
    row("exchange.theirs", exchange(other, &in, &out));
    row("exchange.is-another", out != frames[FRAMES - 1]);
    frames[FRAMES - 1] = out;
    row("exchange.as-ours", exchange(DOMID_SELF, &out, &in));
    row("exchange.not-there", exchange(NOT_THERE, &in, &out));

    row("claim.order", claim(other, 20, 1));
    row("claim.not-there", claim(NOT_THERE, 20, 0));
    row("claim.self", claim(DOMID_SELF, 20, 0));
    row("claim.beyond", claim(other, 4096, 0));
    row("claim.some", claim(other, FRAMES + 8, 0));
    row("claim.twice", claim(other, FRAMES + 8, 0));
    row("claim.none", claim(other, 0, 0));

    row("memory-map.theirs", map_set(other, 1, ram));
    row("memory-map.too-long", map_set(other, 4096, ram));
    row("memory-map.unreadable", map_set(other, 1, (void *)(uintptr_t)NON_CANONICAL));
    row("memory-map.not-there", map_set(NOT_THERE, 1, ram));

    row("physmap.theirs", physmap_add(other, XENMAPSPACE_shared_info));
    row("physmap.foreign", physmap_add(other, XENMAPSPACE_gmfn_foreign));
    row("physmap.not-there", physmap_add(NOT_THERE, XENMAPSPACE_shared_info));
    row("pod.theirs", pod(other));
    row("pod.not-there", pod(NOT_THERE));
    row("vnuma.theirs", vnuma(other));
    row("vnuma.not-there", vnuma(NOT_THERE));
    row("access.theirs", access_get(other));
    row("access.ours", access_get(0));
    row("access.not-there", access_get(NOT_THERE));

    row("resource.ours", resource(0, XENMEM_resource_grant_table, 0, 0));
    row("resource.self", resource(DOMID_SELF, XENMEM_resource_grant_table, 0, 0));
    row("resource.not-there", resource(NOT_THERE, XENMEM_resource_grant_table, 0, 0));
    row("resource.ioreq", resource(other, XENMEM_resource_ioreq_server, 0, 0));
    row("resource.vmtrace", resource(other, XENMEM_resource_vmtrace_buf, 0, 0));
    row("resource.unknown", resource(other, 17, 0, 0));
    row("resource.beyond", resource(other, XENMEM_resource_ioreq_server, 1ull << 32, 0));
}

/* ---- mmu_update, update_va_mapping, mmuext_op ------------------------------------------------ */

static long map_theirs(u64 frame, u64 flags, domid_t domid)
{
    return hypercall_update_va_mapping_otherdomain((uintptr_t)window, frame << PAGE_SHIFT | flags,
                                                   UVMF_INVLPG, domid);
}

/* With nothing mapped there before: the same frame again would not be looked at. */
static long map_fresh(u64 frame, u64 flags, domid_t domid)
{
    map_theirs(0, 0, other);
    return map_theirs(frame, flags, domid);
}

static long updates(mmu_update_t *requests, u32 count, u32 tables, u32 pages, u32 *done)
{
    *done = 77;
    return hypercall_mmu_update((uintptr_t)requests, count, (uintptr_t)done,
                                (u64)tables << 16 | pages);
}

static long update(u64 address, u64 value, u32 tables, u32 pages)
{
    mmu_update_t request = {.ptr = address, .val = value};
    u32 done;

    return updates(&request, 1, tables, pages, &done);
}

static long extended(unsigned int command, u64 frame, domid_t domid)
{
    mmuext_op_t operation = {.cmd = command, .arg1.mfn = frame};

    return call_mmuext_op(&operation, 1, NULL, domid);
}

#define RO (PTE_PRESENT | PTE_USER)
#define RW (RO | PTE_WRITE)

/* Entries that the other domain's tables are to have, by way of a mapping. */
static void table_fill(u32 pfn, u32 slot, u64 entry)
{
    must("fill.mapped", map_theirs(frames[pfn], RW, other));
    memset((void *)window, 0, PAGE_SIZE);
    ((u64 *)window)[slot] = entry;
    must("fill.unmapped", map_theirs(0, 0, other));
}

static void mapping_try(void)
{
    row("map.read-only", map_theirs(frames[0], RO, other));
    row("map.write", map_theirs(frames[0], RW, other));
    window[5] = 55;
    row("map.read-only-again", map_theirs(frames[0], RO, other));
    row("map.reads", window[5]);
    row("map.as-ours", map_fresh(frames[0], RO, DOMID_SELF));
    row("map.by-our-number", map_fresh(frames[0], RO, 0));
    row("map.not-there", map_fresh(frames[0], RO, NOT_THERE));
    row("map.as-io", map_fresh(frames[0], RO, DOMID_IO));
    row("map.as-xen", map_fresh(frames[0], RO, DOMID_XEN));
    row("map.ours-as-theirs", map_fresh(own, RO, other));
    row("map.no-frame", map_fresh(BEYOND_MEMORY, RO, other));
    row("map.nothing", map_theirs(0, 0, other));
}

static void tables_try(void)
{
    u64 l1 = address_of(1);

    table_fill(1, 3, address_of(0) | RW);
    table_fill(2, 7, l1 | RW);
    row("pin.l1-as-ours", extended(MMUEXT_PIN_L1_TABLE, frames[1], DOMID_SELF));
    row("pin.not-there", extended(MMUEXT_PIN_L1_TABLE, frames[1], NOT_THERE));
    row("pin.our-number", extended(MMUEXT_PIN_L1_TABLE, frames[1], 0));
    row("pin.as-io", extended(MMUEXT_PIN_L1_TABLE, frames[1], DOMID_IO));
    row("pin.l2", extended(MMUEXT_PIN_L2_TABLE, frames[2], other));
    row("pin.l1-is-one", extended(MMUEXT_PIN_L1_TABLE, frames[1], other));
    row("pin.twice", extended(MMUEXT_PIN_L2_TABLE, frames[2], other));
    row("pin.l1-as-l3", extended(MMUEXT_PIN_L3_TABLE, frames[1], other));
    row("table.mapped-to-write", map_theirs(frames[1], RW, other));
    row("table.mapped-to-read", map_theirs(frames[1], RO, other));
    row_hex("table.entry", ((u64 *)window)[3] & ~PTE_ADDRESS_MASK);

    row("update.theirs", update(l1 + 8, address_of(4) | RW, other + 1, other));
    row_hex("update.entry", ((u64 *)window)[1] & ~PTE_ADDRESS_MASK);
    row("update.ours-as-theirs", update(l1 + 16, own << PAGE_SHIFT | RO, other + 1, other));
    row("update.ours-in-theirs", update(l1 + 16, own << PAGE_SHIFT | RO, other + 1, DOMID_SELF));
    row("update.theirs-as-ours-in-theirs",
        update(l1 + 24, address_of(4) | RO, other + 1, DOMID_SELF));
    row("update.drop", update(l1 + 16, 0, other + 1, other));
    row("update.a-table-to-write", update(l1 + 32, l1 | RW, other + 1, other));
    row("update.theirs-as-ours", update(l1 + 8, 0, 0, DOMID_SELF));
    row("update.l2-of-others", update(address_of(2) + 8, l1 | RW, other + 1, DOMID_SELF));
    row("update.memory", update(address_of(5), 4711, other + 1, other));
    row("update.no-tables-there", update(l1, 0, NOT_THERE + 1, other));
    row("update.no-frames-there", update(l1, 0, other + 1, NOT_THERE));
    row("update.our-number", update(l1, 0, 1, 0));
    row("update.m2p", update(address_of(6) | MMU_MACHPHYS_UPDATE, 66, 0, other));
    row("update.m2p-read", machine_to_phys_mapping[frames[6]]);
    row("update.m2p-back", update(address_of(6) | MMU_MACHPHYS_UPDATE, 6, 0, other));
    row("update.m2p-with-tables",
        update(address_of(6) | MMU_MACHPHYS_UPDATE, 66, other + 1, other));
    row("update.m2p-as-ours", update(address_of(6) | MMU_MACHPHYS_UPDATE, 66, 0, DOMID_SELF));

    row("unpin.not-pinned", extended(MMUEXT_UNPIN_TABLE, frames[0], other));
    row("unpin.as-ours", extended(MMUEXT_UNPIN_TABLE, frames[2], DOMID_SELF));
    row("unpin.l1", extended(MMUEXT_UNPIN_TABLE, frames[1], other));
    row("unpin.l2", extended(MMUEXT_UNPIN_TABLE, frames[2], other));
    row("unpin.unmap", map_theirs(0, 0, other));
    row("unpin.writable-again", map_theirs(frames[1], RW, other));
    row("unpin.unmap-again", map_theirs(0, 0, other));
}

static void operations_try(void)
{
    static const struct {
        const char *what;
        unsigned int command;
    } rows[] = {
        {"base", MMUEXT_NEW_BASEPTR},
        {"user-base", MMUEXT_NEW_USER_BASEPTR},
        {"flush-local", MMUEXT_TLB_FLUSH_LOCAL},
        {"flush-all", MMUEXT_TLB_FLUSH_ALL},
        {"flush-multi", MMUEXT_TLB_FLUSH_MULTI},
        {"invlpg-local", MMUEXT_INVLPG_LOCAL},
        {"invlpg-all", MMUEXT_INVLPG_ALL},
        {"invlpg-multi", MMUEXT_INVLPG_MULTI},
        {"cache", MMUEXT_FLUSH_CACHE},
        {"cache-global", MMUEXT_FLUSH_CACHE_GLOBAL},
        {"ldt", MMUEXT_SET_LDT},
        {"clear", MMUEXT_CLEAR_PAGE},
        {"mark-super", MMUEXT_MARK_SUPER},
        {"unknown", 99},
    };
    mmuext_op_t copy = {.cmd = MMUEXT_COPY_PAGE, .arg1.mfn = frames[7], .arg2.src_mfn = frames[0]};

    for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
        row(name_of("ext", rows[i].what), extended(rows[i].command, frames[5], other));
    row_want("ext.mapped", map_theirs(frames[5], RO, other), 0);
    row("ext.is-clear", *(u64 *)window);
    row("ext.copy", call_mmuext_op(&copy, 1, NULL, other));
    row_want("ext.copy-mapped", map_theirs(frames[7], RO, other), 0);
    row("ext.is-copied", window[5]);
    copy.arg2.src_mfn = own;
    row("ext.copy-ours", call_mmuext_op(&copy, 1, NULL, other));
    row_want("ext.unmapped", map_theirs(0, 0, other), 0);
}

/* Lists across domains: how many were done before one is refused, and that those stay. */
static void lists_try(void)
{
    u64 entry = scratch_entry(1), theirs = address_of(0);
    mmu_update_t list[] = {
        {.ptr = entry, .val = theirs | RO},
        {.ptr = address_of(6) | MMU_MACHPHYS_UPDATE, .val = 60},
        {.ptr = entry, .val = own << PAGE_SHIFT | RO},
        {.ptr = entry, .val = 0},
    };
    mmu_update_t none = {.ptr = 7};
    u32 done;

    row("list.answer", updates(list, ARRAY_SIZE(list), 0, other, &done));
    row("list.done", done);
    row("list.mapped", window[5]);
    row("list.m2p", machine_to_phys_mapping[frames[6]]);
    row("list.unmap", updates(&list[3], 1, 0, other, &done));
    row("list.unmapped", done);
    row("list.empty", updates(list, 0, 0, other, &done));
    row("list.empty-done", done);
    row("list.no-pages-there", updates(list, 1, 0, NOT_THERE, &done));
    row("list.no-pages-done", done);
    row("list.no-tables-there", updates(list, 1, NOT_THERE, other, &done));
    row("list.no-tables-done", done);
    row("list.unknown", updates(&none, 1, 0, other, &done));
    row("list.unknown-done", done);
    row("list.unreadable", call_mmu_update((void *)(uintptr_t)NON_CANONICAL, 1, NULL, other));
}

/* A domain that ends while we have its frames. */
static void end_try(void)
{
    row_want("end.mapped", map_theirs(frames[0], RW, other), 0);
    table_fill(9, 0, 0);
    row_want("end.mapped-again", map_theirs(frames[0], RW, other), 0);
    row("end.pin", extended(MMUEXT_PIN_L1_TABLE, frames[9], other));
    domain_end();
    window[6] = 66;
    row("end.it-is-there", window[6] + window[5]);
    row("end.queried", query(XENMEM_current_reservation, other));
    row("end.populate", reservation(XENMEM_populate_physmap, other, frames + 3, 1, 0));
    row("end.maps-no-more", map_theirs(frames[3], RO, other));
    row("end.unmap", map_theirs(0, 0, DOMID_SELF));
}

void guest_main(void)
{
    own = pfn_to_mfn(frame_alloc_zeroed()).n;
    scratch_entry(1);
    domain_make(0);
    row("no-vcpu.tables", update(0, 0, other + 1, DOMID_SELF));
    row("no-vcpu.frames", update(7, 0, 0, other));
    domain_end();
    domain_make(1);
    memory_try();
    mapping_try();
    tables_try();
    operations_try();
    lists_try();
    end_try();
    guest_end();
}
