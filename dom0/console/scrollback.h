/*
 * What a guest has written to its console: the last SCROLLBACK_BYTES of it. Bytes are numbered from
 * the guest's first on; old ones make room for new ones. Pages come as they are needed: most guests
 * say little.
 */
#ifndef DOM0_CONSOLE_SCROLLBACK_H
#define DOM0_CONSOLE_SCROLLBACK_H

#include "xen-like/lib/types.h"

#define SCROLLBACK_PAGES 4
#define SCROLLBACK_BYTES (SCROLLBACK_PAGES * PAGE_SIZE)

struct scrollback {
    char *pages[SCROLLBACK_PAGES]; /* byte n is in page n / PAGE_SIZE % SCROLLBACK_PAGES */
    u64 end;                       /* the number that the next byte gets */
};

void scrollback_put(struct scrollback *s, const char *text, size_t length);

/*
 * A piece of what is kept from byte *at on (later, if that is forgotten already): its length, 0 at
 * the end. *at is then the number of the byte behind it.
 */
size_t scrollback_next(const struct scrollback *s, u64 *at, const char **piece);

void scrollback_free(struct scrollback *s);

#endif
