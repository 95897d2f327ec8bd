/*
 * GRANTS, the using side: frames that guests granted, mapped in our own space, or copied from and
 * to. See guest-kernel/grant/grant.h for the giving side.
 *
 * A guest may give and take back what it likes: what is mapped stays mapped until it is unmapped
 * here, and what is not granted is an errno for that piece alone.
 */
#ifndef DOM0_MM_GRANTED_H
#define DOM0_MM_GRANTED_H

#include "dom0/mm/area.h"

/* A run of pages, mapped at addresses of ours. For what is mapped long (rings). */
struct granted {
    void *at; /* NULL: nothing is mapped */
    u32 pages;
    struct area *area;
    grant_handle_t *handles;
};

/* All, or a negative errno (of the first status that is not GNTST_okay, as -EINVAL or -ENOENT,
 * -EPERM, -ENOMEM) and none. */
int granted_map(struct granted *g, domid_t domain, const grant_ref_t *refs, u32 count,
                bool writable);
/* Harmless on what is not mapped. */
void granted_unmap(struct granted *g);

/*
 * Frames for a moment, in batches: one hypercall maps many, for many requests. A slot is a frame's
 * place; its machine address is what a device needs, and that is had without a mapping of ours,
 * which is the cheaper way: no page table changes, nothing to flush.
 *
 * Start a batch with {0}. Adding to a full batch sends it first; flush sends the rest.
 */
#define GRANTED_BATCH 64

enum granted_use {
    GRANTED_DEVICE_READS = 1 << 0,  /* machine is good; the frame is only read */
    GRANTED_DEVICE_WRITES = 1 << 1, /* machine is good */
    GRANTED_READ = 1 << 2,          /* at is good */
    GRANTED_WRITE = 1 << 3,         /* at is good, also for writing */
};

struct granted_slot {
    struct list link; /* of the free, or its user's */
    void *at;
    u64 machine; /* address of the frame */
    grant_handle_t handle;
    s16 status; /* a GNTST_*, once the batch is sent */
    u8 use;
};

struct granted_maps {
    u32 count;
    gnttab_map_grant_ref_t ops[GRANTED_BATCH];
    struct granted_slot *slots[GRANTED_BATCH];
};

struct granted_unmaps {
    u32 count;
    gnttab_unmap_grant_ref_t ops[GRANTED_BATCH];
    struct granted_slot *slots[GRANTED_BATCH];
};

/* NULL without memory. use: GRANTED_* bits. The slot is good once the batch was sent and its status
 * is GNTST_okay. */
struct granted_slot *granted_slot_map(struct granted_maps *batch, domid_t domain, grant_ref_t ref,
                                      u32 use);
void granted_maps_flush(struct granted_maps *batch);

/* Gives a slot back, also one that could not be mapped. */
void granted_slot_unmap(struct granted_unmaps *batch, struct granted_slot *slot);
void granted_unmaps_flush(struct granted_unmaps *batch);

/* Copies by the hypervisor, without a mapping. */
struct granted_copies {
    u32 count;
    gnttab_copy_t ops[GRANTED_BATCH];
    s16 *statuses[GRANTED_BATCH];
};

/* Between @bytes at offset in a granted frame and own memory (direct map or image), both within
 * their page. *status, if not NULL, is a GNTST_* once the batch is sent. */
void granted_copy(struct granted_copies *batch, domid_t domain, grant_ref_t ref, u32 offset,
                  const void *own, u32 bytes, bool to_guest, s16 *status);
/* Any copy. */
void granted_copy_add(struct granted_copies *batch, const gnttab_copy_t *op, s16 *status);
void granted_copies_flush(struct granted_copies *batch);

/* As an errno: 0 or negative. */
int granted_errno(s16 status);

#endif
