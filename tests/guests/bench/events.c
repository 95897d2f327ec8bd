/*
 * Rows of event channels. An event is a bit that the hypervisor sets for the guest, and, if the
 * guest lets it, a call of the guest's handler: so a send costs what is written, and what the way
 * into the handler and the iret back cost. A port that is masked or already pending needs neither.
 *
 * Everything is sent by vcpu 0 to itself: by a port for IPIs, and through a channel whose both ends
 * are ours, which is what a channel between two domains costs without the switch between them.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"
#include "tests/guests/bench/upcalls.h"
#include "xen-like/abi/intercept.h"

static evtchn_port_t ipi, near_end, far_end,
    spare; /* sent from the near end, arrives at the far one */

void upcalls_to(const void *handler)
{
    bench_require("set_callbacks", call_set_callbacks(handler, handler, handler));
}

static long event_op(unsigned int command, void *argument)
{
    return hypercall_event_channel_op(command, (uintptr_t)argument);
}

evtchn_port_t ipi_bind(unsigned int vcpu)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu};

    bench_require("bind_ipi", event_op(EVTCHNOP_bind_ipi, &bind));
    return bind.port;
}

void port_close(evtchn_port_t port)
{
    struct evtchn_close close = {.port = port};

    bench_require("close", event_op(EVTCHNOP_close, &close));
}

/* Where a port's bit is, and which: in one of the two arrays of the shared page. */
static void bit_put(xen_ulong_t *words, evtchn_port_t port, bool set)
{
    xen_ulong_t bit = 1ul << port % 64;

    if (set)
        __atomic_fetch_or(&words[port / 64], bit, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(&words[port / 64], ~bit, __ATOMIC_SEQ_CST);
}

static long send_ipi(void)
{
    return port_send(ipi);
}

static long send_near(void)
{
    return port_send(near_end);
}

/* For a port that is masked: the bit it leaves is taken away, for the next send to find it clear.
 */
static long send_masked(void)
{
    long answer = port_send(ipi);

    bit_put(shared_info->evtchn_pending, ipi, false);
    return answer;
}

static long unmask(void)
{
    struct evtchn_unmask unmask = {.port = ipi};

    return event_op(EVTCHNOP_unmask, &unmask);
}

/* The usual way of unmasking all: a store, a look, and if something came, any hypercall at all. */
static long upcall_forced(void)
{
    upcalls_masked(true);
    shared_info->vcpu_info[0].evtchn_upcall_pending = 1;
    upcalls_masked(false);
    return call_xen_version(XENVER_version, NULL);
}

static long status(void)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = ipi};

    return event_op(EVTCHNOP_status, &status);
}

static long port_alloc(void)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
    long answer = event_op(EVTCHNOP_alloc_unbound, &alloc);

    spare = alloc.port;
    return answer;
}

static long spare_close(void)
{
    struct evtchn_close close = {.port = spare};

    return event_op(EVTCHNOP_close, &close);
}

static long bind_vcpu(void)
{
    struct evtchn_bind_vcpu bind = {.port = far_end, .vcpu = 0};

    return event_op(EVTCHNOP_bind_vcpu, &bind);
}

static void loopback_make(void)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = DOMID_SELF};

    bench_require("alloc_unbound", port_alloc());
    far_end = bind.remote_port = spare;
    bench_require("bind_interdomain", event_op(EVTCHNOP_bind_interdomain, &bind));
    near_end = bind.local_port;
}

/* Ticks from asking to the handler's first instruction, of so many sends from a port. */
static u64 sends_to_handler(const void *port)
{
    u64 total = 0;

    for (unsigned int i = 0; i < RUNS_DEFAULT; i++) {
        u64 start = ticks_now();

        if (port)
            port_send(*(const evtchn_port_t *)port);
        else
            upcall_stamp = ticks_now();
        total += upcall_stamp - start;
    }
    return total;
}

static void row_handler(const char *name, const evtchn_port_t *port)
{
    upcalls_to(upcall_stamped_0);
    bench_timed_row(name, RUNS_DEFAULT, sends_to_handler, port, NULL);
    upcalls_to(upcall_plain_0);
}

/* Every send must have come: a row of sends that went nowhere would look good. */
static void rows_delivered(const struct bench *bench)
{
    u64 before = upcall_count[0];

    bench_rows(bench, 1);
    bench_require(bench->name, upcall_count[0] - before >= RUNS_DEFAULT ? 0 : -1);
}

static void rows_without_upcall(void)
{
    static const struct bench masked = {"event-send-masked", .run = send_masked};
    static const struct bench others[] = {
        {"event-unmask", .run = unmask},
        {"event-status", .run = status},
        {"event-alloc", .run = port_alloc, .undo = spare_close},
        {"event-bind-vcpu", .run = bind_vcpu},
    };
    static const struct bench pending = {"event-send-pending", .run = send_ipi};
    static const struct bench close = {"event-close", .run = spare_close, .undo = port_alloc};

    bit_put(shared_info->evtchn_mask, ipi, true);
    bench_rows(&masked, 1);
    bit_put(shared_info->evtchn_mask, ipi, false);
    bench_rows(others, ARRAY_SIZE(others));
    bench_require("a port to close", port_alloc());
    bench_rows(&close, 1);
    spare_close();
    bench_rows(&pending, 1);
}

static u32 rule;

/* A rule about one port: Xen has none, and these rows are a plain send there. */
static void rule_only(u8 action, u64 value, evtchn_port_t port)
{
    struct xl_inject all = {.domain = XL_ANY_DOMAIN};
    struct xl_rule r = {.domain = XL_ANY_DOMAIN,
                        .side = XL_SIDE_TO,
                        .action = action,
                        .port = port,
                        .vcpu = XL_ANY,
                        .virq = XL_ANY,
                        .value = value};

    hypercall_xl_intercept(XL_INTERCEPT_reset, (uintptr_t)&all);
    if (port)
        hypercall_xl_intercept(XL_INTERCEPT_rule_add, (uintptr_t)&r);
    rule = r.id;
}

static long rule_let_go(void)
{
    struct xl_release release = {.id = rule};

    hypercall_xl_intercept(XL_INTERCEPT_rule_release, (uintptr_t)&release);
    return 0;
}

/* A send to a port that is pending already, under a rule: so nothing of it is the upcall's. */
static void rows_intercepted(void)
{
    static const struct bench other = {"intercept-other-port", .run = send_ipi};
    static const struct bench delayed = {"intercept-delay", .run = send_ipi, .undo = rule_let_go};

    rule_only(XL_INTERCEPT_DELAY, XL_TIME_MAX, ipi + 1000);
    bench_rows(&other, 1);
    rule_only(XL_INTERCEPT_DELAY, XL_TIME_MAX, ipi);
    bench_rows(&delayed, 1);
    rule_only(XL_INTERCEPT_PASS, 0, 0);
}

static void rows_two_level(void)
{
    static const struct bench sends[] = {
        {"event-send-round-trip", .run = send_ipi},
        {"event-interdomain-round-trip", .run = send_near},
        {"event-forced", .run = upcall_forced},
    };
    const evtchn_port_t *ports[] = {&ipi, &far_end};

    ipi = ipi_bind(0);
    loopback_make();
    rows_without_upcall();
    rows_intercepted();
    upcalls_to(upcall_plain_0);
    upcall_bit[0] = ipi;
    upcalls_masked(false); /* what is still pending comes with the next call */
    bench_require("the first upcall", call_xen_version(XENVER_version, NULL));
    row_handler("event-send-handler", &ipi);
    rows_delivered(&sends[0]);
    rows_delivered(&sends[2]);
    upcall_bit[0] = *ports[1];
    row_handler("event-interdomain-handler", &near_end);
    rows_delivered(&sends[1]);
    upcalls_masked(true);
}

static mfn_t page_lend(void **page)
{
    pfn_t pfn = frame_alloc_zeroed();

    *page = pfn_to_virt(pfn);
    return pfn_to_mfn(pfn);
}

/* The ports of before are closed by the reset; from here on words are what pends and masks. */
static void fifo_begin(void)
{
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    struct evtchn_init_control init = {.vcpu = 0};
    struct evtchn_expand_array expand;
    void *control, *array;

    bench_require("reset", event_op(EVTCHNOP_reset, &reset));
    init.control_gfn = page_lend(&control).n;
    expand.array_gfn = page_lend(&array).n;
    bench_require("init_control", event_op(EVTCHNOP_init_control, &init));
    bench_require("expand_array", event_op(EVTCHNOP_expand_array, &expand));
    ipi = ipi_bind(0);
    fifo_ready = &((struct evtchn_fifo_control_block *)control)->ready;
    fifo_word = (volatile u32 *)array + ipi;
    *fifo_word = 0; /* a new port is masked */
}

static long send_fifo_masked(void)
{
    long answer = port_send(ipi);

    *fifo_word = 1u << EVTCHN_FIFO_MASKED;
    return answer;
}

static void rows_fifo(void)
{
    static const struct bench masked = {"event-fifo-masked", .run = send_fifo_masked};
    static const struct bench round_trip = {"event-fifo-round-trip", .run = send_ipi};
    static const struct bench pending = {"event-fifo-pending", .run = send_ipi};
    struct evtchn_reset reset = {.dom = DOMID_SELF};

    fifo_begin();
    upcalls_to(upcall_fifo);
    upcalls_masked(false);
    rows_delivered(&round_trip);
    upcalls_masked(true);
    bench_rows(&pending, 1);
    *fifo_word = 1u << EVTCHN_FIFO_MASKED;
    bench_rows(&masked, 1);
    bench_require("reset", event_op(EVTCHNOP_reset, &reset));
}

void rows_events(void)
{
    rows_two_level();
    rows_fifo();
}
