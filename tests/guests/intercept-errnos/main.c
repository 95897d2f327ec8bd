/*
 * Interception changes what other domains get to hear, so what it refuses, and how, is what a
 * command or a script that uses it has to tell its user: each errno that xen-like/abi/intercept.h
 * names, one wrong thing at a time, and that a refusal has changed nothing.
 */
#include "tests/guests/intercept.h"

#define NOWHERE   ((void *)0x70000000)
#define NOBODY    0x1234
#define TOO_HIGH  EVTCHN_FIFO_NR_CHANNELS
#define NO_VCPU   50
#define PORT      20
#define TARGET    21
#define BOTH      (XL_REDIRECT_UPDATE | XL_REDIRECT_DEASSIGN)
#define NONE_SUCH 8

static struct xl_redirect to_port(u32 flags)
{
    return (struct xl_redirect){.domain = DOMID_SELF,
                                .type = EVTCHNSTAT_interdomain,
                                .deliver = XL_DELIVER_PORT,
                                .flags = flags,
                                .port = PORT,
                                .to_port = TARGET};
}

#define REDIRECT(what, flags, field, value, errno)                                                 \
    {                                                                                              \
        struct xl_redirect r = to_port(flags);                                                     \
                                                                                                   \
        r.field = value;                                                                           \
        row_want("redirect." what, intercept(XL_INTERCEPT_redirect, &r), errno);                   \
    }

static void redirect_get_row(const char *name, domid_t domain, evtchn_port_t port, s64 want)
{
    struct xl_redirect r = {.domain = domain, .port = port};
    long answer = intercept(XL_INTERCEPT_redirect_get, &r);

    row_want(name_of("redirect", name), answer ? answer : (long)r.port, want);
}

static void redirect_rows(void)
{
    REDIRECT("nobody", 0, domain, NOBODY, -XEN_ESRCH)
    REDIRECT("port-0", 0, port, 0, -XEN_EINVAL)
    REDIRECT("port-too-high", 0, port, TOO_HIGH, -XEN_EINVAL)
    REDIRECT("type-virq", 0, type, EVTCHNSTAT_virq, -XEN_EINVAL)
    REDIRECT("type-unbound", 0, type, EVTCHNSTAT_unbound, -XEN_EINVAL)
    REDIRECT("type-none", 0, type, 9, -XEN_EINVAL)
    REDIRECT("deliver-none", 0, deliver, XL_DELIVER_SELF + 1, -XEN_EINVAL)
    REDIRECT("to-port-0", 0, to_port, 0, -XEN_EINVAL)
    REDIRECT("to-port-too-high", 0, to_port, TOO_HIGH, -XEN_EINVAL)
    REDIRECT("to-no-vcpu", 0, to_vcpu, NO_VCPU, -XEN_EINVAL)
    REDIRECT("no-priority", 0, priority, EVTCHN_FIFO_PRIORITY_MIN + 1, -XEN_EINVAL)
    REDIRECT("flags-mixed", BOTH, port, PORT, -XEN_EINVAL)
    REDIRECT("flags-mixed-with-reset", XL_REDIRECT_RESET | XL_REDIRECT_UPDATE, port, PORT,
             -XEN_EINVAL)
    REDIRECT("flags-none", NONE_SUCH, port, PORT, -XEN_EINVAL)
    REDIRECT("update-of-none", XL_REDIRECT_UPDATE, port, PORT, -XEN_ENOENT)
    REDIRECT("deassign-of-none", XL_REDIRECT_DEASSIGN, port, PORT, -XEN_ENOENT)
    redirect_get_row("get-none", 0, 0, -XEN_ENOENT);
    REDIRECT("assign", 0, port, PORT, 0)
    REDIRECT("assign-again", 0, port, PORT, -XEN_EEXIST)
    REDIRECT("update", XL_REDIRECT_UPDATE, priority, 3, 0)
    REDIRECT("update-type", XL_REDIRECT_UPDATE, type, EVTCHNSTAT_ipi, -XEN_EINVAL)
    REDIRECT("update-port", XL_REDIRECT_UPDATE, to_port, TARGET + 1, -XEN_EINVAL)
    REDIRECT("update-deliver", XL_REDIRECT_UPDATE, deliver, XL_DELIVER_SELF, -XEN_EINVAL)
    REDIRECT("update-vcpu", XL_REDIRECT_UPDATE, to_vcpu, NO_VCPU, -XEN_EINVAL)
    REDIRECT("assign-lower", 0, port, PORT - 5, 0)
    REDIRECT("assign-highest-page", 0, port, 1000, 0)
    redirect_get_row("get-first", 0, 0, PORT - 5);
    redirect_get_row("get-next", 0, PORT - 4, PORT);
    redirect_get_row("get-last", 0, PORT + 1, 1000);
    redirect_get_row("get-behind", 0, 1001, -XEN_ENOENT);
    redirect_get_row("get-of-nobody", NOBODY, 0, -XEN_ENOENT);
    REDIRECT("deassign", XL_REDIRECT_DEASSIGN, type, 9, 0)
    redirect_get_row("get-others", 0, PORT - 4, 1000);
    REDIRECT("reset", XL_REDIRECT_RESET, port, 0, 0)
    redirect_get_row("get-after-reset", 0, 0, -XEN_ENOENT);
    REDIRECT("reset-again", XL_REDIRECT_RESET, port, 0, 0)
}

#define RULE(what, field, number, errno)                                                           \
    {                                                                                              \
        struct xl_rule r = rule_port(PORT, XL_INTERCEPT_DELAY, 1, 1);                              \
                                                                                                   \
        r.field = number;                                                                          \
        row_want("rule." what, intercept(XL_INTERCEPT_rule_add, &r), errno);                       \
    }

#define ACTION(what, action, value, spread, errno)                                                 \
    {                                                                                              \
        struct xl_rule r = rule_port(PORT, action, value, spread);                                 \
                                                                                                   \
        row_want("rule." what, intercept(XL_INTERCEPT_rule_add, &r), errno);                       \
    }

static void rule_rows(void)
{
    struct xl_rule first;

    RULE("domain-reserved", domain, DOMID_XEN, -XEN_EINVAL)
    RULE("no-such-side", side, 2, -XEN_EINVAL)
    RULE("no-such-action", action, XL_INTERCEPT_HOLD + 1, -XEN_EINVAL)
    RULE("no-such-kind", kinds, 1 << (EVTCHNSTAT_ipi + 1), -XEN_EINVAL)
    RULE("no-such-virq", virq, NR_VIRQS, -XEN_EINVAL)
    RULE("no-such-flag", flags, 2, -XEN_EINVAL)
    RULE("pad", pad, 1, -XEN_EINVAL)
    RULE("chance-above-all", chance, XL_MILLION + 1, -XEN_EINVAL)
    RULE("value-too-long", value, XL_TIME_MAX + 1, -XEN_EINVAL)
    RULE("spread-too-long", spread, XL_TIME_MAX + 1, -XEN_EINVAL)
    {
        struct xl_rule r = rule_port(PORT, XL_INTERCEPT_DROP, 0, 0);

        r.first = 3;
        r.last = 2;
        row_want("rule.last-before-first", intercept(XL_INTERCEPT_rule_add, &r), -XEN_EINVAL);
    }
    ACTION("rate-of-nothing", XL_INTERCEPT_RATE, 0, 0, -XEN_EINVAL)
    ACTION("no-copies", XL_INTERCEPT_DUPLICATE, 0, 0, -XEN_EINVAL)
    ACTION("too-many-copies", XL_INTERCEPT_DUPLICATE, XL_WINDOW_MAX + 1, 0, -XEN_EINVAL)
    ACTION("window-of-one", XL_INTERCEPT_REORDER, 1, 0, -XEN_EINVAL)
    ACTION("window-too-wide", XL_INTERCEPT_REORDER, XL_WINDOW_MAX + 1, 0, -XEN_EINVAL)
    row_want("rule.get-none", intercept(XL_INTERCEPT_rule_get, &(struct xl_rule){}), -XEN_ENOENT);
    row_want("rule.delete-none", rule_delete(1), -XEN_ENOENT);
    row_want("rule.release-none", rule_release(1, 0), -XEN_ENOENT);
    row_want("rule.delete-0", rule_delete(0), -XEN_ENOENT);

    ACTION("pass", XL_INTERCEPT_PASS, 0, 0, 0)
    ACTION("record", XL_INTERCEPT_RECORD, 0, 0, 0)
    ACTION("drop", XL_INTERCEPT_DROP, 0, 0, 0)
    ACTION("longest-delay", XL_INTERCEPT_DELAY, XL_TIME_MAX, XL_TIME_MAX, 0)
    ACTION("most-copies", XL_INTERCEPT_DUPLICATE, XL_WINDOW_MAX, XL_TIME_MAX, 0)
    ACTION("widest-window", XL_INTERCEPT_REORDER, XL_WINDOW_MAX, 0, 0)
    ACTION("rate", XL_INTERCEPT_RATE, 1, 0, 0)
    ACTION("hold", XL_INTERCEPT_HOLD, 0, 0, 0)
    RULE("of-nobody-yet", domain, NOBODY, 0)
    first = rule_read(1);
    row_want("rule.id", first.id, 1);
    row_want("rule.first", (s64)first.first, 1);
    row_want("rule.every", first.every, 1);
    row_want("rule.delete", rule_delete(2), 0);
    row_want("rule.delete-again", rule_delete(2), -XEN_ENOENT);
    first.id = 2;
    row_want("rule.get-next", intercept(XL_INTERCEPT_rule_get, &first), 0);
    row_want("rule.next", first.id, 3);
    row_want("rule.reset-one", intercept_reset(NOBODY), 0);
    row_want("rule.others", rule_read(8).id, 8);
    row_want("rule.its", rule_read(9).id, 0);
    row_want("rule.reset", intercept_reset(XL_ANY_DOMAIN), 0);
    row_want("rule.none", intercept(XL_INTERCEPT_rule_get, &first), -XEN_ENOENT);
    row_want("rule.next-id", rule_add(rule_any(XL_INTERCEPT_PASS, 0, 0)), 10);
    row_want("rule.reset-again", intercept_reset(XL_ANY_DOMAIN), 0);
}

static void other_rows(void)
{
    long bound = evtchn_ipi(0), unbound = evtchn_alloc(DOMID_SELF, DOMID_SELF);
    struct xl_log log = {.count = 5};

    row_want("inject.nobody", intercept_inject(NOBODY, (u32)bound), -XEN_ESRCH);
    row_want("inject.port-0", intercept_inject(DOMID_SELF, 0), -XEN_EINVAL);
    row_want("inject.too-high", intercept_inject(DOMID_SELF, TOO_HIGH), -XEN_EINVAL);
    row_want("inject.unbound", intercept_inject(DOMID_SELF, (u32)unbound), -XEN_EINVAL);
    row_want("inject.closed", intercept_inject(DOMID_SELF, (u32)unbound + 1), -XEN_EINVAL);
    row_want("inject.bound", intercept_inject(DOMID_SELF, (u32)bound), 0);
    row_want("inject.pending", port_pending((u32)bound), 1);
    row_want("sleeps.nobody", intercept(XL_INTERCEPT_sleeps, &(struct xl_sleeps){NOBODY, 0}),
             -XEN_ESRCH);
    row_want("log.empty", intercept(XL_INTERCEPT_read_log, &log), 0);
    row_want("log.none", log.count, 0);
    for (u32 command = 0; command < 20; command += XL_INTERCEPT_sleeps + 1)
        row_want(name_nth("command", "none", command), intercept(command, NOWHERE), -XEN_ENOSYS);
    row_want("command.high-half", hypercall_xl_intercept((unsigned long)(1ull << 32), 0),
             -XEN_ENOSYS);
    for (u32 command = XL_INTERCEPT_redirect; command <= XL_INTERCEPT_sleeps; command++)
        row_want(name_nth("command", "unreadable", command), intercept(command, NOWHERE),
                 -XEN_EFAULT);
}

/* A guest that is not the control domain is told so before anything else is looked at. */
static void unprivileged_rows(void)
{
    for (u32 command = 0; command <= XL_INTERCEPT_sleeps + 1; command++) {
        row_want(name_nth("unprivileged", "command", command), intercept(command, NOWHERE),
                 -XEN_EPERM);
    }
}

void guest_main(void)
{
    if (!(start_info->flags & SIF_PRIVILEGED)) {
        unprivileged_rows();
        guest_end();
    }
    redirect_rows();
    rule_rows();
    other_rows();
    guest_end();
}
