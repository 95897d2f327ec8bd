/*
 * The consoles of guests, dom0's side of them. A guest has a page with two rings of bytes and a
 * port (xen/io/console.h); the page is mapped here as a foreign frame. What the guest writes is
 * taken as soon as it says so, whether anybody looks or not: so it is never kept waiting, and the
 * last of it is there to be read when somebody attaches.
 *
 * The guest may write anything to the page at any time. ioring/byte_ring keeps that from hurting
 * us; indices that cannot be end the ring, and the console says so.
 */
#ifndef DOM0_CONSOLE_GUEST_CONSOLE_H
#define DOM0_CONSOLE_GUEST_CONSOLE_H

#include "dom0/console/scrollback.h"
#include "dom0/loop.h"
#include "dom0/toolstack/build.h"
#include "dom0/toolstack/foreign.h"
#include "ioring/byte_ring.h"

#define CONSOLE_TYPED_MAX 256

struct guest_console {
    struct work work; /* there is something on the ring, or room on it */
    struct scrollback back;
    struct byte_channel ring;
    struct foreign page;
    u64 opened;  /* system time */
    u32 port;    /* ours */
    bool broken; /* the guest's indices are impossible: nothing is taken or put any more */
    char typed[CONSOLE_TYPED_MAX]; /* for the guest, which has no room for it */
    size_t typed_length;
    /* NULL, or who is told what the guest writes, beside its being kept. */
    void (*follower)(struct guest_console *console, const char *text, size_t length);
};

/* Maps the page and binds to the port of a domain that was just built. 0 or a negative errno. */
int guest_console_open(struct guest_console *c, const struct built_domain *domain);

/*
 * Lets page and port go and takes them on again, as the backend of a new control domain would: the
 * port, closed at our end, can be bound anew; what is on the rings is still there. What was said,
 * who follows, and what was typed stay with the console. 0 or a negative errno: then it is closed.
 */
int guest_console_reopen(struct guest_console *c, const struct built_domain *domain);

/* Lets page and port go; what was written stays readable. Takes what is still on the ring. */
void guest_console_close(struct guest_console *c);

/* What is typed to the guest. False: it has not taken what was typed before, and this is lost. */
bool guest_console_type(struct guest_console *c, char byte);

#endif
