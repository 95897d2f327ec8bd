/*
 * Stale translations on other CPUs. All vcpus but the first do nothing but write to a window, each
 * to a word of its own, as fast as they can; what they write would be no entry and no descriptor
 * that is present. The first vcpu moves the window from frame to frame and takes it away, with one
 * kind of flush after the other, or with none; and has the frame become a page table or a
 * descriptor table. From then on nobody may change it, whatever the other CPUs remember.
 *
 * Whether something still arrives is known when each writer has tried again.
 */
#include "guest-kernel/sched/smp.h"
#include "tests/guests/common.h"
#include "tests/guests/smp-stale/gdt.h"

#define WINDOW  ((volatile u64 *)scratch_page(3))
#define WORD(n) ((n)*8)
#define VCPUS   8

static u32 rounds = 8; /* of each; ARGS=rounds=N */
static volatile bool over;
static volatile u64 faults;
static volatile u64 writes[VCPUS]; /* tried so far, by each */

/* Until it faults. */
static void write_on(void *word)
{
    volatile u64 *to = word;

    volatile u64 *count = &writes[(to - WINDOW) / WORD(1)];

    for (u64 n = 2; !over; n += 2, ++*count)
        *to = n & 0xffff;
}

static void writer_main(void *id)
{
    while (!over) {
        fault_catch(write_on, (void *)(WINDOW + WORD((uintptr_t)id)));
        faults++;
        ++writes[(uintptr_t)id];
    }
}

/* Wait until all others have the frame at @page in their TLBs: they write it. */
static void wait_for_writers(volatile u64 *page)
{
    for (unsigned int id = 1; id < vcpu_count(); id++) {
        page[WORD(id)] = 1;
        while (page[WORD(id)] == 1)
            call_sched_op(SCHEDOP_yield, NULL);
    }
}

/* Does anybody write the frame that can be read at @page? Each has tried when this is known. */
static u64 changes(const volatile u64 *page)
{
    u64 before[VCPUS], count = 0;

    for (unsigned int id = 1; id < vcpu_count(); id++)
        before[id] = page[WORD(id)];
    for (unsigned int id = 1; id < vcpu_count(); id++) {
        u64 tried = writes[id];

        while (writes[id] - tried < 3)
            call_sched_op(SCHEDOP_yield, NULL);
        count += page[WORD(id)] != before[id];
    }
    return count;
}

static mfn_t frames[2];
static volatile u64 *pages[2]; /* where the first vcpu sees them */

static void window_map(unsigned int which, u64 flags)
{
    call_update_va_mapping((void *)WINDOW, pte_make(frames[which], PTE_READ_WRITE), flags);
}

/* Each way moves the window to the other frame. */
static u64 all = ~0ull;

static void all_by_update(void)
{
    window_map(1, UVMF_TLB_FLUSH | UVMF_ALL);
}

static void page_by_update(void)
{
    window_map(1, UVMF_INVLPG | UVMF_ALL);
}

static void all_of_mask_by_update(void)
{
    window_map(1, UVMF_TLB_FLUSH | UVMF_MULTI | (uintptr_t)&all);
}

static void page_of_mask_by_update(void)
{
    window_map(1, UVMF_INVLPG | UVMF_MULTI | (uintptr_t)&all);
}

static void extended(unsigned int cmd, u64 arg1, const void *mask)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.linear_addr = arg1};

    op.arg2.vcpumask.p = mask;
    window_map(1, UVMF_NONE);
    call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void all_by_operation(void)
{
    extended(MMUEXT_TLB_FLUSH_ALL, 0, NULL);
}

static void page_by_operation(void)
{
    extended(MMUEXT_INVLPG_ALL, (uintptr_t)WINDOW, NULL);
}

static void all_of_mask_by_operation(void)
{
    extended(MMUEXT_TLB_FLUSH_MULTI, 0, &all);
}

static void page_of_mask_by_operation(void)
{
    extended(MMUEXT_INVLPG_MULTI, (uintptr_t)WINDOW, &all);
}

static const struct {
    const char *name;
    void (*move)(void);
} flushes[] = {
    {"update-all", all_by_update},
    {"update-page", page_by_update},
    {"update-all-multi", all_of_mask_by_update},
    {"update-page-multi", page_of_mask_by_update},
    {"op-all", all_by_operation},
    {"op-page", page_by_operation},
    {"op-all-multi", all_of_mask_by_operation},
    {"op-page-multi", page_of_mask_by_operation},
};

static u64 moved(void (*move)(void))
{
    u64 count = 0;

    for (u32 i = 0; i < rounds; i++) {
        window_map(0, UVMF_INVLPG | UVMF_ALL);
        wait_for_writers(pages[0]);
        move();
        count += changes(pages[0]);
    }
    return count;
}

static long become_table(void)
{
    return mmuext(MMUEXT_PIN_L1_TABLE, frames[0].n);
}

static long become_descriptors(void)
{
    xen_pfn_t frame = (xen_pfn_t)frames[0].n;

    return call_set_gdt(&frame, 512);
}

static void undo_table(void)
{
    mmuext(MMUEXT_UNPIN_TABLE, frames[0].n);
}

static void undo_descriptors(void)
{
    gdt_undo();
}

static const struct {
    const char *name;
    long (*become)(void);
    void (*undo)(void);
} uses[] = {
    {"table", become_table, undo_table},
    {"descriptors", become_descriptors, undo_descriptors},
};

static void set_access(bool writable)
{
    call_update_va_mapping((void *)pages[0],
                           pte_make(frames[0], writable ? PTE_READ_WRITE : PTE_READ_ONLY),
                           UVMF_INVLPG);
}

/* The last writable mapping goes, unflushed, and at once the frame becomes what must not be
 * written. */
static u64 retyped(unsigned int use, long *refused)
{
    u64 count = 0;

    for (u32 i = 0; i < rounds; i++) {
        long answer;

        window_map(0, UVMF_INVLPG | UVMF_ALL);
        wait_for_writers(pages[0]);
        set_access(false);
        window_map(1, UVMF_NONE);
        answer = uses[use].become();
        *refused += answer != 0;
        if (!answer) {
            count += changes(pages[0]);
            uses[use].undo();
        }
        set_access(true);
    }
    return count;
}

/* The window goes altogether: a store faults, and is not lost in some frame. */
static u64 unmapped(void)
{
    u64 count = 0, before = faults;

    for (u32 i = 0; i < rounds; i++) {
        window_map(0, UVMF_INVLPG | UVMF_ALL);
        wait_for_writers(pages[0]);
        before = faults;
        call_update_va_mapping((void *)WINDOW, 0, UVMF_INVLPG | UVMF_ALL);
        count += changes(pages[0]);
        while (faults == before)
            call_sched_op(SCHEDOP_yield, NULL);
    }
    return count;
}

void guest_main(void)
{
    char digit[8];

    if (cmdline_value("rounds", digit, sizeof(digit)))
        rounds = (u32)(digit[0] - '0');
    scratch_entry(1);
    for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
        pfn_t pfn = frame_alloc_zeroed();

        frames[i] = pfn_to_mfn(pfn);
        pages[i] = pfn_to_virt(pfn);
        gdt_prepare(pages[i]);
    }
    window_map(0, UVMF_NONE);
    row("vcpus", vcpu_count());
    for (unsigned int id = 1; id < vcpu_count(); id++)
        row_want(name_nth("writer", "starts", id),
                 vcpu_start(id, writer_main, (void *)(uintptr_t)id), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(flushes); i++)
        row_want(name_of("arrived-after", flushes[i].name), moved(flushes[i].move), 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(uses); i++) {
        long refused = 0;

        row_want(name_of("arrived-in", uses[i].name), retyped(i, &refused), 0);
        row_want(name_of("refused", uses[i].name), refused, 0);
    }
    row_want("arrived-after.unmap", unmapped(), 0);
    over = true;
    window_map(0, UVMF_INVLPG | UVMF_ALL);
    for (unsigned int id = 1; id < vcpu_count(); id++)
        vcpu_wait_down(id);
    guest_end();
}
