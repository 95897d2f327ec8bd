/*
 * Who may do what to whom: the only place that decides, from one table.
 *
 * It is Xen's rule without a security module. Everybody may act on himself where an operation is
 * about a guest's own affairs; the rest is for the control domain, which may do anything to
 * anybody. What depends on hardware that a domain was given (I/O ports, I/O memory) is no question
 * of authority: those rights are looked at where they are used.
 */
#ifndef HYPERCALLS_AUTHORITY_H
#define HYPERCALLS_AUTHORITY_H

#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"

/* The deed, and who may do it: OWN, on himself, or the control domain on anybody; CONTROL, the
 * control domain only. */
// clang-format off
#define DEEDS(X)                                                                                   \
    X(OWN,             OWN)     /* a guest's affairs: memory, tables, ports, what it asks of itself */ \
    X(CONTROL,         CONTROL) /* domctl, sysctl, platform_op, and whatever else is the toolstack's */ \
    X(CLAIM,           CONTROL) /* memory_op: keep memory free for a domain */                     \
    X(RESOURCE,        CONTROL) /* memory_op: map what the hypervisor keeps for a domain */        \
    X(MACHINE_MAP,     CONTROL) /* memory_op: where the machine's memory is */                     \
    X(MACHINE_END,     CONTROL) /* memory_op: where it ends */                                     \
    X(LARGE_EXTENTS,   CONTROL) /* memory_op: blocks of 1 GiB, and from a certain node */          \
    X(DEVICES,         CONTROL) /* physdev_op: the machine's devices and their interrupts */       \
    X(CONSOLE,         CONTROL) /* console_io: read the machine's console */                       \
    X(VERSION,         CONTROL) /* xen_version: what it was built from, command line, build id */  \
    X(SHUTDOWN_OTHER,  CONTROL) /* sched_op: another domain's end */                              \
    X(PIN,             CONTROL) /* sched_op: one of its vcpus to one CPU */
// clang-format on

#define DEED_NAME(name, who) DEED_##name,
enum deed {
    DEEDS(DEED_NAME)
};

#define DEED_ANY_OWN        1u
#define DEED_ANY_CONTROL    0u
#define DEED_BIT(name, who) | DEED_ANY_##who << DEED_##name
#define DEEDS_OWN           (0u DEEDS(DEED_BIT)) /* a bit for each that anybody may do to himself */

/* May the caller do @deed to @target (NULL: to the machine)? */
static inline bool is_authorised(enum deed deed, const struct domain *target)
{
    const struct domain *self = current->domain;

    return likely(self->privileged) || (DEEDS_OWN >> deed & 1 && target == self);
}

/* The same as an answer: 0 or -EPERM. */
static inline int authorise(enum deed deed, const struct domain *target)
{
    return likely(is_authorised(deed, target)) ? 0
                                               : refuse(XEN_EPERM, "only the control domain may");
}

/* The domain of the number @id, or with DOMID_SELF the caller's, to do @deed to. 0, -ESRCH or
 * -EPERM. */
int authorise_named(enum deed deed, u16 id, struct domain **target);

#endif
