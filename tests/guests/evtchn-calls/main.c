/*
 * What event_channel_op answers: to each operation with each kind of port, with ports, vcpus and
 * domains that there are not, with arguments that cannot be read or written, in the two-level ABI.
 * Kernels find out by these errnos what a hypervisor can do (the FIFO ABI, for one), and clean up
 * by them. Port numbers are rows too: the lowest free one is given.
 *
 * Upcalls stay masked throughout.
 */
#include "tests/guests/evtchn.h"

#define NO_PORT   4000u
#define LAST      (EVTCHN_2L_NR_CHANNELS - 1)
#define MIDDLE    (LAST < 2000 ? 500u : 2000u)
#define NO_VCPU   9u
#define NO_DOMAIN 77u

static const u32 ends[] = {0, 1, 2, 63, 64, 127, 128, 4095, 4096, 131071, 131072, 0x7fffffff, ~0u};
static const domid_t domains[] = {0,         NO_DOMAIN, 0x7fef,        DOMID_SELF, DOMID_IO,
                                  DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE, 0xffff};

/* One port of each kind that there is without hardware. */
enum {
    CLOSED,
    UNBOUND,
    FOR_ANOTHER,
    LEFT,
    RIGHT,
    GLOBAL,
    OWN,
    IPI,
    KINDS
};
static const char *const kinds[] = {"closed", "unbound", "for-another", "left",
                                    "right",  "global",  "own",         "ipi"};
static evtchn_port_t ports[KINDS];

static const char *of_kind(const char *group, unsigned int kind)
{
    return name_of(group, kinds[kind]);
}

static void ports_make(void)
{
    ports[CLOSED] = (u32)evtchn_alloc(DOMID_SELF, DOMID_SELF);
    ports[UNBOUND] = (u32)evtchn_alloc(DOMID_SELF, DOMID_SELF);
    ports[FOR_ANOTHER] = (u32)evtchn_alloc(DOMID_SELF, NO_DOMAIN);
    ports[LEFT] = (u32)evtchn_alloc(DOMID_SELF, DOMID_SELF);
    ports[RIGHT] = (u32)evtchn_connect(DOMID_SELF, ports[LEFT]);
    ports[GLOBAL] = (u32)evtchn_virq(VIRQ_DOM_EXC, 0);
    ports[OWN] = (u32)evtchn_virq(VIRQ_DEBUG, 0);
    ports[IPI] = (u32)evtchn_ipi(0);
    evtchn_close(ports[CLOSED]);
}

static void ports_close(void)
{
    for (unsigned int i = 0; i < KINDS; i++)
        evtchn_close(ports[i]);
}

static void say_ports(const char *group)
{
    for (unsigned int i = 0; i < KINDS; i++)
        row(of_kind(group, i), ports[i]);
}

static void say_statuses(const char *group)
{
    for (unsigned int i = 0; i < KINDS; i++)
        row_text(of_kind(group, i), evtchn_status_text(DOMID_SELF, ports[i]));
}

static void say_alloc(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++) {
        long port = evtchn_alloc(domains[i], DOMID_SELF), other;

        row(name_nth("alloc", "domain", domains[i]), port);
        if (port > 0)
            row(name_nth("alloc", "domain-close", domains[i]), evtchn_close((u32)port));
        port = evtchn_alloc(DOMID_SELF, domains[i]);
        row(name_nth("alloc", "remote", domains[i]), port);
        if (port > 0) {
            row_text(name_nth("alloc", "remote-status", domains[i]),
                     evtchn_status_text(DOMID_SELF, (u32)port));
            other = evtchn_connect(domains[i], (u32)port);
            row(name_nth("alloc", "remote-connect", domains[i]), other);
            row(name_nth("alloc", "remote-close", domains[i]), evtchn_close((u32)port));
            evtchn_close((u32)other);
        }
    }
}

static void say_connect(void)
{
    for (unsigned int i = 0; i < KINDS; i++)
        if (i != UNBOUND)
            row(of_kind("connect", i), evtchn_connect(DOMID_SELF, ports[i]));
    for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
        if (ends[i] != ports[UNBOUND])
            row(name_nth("connect", "port", ends[i]), evtchn_connect(DOMID_SELF, ends[i]));
    for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++)
        row(name_nth("connect", "domain", domains[i]), evtchn_connect(domains[i], NO_PORT));
    row("connect.own-next", evtchn_connect(DOMID_SELF, ports[IPI] + 1));
}

static void say_virqs(void)
{
    for (u32 virq = 0; virq <= NR_VIRQS; virq++) {
        long port = evtchn_virq(virq, 0);

        row(name_nth("virq", "bind", virq), port);
        row(name_nth("virq", "again", virq), evtchn_virq(virq, 0));
        row(name_nth("virq", "no-vcpu", virq), evtchn_virq(virq, NO_VCPU));
        row(name_nth("virq", "far-vcpu", virq), evtchn_virq(virq, ~0u));
        if (port <= 0)
            continue;
        row_text(name_nth("virq", "status", virq), evtchn_status_text(DOMID_SELF, (u32)port));
        row(name_nth("virq", "move", virq), evtchn_move((u32)port, 0));
        row(name_nth("virq", "send", virq), evtchn_send((u32)port));
        row(name_nth("virq", "close", virq), evtchn_close((u32)port));
    }
    row("virq.bind-far", evtchn_virq(~0u, 0));
    row("virq.bind-sign", evtchn_virq(0x80000000, 0));
    row("ipi.no-vcpu", evtchn_ipi(NO_VCPU));
    row("ipi.far-vcpu", evtchn_ipi(~0u));
    row("pirq.far", evtchn_pirq(~0u));
    row("pirq.too-high", evtchn_pirq(100000));
}

/* The operations on a port, with each kind and each number. */
static void say_by_port(const char *group, long (*op)(evtchn_port_t port))
{
    for (unsigned int i = 0; i < KINDS; i++)
        row(of_kind(group, i), op(ports[i]));
    for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
        if (ends[i] == 0 || ends[i] >= 63)
            row(name_nth(group, "port", ends[i]), op(ends[i]));
}

static long move_nowhere(evtchn_port_t port)
{
    return evtchn_move(port, NO_VCPU);
}

static long move_far(evtchn_port_t port)
{
    return evtchn_move(port, ~0u);
}

static long move_home(evtchn_port_t port)
{
    return evtchn_move(port, 0);
}

static long priority_set(evtchn_port_t port)
{
    return evtchn_priority(port, 3);
}

static long priority_low(evtchn_port_t port)
{
    return evtchn_priority(port, 99);
}

static void say_operations(void)
{
    say_by_port("send", evtchn_send);
    say_by_port("unmask", evtchn_unmask);
    say_by_port("move-nowhere", move_nowhere);
    say_by_port("move-far", move_far);
    say_by_port("move-home", move_home);
    say_by_port("priority", priority_set);
    say_by_port("priority-low", priority_low);
    for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
        row_text(name_nth("status", "port", ends[i]), evtchn_status_text(DOMID_SELF, ends[i]));
    for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++)
        row_text(name_nth("status", "domain", domains[i]),
                 evtchn_status_text(domains[i], ports[IPI]));
    for (unsigned int i = 0; i < ARRAY_SIZE(domains); i++)
        if (domains[i] != 0 && domains[i] != DOMID_SELF)
            row(name_nth("reset", "domain", domains[i]), evtchn_reset(domains[i]));
}

/* The other end of what is closed waits again, for the same domain. */
static void say_close(void)
{
    row("close.left-end", evtchn_close(ports[LEFT]));
    row_text("close.right-waits", evtchn_status_text(DOMID_SELF, ports[RIGHT]));
    row("close.send-into-nothing", evtchn_send(ports[RIGHT]));
    row("close.connect-again", evtchn_connect(DOMID_SELF, ports[RIGHT]));
    row_text("close.right-again", evtchn_status_text(DOMID_SELF, ports[RIGHT]));
    say_by_port("close", evtchn_close);
    say_by_port("close-twice", evtchn_close);
}

/* Arguments that are not there; in the compatible call too. */
static void say_arguments(void)
{
    static const struct evtchn_alloc_unbound unwritable = {.dom = DOMID_SELF,
                                                           .remote_dom = DOMID_SELF};
    u64 frame = pfn_to_mfn(frame_alloc_zeroed()).n << PAGE_SHIFT;
    void *page = scratch_page(0);
    long port;

    scratch_entry(1);
    map_page(page, frame | PTE_READ_WRITE);

    for (unsigned int op = 0; op < 18; op++) {
        row(name_nth("argument", "null", op), evtchn_op(op, NULL));
        row(name_nth("argument", "hypervisor", op), evtchn_op(op, (void *)HYPERVISOR_OWN));
        row(name_nth("argument", "non-canonical", op),
            evtchn_op(op, (void *)(uintptr_t)NON_CANONICAL));
        row(name_nth("argument", "past-the-page", op), evtchn_op(op, page + PAGE_SIZE - 1));
    }
    row("argument.no-such", evtchn_op(~0u, NULL));
    memcpy(page, &unwritable, sizeof(unwritable));
    map_page(page, frame | PTE_READ_ONLY);
    row("argument.read-only", evtchn_op(EVTCHNOP_alloc_unbound, page));
    port = evtchn_alloc(DOMID_SELF, DOMID_SELF);
    row("argument.next-port", port);
    row("argument.close", evtchn_close((u32)port));
    row("argument.close-the-unwritten", evtchn_close((u32)port - 1));
}

static long compat(u32 command, struct evtchn_op *op)
{
    op->cmd = command;
    return hypercall_event_channel_op_compat((uintptr_t)op);
}

static void say_compat(void)
{
    struct evtchn_op op = {.u.alloc_unbound = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF}};
    u32 port;

    row("compat.null", hypercall_event_channel_op_compat(0));
    row("compat.hypervisor", hypercall_event_channel_op_compat(HYPERVISOR_OWN));
    row("compat.alloc", compat(EVTCHNOP_alloc_unbound, &op));
    port = op.u.alloc_unbound.port;
    row("compat.port", port);
    op.u.bind_interdomain = (struct evtchn_bind_interdomain){DOMID_SELF, port, 0};
    row("compat.connect", compat(EVTCHNOP_bind_interdomain, &op));
    row("compat.connect-port", op.u.bind_interdomain.local_port);
    row("compat.connect-again", compat(EVTCHNOP_bind_interdomain, &op));
    op.u.status = (struct evtchn_status){.dom = DOMID_SELF, .port = port};
    row("compat.status", compat(EVTCHNOP_status, &op));
    row("compat.status-kind", op.u.status.status);
    op.u.send.port = port;
    row("compat.send", compat(EVTCHNOP_send, &op));
    row("compat.unmask", compat(EVTCHNOP_unmask, &op));
    row("compat.close", compat(EVTCHNOP_close, &op));
    op.u.close.port = port + 1;
    row("compat.close-other", compat(EVTCHNOP_close, &op));
    op.u.bind_virq = (struct evtchn_bind_virq){.virq = VIRQ_DEBUG, .vcpu = 0};
    row("compat.virq", compat(EVTCHNOP_bind_virq, &op));
    op.u.bind_vcpu = (struct evtchn_bind_vcpu){.port = port, .vcpu = 0};
    row("compat.move", compat(EVTCHNOP_bind_vcpu, &op));
    op.u.close.port = port;
    row("compat.close-virq", compat(EVTCHNOP_close, &op));
    op.u.bind_ipi.vcpu = 0;
    row("compat.ipi", compat(EVTCHNOP_bind_ipi, &op));
    op.u.close.port = port;
    row("compat.close-ipi", compat(EVTCHNOP_close, &op));
    op.u.bind_pirq.pirq = ~0u;
    row("compat.pirq", compat(EVTCHNOP_bind_pirq, &op));
    for (u32 command = EVTCHNOP_unmask + 1; command < 18; command++)
        row(name_nth("compat", "newer", command), compat(command, &op));
    row("compat.no-such", compat(~0u, &op));
}

/* All that there are in this ABI; and that one in the middle, given back, is the next. */
static void say_many(void)
{
    long port, last = 0;

    while ((port = evtchn_alloc(DOMID_SELF, DOMID_SELF)) > 0)
        last = port;
    row("many.last", last);
    row("many.no-more", port);
    row("many.no-more-connect", evtchn_connect(DOMID_SELF, LAST));
    row("many.no-more-connect-bad", evtchn_connect(DOMID_SELF, 0));
    row("many.no-more-virq", evtchn_virq(VIRQ_DEBUG, 0));
    row("many.no-more-ipi", evtchn_ipi(0));
    row("many.close", evtchn_close(MIDDLE));
    row_text("many.closed", evtchn_status_text(DOMID_SELF, MIDDLE));
    row_text("many.beyond", evtchn_status_text(DOMID_SELF, LAST + 1));
    row("many.connect", evtchn_connect(DOMID_SELF, LAST));
    row("many.send", evtchn_send(MIDDLE));
    row("many.pending-far", port_pending(LAST));
    for (port = LAST; port > 0; port--)
        last = evtchn_close((u32)port);
    row("many.close-all", last);
    row("many.first", evtchn_alloc(DOMID_SELF, DOMID_SELF));
    row("many.first-close", evtchn_close(1));
    row_text("many.status-stays", evtchn_status_text(DOMID_SELF, LAST));
}

void guest_main(void)
{
    upcalls_close();
    say_alloc();
    ports_make();
    say_ports("made");
    say_connect();
    say_statuses("status");
    say_operations();
    say_statuses("still");
    say_close();
    ports_close();
    say_virqs();
    say_arguments();
    say_compat();
    say_many();
    guest_end();
}
