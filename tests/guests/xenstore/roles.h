/* One image, several roles: the control domain, and the guests that it makes of itself. */
#ifndef TESTS_GUESTS_XENSTORE_ROLES_H
#define TESTS_GUESTS_XENSTORE_ROLES_H

#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"

#define ROUNDS  40           /* of what all count together, each */
#define COUNTER "/shared/n"  /* that */
#define WANTED  "/shared/go" /* what the guests wait for */

/* Each tells what it found as children of its data/rows, and then writes data/ready. */
void client_main(void);  /* an honest one: guest-kernel/xenbus */
void hostile_main(void); /* one that writes anything to its ring, and begins anew */
void deaf_main(void);    /* one that asks and takes no answer, and makes events for others */

#endif
