/*
 * The memory of a process: two root tables that share everything below them, and a few regions that
 * say what belongs where.
 *
 * A 64-bit PV kernel runs in ring 3 like its processes, so page-table bits cannot hide the kernel
 * from them. Instead there are two roots: the kernel's maps kernel and process, the user's only the
 * process; the hypervisor switches between them at each entry and exit.
 *
 *     kernel root   [0] --+                user root   [0] --+
 *                   [272..511] kernel                        |
 *                         +-----------> one L3 <-------------+
 *
 * A process keeps to the first slot of the root (512 GiB), so one table is all there is to share.
 *
 * Tables hold what is there now; regions say what may be there. A page comes into being when it is
 * touched (space_fault). After a fork both processes map the same frames, read-only: a write to a
 * region that is writable, on a page that is not, means "make my own copy".
 */
#ifndef GUEST_KERNEL_MINI_ADDRESS_SPACE_H
#define GUEST_KERNEL_MINI_ADDRESS_SPACE_H

#include "guest-kernel/mm/page_table.h"

enum region_kind {
    REGION_IMAGE,
    REGION_HEAP,
    REGION_STACK,
    REGION_COUNT
};

struct region {
    u64 start, end;      /* page-aligned; all regions are writable */
    const void *content; /* what its first bytes are when they come into being; then zeros */
    size_t content_size;
    unsigned int filled;    /* pages that came into being */
    unsigned int shared;    /* pages that a fork shared with a child */
    unsigned int copied;    /* shared pages that were copied for a write */
    unsigned int reclaimed; /* pages once shared that this process alone still held at a write */
};

struct address_space {
    mfn_t kernel_root, user_root; /* user_root.n is 0 in 32 bits */
    struct region regions[REGION_COUNT];
};

/* Makes the space of a process that runs a program; returns where the program begins. */
unsigned long space_create(struct address_space *space, const void *image, size_t size);

/* Makes child a copy of parent, which is the space in force. */
void space_fork(struct address_space *child, struct address_space *parent);

/* Frees all memory of a space that is not in force. */
void space_destroy(struct address_space *space);

/* Puts a space in force; leaves it for the kernel's own. */
void space_enter(const struct address_space *space);
void space_leave(void);

/*
 * A process touched va and the CPU would not have it. Provides the page, or a copy that may be
 * written; false if the access was wrong. The space is the one in force.
 */
bool space_fault(struct address_space *space, u64 va, bool write);

#endif
