/*
 * The parts of the storm. main.c draws a call, makes it, counts its answer; arena.c owns the frames
 * and addresses that are the storm's to wreck; draw.c has the pools that arguments come from;
 * calls_*.c make arguments for each hypercall; touches.c does what is no hypercall: stores, loads,
 * returns, privileged instructions.
 *
 * A storm must not saw off the branch that it sits on, or it would end at its first lucky hit. So
 * nothing drawn ever names the kernel's own tables (but the boot root, which may be mapped and
 * whose lower half is the storm's), and no word that could be read as the address of an entry of an
 * arena frame lies in the part of it where a root has the kernel's entries: see ARENA_SLOTS.
 */
#ifndef TESTS_GUESTS_STORM_STORM_H
#define TESTS_GUESTS_STORM_STORM_H

#include "tests/guests/common.h"
#include "tests/guests/storm/width.h"

struct storm_options {
    u64 seed, calls;
    u64 show_from; /* calls from this number on are printed one by one */
    bool same;     /* only what must have the same answer on Xen */
};
extern struct storm_options options;
extern u64 call_number;

/* ---- Drawing -------------------------------------------------------------------------------- */

/* Each call has a sequence of its own, so that leaving one out does not change the others. */
void draw_begin(u64 seed, u64 number);
u64 draw(u64 limit); /* 0 ... limit - 1 */

static inline bool one_in(u64 n)
{
    return !draw(n);
}
#define PICK(array) ((array)[draw(ARRAY_SIZE(array))])

/* ---- The arena ------------------------------------------------------------------------------ */

#define ARENA_FRAMES 64u

/*
 * Slots of an arena frame that are ever written, less those of the hypervisor's: a root has the
 * kernel's entries above. no offset in a frame lies behind them, and no entry that is drawn
 * has bit 11 set (which would be such an offset, should the entry be read as an address).
 */
#define ARENA_SLOTS 272u

void arena_init(void);
mfn_t arena_mfn(unsigned int index);
unsigned int arena_index(mfn_t mfn); /* ARENA_FRAMES if it is none of them */
pfn_t arena_pfn(unsigned int index);
mfn_t arena_frame_of_level(unsigned int level); /* one meant for tables of it, 0: for data */
mfn_t arena_frame(void);                        /* any */

/* True if the frame has the kernel's entries, so that living on it as a root is possible. */
bool arena_root_is_fit(mfn_t mfn);
/* Tries to put them there. */
void arena_root_fit(mfn_t mfn);

/* The frame at an index is another one from now on (the old one was given back). */
void arena_replace(unsigned int index, mfn_t mfn);
/* The read-only mapping by which arena_hash sees a frame: taken away and put back. */
void arena_hide(unsigned int index);
void arena_show(unsigned int index);

/* Everything undone: no pins, no entries, all frames zero. Answers how many would not be cleared,
 * which would be a reference that nobody holds. */
unsigned int arena_reset(void);
/* Of all frames' contents, with frame numbers replaced by their place in the arena. */
u64 arena_hash(void);

/* Traps, callbacks and kernel stack as this kernel needs them, after calls that change those. */
void kernel_mend(void);

/* A user root with the test's code and stack in it. */
mfn_t home_user_root(void);

/* ---- Pools (draw.c) ------------------------------------------------------------------------- */

u64 any_mfn(void);                          /* arena frames, and numbers that are none */
u64 any_entry(unsigned int level);          /* for a table of that level */
u64 any_entry_address(unsigned int *level); /* machine address in an arena frame of that level */
u64 scratch_va(void);                       /* an address that arena tables may map */
u64 any_va(void);                           /* or one of the hypervisor, of nobody, of no meaning */
u64 bad_va(void);
u64 any_word(void); /* what leads anywhere but to the kernel: entries, addresses, odd numbers */
/* What is no entry where it goes to, an argument structure's word or a register: in `same` mode no
 * bits of a frame's number, which the machine decides, are taken for a domain or a selector. */
u64 any_number(void);
u64 any_count(void);
u64 any_domid(void);

/* Memory for arguments, zeros; all of it is free again with draw_begin. One that will be named with
 * too high a count ends where nothing is mapped. */
void *argument_new(size_t size);
void *argument_at_end(size_t size);
/* What has been handed out, word by word: first that of argument_new. */
u64 argument_word(size_t index);
size_t argument_words(void);
/* The pointer itself, or seldom another: read-only, half mapped, unmapped, not the guest's. */
u64 pointer_to(const void *argument);

/* ---- Calls ---------------------------------------------------------------------------------- */

/* What else happens in the same call to the hypervisor, before. */
enum call_place {
    ALONE,
    FIRST_IN_LIST,
    IN_LIST
};

struct call {
    u64 number, a[5];
    const char *name;
    s64 sub;   /* -1: none */
    bool mend; /* kernel_mend afterwards */
    enum call_place place;
    bool skip; /* not to be made */
};

typedef void call_maker(struct call *c);
call_maker make_mmu_update, make_va_mapping, make_va_mapping_other, make_mmuext;
call_maker make_trap_table, make_gdt, make_stack_switch, make_callbacks, make_descriptor;
call_maker make_segment_base, make_debugreg, make_console, make_multicall, make_event_channel;
call_maker make_vcpu;

/* A frame that the kernel may have as its root, or one that is certainly refused. first: nothing
 * happens before it is used. */
u64 livable_root(bool first);

/* A call from the table. */
void call_make(struct call *c, enum call_place place);
long call_do(const struct call *c);

/* ---- Everything else that a kernel can do --------------------------------------------------- */

#define TRAPPED ((s64)1 << 40) /* an answer from here on: an exception, its vector added */

/* Does something, says what; answers 0, or TRAPPED + vector. */
s64 touch(const char **what);
extern bool trap_is_expected;
extern u64 touched[4]; /* what it was done with */

/* Frames given back and asked for again. */
s64 frame_swap(const char **what);

#endif
