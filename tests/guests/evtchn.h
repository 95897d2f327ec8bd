/*
 * Event channels as tests ask for them: bare calls whose answer is wanted whatever it is, and bits
 * of the two-level ABI. Everything is vcpu 0's.
 */
#ifndef TESTS_GUESTS_EVTCHN_H
#define TESTS_GUESTS_EVTCHN_H

#include "tests/guests/common.h"

static inline long evtchn_op(unsigned int op, void *argument)
{
    return hypercall_event_channel_op(op, (uintptr_t)argument);
}

/* Those that give a port answer it, or the errno. */
static inline long evtchn_alloc(domid_t domain, domid_t remote)
{
    struct evtchn_alloc_unbound a = {.dom = domain, .remote_dom = remote};
    long answer = evtchn_op(EVTCHNOP_alloc_unbound, &a);

    return answer ? answer : (long)a.port;
}

static inline long evtchn_connect(domid_t remote, evtchn_port_t port)
{
    struct evtchn_bind_interdomain a = {.remote_dom = remote, .remote_port = port};
    long answer = evtchn_op(EVTCHNOP_bind_interdomain, &a);

    return answer ? answer : (long)a.local_port;
}

static inline long evtchn_virq(u32 virq, u32 vcpu)
{
    struct evtchn_bind_virq a = {.virq = virq, .vcpu = vcpu};
    long answer = evtchn_op(EVTCHNOP_bind_virq, &a);

    return answer ? answer : (long)a.port;
}

static inline long evtchn_ipi(u32 vcpu)
{
    struct evtchn_bind_ipi a = {.vcpu = vcpu};
    long answer = evtchn_op(EVTCHNOP_bind_ipi, &a);

    return answer ? answer : (long)a.port;
}

static inline long evtchn_pirq(u32 pirq)
{
    struct evtchn_bind_pirq a = {.pirq = pirq};
    long answer = evtchn_op(EVTCHNOP_bind_pirq, &a);

    return answer ? answer : (long)a.port;
}

static inline long evtchn_move(evtchn_port_t port, u32 vcpu)
{
    struct evtchn_bind_vcpu a = {.port = port, .vcpu = vcpu};

    return evtchn_op(EVTCHNOP_bind_vcpu, &a);
}

static inline long evtchn_close(evtchn_port_t port)
{
    struct evtchn_close a = {.port = port};

    return evtchn_op(EVTCHNOP_close, &a);
}

static inline long evtchn_send(evtchn_port_t port)
{
    struct evtchn_send a = {.port = port};

    return evtchn_op(EVTCHNOP_send, &a);
}

static inline long evtchn_unmask(evtchn_port_t port)
{
    struct evtchn_unmask a = {.port = port};

    return evtchn_op(EVTCHNOP_unmask, &a);
}

static inline long evtchn_reset(domid_t domain)
{
    struct evtchn_reset a = {.dom = domain};

    return evtchn_op(EVTCHNOP_reset, &a);
}

static inline long evtchn_priority(evtchn_port_t port, u32 priority)
{
    struct evtchn_set_priority a = {.port = port, .priority = priority};

    return evtchn_op(EVTCHNOP_set_priority, &a);
}

/* A port's status as text, in a buffer that the next call uses again. */
static inline const char *evtchn_status_text(domid_t domain, evtchn_port_t port)
{
    static char text[64];
    struct evtchn_status s = {.dom = domain, .port = port};
    long answer = evtchn_op(EVTCHNOP_status, &s);
    size_t size = sizeof(text);

    if (answer)
        fmt_snprintf(text, size, "error %ld", answer);
    else if (s.status == EVTCHNSTAT_unbound)
        fmt_snprintf(text, size, "unbound for %u, vcpu %u", s.u.unbound.dom, s.vcpu);
    else if (s.status == EVTCHNSTAT_interdomain)
        fmt_snprintf(text, size, "interdomain %u:%u, vcpu %u", s.u.interdomain.dom,
                     s.u.interdomain.port, s.vcpu);
    else if (s.status == EVTCHNSTAT_pirq || s.status == EVTCHNSTAT_virq)
        fmt_snprintf(text, size, "kind %u, number %u, vcpu %u", s.status, s.u.virq, s.vcpu);
    else
        fmt_snprintf(text, size, "kind %u, vcpu %u", s.status, s.vcpu);
    return text;
}

/* Bits of ports, and the upcall's state. */
#define PORT_WORD(port) ((port) / (sizeof(xen_ulong_t) * 8))
#define PORT_BIT(port)  (1ul << (port) % (sizeof(xen_ulong_t) * 8))

static inline volatile struct vcpu_info *vcpu_info(void)
{
    return &shared_info->vcpu_info[0];
}

static inline bool port_pending(evtchn_port_t port)
{
    return *(volatile xen_ulong_t *)&shared_info->evtchn_pending[PORT_WORD(port)] & PORT_BIT(port);
}

static inline void port_pending_set(evtchn_port_t port, bool pending)
{
    xen_ulong_t *word = &shared_info->evtchn_pending[PORT_WORD(port)];

    if (pending)
        __atomic_fetch_or(word, PORT_BIT(port), __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(word, ~PORT_BIT(port), __ATOMIC_SEQ_CST);
}

static inline bool port_masked(evtchn_port_t port)
{
    return *(volatile xen_ulong_t *)&shared_info->evtchn_mask[PORT_WORD(port)] & PORT_BIT(port);
}

static inline void port_mask_set(evtchn_port_t port, bool masked)
{
    xen_ulong_t *word = &shared_info->evtchn_mask[PORT_WORD(port)];

    if (masked)
        __atomic_fetch_or(word, PORT_BIT(port), __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(word, ~PORT_BIT(port), __ATOMIC_SEQ_CST);
}

/* Let upcalls in, and take one that is due: the hypervisor looks on the way out of any call. */
static inline void upcalls_open(void)
{
    vcpu_info()->evtchn_upcall_mask = 0;
    __asm__ volatile("" ::: "memory");
    call_xen_version(XENVER_version, NULL);
}

static inline void upcalls_close(void)
{
    vcpu_info()->evtchn_upcall_mask = 1;
}

#endif
