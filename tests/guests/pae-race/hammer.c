/*
 * All vcpus do everything at once, with the same few tables: live on one root or another, pin and
 * unpin, change entries of roots that others live on and of tables below, have a table become
 * memory and fill it with what no table could have; try to make a root of one that takes another's
 * last table, which belongs to one root only; name tables of their own level. No answer is expected
 * but success or a refusal; what is wanted is that nobody ever gets where only a forged entry
 * leads, and that at the end every table can become memory again: nobody has kept a reference.
 */
#include "tests/guests/pae-race/race.h"

#define ROOTS              2u
#define TABLES             3u
#define PT_ENTRIES_OF_ROOT 4u
#define SECRET             99u /* the tag of the page to which nothing but forged entries leads */

enum kind {
    ROOT,
    TOP, /* of level PT_LEVELS - 1, which a root's entry names */
    LOW, /* of level 1 */
    KINDS
};

static mfn_t roots[ROOTS + 1]; /* the last is the boot root, whose own entries nobody changes */
static mfn_t tops[TABLES], lows[TABLES], pages[TABLES];
static mfn_t secret, fake;
static mfn_t thief;             /* a root with the last table of the first one */
static u32 claimed[TABLES * 2]; /* by the one who has it become memory. Atomic */
static u32 limit;
static u64 seed_of_all;
static volatile u32 strange_tags, strange_answers, done_calls[VCPUS_MAX], made[16];

static u64 draw_from(u64 *state, u64 below)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (*state >> 11) % below;
}
#define DRAW(n) ((unsigned int)draw_from(state, (n)))

static void count_answer(unsigned int what, long answer)
{
    if (!answer)
        __atomic_fetch_add(&made[what], 1, __ATOMIC_RELAXED);
    else if (answer != -XEN_EINVAL && answer != -XEN_EBUSY)
        __atomic_fetch_add(&strange_answers, 1, __ATOMIC_RELAXED);
}

/* Reads where the window leads to, and writes there. */
static void window_use(void *own_word)
{
    volatile u64 *own = own_word;
    u64 seen = WINDOW[TAG_WORD];

    if (seen < TAG(0) || seen >= TAG(TABLES))
        __atomic_fetch_add(&strange_tags, 1, __ATOMIC_RELAXED);
    *own = (*own + 2) & 0xffff;
}

static void table_change(u64 *state)
{
    unsigned int level = DRAW(3), which = DRAW(TABLES), other = DRAW(TABLES);
    bool none = !DRAW(4);

    if (level == 0)
        count_answer(
            0, window_set(roots[DRAW(ROOTS)], none ? 0 : pte_make_table(tops[which], PT_LEVELS)));
    else if (level == 1)
        count_answer(1, pte_update(table_entry_address(tops[which], window_index(PT_LEVELS - 1)),
                                   none ? 0 : pte_make_table(lows[other], 2)));
    else
        count_answer(
            2, pte_update(table_entry_address(lows[which], window_index(1)),
                          none ? 0
                               : pte_make(pages[other], DRAW(2) ? PTE_READ_WRITE : PTE_READ_ONLY)));
}

/* A second level names another one, or itself, as if that were of the first: to be read only. */
static void linear_change(u64 *state)
{
    u64 entry = table_entry_address(tops[DRAW(TABLES)], window_index(PT_LEVELS - 1) + 1);

    count_answer(7, pte_update(entry, DRAW(3) ? pte_make(tops[DRAW(TABLES)], PTE_READ_ONLY) : 0));
}

/* While the first root is one, it must not get the last table of that; nor the other way round. */
static void thief_pin(u64 *state)
{
    count_answer(8, DRAW(2) ? table_pin(thief, PT_LEVELS) : table_unpin(thief));
}

static void table_clear(u64 *state)
{
    unsigned int which = DRAW(TABLES);

    count_answer(9, mmuext(MMUEXT_CLEAR_PAGE, DRAW(2) ? tops[which].n : lows[which].n));
}

static void pin_change(u64 *state)
{
    static const unsigned int levels[KINDS] = {PT_LEVELS, PT_LEVELS - 1, 1};
    unsigned int kind = DRAW(KINDS), which = DRAW(TABLES);
    mfn_t table = kind == ROOT ? roots[which % ROOTS] : kind == TOP ? tops[which] : lows[which];

    if (DRAW(2))
        count_answer(3, table_pin(table, levels[kind]));
    else
        count_answer(4, table_unpin(table));
}

static void base_change(u64 *state)
{
    mmuext_op_t op = {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = (xen_pfn_t)roots[DRAW(ROOTS + 1)].n};

    count_answer(5, call_mmuext_op(&op, 1, NULL, DOMID_SELF));
}

/* For a moment a table is memory, and has an entry that leads to the secret page: a forged table's,
 * or at level 1, where none could be, the page's own. */
static void table_forge(u64 *state)
{
    unsigned int which = DRAW(TABLES), top = DRAW(2);
    pfn_t pfn = mfn_to_pfn(top ? tops[which] : lows[which]);
    volatile u64 *entry = (u64 *)pfn_to_virt(pfn) + window_index(top ? PT_LEVELS - 1 : 1);
    u32 *claim = &claimed[which * 2 + top];
    long answer;

    if (__atomic_exchange_n(claim, 1, __ATOMIC_ACQUIRE))
        return;
    answer = map_page(pfn_to_virt(pfn), pte_make(pfn_to_mfn(pfn), PTE_KERNEL_READ_WRITE) | PTE_NX);
    count_answer(6, answer);
    if (!answer) {
        *entry = pte_make(top ? fake : secret, PTE_TABLE);
        fault_catch(window_use, (void *)(WINDOW + WORD(VCPUS_MAX)));
        *entry = top ? pte_make_table(lows[which], 2) : pte_make(pages[which], PTE_READ_WRITE);
        frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    }
    __atomic_store_n(claim, 0, __ATOMIC_RELEASE);
}

static void hammer(void *arg)
{
    u32 id = (u32)(uintptr_t)arg;
    u64 first = seed_of_all * 0x9e3779b97f4a7c15ull + (id + 1) * 0xd1342543de82ef95ull;
    u64 *state = &first;

    for (u32 n = 0; n < limit; n++) {
        switch (DRAW(10)) {
        case 0 ... 1:
            table_change(state);
            break;
        case 2:
            pin_change(state);
            break;
        case 3:
            base_change(state);
            break;
        case 4:
            table_forge(state);
            break;
        case 5:
            mmuext(DRAW(2) ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_TLB_FLUSH_LOCAL, 0);
            break;
        case 6:
            linear_change(state);
            break;
        case 7:
            if (DRAW(4))
                table_clear(state);
            else
                thief_pin(state);
            break;
        default:
            fault_catch(window_use, (void *)(WINDOW + WORD(id)));
        }
        done_calls[id] = n;
    }
    table_switch(table_boot_root(), (mfn_t){0});
}

static void tables_make(void)
{
    roots[ROOTS] = table_boot_root();
    for (u32 i = 0; i < ROOTS; i++)
        roots[i] = table_new_kernel_root();
    for (u32 i = 0; i < TABLES; i++) {
        pages[i] = page_new(i);
        lows[i] = table_with(window_index(1), pte_make(pages[i], PTE_READ_WRITE));
        tops[i] = lows[i];
        for (u32 level = 2; level < PT_LEVELS; level++)
            tops[i] = table_with(window_index(level), pte_make_table(tops[i], level));
    }
    thief = table_with(PT_ENTRIES_OF_ROOT - 1, table_entries(roots[0])[PT_ENTRIES_OF_ROOT - 1]);
    secret = page_new(SECRET);
    fake = table_with(window_index(1), pte_make(secret, PTE_TABLE));
    if (table_pin(secret, 1))
        guest_panic("the secret page cannot be pinned");
}

/* As long as the secret page is a table, none may name the forged one. */
static u64 made_memory(mfn_t table)
{
    pfn_t pfn = mfn_to_pfn(table);

    return map_page(pfn_to_virt(pfn), pte_make(table, PTE_KERNEL_READ_WRITE) | PTE_NX) != 0;
}

static u64 tables_end(void)
{
    u64 kept = 0;

    for (u32 i = 0; i < ROOTS; i++)
        table_unpin(roots[i]);
    for (u32 i = 0; i < TABLES; i++) {
        table_unpin(tops[i]);
        table_unpin(lows[i]);
    }
    table_unpin(thief);
    kept = made_memory(thief);
    for (u32 i = 0; i < ROOTS; i++)
        kept += made_memory(roots[i]);
    for (u32 i = 0; i < TABLES; i++) /* from where they may name each other: linear entries */
        pte_update(table_entry_address(tops[i], window_index(PT_LEVELS - 1) + 1), 0);
    for (u32 i = 0; i < TABLES; i++)
        kept += made_memory(tops[i]) + made_memory(lows[i]) + made_memory(pages[i]);
    return kept;
}

static u64 words_in(const u64 *page)
{
    u64 count = 0;

    for (u32 i = 0; i < PT_ENTRIES; i++)
        count += page[i] != 0;
    return count;
}

void hammer_run(unsigned int calls, u64 seed)
{
    limit = calls;
    seed_of_all = seed;
    tables_make();
    for (u32 id = 1; id < vcpu_count(); id++)
        row_want(name_nth("hammer", "starts", id), vcpu_start(id, hammer, (void *)(uintptr_t)id),
                 0);
    hammer(NULL);
    for (u32 id = 1; id < vcpu_count(); id++)
        vcpu_wait_down(id);
    for (u32 i = 0; i < 10; i++)
        console_printf("hammer: %u of kind %u were done\n", made[i], i);
    row_want("hammer.strange-tags", strange_tags, 0);
    row_want("hammer.strange-answers", strange_answers, 0);
    row_want("hammer.words-in-the-secret-page", words_in(mfn_to_virt(secret)), 1);
    row_want("hammer.references-that-nobody-holds", tables_end(), 0);
}
