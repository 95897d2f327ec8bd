/*
 * Domains at the ends of their lives, and what must not be asked of them: one that was made and has
 * no vcpus yet; one that is down and is to begin anew, which no paravirtual domain can; and one
 * that is destroyed, while a frame of it is mapped here still, so that it is found by its number.
 * Whoever forgets to look finds a domain without ports, tables or time.
 */
#include "tests/guests/tinies.h"

static void row_bind(const char *name, domid_t domain, u32 port)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = domain, .remote_port = port};
    long answer = call_event_channel_op(EVTCHNOP_bind_interdomain, &bind);

    row(name, answer);
    if (!answer)
        event_close(bind.local_port);
}

static long port_make(domid_t domain, u32 *port)
{
    struct evtchn_alloc_unbound alloc = {.dom = domain, .remote_dom = DOMID_SELF};
    long answer = call_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

    *port = alloc.port;
    return answer;
}

static long port_status(domid_t domain, u32 port)
{
    struct evtchn_status status = {.dom = domain, .port = port};
    long answer = call_event_channel_op(EVTCHNOP_status, &status);

    return answer ? answer : (long)status.status;
}

static long ports_reset(domid_t domain)
{
    struct evtchn_reset reset = {.dom = domain};

    return call_event_channel_op(EVTCHNOP_reset, &reset);
}

/* A port of a domain that could hear nothing. */
static void no_vcpus_rows(void)
{
    struct xen_domctl op = {
        .u.createdomain = {.max_vcpus = 1,
                           .max_evtchn_port = 1023,
                           .max_grant_frames = 64,
                           .max_maptrack_frames = 1024,
                           .grant_opts = XEN_DOMCTL_GRANT_version(2)},
    };
    u32 port = 0;

    row("empty.create", control_domctl(&op, XEN_DOMCTL_createdomain, 0));
    row("empty.port", port_make(op.domain, &port));
    row("empty.status", port_status(op.domain, port));
    row_bind("empty.bind", op.domain, port);
    row("empty.status_then", port_status(op.domain, port));
    row("empty.reset", ports_reset(op.domain));
    row("empty.destroy", domain_destroy(op.domain));
}

static struct tiny down;

static bool is_down(void)
{
    struct xen_domctl_getdomaininfo info;

    return !domain_info(down.domain.domid, &info) && info.flags & XEN_DOMINF_shutdown;
}

static u32 flags_of(domid_t domain)
{
    struct xen_domctl_getdomaininfo info;

    return domain_info(domain, &info)
               ? 0
               : info.flags & ~(u32)(XEN_DOMINF_running | XEN_DOMINF_blocked);
}

static long domain_op(u32 command, domid_t domain)
{
    struct xen_domctl op = {0};

    return control_domctl(&op, command, domain);
}

/* Its ports are closed, and it stays down. */
static void soft_reset_rows(domid_t domain)
{
    row("reset.while_up", domain_op(XEN_DOMCTL_soft_reset, domain));
    row("reset.console_is", port_status(domain, down.domain.console_port));
    row("reset.shutdown", domain_shutdown(domain, SHUTDOWN_soft_reset));
    row("reset.is_down", serve_until(is_down, 5000));
    row("reset.answer", domain_op(XEN_DOMCTL_soft_reset, domain));
    row_hex("reset.flags", flags_of(domain));
    row("reset.console_then", port_status(domain, down.domain.console_port));
    row("reset.pause", domain_pause(domain));
    row("reset.paused", domain_op(XEN_DOMCTL_soft_reset, domain));
    row_hex("reset.paused_flags", flags_of(domain));
    row("reset.console_at_last", port_status(domain, down.domain.console_port));
    row("reset.again", domain_op(XEN_DOMCTL_soft_reset, domain));
    row("reset.unpause", domain_unpause(domain));
}

static void time_row(const char *name, domid_t domain)
{
    struct xen_domctl op = {.u.settimeoffset.time_offset_seconds = 5};

    row(name, control_domctl(&op, XEN_DOMCTL_settimeoffset, domain));
}

static void context_rows(const char *set, const char *get, domid_t domain)
{
    static struct vcpu_guest_context_x86_64 context; /* the larger layout */
    long answer = domain_vcpu_context(domain, 0, false, &context);

    row(get, answer);
    row(set, domain_vcpu_context(domain, 0, true, &context));
}

static void memory_rows(domid_t domain)
{
    struct xen_memory_domain who = {.domid = domain};

    row("dead.highest_gpfn", control_memory(XENMEM_maximum_gpfn, &who));
    row("dead.most", control_memory(XENMEM_maximum_reservation, &who) > 0);
    row("dead.now", control_memory(XENMEM_current_reservation, &who));
}

/* What it held is given back, but for what is mapped here. */
static void dead_rows(domid_t domain)
{
    u32 port = 0;

    row("dead.destroy", domain_destroy(domain));
    row_hex("dead.flags", flags_of(domain));
    memory_rows(domain);
    time_row("dead.time", domain);
    context_rows("dead.context_set", "dead.context_get", domain);
    row("dead.max_mem", domain_set_max_memory(domain, 4096));
    row("dead.port", port_make(domain, &port));
    row("dead.console", port_status(domain, down.domain.console_port));
    row_bind("dead.bind", domain, down.domain.console_port);
    row("dead.reset", ports_reset(domain));
    row("dead.pause", domain_pause(domain));
    row("dead.unpause", domain_unpause(domain));
    row("dead.resume", domain_resume(domain));
    row("dead.shutdown", domain_shutdown(domain, SHUTDOWN_crash));
    row("dead.soft_reset", domain_op(XEN_DOMCTL_soft_reset, domain));
    row("dead.destroy_again", domain_destroy(domain));
}

static long number_update(u64 mfn, u64 pfn, domid_t owner)
{
    mmu_update_t request = {.ptr = mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, .val = pfn};

    return hypercall_mmu_update((uintptr_t)&request, 1, 0, owner);
}

/* Numbers of frames that are a device's, by who may map them. */
static void numbers_rows(void)
{
    pfn_t own = frame_alloc();
    u64 pfn = own.n, mfn = pfn_to_mfn(own).n;

    row("number.own", number_update(mfn, pfn, DOMID_SELF));
    row("number.own_by_io", number_update(mfn, pfn, DOMID_IO));
    row("number.own_by_xen", number_update(mfn, pfn, DOMID_XEN));
    row("number.vga", number_update(0xb8, 7, DOMID_IO));
    row("number.vga_by_self", number_update(0xb8, 7, DOMID_SELF));
    row("number.ioapic", number_update(0xfec00, 7, DOMID_IO));
    row("number.beyond", number_update(0xfffffff, 7, DOMID_IO));
    row("number.nobody", number_update(mfn, pfn, 77));
}

void guest_main(void)
{
    domid_t domain;

    toolstack_begin();
    no_vcpus_rows();
    numbers_rows();
    if (tiny_build(&down) || tiny_watch(&down) || domain_unpause(down.domain.domid))
        guest_panic("there is no tiny guest");
    domain = down.domain.domid;
    soft_reset_rows(domain);
    dead_rows(domain);
    tiny_leave(&down);
    guest_end();
}
