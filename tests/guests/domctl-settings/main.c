/*
 * domctl: what a toolstack sets of a domain before it runs: what it is called and what time it is
 * there, which ports, interrupts and device memory it may use, where it would be best placed. The
 * domain is the caller itself: what is set can be seen at once, and what is taken away comes back.
 */
#include "guest-kernel/time/clock.h"
#include "tests/guests/domctl.h"

#define SELF        0
#define PORTS       65536u
#define MODEM_PORT  0x2f8
#define NODES_BYTES 8

static u8 nodes[NODES_BYTES + 1];

static void handle_rows(void)
{
    xen_domain_handle_t seen;
    u32 sum = 0;

    domctl_begin();
    for (u32 i = 0; i < sizeof(xen_domain_handle_t); i++)
        op.u.setdomainhandle.handle[i] = (u8)(i + 1);
    row("handle.set", domctl(XEN_DOMCTL_setdomainhandle, SELF));
    row("handle.nobody", domctl(XEN_DOMCTL_setdomainhandle, NOBODY));
    row("handle.ask", hypercall_xen_version(XENVER_guest_handle, (uintptr_t)seen));
    for (u32 i = 0; i < sizeof(seen); i++)
        sum += seen[i] * (i + 1);
    row("handle.seen", sum);
    domctl_begin();
    row("handle.info", domctl(XEN_DOMCTL_getdomaininfo, SELF));
    row("handle.in_info", op.u.getdomaininfo.handle[3]);
    row("handle.back", domctl_bare(XEN_DOMCTL_setdomainhandle, SELF));
}

static long offset_set(s64 seconds)
{
    domctl_begin();
    op.u.settimeoffset.time_offset_seconds = seconds;
    return domctl(XEN_DOMCTL_settimeoffset, SELF);
}

static s64 wall_seconds(void)
{
    return (s64)((u64)shared_info->WALL_SECONDS_HIGH << 32 | shared_info->wc_sec);
}

static void time_rows(void)
{
    s64 before = wall_seconds();
    u32 version = shared_info->wc_version;

    row("time.forward", offset_set(3600));
    row("time.forward_seen", wall_seconds() - before);
    row("time.version", shared_info->wc_version != version && !(shared_info->wc_version & 1));
    row("time.backward", offset_set(-86400));
    row("time.backward_seen", wall_seconds() - before);
    row("time.none", offset_set(0));
    row("time.none_seen", wall_seconds() - before);
}

static long ports_set(u32 first, u32 count, bool allow)
{
    domctl_begin();
    op.u.ioport_permission.first_port = first;
    op.u.ioport_permission.nr_ports = count;
    op.u.ioport_permission.allow_access = allow;
    return domctl(XEN_DOMCTL_ioport_permission, SELF);
}

static void port_rows(void)
{
    row("port.none", ports_set(0x80, 0, true));
    row("port.beyond", ports_set(PORTS - 1, 2, true));
    row("port.far_beyond", ports_set(PORTS, 1, true));
    row("port.wrap", ports_set(~0u, 2, true));
    row("port.all", ports_set(0, PORTS, true));
    row("port.interrupt_controller", ports_set(0x20, 2, true));
    row("port.one", ports_set(MODEM_PORT, 1, true));
    row("port.deny", ports_set(MODEM_PORT, 8, false));
    row("port.not_ones_own", ports_set(MODEM_PORT, 8, true));
    row("port.part", ports_set(MODEM_PORT - 1, 2, true));
    row("port.beside", ports_set(MODEM_PORT + 8, 1, true));
}

static long memory_set(u64 first, u64 count, bool allow)
{
    domctl_begin();
    op.u.iomem_permission.first_mfn = first;
    op.u.iomem_permission.nr_mfns = count;
    op.u.iomem_permission.allow_access = allow;
    return domctl(XEN_DOMCTL_iomem_permission, SELF);
}

static void memory_rows(void)
{
    row("memory.none", memory_set(0xfd000, 0, true));
    row("memory.wrap", memory_set(~0ull, 2, true));
    row("memory.messages", memory_set(0xfee00, 1, true));
    row("memory.across", memory_set(0xfedff, 2, true));
    row("memory.allow", memory_set(0xfd000, 4, true));
    row("memory.deny", memory_set(0xfd001, 2, false));
    row("memory.not_ones_own", memory_set(0xfd001, 1, true));
    row("memory.not_ones_own_2", memory_set(0xfd000, 4, true));
    row("memory.beside", memory_set(0xfd000, 1, true));
    row("memory.other_side", memory_set(0xfd003, 1, true));
    row("memory.deny_again", memory_set(0xfd001, 2, false));
    row("memory.deny_more", memory_set(0xfd000, 4, false));
    row("memory.beyond_the_cpu", memory_set(1ull << 40, 1, true));
}

static long interrupt_set(u32 pirq, bool allow)
{
    domctl_begin();
    op.u.irq_permission.pirq = pirq;
    op.u.irq_permission.allow_access = allow;
    return domctl(XEN_DOMCTL_irq_permission, SELF);
}

static void interrupt_rows(void)
{
    row("interrupt.beyond", interrupt_set(100000, true));
    row("interrupt.unmapped", interrupt_set(20, true));
    row("interrupt.unmapped_deny", interrupt_set(20, false));
    row("interrupt.timer", interrupt_set(0, true));
    row("interrupt.keyboard", interrupt_set(1, true));
    row("interrupt.nobody",
        (op.u.irq_permission.pirq = 1, domctl(XEN_DOMCTL_irq_permission, NOBODY)));
}

static void page_rows(void)
{
    mfn_t m = pfn_to_mfn(frame_alloc());
    u8 *page = mfn_to_virt(m);

    domctl_begin();
    op.u.hypercall_init.gmfn = m.n;
    row("page.fill", domctl(XEN_DOMCTL_hypercall_init, SELF));
    row("page.filled", page[0] || page[1]);
    row("page.first_is_mov", page[33]);
    op.u.hypercall_init.gmfn = NO_FRAME_AT_ALL >> 12;
    row("page.no_frame", domctl(XEN_DOMCTL_hypercall_init, SELF));
    op.u.hypercall_init.gmfn = scratch_table(1).n;
    row("page.a_table", domctl(XEN_DOMCTL_hypercall_init, SELF));
}

static void virq_rows(void)
{
    for (u32 virq = 0; virq < 26; virq++) {
        domctl_begin();
        op.u.set_virq_handler.virq = virq;
        row(name_nth("virq", "handler", virq), domctl(XEN_DOMCTL_set_virq_handler, SELF));
    }
}

static void nodes_shown(const char *name)
{
    domctl_begin();
    memset(nodes, 0x7f, sizeof(nodes));
    op.u.nodeaffinity.nodemap.bitmap.p = nodes;
    op.u.nodeaffinity.nodemap.nr_bits = 64;
    row(name_of(name, "get"), domctl(XEN_DOMCTL_getnodeaffinity, SELF));
    row(name_of(name, "bits"), op.u.nodeaffinity.nodemap.nr_bits);
    row(name_of(name, "first"), nodes[0]);
    row(name_of(name, "second"), nodes[1]);
    row(name_of(name, "last"), nodes[NODES_BYTES - 1]);
    row(name_of(name, "beyond"), nodes[NODES_BYTES]);
}

static void nodes_set(const char *name, u8 byte, u32 bits, void *at)
{
    domctl_begin();
    memset(nodes, 0, sizeof(nodes));
    if (byte == 0xff)
        memset(nodes, 0xff, sizeof(nodes));
    nodes[0] = byte;
    op.u.nodeaffinity.nodemap.bitmap.p = at;
    op.u.nodeaffinity.nodemap.nr_bits = bits;
    row(name_of(name, "set"), domctl(XEN_DOMCTL_setnodeaffinity, SELF));
    if (at != nodes)
        return;
    nodes_shown(name);
}

static void node_rows(void)
{
    nodes_shown("node_first");
    nodes_set("node_zero", 1, 64, nodes);
    nodes_set("node_two", 3, 8, nodes);
    nodes_set("node_none", 0, 64, nodes);
    nodes_set("node_other", 2, 64, nodes);
    nodes_set("node_all", 0xff, 64, nodes);
    nodes_set("node_few_bits", 0xff, 1, nodes);
    nodes_set("node_no_bits", 0xff, 0, nodes);
    nodes_set("node_unreadable", 0, 64, (void *)0x70000000);
}

static void other_rows(void)
{
    domctl_begin();
    op.u.subscribe.port = 5;
    row("other.subscribe", domctl(XEN_DOMCTL_subscribe, SELF));
    domctl_begin();
    row("other.unsubscribe", domctl(XEN_DOMCTL_subscribe, SELF));
    row("other.debug_self", domctl_bare(XEN_DOMCTL_setdebugging, SELF));
    row("other.audit_self", domctl_bare(XEN_DOMCTL_audit_p2m, SELF));
    row("other.sharing", domctl_bare(XEN_DOMCTL_mem_sharing_op, SELF));
    row("other.flush", domctl_bare(XEN_DOMCTL_cacheflush, SELF));
    row("other.vuart", domctl_bare(XEN_DOMCTL_vuart_op, SELF));
    row("other.gdbsx", domctl_bare(XEN_DOMCTL_gdbsx_guestmemio, SELF));
    row("other.gdbsx_pause", domctl_bare(XEN_DOMCTL_gdbsx_pausevcpu, SELF));
    row("other.gdbsx_unpause", domctl_bare(XEN_DOMCTL_gdbsx_unpausevcpu, SELF));
    row("other.gdbsx_status", domctl_bare(XEN_DOMCTL_gdbsx_domstatus, SELF));
    row("other.vnuma_nothing", domctl_bare(XEN_DOMCTL_setvnumainfo, SELF));
    domctl_begin();
    op.u.vnuma.nr_vnodes = 1;
    op.u.vnuma.nr_vcpus = 2;
    row("other.vnuma_vcpus", domctl(XEN_DOMCTL_setvnumainfo, SELF));
    op.u.vnuma.nr_vcpus = 1;
    op.u.vnuma.pad = 1;
    row("other.vnuma_pad", domctl(XEN_DOMCTL_setvnumainfo, SELF));
}

void guest_main(void)
{
    handle_rows();
    time_rows();
    port_rows();
    memory_rows();
    interrupt_rows();
    page_rows();
    virq_rows();
    node_rows();
    other_rows();
    guest_end();
}
