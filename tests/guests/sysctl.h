/*
 * What the guests that test sysctl share: one operation at a time, in a structure that stays there
 * to be looked at. They run as the control domain, on Xen as on ours.
 */
#ifndef TESTS_GUESTS_SYSCTL_H
#define TESTS_GUESTS_SYSCTL_H

#include "tests/guests/common.h"

#define NOWHERE ((void *)0x70000000)

static struct xen_sysctl op; /* of the last call: what was asked, then what was answered */

static inline void sysctl_begin(void)
{
    memset(&op, 0, sizeof(op));
}

/* op.u was filled in by the caller. */
static inline long sysctl(u32 cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall_sysctl((uintptr_t)&op);
}

#endif
