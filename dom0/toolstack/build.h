/*
 * THE DOMAIN BUILDER: makes a domain of a kernel's image and a configuration, by hypercalls alone,
 * up to the point where it only needs to be unpaused. docs/toolstack.md goes through the steps.
 *
 * Whatever step fails, all is given back: the domain, the mappings, the memory.
 */
#ifndef DOM0_TOOLSTACK_BUILD_H
#define DOM0_TOOLSTACK_BUILD_H

#include "dom0/toolstack/archive.h"
#include "dom0/toolstack/config.h"
#include "xen-like/abi/xen.h"

/* A domain as it was built. Ports are the domain's own; ours bind to them as interdomain. */
struct built_domain {
    domid_t domid;
    xen_pfn_t console_frame, store_frame;
    u32 console_port, store_port;
};

#define BUILD_REASON_SIZE 160

/*
 * The kernel may be packed as image.h knows it. 0, and the domain is paused, with its vcpu 0 ready
 * at its entry; or a negative errno, and *reason says in one line what was wrong.
 */
int domain_build(struct built_domain *d, const struct domain_config *config, struct blob kernel,
                 struct blob ramdisk, char reason[BUILD_REASON_SIZE]);

#endif
