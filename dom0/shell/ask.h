/*
 * Asking a guest to end itself, by control/shutdown in its home in the xenstore. A guest that looks
 * at it takes the word away (that is its answer), and then does it in its own time. One that has
 * not answered after a minute is told about, or, if the asker said so, ended from outside: its
 * vcpus stop where they are.
 */
#ifndef DOM0_SHELL_ASK_H
#define DOM0_SHELL_ASK_H

#include "xen-like/abi/xen.h"

struct ask_kind {
    const char *command; /* "shutdown" */
    const char *doing;   /* "Shutting down" */
    const char *word;    /* what is written: "poweroff" */
    unsigned int reason; /* SHUTDOWN_*, if it is done from outside */
};

extern const struct ask_kind ask_shutdown, ask_reboot;

/* Asks it, and says what is to be said. */
void ask_guest(const struct ask_kind *kind, domid_t domain, bool fallback);

/* The domain has ended: nobody waits for its answer any more. */
void ask_forget(domid_t domain);

/*
 * The terminal is kept until all these domains have shut down or are gone, or somebody presses
 * Ctrl-c. Takes over domains (of the heap).
 */
void ask_wait(domid_t *domains, unsigned int count);

#endif
