/*
 * The hypercalls of a toolstack, each with its types: domctl (one domain), sysctl (the machine),
 * memory_op for another domain. All answer 0 or a negative errno of xen/errno.h, unless the comment
 * says more; what they mean stands in xen/domctl.h, xen/sysctl.h and xen/memory.h.
 *
 * All go through one place (control.c) with a hook, which tests use to make any of them fail.
 */
#ifndef DOM0_TOOLSTACK_CONTROL_H
#define DOM0_TOOLSTACK_CONTROL_H

#include "guest-kernel/core/hypercall.h"
#include "xen-like/abi/xen.h"

/* Before each call: its number in xen.h and its command. An answer below 0 is given in its place.
 */
typedef int control_hook_fn(unsigned int call, unsigned int command);
extern control_hook_fn *control_hook;
/* What the hook says; 0 without one. */
int control_refused(unsigned int call, unsigned int command);

/* Fill in u, and for createdomain nothing else; the rest is done here. */
int control_domctl(struct xen_domctl *op, unsigned int command, domid_t domain);
int control_sysctl(struct xen_sysctl *op, unsigned int command);
int control_memory(unsigned int command, void *argument); /* may answer a number above 0 */
int control_event(unsigned int command, void *argument);
int control_mmuext(unsigned int command, u64 frame, domid_t domain);

/* A domctl without arguments. */
static inline int control_simple(unsigned int command, domid_t domain)
{
    struct xen_domctl op = {0};

    return control_domctl(&op, command, domain);
}

static inline int domain_pause(domid_t domain)
{
    return control_simple(XEN_DOMCTL_pausedomain, domain);
}

static inline int domain_unpause(domid_t domain)
{
    return control_simple(XEN_DOMCTL_unpausedomain, domain);
}

/* Goes on until all that the domain held is back, or held by others. */
static inline int domain_destroy(domid_t domain)
{
    return control_simple(XEN_DOMCTL_destroydomain, domain);
}

static inline int domain_resume(domid_t domain)
{
    return control_simple(XEN_DOMCTL_resumedomain, domain);
}

/* Marks the domain as shut down; reason is a SHUTDOWN_*. */
int domain_shutdown(domid_t domain, unsigned int reason);

/* -ESRCH if there is no such domain. */
int domain_info(domid_t domain, struct xen_domctl_getdomaininfo *info);
/* Domains from @first on, by number, into info[max]. How many. */
int domain_list(domid_t first, struct xen_domctl_getdomaininfo *info, unsigned int max);
/* The most that it may have is for KiB of memory, and SLACK_KIB for what is none of its memory (as
 * xl). */
#define SLACK_KIB 1024
int domain_set_max_memory(domid_t domain, u64 kib);
int domain_vcpu_info(domid_t domain, unsigned int vcpu, struct xen_domctl_getvcpuinfo *info);
int domain_vcpu_context(domid_t domain, unsigned int vcpu, bool set, void *context);
/* which: XEN_VCPUAFFINITY_HARD or _SOFT; one bit for each CPU. set false: reads. */
int domain_vcpu_affinity(domid_t domain, unsigned int vcpu, unsigned int which, bool set,
                         u8 *bitmap, unsigned int bits);
/* Share of the CPUs: weight, and cap in percent of one CPU (0: none). -EOPNOTSUPP where the
 * scheduler in use has no weights. */
int domain_schedule_get(domid_t domain, u32 *weight, u32 *cap);
int domain_schedule_set(domid_t domain, u32 weight, u32 cap);
/* How many frames it has; or a negative errno. */
s64 domain_pages(domid_t domain);

int machine_info(struct xen_sysctl_physinfo *info);
int machine_scheduler(u32 *id); /* a XEN_SCHEDULER_* */
/* Presses debug keys; each is one character. */
int machine_keys(const char *keys, unsigned int count);
/* Reads the hypervisor's log from *index on into text[size]: how many bytes, and *index after them.
 */
int machine_log(char *text, u32 size, u32 *index);

/* In words, for a negative errno: "no memory". */
const char *control_reason(int answer);

#endif
