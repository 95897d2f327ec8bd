/*
 * The three kinds of failure (docs/design.md, decision 6), two of which live here:
 *
 *   refuse(errno, rule)   The guest asked wrongly. A debug build tells the refusal with file, line
 *                         and rule; in a release build this is the bare number.
 *   BUG(), BUG_ON(c)      The hypervisor is wrong: say where, stop the machine.
 *
 * The third, domain_crash(), is in domain/domain.h. Never BUG on what a guest controls. panic() is
 * for what is wrong with the machine or with what the loader gave us.
 */
#ifndef HYPERVISOR_DEBUG_BUG_H
#define HYPERVISOR_DEBUG_BUG_H

#include "xen-like/lib/types.h"

/* Say why, then reboot after a few seconds (with noreboot: halt). One call, one or more lines. */
NORETURN void panic(const char *format, ...) PRINTF_LIKE(1, 2);

/* The first half of a panic that is told otherwise: nobody else runs, and the console is free. Of
 * several CPUs one returns from here. */
void panic_begin(void);

NORETURN void bug_at(const char *file, int line, const char *what);
void refusal_report(int err, const char *rule, const char *file, int line);

#define BUG() bug_at(__FILE__, __LINE__, "BUG")
#define BUG_ON(c)                                                                                  \
    do {                                                                                           \
        if (unlikely(c))                                                                           \
            bug_at(__FILE__, __LINE__, #c);                                                        \
    } while (0)

#ifdef DEBUG
#define ASSERT(c)         BUG_ON(!(c))
#define refuse(err, rule) (refusal_report(err, rule, __FILE__, __LINE__), -(err))
#else
#define ASSERT(c)         ((void)0)
#define refuse(err, rule) (-(err))
#endif

#endif
