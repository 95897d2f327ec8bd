/*
 * All vcpus but the first live on one root and do nothing but read and write through the window;
 * the last of them also leaves the root and comes back, and pins and unpins it. The first moves the
 * window from page to page by the root's entry.
 *
 * When a move is over, readers know it by `turn`, which is odd while the window moves: who reads
 * the same even number before and after his access must have had the page that is expected.
 */
#include "tests/guests/pae-race/race.h"

#define NOTHING (~0ull) /* expected: a fault */

static struct {
    mfn_t root;
    mfn_t tops[2], tables[2],
        pages[2]; /* a tree each: its highest and its lowest table, the page */
} x;

static volatile u32 turn;
static volatile u64 expected = NOTHING; /* the tag */
static volatile bool over;
static volatile u32 stale[VCPUS_MAX], tried[VCPUS_MAX], strange_answers;

/* The page that the window is expected to show is another. */
static void move_begin(void)
{
    turn++;
}

static void move_end(u64 tag)
{
    expected = tag;
    __atomic_fetch_add(&turn, 1, __ATOMIC_SEQ_CST);
}

static void access(void *own_word)
{
    static const u64 step = 2; /* never what a present entry would be */
    volatile u64 *own = own_word;
    u32 id = (u32)(own - WINDOW) / WORD(1);

    for (u32 i = 0; i < 64 && !over; i++) {
        u32 before = turn;
        u64 seen = WINDOW[TAG_WORD], wanted = expected;

        *own = (*own + step) & 0xffff;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!(before & 1) && turn == before && seen != wanted)
            stale[id]++;
        tried[id]++;
    }
}

/* Away from the root and back; and a pin more or less, which may be the one or the other's. */
static void come_and_go(u32 n)
{
    long answer = n & 1 ? table_pin(x.root, PT_LEVELS) : table_unpin(x.root);

    if (answer && answer != -XEN_EINVAL)
        strange_answers++;
    table_switch(table_boot_root(), (mfn_t){0});
    table_switch(x.root, (mfn_t){0});
}

static void reader_main(void *arg)
{
    u32 id = (u32)(uintptr_t)arg;
    bool last = id + 1 == vcpu_count();

    table_switch(x.root, (mfn_t){0});
    for (u32 n = 0; !over; n++) {
        u32 before = turn;
        u64 wanted = expected;
        bool faults = fault_catch(access, (void *)(WINDOW + WORD(id))).taken;

        if (faults && !(before & 1) && turn == before && wanted != NOTHING)
            stale[id]++;
        tried[id] += faults;
        if (last)
            come_and_go(n);
    }
    table_switch(table_boot_root(), (mfn_t){0});
}

/* Until each of the others has begun a new access, and that one is over, too. */
static void others_wait(void)
{
    for (u32 id = 1; id < vcpu_count(); id++) {
        u32 before = tried[id];

        while (tried[id] - before < 3)
            call_sched_op(SCHEDOP_yield, NULL);
    }
}

static u64 words_of(const volatile u64 *page)
{
    u64 sum = 0;

    for (u32 id = 1; id < vcpu_count(); id++)
        sum = sum * 0x10001 + page[WORD(id)];
    return sum;
}

/* Is the page, that can be read here, still written? */
static u64 changes(const volatile u64 *page)
{
    u64 before = words_of(page);

    others_wait();
    return words_of(page) != before;
}

/* ---- Moves that are flushed -------------------------------------------------------------------
 */

static u64 everyone = ~0ull;

static void flush_all(void)
{
    mmuext(MMUEXT_TLB_FLUSH_ALL, 0);
}

static void flush_page(void)
{
    mmuext_op_t op = {.cmd = MMUEXT_INVLPG_ALL, .arg1.linear_addr = (uintptr_t)WINDOW};

    call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void flush_many(u32 command)
{
    mmuext_op_t op = {.cmd = command, .arg1.linear_addr = (uintptr_t)WINDOW};

    op.arg2.vcpumask.p = &everyone;
    call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void flush_all_of_mask(void)
{
    flush_many(MMUEXT_TLB_FLUSH_MULTI);
}

static void flush_page_of_mask(void)
{
    flush_many(MMUEXT_INVLPG_MULTI);
}

static const struct {
    const char *name;
    void (*flush)(void);
} flushes[] = {
    {"all", flush_all},
    {"page", flush_page},
    {"all-of-mask", flush_all_of_mask},
    {"page-of-mask", flush_page_of_mask},
};

static u64 refused;

static void window_lead(unsigned int which, void (*flush)(void))
{
    move_begin();
    refused += window_set(x.root, pte_make_table(x.tops[which], PT_LEVELS)) != 0;
    flush();
    move_end(TAG(which));
}

static u64 moved(void (*flush)(void), unsigned int rounds)
{
    u64 count = 0;

    for (u32 i = 0; i < rounds; i++) {
        window_lead(0, flush_all);
        others_wait();
        window_lead(1, flush);
        count += changes(mfn_to_virt(x.pages[0]));
    }
    return count;
}

static u64 unmapped(unsigned int rounds)
{
    u64 count = 0;

    for (u32 i = 0; i < rounds; i++) {
        window_lead(0, flush_all);
        others_wait();
        move_begin();
        refused += window_set(x.root, 0) != 0;
        flush_all();
        move_end(NOTHING);
        count += changes(mfn_to_virt(x.pages[0]));
    }
    return count;
}

/* ---- Moves that nobody flushes ----------------------------------------------------------------
 *
 * With its root's entry the tree loses its last use, and so the page its last writable mapping. */

/* The page becomes a table. */
static u64 page_retyped(void)
{
    u64 count;

    refused += table_pin(x.pages[0], 1) != 0;
    move_end(TAG(1));
    count = changes(mfn_to_virt(x.pages[0]));
    refused += table_unpin(x.pages[0]) != 0;
    return count;
}

/* The highest table becomes memory, and leads to what no table could. */
static u64 top_retyped(void)
{
    mfn_t secret = page_new(9), fake = table_with(window_index(1), pte_make(secret, PTE_TABLE));
    u64 *top = mfn_to_virt(x.tops[0]), good, count;

    refused += table_pin(secret, 1) != 0;
    frame_protect(mfn_to_pfn(x.tops[0]), PTE_KERNEL_READ_WRITE);
    good = top[window_index(PT_LEVELS - 1)];
    top[window_index(PT_LEVELS - 1)] = pte_make(fake, PTE_TABLE);
    move_end(TAG(1));
    count = changes(mfn_to_virt(secret));
    top[window_index(PT_LEVELS - 1)] = good;
    frame_protect(mfn_to_pfn(x.tops[0]), PTE_KERNEL_READ_ONLY);
    refused += table_unpin(secret) != 0;
    table_free(secret);
    table_free(fake);
    return count;
}

static long reservation(unsigned int command, xen_pfn_t *frame)
{
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = frame;
    return call_memory_op(command, &r);
}

/* The page is given back, and whatever comes instead, likely the same frame, is nobody's window. */
static u64 page_freed(void)
{
    pfn_t pfn = mfn_to_pfn(x.pages[0]);
    xen_pfn_t frame = (xen_pfn_t)x.pages[0].n;
    volatile u64 *page = pfn_to_virt(pfn);
    u64 *table = mfn_to_virt(x.tables[0]), count;

    refused += map_page((void *)(uintptr_t)page, 0) != 0;
    refused += reservation(XENMEM_decrease_reservation, &frame) != 1;
    frame = (xen_pfn_t)pfn.n;
    refused += reservation(XENMEM_populate_physmap, &frame) != 1;
    x.pages[0] = (mfn_t){frame};
    ((xen_pfn_t *)start_info->mfn_list)[pfn.n] = frame;
    refused += map_page((void *)(uintptr_t)page, pte_make(x.pages[0], PTE_KERNEL_READ_WRITE)) != 0;
    page[TAG_WORD] = TAG(8);
    move_end(TAG(1));
    count = changes(page);
    page[TAG_WORD] = TAG(0);
    frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    frame_protect(mfn_to_pfn(x.tables[0]), PTE_KERNEL_READ_WRITE); /* it names the old one */
    table[window_index(1)] = pte_make(x.pages[0], PTE_READ_WRITE);
    frame_protect(mfn_to_pfn(x.tables[0]), PTE_KERNEL_READ_ONLY);
    return count;
}

static const struct {
    const char *name;
    u64 (*become)(void);
} uses[] = {
    {"page-that-is-a-table", page_retyped},
    {"table-that-is-a-page", top_retyped},
    {"page-that-was-freed", page_freed},
};

static u64 retyped(u64 (*become)(void), unsigned int rounds)
{
    u64 count = 0;

    for (u32 i = 0; i < rounds; i++) {
        window_lead(0, flush_all);
        others_wait();
        move_begin();
        refused += window_set(x.root, pte_make_table(x.tops[1], PT_LEVELS)) != 0;
        count += become();
    }
    return count;
}

/* ---- All of them ------------------------------------------------------------------------------
 */

static void trees_make(void)
{
    x.root = table_new_kernel_root();
    for (u32 k = 0; k < 2; k++) {
        x.pages[k] = page_new(k);
        x.tables[k] = table_with(window_index(1), pte_make(x.pages[k], PTE_READ_WRITE));
        x.tops[k] = x.tables[k];
        for (u32 level = 2; level < PT_LEVELS; level++)
            x.tops[k] = table_with(window_index(level), pte_make_table(x.tops[k], level));
    }
}

void moves_run(unsigned int rounds)
{
    u64 seen_stale = 0;

    trees_make();
    row_want("root.pin", table_pin(x.root, PT_LEVELS), 0);
    for (u32 id = 1; id < vcpu_count(); id++)
        row_want(name_nth("reader", "starts", id),
                 vcpu_start(id, reader_main, (void *)(uintptr_t)id), 0);
    for (u32 i = 0; i < ARRAY_SIZE(flushes); i++)
        row_want(name_of("arrived-after", flushes[i].name), moved(flushes[i].flush, rounds), 0);
    row_want("arrived-after.unmap", unmapped(rounds), 0);
    for (u32 i = 0; i < ARRAY_SIZE(uses); i++)
        row_want(name_of("arrived-in", uses[i].name), retyped(uses[i].become, rounds), 0);
    over = true;
    for (u32 id = 1; id < vcpu_count(); id++)
        vcpu_wait_down(id);
    for (u32 id = 1; id < vcpu_count(); id++)
        seen_stale += stale[id];
    row_want("moves.seen-late", seen_stale, 0);
    row_want("moves.refused", refused, 0);
    row_want("moves.strange-answers", strange_answers, 0);
    table_unpin(x.root);
    for (u32 k = 0; k < 2; k++)
        table_free(x.tops[k]); /* a root that is no table any more holds none */
    table_free_kernel_root(x.root);
}
