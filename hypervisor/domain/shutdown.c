/*
 * How a domain stops: by its own call, by its controller's, by a watchdog, or by the rule it broke.
 *
 * Whoever says so may be anywhere (in the middle of an update, in an interrupt), and the domain may
 * have thousands of vcpus, some of which run on other CPUs. So only the vcpu that says it stops at
 * once; the others are stopped from a timer's interrupt, some at a time, and then looked at until
 * none runs any more. Only then is the domain shut down for those who control it: they may look at
 * its memory.
 */
#include "hypervisor/domain/life.h"

#include "hypervisor/debug/log.h"
#include "hypervisor/event/channel.h"
#include "hypervisor/time/clock.h"

#define STOPS_AT_ONCE 64U
#define STOP_PAUSE_NS 10000U

/* The machine lives as long as its first domain: the control domain, or a guest that is alone. */
bool domain_is_first(const struct domain *d)
{
    return !dom0 || d == dom0;
}

static void watchdog_strike(void *domain)
{
    struct domain *d = domain;

    if (ACCESS_ONCE(d->dead))
        return; /* its timers are being stopped, or are: none may be set any more (end.c) */
    log_always("Watchdog timer fired for domain %u", d->id);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

static void shutdown_done(struct domain *d)
{
    d->shutdown = true;
    if (d->shutdown_code == SHUTDOWN_suspend && d->suspend_port)
        event_send(d, d->suspend_port);
    else
        virq_raise_global(VIRQ_DOM_EXC);
}

/* Of the first domain one vcpu that runs is enough, whichever it is: it comes to the machine's end
 * in exit.c. */
static void machine_stop_more(struct domain *first, u32 end)
{
    for (; first->stopped < MIN(end, first->max_vcpus); first->stopped++) {
        struct vcpu *v = first->vcpus[first->stopped];

        if (!v)
            continue;
        __atomic_fetch_or(&v->work, WORK_DEAD, __ATOMIC_RELEASE);
        vcpu_kick(v);
    }
    if (first->stopped < first->max_vcpus)
        timer_set(&first->stopper, now_ns() + STOP_PAUSE_NS);
}

/* The stopper's turn, from the timer's interrupt: some vcpus are told to stop; after the last of
 * them has been told, some are looked at, whether they have. */
static void stop_more(void *domain)
{
    struct domain *d = domain;
    u32 end = MIN(d->stopped + STOPS_AT_ONCE, 2 * d->max_vcpus);

    if (domain_is_first(d))
        return machine_stop_more(d, end);
    if (ACCESS_ONCE(d->dead))
        return; /* it has stopped, and its memory may go: end.c */
    for (; d->stopped < end && !ACCESS_ONCE(d->walk.by); d->stopped++) {
        struct vcpu *v = d->vcpus[d->stopped % d->max_vcpus];

        if (v && d->stopped < d->max_vcpus)
            vcpu_stop(v, STOP_SHUT);
        else if (v && ACCESS_ONCE(v->sched.runstate.state) == RUNSTATE_running)
            break;
    }
    if (d->stopped == 2 * d->max_vcpus)
        shutdown_done(d);
    else
        timer_set(&d->stopper, now_ns() + STOP_PAUSE_NS);
}

void domain_shutdown_init(struct domain *d)
{
    for (u32 i = 0; i < WATCHDOGS; i++)
        timer_init(&d->watchdogs[i], watchdog_strike, d);
    timer_init(&d->stopper, stop_more, d);
}

void domain_shutdown_code(struct domain *d, u32 code)
{
    u32 none = SHUTDOWN_CODE_NONE;

    __atomic_compare_exchange_n(&d->shutdown_code, &none, code, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
}

void domain_shutdown(struct domain *d, u32 code)
{
    domain_shutdown_code(d, code);
    if (__atomic_exchange_n(&d->shutting_down, true, __ATOMIC_ACQ_REL))
        return;
    if (current->domain == d) {
        __atomic_fetch_or(&current->work, WORK_DEAD, __ATOMIC_RELEASE); /* to be reported */
        if (!domain_is_first(d))
            vcpu_stop(current, STOP_SHUT);
    }
    d->stopped = 0;
    timer_set(&d->stopper, 0);
}

void domain_crash_at(struct domain *d, const char *rule, const char *file, u32 line)
{
    if (ACCESS_ONCE(d->shutting_down))
        return; /* the first reason is the one that matters */
    d->crash_rule = rule;
    d->crash_file = file;
    d->crash_line = line;
    domain_shutdown(d, SHUTDOWN_crash);
}
