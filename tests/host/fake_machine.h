/*
 * A machine for the memory core: an arena that stands in for RAM, a frame table, one CPU with a
 * TLB that remembers too much, guest memory that may refuse to be there.
 *
 * The real .c files of hypervisor/mm, domain and cpu run on it. Frames are laid out so that every
 * kind has a number: MACHINE_HOLE frames of I/O, the RAM, again MACHINE_HOLE of I/O; above that
 * the frame table ends.
 */
#ifndef TESTS_HOST_FAKE_MACHINE_H
#define TESTS_HOST_FAKE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/audit.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/ptype_l1.h"
#include "hypervisor/mm/tlb.h"

#define MACHINE_HOLE 16UL

/* Flags of an entry as a guest writes them, and as they stand there afterwards. */
#define GUEST_RO (PTE_P | PTE_US)
#define GUEST_RW (PTE_P | PTE_US | PTE_RW)

extern u64 machine_ram_start, machine_ram_end; /* frame numbers */
extern u64 machine_flushes;                    /* how often everything was flushed */
extern u64 machine_line_flushes;               /* and single lines of the cache */
extern u32 machine_lines;                      /* lines logged so far */
extern char machine_line[256];                 /* the last of them */
extern bool machine_quiet;                     /* do not print what is logged */

/* Make the machine: once for each test program. No frame is free yet. */
void machine_make(u64 ram_frames);

/* A group's set-up that makes a machine of machine_frames (256 unless set before) and gives them
 * all to the allocator; and the tear-down of each test, which fails it when a frame did not come
 * back. */
extern u64 machine_frames;
int machine_setup(void **state);
int machine_all_free(void **state);

/* Addresses in [from, to) of "guest memory", which is the test's own memory, fault from now on. */
void machine_unmap_guest(const void *from, const void *to);

/*
 * The TLB. A writable translation of a frame may be there from the moment when the frame is mapped
 * so until the next flush, whatever happened in between; one that reads it, while it has an owner;
 * and the CPU may remember the way through it while it is a table. Call machine_tlb_load() after
 * each operation: it lets the TLB read what is mapped now. The answer is INVALID_MFN, or a frame
 * that is another domain's by now, or used as something else, while the TLB may still know it.
 */
mfn_t machine_tlb_load(void);

/* A domain with a vcpu that runs, without memory. Ended by machine_domain_end: gives back all that
 * it holds, checks that this was all. */
struct domain *machine_domain(u16 id, u64 max_pages, bool privileged);
struct domain *machine_domain_create(u16 id, u32 vcpus, u64 max_pages, bool privileged);
void machine_domain_end(struct domain *d);
void machine_domain_kill(struct domain *d); /* others may still hold some of it */

/* How often vcpu_freeze() was called for it and not undone. */
u32 machine_frozen(const struct vcpu *v);

/* Every CPU has left whatever it was doing: what waits for that is done. */
void machine_quiesced(void);
void machine_run(struct domain *d);

/* After the last domain was watched (mm/dirty.h): gives back what is kept for the next one. */
void machine_unwatch(void);

/* A zeroed frame of the domain; its owner gives it back (decrease_reservation); its contents. */
mfn_t machine_frame(struct domain *d);
void machine_give_back(mfn_t m);
static inline u64 *machine_page(mfn_t m)
{
    return mfn_to_virt(m);
}

/* @f's counts, as a test wants to name them. */
static inline u64 machine_refs(mfn_t m)
{
    return mfn_to_frame(m)->word & FRAME_REF_MASK;
}

static inline u64 machine_types(mfn_t m)
{
    return frame_type_count(mfn_to_frame(m)->word);
}

/* No reference is missing or too many in @d; the test fails otherwise. */
#define assert_audit(d) assert_int_equal(audit_domain(d), 0)

/*
 * Preemption. machine_preempt_in: the n-th point from now on says yes, and no other; 0: none does.
 * machine_call() makes a call as a guest does that knows nothing of this: again, with what
 * call_continue() left in the registers, until it is done; @between, if given, runs before each
 * time but the first.
 */
typedef long (*machine_call_fn)(unsigned long, unsigned long, unsigned long, unsigned long);
extern u32 machine_preempt_in;
long machine_call(machine_call_fn call, const u64 args[4], void (*between)(void));

/* A random number below @n, from a seed that a test may set. */
extern u64 machine_seed;
u32 machine_random(u32 n);

/* Numbers come from these bytes next, until there are no more; then again from the seed, which is
 * now the last of them. Nobody else's: who draws twice in one expression must not, or compilers
 * differ. */
void machine_random_from(const void *bytes, u64 length);

#endif
