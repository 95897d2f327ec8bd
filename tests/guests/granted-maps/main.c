/*
 * Dom0's use of grants, on frames that it grants to itself: runs that stay, slots for a moment in
 * batches with bad references among them, addresses for devices, copies. After each nothing may be
 * left in use: grant_end says so.
 */
#include "dom0/mm/granted.h"
#include "guest-kernel/grant/grant.h"
#include "tests/guests/common.h"

#define RUN      5u
#define MANY     150u /* more than two batches */
#define NO_GRANT 9999u

static pfn_t frames[MANY];
static grant_ref_t refs[MANY];

static u64 *frame_words(u32 n)
{
    return pfn_to_virt(frames[n]);
}

static void grants_give(u32 count, bool read_only)
{
    for (u32 n = 0; n < count; n++) {
        refs[n] = grant_give(0, pfn_to_mfn(frames[n]), read_only);
        frame_words(n)[0] = n * 1000 + 7;
        frame_words(n)[1] = 0;
    }
}

/* How many are still in use. */
static u32 grants_end(u32 count)
{
    u32 used = 0;

    for (u32 n = 0; n < count; n++)
        used += !grant_end(refs[n]);
    return used;
}

static void run_rows(void)
{
    struct granted g;
    u32 wrong = 0;

    grants_give(RUN, false);
    row("run.map", granted_map(&g, 0, refs, RUN, true));
    for (u32 n = 0; n < RUN; n++) {
        u64 *words = (u64 *)((u8 *)g.at + n * PAGE_SIZE);

        wrong += words[0] != n * 1000 + 7;
        words[1] = n + 1;
        wrong += frame_words(n)[1] != n + 1;
    }
    row_want("run.wrong", wrong, 0);
    row_want("run.in-use", grants_end(RUN), RUN);
    granted_unmap(&g);
    row_want("run.unmapped", g.at == NULL, 1);
    granted_unmap(&g);
    row_want("run.not-in-use", grants_end(RUN), 0);
    row("run.ended", granted_map(&g, 0, refs, 1, true));
    row_want("run.nothing", g.at == NULL, 1);
}

static void run_refusals(void)
{
    struct granted g;

    grants_give(RUN, true);
    row("refused.writable", granted_map(&g, 0, refs, RUN, true));
    row("read-only.map", granted_map(&g, 0, refs, RUN, false));
    row("read-only.store-faults", probe_write(g.at, 1).vector);
    granted_unmap(&g);
    refs[RUN - 1] = NO_GRANT;
    row("refused.last", granted_map(&g, 0, refs, RUN, false));
    row("refused.domain", granted_map(&g, 77, refs, 1, false));
    row_want("refused.not-in-use", grants_end(RUN - 1), 0);
}

/* Each third is not there. */
static void batch_rows(u32 use, const char *name)
{
    static struct granted_slot *slots[MANY];
    static struct granted_maps maps;
    static struct granted_unmaps unmaps;
    u32 good = 0, wrong = 0;

    grants_give(MANY, use & (GRANTED_READ | GRANTED_DEVICE_READS));
    for (u32 n = 0; n < MANY; n++)
        slots[n] = granted_slot_map(&maps, 0, n % 3 ? refs[n] : NO_GRANT, use);
    granted_maps_flush(&maps);
    for (u32 n = 0; n < MANY; n++) {
        good += slots[n]->status == GNTST_okay;
        if (slots[n]->status != GNTST_okay)
            wrong += slots[n]->status != GNTST_bad_gntref;
        else if (use & (GRANTED_READ | GRANTED_WRITE))
            wrong += *(u64 *)slots[n]->at != n * 1000 + 7;
        else
            wrong += slots[n]->machine != mfn_to_address(pfn_to_mfn(frames[n]));
    }
    row_want(name_of(name, "good"), good, MANY - (MANY + 2) / 3);
    row_want(name_of(name, "wrong"), wrong, 0);
    row_want(name_of(name, "in-use"), grants_end(MANY), good);
    for (u32 n = 0; n < MANY; n++)
        granted_slot_unmap(&unmaps, slots[n]);
    granted_unmaps_flush(&unmaps);
    for (u32 n = 0; n < MANY; n++)
        wrong += n % 3 && !grant_end(refs[n]);
    row_want(name_of(name, "left"), wrong, 0);
}

static void copy_rows(void)
{
    static struct granted_copies copies;
    u8 *own = pfn_to_virt(frames[MANY - 1]);
    s16 statuses[MANY];
    u32 good = 0, wrong = 0;

    grants_give(MANY - 1, false);
    for (u32 n = 0; n < MANY - 1; n++) {
        u32 at = 8 * n;

        granted_copy(&copies, 0, n % 3 ? refs[n] : NO_GRANT, 0, own + at, 8, false, &statuses[n]);
        granted_copy(&copies, 0, refs[n], 8, own + at, 8, true, NULL);
    }
    granted_copies_flush(&copies);
    for (u32 n = 0; n < MANY - 1; n++) {
        good += statuses[n] == GNTST_okay;
        wrong += n % 3 && frame_words(n)[1] != n * 1000 + 7;
    }
    row_want("copy.good", good, 99);
    row_want("copy.wrong", wrong, 0);
    row("copy.errno-bad-ref", granted_errno(statuses[0]));
    granted_copy(&copies, 0, refs[1], PAGE_SIZE - 8, own, 16, false, &statuses[1]);
    granted_copies_flush(&copies);
    row("copy.crosses", statuses[1]);
    row_want("copy.left", grants_end(MANY - 1), 0);
}

void guest_main(void)
{
    row("init", grant_init());
    for (u32 n = 0; n < MANY; n++)
        frames[n] = frame_alloc_zeroed();
    run_rows();
    run_refusals();
    batch_rows(GRANTED_WRITE, "slots");
    batch_rows(GRANTED_READ, "slots-read");
    batch_rows(GRANTED_DEVICE_WRITES, "device");
    batch_rows(GRANTED_DEVICE_READS, "device-read");
    copy_rows();
    guest_end();
}
