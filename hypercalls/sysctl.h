/*
 * What the files of sysctl share. Each operation has a handler, long sysctl_NAME(op), whose @op is
 * a private copy of the caller's structure; what the handler leaves there is what the caller finds,
 * when the answer is 0 and the operation's direction has OUT (abi/sysctls.h). The caller is
 * privileged. No lock is held: other CPUs may be asking too. RESTART: the same call again.
 */
#ifndef HYPERCALLS_SYSCTL_H
#define HYPERCALLS_SYSCTL_H

#include "hypercalls/hypercalls.h"

#define SYSCTL_PROTOTYPE(X, name, argument, direction, state, sentence)                            \
    SYSCTL_PROTOTYPE_##state(name)
#define SYSCTL_PROTOTYPE_IMPLEMENTED(name) long sysctl_##name(struct xen_sysctl *op);
#define SYSCTL_PROTOTYPE_ABSENT(name)
XL_SYSCTLS(SYSCTL_PROTOTYPE, )

#endif
