/*
 * The runtime's grants (guest-kernel/grant): the domain gives frames to itself, since it has no
 * other, and maps them. What all I/O over rings rests on: a reference is given once only, whoever
 * asks; one that is in use cannot be taken back, and one that was taken back cannot be used, also
 * when both are tried at the same moment by two vcpus.
 */
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "tests/guests/grants.h"

#define WORD         0x6772616e74656421ull
#define FRAMES_GROWN 3u
#define ENTRIES      (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define ROUNDS       2000u
#define HELD         64u
#define RACES        200u
#define MAPS_AT_MOST 100000u
#define NO_HANDLE    0xffffffffu
#define OURSELVES    0 /* the number of the domain that is started first */

static void say_life(void)
{
    pfn_t pfn = frame_alloc();
    grant_ref_t ref = grant_give(OURSELVES, pfn_to_mfn(pfn), false), other;
    grant_handle_t handle;
    unsigned long seen = 0;

    *(u64 *)pfn_to_virt(pfn) = WORD;
    row_want("life.first-reference", ref, GNTTAB_NR_RESERVED_ENTRIES);
    row_want("life.map", ref_map(OURSELVES, ref, false, 0, &handle), GNTST_okay);
    probe_read(scratch_page(0), &seen);
    row_want("life.same-memory", seen == (unsigned long)WORD, true);
    row_want("life.end-in-use", grant_end(ref), false);
    row_want("life.unmap", ref_unmap(handle, 0), GNTST_okay);
    row_want("life.end", grant_end(ref), true);
    row_want("life.map-after-the-end", ref_map(OURSELVES, ref, false, 0, &handle),
             GNTST_general_error);
    other = grant_give(OURSELVES, pfn_to_mfn(pfn), true);
    row_want("read-only.reference-is-used-again", other, ref);
    row_want("read-only.map-writable", ref_map(OURSELVES, other, false, 0, &handle),
             GNTST_general_error);
    row_want("read-only.map", ref_map(OURSELVES, other, true, 0, &handle), GNTST_okay);
    row_want("read-only.write-faults", probe_write(scratch_page(0), 0).taken, true);
    row_want("read-only.end-in-use", grant_end(other), false);
    ref_unmap(handle, 0);
    row_want("read-only.end", grant_end(other), true);
    row_want("frame-too-large.reference",
             grant_give(OURSELVES, (mfn_t){(u64)UINT32_MAX + 1}, false) == GRANT_NONE, true);
    frame_free(pfn);
}

static u32 table_frames(bool most)
{
    struct gnttab_query_size size = {.dom = DOMID_SELF};

    call_grant_table_op(GNTTABOP_query_size, &size, 1);
    return most ? size.max_nr_frames : size.nr_frames;
}

/* References are given in rising order as long as none came back. */
static u32 give_many(u32 count, pfn_t pfn)
{
    u32 given = 0;

    while (given < count && grant_give(OURSELVES, pfn_to_mfn(pfn), false) != GRANT_NONE)
        given++;
    return given;
}

static u32 end_many(u32 count)
{
    u32 ended = 0;

    while (ended < count && grant_end(GNTTAB_NR_RESERVED_ENTRIES + ended))
        ended++;
    return ended;
}

static void say_growth(void)
{
    u32 some = FRAMES_GROWN * ENTRIES - GNTTAB_NR_RESERVED_ENTRIES;
    u32 all = table_frames(true) * ENTRIES - GNTTAB_NR_RESERVED_ENTRIES;
    pfn_t pfn = frame_alloc();
    grant_handle_t handle;

    row_want("growth.given", give_many(some, pfn), some);
    row_want("growth.frames", table_frames(false) >= FRAMES_GROWN, true);
    row_want("growth.map-the-last",
             ref_map(OURSELVES, FRAMES_GROWN * ENTRIES - 1, false, 0, &handle), GNTST_okay);
    ref_unmap(handle, 0);
    row_want("growth.ended", end_many(some), some);
    row_want("full.given", give_many(all + 1, pfn) == all, true);
    row_want("full.one-more", grant_give(OURSELVES, pfn_to_mfn(pfn), false) == GRANT_NONE, true);
    row_want("full.ended", end_many(all) == all, true);
    frame_free(pfn);
}

/* ---- Two vcpus --------------------------------------------------------------------------------
 */

static u8 holders[64 * ENTRIES]; /* of each reference: of a full table the last are given first */
static u32 doubles, not_ended;

/* Gives and takes back in turns of HELD; a reference that somebody else holds too is a double. */
static void give_and_take(void *frame)
{
    mfn_t mfn = *(mfn_t *)frame;
    grant_ref_t held[HELD];

    for (u32 round = 0; round < ROUNDS / HELD; round++) {
        for (u32 i = 0; i < HELD; i++) {
            held[i] = grant_give(OURSELVES, mfn, false);
            if (__atomic_fetch_add(&holders[held[i]], 1, __ATOMIC_SEQ_CST))
                __atomic_fetch_add(&doubles, 1, __ATOMIC_SEQ_CST);
        }
        for (u32 i = 0; i < HELD; i++) {
            __atomic_fetch_sub(&holders[held[i]], 1, __ATOMIC_SEQ_CST);
            if (!grant_end(held[i]))
                __atomic_fetch_add(&not_ended, 1, __ATOMIC_SEQ_CST);
        }
    }
}

static struct {
    grant_ref_t ref;
    bool begun, ended; /* mapping; taken back */
    u32 maps, late;    /* mappings, and those after it was taken back */
} race;

/* Maps and unmaps until it is refused. */
static void race_map(void *arg)
{
    grant_handle_t handle;

    (void)arg;
    for (race.maps = 0; race.maps < MAPS_AT_MOST; race.maps++) {
        bool ended = __atomic_load_n(&race.ended, __ATOMIC_SEQ_CST);

        if (ref_map(OURSELVES, race.ref, false, 1, &handle) != GNTST_okay)
            return;
        race.late += ended;
        ref_unmap(handle, 1);
        __atomic_store_n(&race.begun, true, __ATOMIC_SEQ_CST);
    }
}

static void race_once(pfn_t pfn)
{
    race.begun = race.ended = false;
    race.ref = grant_give(OURSELVES, pfn_to_mfn(pfn), false);
    vcpu_start(1, race_map, NULL);
    while (!__atomic_load_n(&race.begun, __ATOMIC_SEQ_CST))
        call_sched_op(SCHEDOP_yield, NULL);
    while (!grant_end(race.ref))
        ;
    __atomic_store_n(&race.ended, true, __ATOMIC_SEQ_CST);
    vcpu_wait_down(1);
}

static void say_vcpus(void)
{
    pfn_t pfn = frame_alloc();
    mfn_t mfn = pfn_to_mfn(pfn);

    vcpu_start(1, give_and_take, &mfn);
    give_and_take(&mfn);
    vcpu_wait_down(1);
    row_want("vcpus.references-given-twice", doubles, 0);
    row_want("vcpus.not-ended", not_ended, 0);
    for (u32 i = 0; i < RACES; i++)
        race_once(pfn);
    row_want("race.mapped-after-the-end", race.late, 0);
    frame_free(pfn);
}

void guest_main(void)
{
    scratch_entry(1);
    row_want("init", grant_init(), 0);
    row_want("init.again", grant_init(), 0);
    say_life();
    say_growth();
    say_vcpus();
    guest_end();
}
