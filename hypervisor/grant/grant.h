/*
 * Grants: a domain lets another use one of its frames, by an entry of a table that it shares with
 * the hypervisor (public/grant_table.h). This is what the gate and a domain's life see of them;
 * docs/grants.md tells the story.
 *
 *   granter                          hypervisor                           user
 *   writes an entry  --------------> the grant is pinned <--------------- maps it, or copies
 *     permit_access, who, frame        (struct active): counts of uses     (a handle: maptrack.c)
 *   sees reading, writing <--------- set with the first use, cleared after the last
 *
 * What keeps a granted frame what it is are the two counts of its word (mm/frame.h) alone: an entry
 * of the user's page table that maps it counts like any other, and gives back when it goes, however
 * it goes. A pin only says what the granter is told.
 *
 * A status is one of GNTST_*: what the guest finds in its operation.
 */
#ifndef HYPERVISOR_GRANT_GRANT_H
#define HYPERVISOR_GRANT_GRANT_H

#include "hypervisor/domain/domain.h"

/* The command line: gnttab_max_frames=, gnttab_max_maptrack_frames=, gnttab=. The first three also
 * are what a domain has of which nothing else was said. */
struct grants_options {
    struct domain_grants_max max;
    bool transitive, transfer;
};
extern struct grants_options grants_options;
const char *grants_set_frames(const char *value);
const char *grants_set_maptrack(const char *value);
const char *grants_set(const char *value);

/* The table of a new domain: empty, one frame, version 1. False: out of memory. */
bool grants_init(struct domain *d, const struct domain_grants_max *max);

/* The end of a domain, in steps (0 or RESTART), its vcpus being stopped: the pins of what it has
 * mapped; the frames that it shared with the hypervisor, for good; and when nobody finds it any
 * more all other memory: false if there is more. */
int grants_release(struct domain *d);
int grants_end(struct domain *d);
bool grants_free(struct domain *d);

/* ---- the table ---- */

/* At least so many frames: 0, -ENOMEM, -EINVAL (beyond the limit; dying), or RESTART. Of status
 * frames, which version 2 alone has, as many as go with them. */
int grants_grow(struct domain *d, u32 frames);
struct grants_size {
    u32 frames, status_frames, most, status_most;
};
void grants_size(struct domain *d, struct grants_size *size);

/* So many frames a table has, that has @status of status. */
u32 grants_frames_for_status(u32 status);

/* The machine frames of part of the table, which is there. False: it is not. */
bool grants_list(struct domain *d, bool status, u32 first, u32 count, u64 *mfns);

u32 grants_version(const struct domain *d);

/* Another version, of the caller's own table, all but the reserved entries of which are cleared.
 * 0; -EINVAL, -ENOSYS, -EBUSY, -EAGAIN, -ERANGE, -ENOMEM; or RESTART. */
int grants_set_version(struct domain *d, u32 version);

/* Two entries of the caller's own, neither of which is in use, change places: a status. */
s16 grants_swap(struct domain *d, grant_ref_t a, grant_ref_t b);

/* ---- maps ---- */

/* What map_grant_ref asks: the status, and with GNTST_okay handle and address in *op. */
s16 grant_map(struct gnttab_map_grant_ref *op);

/* An unmapping: begun, then the running domain's TLBs are flushed (once for many), then ended. Only
 * then is the granter told, and may the frame be something else. */
struct grant_unmap {
    u64 host_addr, dev_bus_addr; /* 0: leave that mapping */
    u64 new_addr;                /* what is mapped there shall be at host_addr; 0: nothing shall */
    grant_handle_t handle;
    u16 done; /* GNTMAP_*: what was undone; 0: nothing is to be ended */
    u16 user;
    u32 mfn;
    grant_ref_t ref;
    struct domain *granter;
};
s16 grant_unmap_begin(struct grant_unmap *u);
void grant_unmap_end(const struct grant_unmap *u);

/* Has @user a grant of @d's frame @m in use? From entry *@ref on, some at a time: 0; -EINVAL; or
 * RESTART, with the next in *@ref. */
int grant_is_used(struct domain *d, mfn_t m, const struct domain *user, grant_ref_t *ref);

/* ---- copies ---- */

/* One side of a copy, and what it holds between copies, for the next may have the same. */
struct grant_side {
    struct gnttab_copy_ptr at; /* what was claimed; but the offset */
    struct domain *d;
    struct frame *f;       /* NULL: nothing is claimed */
    struct active *active; /* of the grant that at names */
    u16 start, length;
    bool granted, writable, through;
    struct domain *from; /* through: another's grant that the first one leads to */
    grant_ref_t from_ref;
};

/* A copy: its status; or RESTART, the grant is changing: try again. Both sides hold what they hold
 * until the end. */
int grant_copy(const struct gnttab_copy *op, struct grant_side *from, struct grant_side *to);
void grant_copy_end(struct grant_side *from, struct grant_side *to);

/* The caller gives away a frame: a status. */
s16 grant_transfer(u64 mfn, domid_t to, grant_ref_t ref);

/* What devices may write or read of @d's frames; and the frames of its table. To count them
 * (mm/audit.c), or to take them for written (mm/dirty.c). No lock: what they read is there until
 * this CPU is quiescent (cpu/smp.h), however the domains end meanwhile. */
typedef void (*grant_use_fn)(void *to, mfn_t m, bool writable);
void grants_each_use(const struct domain *d, grant_use_fn use, void *to);
void grants_each_page(const struct domain *d, grant_use_fn use, void *to);

/* The debug key. */
void grants_show(void);

#endif
