/*
 * The frame table: what every machine frame is, who owns it, and who counts on that.
 *
 * A frame has two counts. A *reference* keeps it from being freed; a *type* reference also keeps it
 * what it is. While the type count is above zero the frame has one type: ordinary writable memory,
 * a page table of one level, or segment descriptors. So a frame that serves as a page table can
 * never be mapped writable, and a frame mapped writable can never become a page table: that is all
 * the safety of paravirtual page tables.
 *
 * Both counts, the type and its state bits share one 64-bit word, so taking a reference and a type
 * reference together is a single compare-and-exchange. The owner beside it changes only while the
 * reference count is zero, hence is stable for whoever holds a reference.
 *
 *   63     62         61       60      59     58        57..55 54      53..27     26..0
 *   locked incoherent retiring partial pinned validated type   alloced type count reference count
 *
 * Rules that the counts obey (audit.c recomputes them from all tables):
 *   reference count = 1 if the owner holds it (ALLOCED) + one for every type reference
 *                     + read-only mappings + uses by the hypervisor
 *                     + 1 if it is a table, in whatever state: its own, so that it cannot be freed
 *                       before its entries are given back
 *   type count      = writable mappings, or uses as a table: parent entries, base pointers, a pin;
 *                     1 for a table that is partial or retiring (ptype.c), which nobody uses
 */
#ifndef HYPERVISOR_MM_FRAME_H
#define HYPERVISOR_MM_FRAME_H

#include "hypervisor/mm/dirty.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/types.h"

struct domain;

#define LEFT_ANYTHING 0      /* nobody may see what is in it: clear it */
#define LEFT_CLEAN    0xffff /* it is all zeros */

struct frame {
    u64 word;             /* counts and state; changed by compare-and-exchange only */
    struct domain *owner; /* NULL: the hypervisor's own, or free */
    u32 next, prev; /* mfns of neighbours in the owner's list (its page_lock), or in a free list */
    union {
        u32 tlb_epoch;    /* tlb clock when the type count last fell to zero; see mm/tlb.h */
        u32 retires_next; /* retiring: the next one of the vcpu's list */
    };
    u16 order : 5;     /* of a free block, for the allocator */
    u16 free : 1;      /* 1: first frame of a free block */
    u16 progress : 10; /* partial, retiring: how many of its entries, from 0 on, hold references */
    union {
        u16 left_by; /* free: domain.trace of the one whose contents it still has; or LEFT_* */
        s16 linear;  /* a table: its entries that name tables of its own level, or < 0: how many of
                      * those name it (mm/linear.h) */
    };
};

#define FRAME_REF_ONE    1UL
#define FRAME_REF_MASK   ((1UL << 27) - 1)
#define FRAME_TYPE_SHIFT 27
#define FRAME_TYPE_ONE   (1UL << FRAME_TYPE_SHIFT)
#define FRAME_TYPE_COUNT (((1UL << 27) - 1) << FRAME_TYPE_SHIFT)
#define FRAME_ALLOCED    (1UL << 54)
#define FRAME_TYPE_MASK  (7UL << 55)
#define FRAME_VALIDATED  (1UL << 58)
#define FRAME_PINNED     (1UL << 59)
#define FRAME_PARTIAL    (1UL << 60)
#define FRAME_RETIRING   (1UL << 61)
/* It was mapped to be written past the cache (write-combining), which may now hold other contents
 * than memory. Before it becomes a table, or somebody else's, they are made one: tlb_flush_stale.
 */
#define FRAME_INCOHERENT (1UL << 62)
#define FRAME_LOCKED     (1UL << 63)

/* The types, in place within the word. L1 to L4 are consecutive: a level is a type. Behind them an
 * L2 with slots of the hypervisor's (mm/pae.h). */
#define FT_NONE     (0UL << 55)
#define FT_LEVEL(l) ((u64)(l) << 55)
#define FT_L1       FT_LEVEL(1)
#define FT_L2       FT_LEVEL(2)
#define FT_L3       FT_LEVEL(3)
#define FT_L4       FT_LEVEL(4)
#define FT_L2_HV    (5UL << 55)
#define FT_SEGDESC  (6UL << 55)
#define FT_WRITABLE (7UL << 55)

_Static_assert(sizeof(struct frame) == FRAME_INFO_SIZE, "memory.c sizes the table by this");

/* On the host, a fake machine stands in for the fixed addresses: an array of frames, an arena of
 * pages. */
#ifdef HOST_TEST
extern struct frame *frame_table;
extern u64 host_directmap;
#define FRAME_DIRECTMAP host_directmap
#else
#define frame_table     ((struct frame *)FRAMETABLE_VIRT_START)
#define FRAME_DIRECTMAP DIRECTMAP_VIRT_START
#endif
extern u64 frames_max; /* frames with an index below this have an entry */

#define FRAME_NIL    0xffffffffU /* end of a list of frames */
#define FRAME_SHARED 0xfffffffeU /* as next: in no list, but the hypervisor's to share */

static inline bool mfn_valid(mfn_t m)
{
    return m.n < frames_max;
}

static inline struct frame *mfn_to_frame(mfn_t m)
{
    return &frame_table[m.n];
}

static inline mfn_t frame_to_mfn(const struct frame *f)
{
    return MFN((u64)(f - frame_table));
}

/* The frame as the hypervisor reads and writes it, through the direct map. */
static inline void *mfn_to_virt(mfn_t m)
{
    return (void *)(FRAME_DIRECTMAP + (m.n << PAGE_SHIFT));
}

/* The byte at a machine address, likewise. */
static inline void *maddr_to_virt(u64 maddr)
{
    return (void *)(FRAME_DIRECTMAP + maddr);
}

static inline mfn_t virt_to_mfn(const void *p)
{
    return MFN(((u64)p - FRAME_DIRECTMAP) >> PAGE_SHIFT);
}

static inline u64 virt_to_maddr(const void *p)
{
    return (u64)p - FRAME_DIRECTMAP;
}

static inline u64 frame_type(const struct frame *f)
{
    return ACCESS_ONCE(f->word) & FRAME_TYPE_MASK;
}

static inline u64 frame_type_count(u64 word)
{
    return (word & FRAME_TYPE_COUNT) >> FRAME_TYPE_SHIFT;
}

static inline bool type_is_table(u64 type)
{
    return type - FT_L1 <= FT_L2_HV - FT_L1;
}

static inline int type_level(u64 type)
{
    return type == FT_L2_HV ? 2 : (int)(type >> 55);
}

static inline bool frame_word_cas(struct frame *f, u64 *old, u64 new)
{
    return __atomic_compare_exchange_n(&f->word, old, new, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

/*
 * Take one reference on behalf of @d. Fails (false) when the frame is free, is not @d's, or its
 * count is full. No lock is needed; the owner stays @d until the reference is dropped.
 */
bool frame_get(struct frame *f, const struct domain *d);

/* Drop a reference; the last one frees the frame. */
void frame_put(struct frame *f);

/* The frame at @m, with a reference taken for @d, or NULL. */
static inline struct frame *frame_get_mfn(mfn_t m, const struct domain *d)
{
    if (unlikely(!mfn_valid(m)) || unlikely(!frame_get(mfn_to_frame(m), d)))
        return NULL;
    return mfn_to_frame(m);
}

/*
 * Hold a frame of @d that is in use as something for an update of its contents: a reference, a type
 * reference and the lock, in one exchange. Answers the type held, or FT_NONE (nothing held) when
 * the frame is not @d's or has no validated type in use. Spins while another CPU holds the lock.
 * Outermost of all locks (docs/locking.md), and only one frame at a time is held.
 */
u64 frame_hold_table(struct frame *f, const struct domain *d);
void frame_let_go(struct frame *f); /* it may have been written: dirty.h */

/* The same for one that is held as a table: its last other use cannot have gone meanwhile
 * (frame_type_put waits), nor then its own reference. */
static inline void frame_let_go_table(struct frame *f)
{
    dirty_mark(f);
    __atomic_fetch_sub(&f->word, FRAME_REF_ONE + FRAME_TYPE_ONE + FRAME_LOCKED, __ATOMIC_ACQ_REL);
}

#endif
