/*
 * What the guests that test domctl share: one operation at a time, in a structure that stays there
 * to be looked at, and a domain to ask about. They run as the control domain, on Xen as on ours.
 */
#ifndef TESTS_GUESTS_DOMCTL_H
#define TESTS_GUESTS_DOMCTL_H

#include "tests/guests/common.h"

#define NOBODY  77 /* no domain has this number */
#define NOWHERE ((void *)0x70000000)

static struct xen_domctl op; /* of the last call: what was asked, then what was answered */

/* The operation's structure is empty but for what the caller puts in op.u behind this. */
static inline void domctl_begin(void)
{
    memset(&op, 0, sizeof(op));
}

/* op.u was filled in by the caller. */
static inline long domctl(u32 cmd, u32 domain)
{
    op.cmd = cmd;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.domain = (domid_t)domain;
    return hypercall_domctl((uintptr_t)&op);
}

/* An operation that is told nothing but its domain. */
static inline long domctl_bare(u32 cmd, u32 domain)
{
    domctl_begin();
    return domctl(cmd, domain);
}

/* What a toolstack asks for if nobody says otherwise; more may be changed in it. */
static inline struct xen_domctl_createdomain *create_begin(u32 vcpus)
{
    domctl_begin();
    op.u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = 64,
        .max_maptrack_frames = 1024,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
    };
    return &op.u.createdomain;
}

static inline long domctl_max_vcpus(u32 domain, u32 vcpus)
{
    domctl_begin();
    op.u.max_vcpus.max = vcpus;
    return domctl(XEN_DOMCTL_max_vcpus, domain);
}

/* A new domain with its vcpus and no memory; the guest ends if it cannot be had. */
static inline u32 domain_made(u32 vcpus)
{
    u32 domain;
    long rc;

    create_begin(vcpus);
    rc = domctl(XEN_DOMCTL_createdomain, 0);
    domain = op.domain;
    if (!rc)
        rc = domctl_max_vcpus(domain, vcpus);
    if (rc) {
        row("domain.cannot_be_made", rc);
        guest_end();
    }
    return domain;
}

#endif
