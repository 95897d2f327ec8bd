/*
 * What dom0 does for its guests beside building them (toolstack/guests.h): their console is served
 * from the moment that they are built; their end is noticed; and after it there is a record of the
 * last of them, with what they wrote, so that somebody can ask why.
 */
#ifndef DOM0_SHELL_SERVICE_H
#define DOM0_SHELL_SERVICE_H

#include "dom0/console/guest_console.h"
#include "dom0/toolstack/guests.h"

#define RECORDS_MAX     16 /* older ones are forgotten */
#define GUEST_DESTROYED 6  /* a reason beside the SHUTDOWN_*: it did not end by itself */

_Static_assert(GUEST_DESTROYED > SHUTDOWN_MAX, "a reason of our own");

/* Of a domain that is gone. A guest that is restarted leaves one, too. */
struct record {
    struct list link;
    char name[64];
    domid_t domain;
    unsigned int reason; /* SHUTDOWN_* or GUEST_DESTROYED */
    struct scrollback back;
};

/* Told of each end, when the guest's last words have been taken; NULL: nobody. */
extern void (*service_on_end)(struct guest *guest, unsigned int reason);

/* Binds VIRQ_DOM_EXC, and follows what the toolstack does. Files come from dom0's boot module. */
void service_init(void);

/* The backend of consoles is started anew: each guest's is let go of, found in the xenstore, and
 * taken on again. */
void consoles_restart(void);

static inline struct guest_console *console_of(const struct guest *guest)
{
    return guest->console;
}

/* The latest record of that name or number; NULL: none. */
const struct record *record_find(const char *name_or_number);

/* "powered off", for a reason. */
const char *reason_words(unsigned int reason);

/* The reason of a domain that has ended; GUEST_DESTROYED if it has not. */
unsigned int domain_reason(domid_t domain);

#endif
