/* Rows of whole tables: becoming one and ceasing to be one, by a hook or a pin; roots; flushes. */
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/region.h"
#include "tests/guests/bench/rows.h"

static mfn_t empty_l1, full_l1, tree;
static u64 hook; /* machine address of a level 2 entry that is free */
static mfn_t lower_table;
static mfn_t roots[2], user_roots[2];

static inline long mmuext_on(unsigned int command, mfn_t mfn)
{
    mmuext_op_t operation = {.cmd = command, .arg1.mfn = mfn.n};

    return call_mmuext_op(&operation, 1, NULL, DOMID_SELF);
}

static long hook_empty(void)
{
    return entry_write(hook, pte_make(empty_l1, PTE_TABLE));
}

static long hook_full(void)
{
    return entry_write(hook, pte_make(full_l1, PTE_TABLE));
}

static long unhook(void)
{
    return entry_write(hook, 0);
}

static long pin_empty(void)
{
    return mmuext_on(MMUEXT_PIN_L1_TABLE, empty_l1);
}

static long unpin_empty(void)
{
    return mmuext_on(MMUEXT_UNPIN_TABLE, empty_l1);
}

static long pin_full(void)
{
    return mmuext_on(MMUEXT_PIN_L1_TABLE, full_l1);
}

static long unpin_full(void)
{
    return mmuext_on(MMUEXT_UNPIN_TABLE, full_l1);
}

static long pin_tree(void)
{
    return mmuext_on(MMUEXT_PIN_L4_TABLE, tree);
}

static long unpin_tree(void)
{
    return mmuext_on(MMUEXT_UNPIN_TABLE, tree);
}

static long flush_local(void)
{
    return mmuext_on(MMUEXT_TLB_FLUSH_LOCAL, (mfn_t){0});
}

static long invlpg_local(void)
{
    mmuext_op_t operation = {.cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = REGION_START};

    return call_mmuext_op(&operation, 1, NULL, DOMID_SELF);
}

static long new_baseptr(void)
{
    return mmuext_on(MMUEXT_NEW_BASEPTR, roots[1]) | mmuext_on(MMUEXT_NEW_BASEPTR, roots[0]);
}

static long new_user_baseptr(void)
{
    return mmuext_on(MMUEXT_NEW_USER_BASEPTR, user_roots[1]) |
           mmuext_on(MMUEXT_NEW_USER_BASEPTR, user_roots[0]);
}

/* Level by level upwards: each table has one entry, the table before. */
static u64 fill_with_lower(unsigned int index)
{
    return index == 1 ? pte_make(lower_table, PTE_TABLE) : 0;
}

static mfn_t tree_new(void)
{
    lower_table = table_new_filled(fill_with_frames);
    for (unsigned int level = 2; level <= PT_LEVELS; level++)
        lower_table = table_new_filled(fill_with_lower);
    return lower_table;
}

static void roots_make(void)
{
    roots[0] = table_boot_root();
    roots[1] = table_new_kernel_root();
    bench_require("pinning a root", table_pin(roots[1], PT_LEVELS));
    for (unsigned int i = 0; i < ARRAY_SIZE(user_roots); i++) {
        user_roots[i] = table_new();
        bench_require("pinning a user root", table_pin(user_roots[i], PT_LEVELS));
    }
}

static void tables_make(void)
{
    empty_l1 = table_new_filled(NULL);
    full_l1 = table_new_filled(fill_with_frames);
    tree = tree_new();
    region_entry(0); /* so that the walk to the next 2 MiB finds a level 2 table */
    hook = table_walk(table_boot_root(), REGION_START, 2) + sizeof(u64);
    roots_make();
}

/* The rows of an undoing need it done first; afterwards it is undone. */
static void rows_undoing(const struct bench *bench)
{
    bench_require(bench->name, bench->undo());
    bench_rows(bench, 1);
    bench_require(bench->name, bench->run());
}

void rows_tables(void)
{
    static const struct bench doing[] = {
        {"hook-empty-L1", .run = hook_empty, .undo = unhook, .runs = RUNS_LONG},
        {"hook-full-L1", .run = hook_full, .undo = unhook, .runs = RUNS_LONG},
        {"pin-full-L1", .run = pin_full, .undo = unpin_full, .runs = RUNS_LONG},
        {"pin-empty-L1", .run = pin_empty, .undo = unpin_empty, .runs = RUNS_LONG},
        {"pin-tree", .run = pin_tree, .undo = unpin_tree, .runs = RUNS_LONG},
        {"tlb-flush-local", .run = flush_local},
        {"invlpg-local", .run = invlpg_local},
        {"new-baseptr", .run = new_baseptr, .per_run = 2},
        {"new-user-baseptr", .run = new_user_baseptr, .per_run = 2},
    };
    static const struct bench undoing[] = {
        {"unhook-empty-L1", .run = unhook, .undo = hook_empty, .runs = RUNS_LONG},
        {"unhook-full-L1", .run = unhook, .undo = hook_full, .runs = RUNS_LONG},
        {"unpin-full-L1", .run = unpin_full, .undo = pin_full, .runs = RUNS_LONG},
        {"unpin-empty-L1", .run = unpin_empty, .undo = pin_empty, .runs = RUNS_LONG},
        {"unpin-tree", .run = unpin_tree, .undo = pin_tree, .runs = RUNS_LONG},
    };

    tables_make();
    bench_rows(doing, ARRAY_SIZE(doing));
    for (unsigned int i = 0; i < ARRAY_SIZE(undoing); i++)
        rows_undoing(&undoing[i]);
    bench_require("no user root", mmuext_on(MMUEXT_NEW_USER_BASEPTR, (mfn_t){0}));
}
