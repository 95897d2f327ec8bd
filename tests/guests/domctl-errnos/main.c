/*
 * Which operations of domctl there are, and what each answers to a structure that is all zeros: for
 * the domain itself, for one that was just made, and for one that does not exist; then what is
 * refused for other reasons. A toolstack decides by these errnos what a hypervisor can do, and
 * tools of another version must be told so.
 */
#include "tests/guests/domctl.h"

static const struct known {
    u32 cmd;
    const char *name;
    bool implemented;
} known[] = {
#define IS_IMPLEMENTED true
#define IS_ABSENT      false
#define KNOWN(X, name, who, argument, direction, state, sentence)                                  \
    {XEN_DOMCTL_##name, #name, IS_##state},
    XL_DOMCTLS(KNOWN, )};

static void version_rows(void)
{
    static const u32 versions[] = {0, 0x14, 0x16, ~0u};

    domctl_begin();
    op.cmd = XEN_DOMCTL_getdomaininfo;
    for (unsigned int i = 0; i < ARRAY_SIZE(versions); i++) {
        op.interface_version = versions[i];
        row(name_nth("version", "wrong", i), hypercall_domctl((uintptr_t)&op));
    }
    op.domain = NOBODY;
    row("version.before_the_domain", hypercall_domctl((uintptr_t)&op));
    op.cmd = 12345;
    row("version.before_the_operation", hypercall_domctl((uintptr_t)&op));
    row("argument.unreadable", hypercall_domctl((uintptr_t)NOWHERE));
    row("argument.of_the_hypervisor", hypercall_domctl(HYPERVISOR_VIRT_START));
    row("argument.null", hypercall_domctl(0));
}

/* Of whom does not exist, all operations say so; but one that makes him. */
static void nobody_rows(void)
{
    u32 told = 0;

    for (u32 cmd = 0; cmd < 1010; cmd++)
        told += cmd != XEN_DOMCTL_createdomain && domctl_bare(cmd, NOBODY) == -XEN_ESRCH;
    row("nobody.operations_that_say_so", told);
    row("nobody.self_is_no_number", domctl_bare(XEN_DOMCTL_max_mem, DOMID_SELF));
    row("nobody.info_of_the_next", domctl_bare(XEN_DOMCTL_getdomaininfo, 1));
    row("nobody.info_of_self", domctl_bare(XEN_DOMCTL_getdomaininfo, DOMID_SELF));
    row("nobody.unknown_operation", domctl_bare(12345, 0));
    row("nobody.assign_to_the_io_domain", domctl_bare(XEN_DOMCTL_assign_device, DOMID_IO));
    row("nobody.assign_to_none", domctl_bare(XEN_DOMCTL_assign_device, DOMID_INVALID));
    row("nobody.test_for_none", domctl_bare(XEN_DOMCTL_test_assign_device, DOMID_INVALID));
    row("nobody.events_of_none", domctl_bare(XEN_DOMCTL_vm_event_op, DOMID_INVALID));
}

/* Numbers that no operation has, and those that do harm: this domain lives on, with its memory. */
static void zero_rows(const char *who, u32 domain)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
        u32 cmd = known[i].cmd;

        if (!known[i].implemented || cmd == XEN_DOMCTL_shadow_op /* Debian leaves it out */ ||
            cmd == XEN_DOMCTL_createdomain || cmd == XEN_DOMCTL_max_mem ||
            cmd == XEN_DOMCTL_getdomaininfo || (domain && cmd == XEN_DOMCTL_destroydomain) ||
            (!domain && cmd == XEN_DOMCTL_sendtrigger))
            continue;
        row(name_of(who, known[i].name), domctl_bare(cmd, domain));
    }
}

/* An operation that is no operation answers so, whatever its number. */
static void hole_rows(void)
{
    u32 holes = 0;
    bool is_known;

    for (u32 cmd = 0; cmd < 1010; cmd++) {
        is_known = false;
        for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
            is_known |= known[i].cmd == cmd;
        holes += !is_known && domctl_bare(cmd, 0) == -XEN_ENOSYS;
    }
    row("holes.that_say_so", holes);
    row("holes.mem_sharing", domctl_bare(XEN_DOMCTL_mem_sharing_op, 0));
    row("holes.audit_p2m", domctl_bare(XEN_DOMCTL_audit_p2m, 0));
    row("holes.cacheflush", domctl_bare(XEN_DOMCTL_cacheflush, 0));
    row("holes.vuart", domctl_bare(XEN_DOMCTL_vuart_op, 0));
    row("holes.gdbsx_guestmemio", domctl_bare(XEN_DOMCTL_gdbsx_guestmemio, 0));
    row("holes.gdbsx_pausevcpu", domctl_bare(XEN_DOMCTL_gdbsx_pausevcpu, 0));
    row("holes.gdbsx_unpausevcpu", domctl_bare(XEN_DOMCTL_gdbsx_unpausevcpu, 0));
    row("holes.gdbsx_domstatus", domctl_bare(XEN_DOMCTL_gdbsx_domstatus, 0));
}

static long set_target(u32 domain, u32 target)
{
    domctl_begin();
    op.u.set_target.target = target;
    return domctl(XEN_DOMCTL_set_target, domain);
}

static long memory_mapping(u64 gfn, u64 mfn, u64 count)
{
    domctl_begin();
    op.u.memory_mapping.first_gfn = gfn;
    op.u.memory_mapping.first_mfn = mfn;
    op.u.memory_mapping.nr_mfns = count;
    return domctl(XEN_DOMCTL_memory_mapping, 0);
}

static long trigger(u32 domain, u32 kind, u32 vcpu)
{
    domctl_begin();
    op.u.sendtrigger.trigger = kind;
    op.u.sendtrigger.vcpu = vcpu;
    return domctl(XEN_DOMCTL_sendtrigger, domain);
}

static void argument_rows(u32 made)
{
    row("target.nobody", set_target(made, NOBODY));
    row("target.self_is_no_number", set_target(made, DOMID_SELF));
    row("target.itself", set_target(made, made));
    row("target.another", set_target(made, 0));
    row("mapping.nothing_at_0", memory_mapping(0, 0, 0));
    row("mapping.one", memory_mapping(0, 1, 1));
    row("mapping.nothing", memory_mapping(0, 1, 0));
    row("mapping.wraps", memory_mapping(0, ~0ull, 2));
    row("mapping.guest_frames_wrap", memory_mapping(~0ull, 1, 2));
    row("mapping.beyond_what_the_cpu_can_address", memory_mapping(0, 1ull << 40, 1));
    row("trigger.vcpu", trigger(made, XEN_DOMCTL_SENDTRIGGER_NMI, 2));
    row("trigger.nmi", trigger(made, XEN_DOMCTL_SENDTRIGGER_NMI, 1));
    row("trigger.reset", trigger(made, XEN_DOMCTL_SENDTRIGGER_RESET, 0));
    row("trigger.power", trigger(made, XEN_DOMCTL_SENDTRIGGER_POWER, 0));
    row("trigger.sleep", trigger(made, XEN_DOMCTL_SENDTRIGGER_SLEEP, 0));
    row("trigger.unknown", trigger(made, 5, 0));
}

static long vm_event(u32 domain, u32 operation, u32 mode)
{
    domctl_begin();
    op.u.vm_event_op.op = operation;
    op.u.vm_event_op.mode = mode;
    return domctl(XEN_DOMCTL_vm_event_op, domain);
}

static long monitor(u32 operation, u32 event, u32 domain)
{
    domctl_begin();
    op.u.monitor_op.op = operation;
    op.u.monitor_op.event = event;
    return domctl(XEN_DOMCTL_monitor_op, domain);
}

static long psr_alloc(u32 cmd)
{
    domctl_begin();
    op.u.psr_alloc.cmd = cmd;
    return domctl(XEN_DOMCTL_psr_alloc, 0);
}

static void event_rows(u32 made)
{
    row("events.version_of_none", vm_event(DOMID_INVALID, XEN_VM_EVENT_GET_VERSION, 0));
    row("events.version", op.u.vm_event_op.u.version);
    row("events.self", vm_event(0, XEN_VM_EVENT_ENABLE, XEN_DOMCTL_VM_EVENT_OP_MONITOR));
    for (u32 mode = 0; mode < 5; mode++)
        for (u32 operation = 0; operation < 5; operation++)
            if (operation != XEN_VM_EVENT_GET_VERSION &&
                (operation || mode != XEN_DOMCTL_VM_EVENT_OP_MONITOR)) /* which stops Xen 4.17 */
                row(name_nth("events", "mode-operation", mode * 10 + operation),
                    vm_event(made, operation, mode));
    for (u32 operation = 0; operation < 6; operation++)
        row(name_nth("monitor", "operation", operation), monitor(operation, 0, made));
    row("monitor.capabilities", op.u.monitor_op.event);
    for (u32 event = 0; event < 14; event++)
        row(name_nth("monitor", "event", event),
            monitor(XEN_DOMCTL_MONITOR_OP_ENABLE, event, made));
    row("monitor.event_far_beyond", monitor(XEN_DOMCTL_MONITOR_OP_ENABLE, 32, made));
    row("monitor.disable", monitor(XEN_DOMCTL_MONITOR_OP_DISABLE, 4, made));
    for (u32 cmd = 0; cmd < 12; cmd++)
        row(name_nth("psr", "alloc", cmd), psr_alloc(cmd));
}

static long paging_cont(u32 cmd, u32 domain, u32 operation)
{
    domctl_begin();
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = (domid_t)domain;
    op.u.shadow_op.op = operation;
    return hypercall_paging_domctl_cont((uintptr_t)&op);
}

/* What Xen asks itself to go on with a long operation: a guest that asks has nothing to go on. */
static void continuation_rows(u32 made)
{
    u32 empty;

    row("paging_cont.unreadable", hypercall_paging_domctl_cont((uintptr_t)NOWHERE));
    row("paging_cont.another_operation", paging_cont(XEN_DOMCTL_max_mem, made, 0));
    row("paging_cont.nobody", paging_cont(XEN_DOMCTL_shadow_op, NOBODY, 0));
    row("paging_cont.self", paging_cont(XEN_DOMCTL_shadow_op, 0, XEN_DOMCTL_SHADOW_OP_PEEK));
    row("paging_cont.made", paging_cont(XEN_DOMCTL_shadow_op, made, XEN_DOMCTL_SHADOW_OP_PEEK));
    domctl_begin();
    op.cmd = XEN_DOMCTL_shadow_op;
    op.domain = (domid_t)made;
    row("paging_cont.another_version", hypercall_paging_domctl_cont((uintptr_t)&op));
    create_begin(1);
    row("cont.create", domctl(XEN_DOMCTL_createdomain, 0));
    empty = op.domain;
    row("paging_cont.no_vcpus",
        paging_cont(XEN_DOMCTL_shadow_op, empty, XEN_DOMCTL_SHADOW_OP_PEEK));
    row("reset_cont.no_vcpus", domctl_bare(XEN_DOMCTL_soft_reset_cont, empty));
    row("cont.destroy", domctl_bare(XEN_DOMCTL_destroydomain, empty));
}

void guest_main(void)
{
    u32 made;

    version_rows();
    nobody_rows();
    hole_rows();
    zero_rows("self", 0);
    made = domain_made(2);
    zero_rows("made", made);
    argument_rows(made);
    event_rows(made);
    continuation_rows(made);
    row("made.destroydomain", domctl_bare(XEN_DOMCTL_destroydomain, made));
    row("made.is_gone", domctl_bare(XEN_DOMCTL_pausedomain, made));
    guest_end();
}
