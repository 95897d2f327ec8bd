/* Interception as tests ask for it: the call itself, and its commands in short. */
#ifndef TESTS_GUESTS_INTERCEPT_H
#define TESTS_GUESTS_INTERCEPT_H

#include "tests/guests/evtchn.h"
#include "xen-like/abi/intercept.h"

static inline long intercept(unsigned int command, void *argument)
{
    return hypercall_xl_intercept(command, (uintptr_t)argument);
}

/* A rule about everything, that does @action. */
static inline struct xl_rule rule_any(u8 action, u64 value, u64 spread)
{
    return (struct xl_rule){.domain = XL_ANY_DOMAIN,
                            .action = action,
                            .port = XL_ANY,
                            .vcpu = XL_ANY,
                            .virq = XL_ANY,
                            .value = value,
                            .spread = spread};
}

/* Its number, or the errno. */
static inline long rule_add(struct xl_rule r)
{
    long answer = intercept(XL_INTERCEPT_rule_add, &r);

    return answer ? answer : (long)r.id;
}

/* About what arrives at one port of this domain. */
static inline struct xl_rule rule_port(evtchn_port_t port, u8 action, u64 value, u64 spread)
{
    struct xl_rule r = rule_any(action, value, spread);

    r.domain = 0;
    r.side = XL_SIDE_TO;
    r.port = port;
    return r;
}

static inline struct xl_rule rule_read(long id)
{
    struct xl_rule r = {.id = (u32)id};

    if (intercept(XL_INTERCEPT_rule_get, &r) || r.id != (u32)id)
        r = (struct xl_rule){};
    return r;
}

static inline long rule_delete(long id)
{
    struct xl_rule r = {.id = (u32)id};

    return intercept(XL_INTERCEPT_rule_delete, &r);
}

/* How many went, or the errno. */
static inline long rule_release(long id, u32 count)
{
    struct xl_release r = {.id = (u32)id, .count = count};
    long answer = intercept(XL_INTERCEPT_rule_release, &r);

    return answer ? answer : (long)r.count;
}

static inline long intercept_reset(domid_t domain)
{
    struct xl_inject a = {.domain = domain};

    return intercept(XL_INTERCEPT_reset, &a);
}

static inline long intercept_inject(domid_t domain, evtchn_port_t port)
{
    struct xl_inject a = {.domain = domain, .port = port};

    return intercept(XL_INTERCEPT_inject, &a);
}

#endif
