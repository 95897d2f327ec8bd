/*
 * sched_op: a vcpu gives up the CPU, or its domain ends.
 *
 * yield, block and poll may all return at once: a caller must look for itself whether what it waits
 * for has come (sched.h promises no more).
 */
#include "hypercalls/authority.h"
#include "hypercalls/hypercalls.h"

#include "hypervisor/debug/trace.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/clock.h"

#define POLL_PORTS_MAX 128U /* Xen's limit; it has no name in the public headers */

/* Blocking lets events in first, so that none can be missed between the check and the sleep: one
 * that comes before the check is seen, one that comes after it finds the vcpu stopped. The same
 * goes for NMIs. */
static long vcpu_block(void)
{
    struct vcpu *v = current;

    ACCESS_ONCE(v->info->evtchn_upcall_mask) = 0;
    vcpu_stop(v, STOP_BLOCKED);
    if (upcall_is_due(v) || unlikely(ACCESS_ONCE(v->work) & WORK_NMI))
        vcpu_go(v, STOP_BLOCKED);
    return 0;
}

/* For drivers that must run on a certain CPU. */
static long pin_override(u64 arg)
{
    struct sched_pin_override pin;
    struct vcpu *v = current;

    if (!is_authorised(DEED_PIN, NULL))
        return refuse(XEN_EPERM, "only the control domain chooses CPUs");
    if (guest_read(&pin, arg, sizeof(pin)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    return vcpu_pin(v, pin.pcpu);
}

/* One of @ports is pending: 1; none is: 0, and @port the last of them; -EFAULT, or -EINVAL for a
 * port that is none. */
static int ports_look(const struct sched_poll *poll, evtchn_port_t *port)
{
    for (u32 i = 0; i < poll->nr_ports; i++) {
        int rc = guest_read(port, (u64)(poll->ports.p + i), sizeof(*port));

        if (!rc)
            rc = event_poll_port(current->domain, *port);
        if (rc)
            return rc;
    }
    return 0;
}

/* As with block, it sleeps first and looks then. Nor does it say what it waits for before it
 * sleeps: whoever wakes it takes that away, and nothing would wake it again if it slept only
 * afterwards. */
static long vcpu_poll(u64 arg)
{
    struct vcpu *v = current;
    struct sched_poll poll;
    evtchn_port_t port;
    int rc;

    if (STRUCT_READ(&poll, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (poll.nr_ports > POLL_PORTS_MAX)
        return refuse(XEN_EINVAL, "too many ports to poll");
    if (!guest_range_ok((u64)poll.ports.p, poll.nr_ports * sizeof(evtchn_port_t)))
        return refuse(XEN_EFAULT, "the list of ports is not in guest memory");
    vcpu_stop(v, STOP_BLOCKED);
    event_poll_begin(v, POLL_ANY);
    rc = upcall_is_due(v) ? 1 : ports_look(&poll, &port);
    if (rc) {
        vcpu_kick(v);
        return MIN(rc, 0);
    }
    if (poll.nr_ports == 1)
        event_poll_begin(v, port);
    if (poll.timeout) /* a negative time has passed */
        timer_set(&v->time.poll, (s64)poll.timeout < 0 ? 0 : poll.timeout);
    else
        timer_stop(&v->time.poll);
    return 0;
}

/* A domain may have some watchdogs, each of which ends it unless it is set again in time. Number 0
 * asks for another one. Under vcpus_lock. */
static long watchdog_set(struct domain *d, u32 id, u32 seconds)
{
    bool more = !id;

    if (more)
        id = 1 + (u32)__builtin_ctz(~d->watchdogs_used);
    if (id > WATCHDOGS) /* Xen has the answer pass through 32 bits */
        return (u32)refuse(XEN_ENOSPC, "all watchdogs are in use");
    if (!more && !(d->watchdogs_used >> (id - 1) & 1))
        return refuse(XEN_EINVAL, "a watchdog that is not in use");
    d->watchdogs_used |= 1U << (id - 1);
    if (more || seconds) {
        timer_set(&d->watchdogs[id - 1], now_ns() + seconds * NS_PER_S);
    } else {
        timer_stop(&d->watchdogs[id - 1]);
        d->watchdogs_used &= ~(1U << (id - 1));
    }
    return more ? id : 0;
}

static long watchdog(u64 arg)
{
    struct domain *d = current->domain;
    struct sched_watchdog w;
    long rc;

    if (guest_read(&w, arg, sizeof(w)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (w.id > WATCHDOGS)
        return refuse(XEN_EINVAL, "there is no such watchdog");
    spin_lock(&d->vcpus_lock);
    rc = watchdog_set(d, w.id, w.timeout);
    spin_unlock(&d->vcpus_lock);
    return rc;
}

static long self_shutdown(u64 arg)
{
    struct sched_shutdown why;

    if (guest_read(&why, arg, sizeof(why)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    trace(shutdown, current->domain->id, current->id, why.reason);
    domain_shutdown(current->domain, why.reason & 0xff); /* Xen keeps a byte of it */
    return 0;
}

static long self_shutdown_code(u64 arg)
{
    struct sched_shutdown why;

    if (guest_read(&why, arg, sizeof(why)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    trace(shutdown_code, current->domain->id, current->id, why.reason);
    domain_shutdown_code(current->domain, why.reason & 0xff);
    return 0;
}

/* A domain by its number, which DOMID_SELF is not. */
static long remote_shutdown(u64 arg)
{
    struct sched_remote_shutdown whom;
    struct domain *d;
    int rc;

    if (guest_read(&whom, arg, sizeof(whom)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    d = domain_find(whom.domain_id);
    if (!d)
        return refuse(XEN_ESRCH, "there is no such domain");
    rc = authorise(DEED_SHUTDOWN_OTHER, d);
    if (!rc)
        domain_shutdown(d, whom.reason & 0xff);
    return rc;
}

long hc_sched_op(unsigned long cmd, unsigned long arg)
{
    switch ((u32)cmd) {
    case SCHEDOP_yield:
        sched_yield();
        return 0;
    case SCHEDOP_block:
        return vcpu_block();
    case SCHEDOP_shutdown:
        return self_shutdown(arg);
    case SCHEDOP_shutdown_code:
        return self_shutdown_code(arg);
    case SCHEDOP_poll:
        return vcpu_poll(arg);
    case SCHEDOP_pin_override:
        return pin_override(arg);
    case SCHEDOP_watchdog:
        return watchdog(arg);
    case SCHEDOP_remote_shutdown:
        return remote_shutdown(arg);
    default:
        return refuse(XEN_ENOSYS, "no such scheduler operation");
    }
}

/* What there was before 0x00030101: three of them, and the reason of a shutdown is the argument. */
long hc_sched_op_compat(unsigned long cmd, unsigned long arg)
{
    switch ((u32)cmd) {
    case SCHEDOP_yield:
    case SCHEDOP_block:
        return hc_sched_op(cmd, 0);
    case SCHEDOP_shutdown:
        domain_shutdown(current->domain, arg & 0xff);
        return 0;
    default:
        return refuse(XEN_ENOSYS, "no such scheduler operation");
    }
}
