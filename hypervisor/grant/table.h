/*
 * What the files of this folder share: a domain's grant table from the inside.
 *
 * The *shared* frames hold the guest's entries, of 8 bytes (version 1) or 16 (version 2, whose
 * flags of use are in frames of their own: status). Beside each possible entry stands a struct
 * active, which only the hypervisor sees: how often the grant is in use, by whom, and what the
 * entry said when that began. The guest may write its entries at any time: what an entry says is
 * read once, and means nothing any more while the grant is in use.
 *
 * The other half belongs to the domain as a user of grants: what it has mapped, by handle.
 */
#ifndef HYPERVISOR_GRANT_TABLE_H
#define HYPERVISOR_GRANT_TABLE_H

#include "hypervisor/debug/bug.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/ptype_l1.h"

/* Counts of uses, 8 bits each; the highest bit of each is a sign that it is full. */
#define PIN_HOST_WRITE (1u << 0)
#define PIN_HOST_READ  (1u << 8)
#define PIN_DEV_WRITE  (1u << 16)
#define PIN_DEV_READ   (1u << 24)
#define PIN_COUNT      0xffu
#define PIN_WRITERS    (PIN_COUNT * PIN_HOST_WRITE | PIN_COUNT * PIN_DEV_WRITE)
#define PIN_FULL(by)   ((by) << 7)

struct active {
    u32 pin; /* 0: not in use, and the rest has no meaning */
    u32 mfn;
    domid_t user;
    u16 start, length; /* of the frame: what may be copied */
    u16 part;          /* 1: not the whole frame, or another's: cannot be mapped */
};
#define ACTIVES_PER_PAGE (PAGE_SIZE / sizeof(struct active))

/* A mapping. */
struct maptrack {
    u16 flags; /* GNTMAP_*; those of device and host are cleared one by one. 0: free */
    domid_t granter;
    u32 mfn;
    union {
        grant_ref_t ref;
        u32 next; /* free: the next one */
    };
};
#define MAPTRACKS_PER_PAGE 256U /* as Xen has, though its structure is larger */
#define HANDLE_NONE        (~0U)

struct grants {
    struct spinlock lock; /* LOCK_GRANTS: all that follows, but limits, which stay */
    u32 version, shift;   /* bytes of an entry, as a power of two */
    u32 entries;          /* in the shared frames */
    u32 frames, status_frames;
    u32 uncleared; /* frames 1 to this one are still to be cleared: only the reserved entries are
                    * there (version.c) */
    u32 ended;     /* frames, then those of status, that were given back (grants_end) */
    u32 pinned;    /* entries that are in use */
    u32 v2_uses;   /* of them, those that version 1 cannot say; and transitive ones that begin */
    struct domain_grants_max max;
    u32 tracks;     /* handles below this have a struct maptrack. Only grows; read at any time,
                     * also when the domain is dying, by who counts uses (grants_each_use) */
    u32 track_free; /* the first free one, or HANDLE_NONE */
    u32 released;   /* handles below this were given back (grants_release) */
    struct maptrack **track; /* pages; NULL: it has never mapped anything */
    u16 **status;
    struct active **active; /* pages; NULL: nothing in it is in use */
    void *shared[];         /* max.frames; then those of active and status */
};

#define GRANT_FRAME_UNITS 12 /* of work, cpu/preempt.h: a frame is cleared */

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1)) /* at most */
#define STATUS_PER_FRAME  (PAGE_SIZE / sizeof(grant_status_t))
#define ACTIVES_PER_FRAME (ENTRIES_PER_FRAME / ACTIVES_PER_PAGE)

static inline u32 status_frames_for(u32 frames)
{
    u32 entries = frames * (u32)(PAGE_SIZE / sizeof(union grant_entry_v2));

    return (entries + (u32)STATUS_PER_FRAME - 1) / (u32)STATUS_PER_FRAME;
}

/* An entry begins, in both versions, with a word of flags (low half) and the user's number. The
 * guest writes it at any time. Under the lock, @ref < entries. */
static inline u32 *entry_at(const struct grants *g, grant_ref_t ref)
{
    u64 offset = (u64)ref << g->shift;

    return (u32 *)((u8 *)g->shared[offset / PAGE_SIZE] + offset % PAGE_SIZE);
}

/* Where the guest sees whether the entry is in use. */
static inline u16 *status_at(const struct grants *g, grant_ref_t ref)
{
    if (likely(g->version == 1))
        return (u16 *)entry_at(g, ref);
    return &g->status[ref / STATUS_PER_FRAME][ref % STATUS_PER_FRAME];
}

/* NULL: not in use, and there is no memory for it yet. */
static inline struct active *active_at(const struct grants *g, grant_ref_t ref)
{
    struct active *page = g->active[ref / ACTIVES_PER_PAGE];

    return likely(page) ? &page[ref % ACTIVES_PER_PAGE] : NULL;
}

static inline struct maptrack *track_at(const struct grants *g, grant_handle_t handle)
{
    return &g->track[handle / MAPTRACKS_PER_PAGE][handle % MAPTRACKS_PER_PAGE];
}

/* A status other than GNTST_okay, and in a debug build the reason in the log. */
#define grant_refuse(status, rule) ((s16)refuse(-(status), rule))

/*
 * The beginning of a use of @ref in @g (locked, @ref < entries), which is common to mapping and
 * copying: the entry must let @user use it so, and when this is the first use, or the first that
 * writes, the guest is told in the entry, and *@told. A status; with GNTST_okay *@a is the entry.
 * The caller adds @by to its counts; or adds nothing, and ends with grant_told().
 */
struct pin {
    u32 by; /* PIN_* */
    bool writes, maps;
    domid_t user;
};
s16 grant_pin_slow(struct grants *g, grant_ref_t ref, const struct pin *p, struct active **a,
                   bool *told);

static inline s16 grant_pin(struct grants *g, grant_ref_t ref, const struct pin *p,
                            struct active **act, bool *told)
{
    const u32 wrong = GTF_type_mask | GTF_sub_page | (p->writes ? GTF_readonly : 0);
    const u32 set = GTF_reading | (p->writes ? GTF_writing : 0);
    struct active *a = active_at(g, ref);

    if (likely(g->version == 1) && likely(a) && likely(!a->pin)) {
        u32 *entry = entry_at(g, ref), header = ACCESS_ONCE(*entry);

        *act = a;
        *told = true;
        if (likely((header & wrong) == GTF_permit_access) && likely(header >> 16 == p->user) &&
            likely(__atomic_compare_exchange_n(entry, &header, header | set, false,
                                               __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)))
            return GNTST_okay;
    }
    return grant_pin_slow(g, ref, p, act, told);
}

/* What an entry names, if it is a grant of a frame. */
static inline u64 entry_frame(const struct grants *g, grant_ref_t ref)
{
    const u32 *e = entry_at(g, ref);

    if (likely(g->version == 1))
        return ACCESS_ONCE(e[1]);
    return ACCESS_ONCE(((const union grant_entry_v2 *)e)->full_page.frame);
}

/* The counts of @a have changed (or were to): the flags of use follow. */
void grant_told(struct grants *g, grant_ref_t ref, const struct active *a, bool wrote);

/* One use of the kind @by of @a, which is known to be there, ends. Under the lock. */
void grant_unpin_active(struct grants *g, grant_ref_t ref, struct active *a, u32 by);

/* One use of the kind @by ends; nothing happens if there is none such, of this frame by @user. */
void grant_unpin(struct domain *d, grant_ref_t ref, u32 by, u32 mfn, domid_t user);

/* The frame of @d that an entry names, with a reference and for @write as writable memory; given
 * back with l1e_put_counts. A status. */
s16 granted_get_slow(u64 mfn, struct domain *d, bool write, struct frame **f);

static inline s16 granted_get(u64 mfn, struct domain *d, bool write, struct frame **to)
{
    struct frame *f = mfn_to_frame(MFN(mfn));

    if (unlikely(!mfn_valid(MFN(mfn))) || unlikely(ACCESS_ONCE(f->owner) != d) ||
        unlikely(!l1e_take_counts(f, write)))
        return granted_get_slow(mfn, d, write, to);
    *to = f;
    if (likely(ACCESS_ONCE(f->owner) == d)) /* and so it stays */
        return GNTST_okay;
    l1e_put_counts(f, write);
    return grant_refuse(GNTST_bad_page, "the frame changed its owner");
}

/* One more frame of status, under the lock: 0 or -ENOMEM. What follows from version and frames. */
int grants_status_add(struct domain *d);
void grants_entries_count(struct grants *g);

/* ---- maptrack.c ---- */

#define GNTMAP_BOTH (GNTMAP_host_map | GNTMAP_device_map)

/* HANDLE_NONE: none is left. And one's end: with the lock, and without. */
grant_handle_t grant_handle_take(struct grants *g);
void grant_handle_free(struct grants *g, grant_handle_t handle);
void grant_handle_return(struct grants *g, grant_handle_t handle);

/* The last page of structures, when nobody can look at it. */
void grant_tracks_free(struct grants *g);

/* Of mappings by flags GNTMAP_*: the kinds of use that they are, and what they hold, given back. */
u32 grant_pins_of(u32 flags);
void grant_uses_put(struct frame *f, u32 flags);

#endif
