/*
 * intercept: the control domain's hand on events, not Xen's. xen-like/abi/intercept.h is the whole
 * contract; hypervisor/event/intercept.h does it.
 */
#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/event/intercept.h"
#include "hypervisor/mm/uaccess.h"

#define ENTRY_UNITS 4 /* of work, see cpu/preempt.h */

union argument {
    domid_t domain; /* of redirect, inject, reset and sleeps */
    struct xl_redirect redirect;
    struct xl_rule rule;
    struct xl_release release;
    struct xl_inject inject;
    struct xl_log log;
    struct xl_trace_record record;
    struct xl_sleeps sleeps;
};

#define SHAPE(command, who, argument, direction, state, sentence)                                  \
    [command] = {sizeof(argument), WRITES_##direction},
#define WRITES_IN    false
#define WRITES_INOUT true
static const struct {
    u8 bytes; /* 0: there is no such command */
    bool writes;
} shapes[] = {XL_SUBOPS_intercept(SHAPE)};

static int reset(u16 id)
{
    int rc = rules_reset(id);

    for (struct domain *d = domains; d && !rc; d = d->next)
        if (id == XL_ANY_DOMAIN || d->id == id)
            rc = redirects_drop(d);
    return rc;
}

/* Guest memory is not touched with the lock held. */
static long log_read(struct xl_log *a)
{
    u32 room = a->count;
    struct xl_log_entry entry;
    bool any = true;

    for (a->count = 0; a->count < room && any; a->count += any) {
        intercept_lock();
        any = log_entry_get(&a->next, &entry);
        intercept_unlock();
        if (any && guest_write(a->buffer + a->count * sizeof(entry), &entry, sizeof(entry)))
            return refuse(XEN_EFAULT, "the buffer cannot be written");
        room = preempt_point(ENTRY_UNITS) ? 0 : room;
    }
    return 0;
}

/* With the lock held. */
static long command_do(unsigned long cmd, union argument *a)
{
    struct domain *d = NULL;

    if (cmd == XL_INTERCEPT_redirect || cmd == XL_INTERCEPT_inject || cmd == XL_INTERCEPT_sleeps) {
        d = domain_named(a->domain);
        if (!d)
            return refuse(XEN_ESRCH, "there is no such domain");
    }
    switch (cmd) {
    case XL_INTERCEPT_redirect:
        return redirect_change(d, &a->redirect);
    case XL_INTERCEPT_redirect_get:
        return redirect_get(&a->redirect);
    case XL_INTERCEPT_rule_add:
        return rule_add(&a->rule);
    case XL_INTERCEPT_rule_get:
        return rule_get(&a->rule);
    case XL_INTERCEPT_rule_delete:
        return rule_delete(a->rule.id);
    case XL_INTERCEPT_rule_release:
        return rule_release(&a->release);
    case XL_INTERCEPT_inject:
        return event_inject(d, a->inject.port);
    case XL_INTERCEPT_sleeps:
        a->sleeps.sleeps = domain_sleeps(d);
        return 0;
    default:
        return reset(a->domain);
    }
}

static long command_locked(unsigned long cmd, union argument *a)
{
    long rc;

    if (cmd == XL_INTERCEPT_sleeps)
        smp_hold_others();
    intercept_lock();
    rc = command_do(cmd, a);
    intercept_unlock();
    if (cmd == XL_INTERCEPT_sleeps)
        smp_let_others_go();
    return rc;
}

long hc_xl_intercept(unsigned long cmd, unsigned long arg)
{
    union argument a;
    long rc = authorise(DEED_CONTROL, NULL);

    if (rc)
        return rc;
    cmd = (u32)cmd;
    if (cmd >= ARRAY_SIZE(shapes) || !shapes[cmd].bytes)
        return refuse(XEN_ENOSYS, "no such command");
    if (guest_read(&a, arg, shapes[cmd].bytes))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (cmd == XL_INTERCEPT_read_log)
        rc = log_read(&a.log);
    else
        rc = cmd == XL_INTERCEPT_trace ? trace_record_given(&a.record) : command_locked(cmd, &a);
    if (rc == RESTART)
        return call_continue(__HYPERVISOR_xl_intercept, cmd, arg, 0, 0);
    return rc || !shapes[cmd].writes ? rc : guest_write(arg, &a, shapes[cmd].bytes);
}
