/*
 * mmuext_op: pinning keeps a tree of tables validated while nothing points to it, base pointers
 * make one the address space. The answers show what the hypervisor believes a frame to be, which a
 * kernel has no other way to learn.
 */
#include "tests/guests/common.h"

#define PIN(level) (MMUEXT_PIN_L1_TABLE + (level)-1)

/* table[level] of a small tree: L4 -> L3 -> L2 -> L1 -> one page. tree[0] is that page. In 32 bits
 * the L3 is the root. */
static mfn_t tree[PT_LEVELS + 1];

static void tree_make(void)
{
    tree[0] = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        tree[level] = table_new_for(level);
        pte_update(table_entry_address(tree[level], 0), pte_make(tree[level - 1], PTE_TABLE));
    }
}

/* Whether the page is free to be mapped writable somewhere, which as a table it is not. */
static bool is_plain(mfn_t mfn)
{
    long answer = map_page(scratch_page(0), pte_make(mfn, PTE_READ_WRITE));

    map_page(scratch_page(0), 0);
    return !answer;
}

static void say_kinds(const char *what)
{
    char kinds[PT_LEVELS + 2] = ""; /* of all levels from 0 on: 1 is plain */

    for (unsigned int level = 0; level <= PT_LEVELS; level++)
        kinds[level] = is_plain(tree[level]) ? '1' : '0';
    row_text(name_of("plain", what), kinds);
}

static void say_pinning(void)
{
    say_kinds("fresh");
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        row(name_nth("pin", "level", level), mmuext(PIN(level), tree[level].n));
        row(name_nth("pin", "again-level", level), mmuext(PIN(level), tree[level].n));
        for (unsigned int other = 1; other <= 4; other++) {
            if (other != level)
                row(name_nth("pin",
                             level == 1   ? "l1-as"
                             : level == 2 ? "l2-as"
                             : level == 3 ? "l3-as"
                                          : "l4-as",
                             other),
                    mmuext(PIN(other), tree[level].n));
        }
    }
    say_kinds("all-pinned");
    for (unsigned int level = 1; level < PT_LEVELS; level++)
        row(name_nth("unpin", "level", level), mmuext(MMUEXT_UNPIN_TABLE, tree[level].n));
    say_kinds("root-pinned"); /* the root still holds all of them */
    for (unsigned int level = 1; level < PT_LEVELS; level++)
        row(name_nth("unpin", "unpinned-level", level), mmuext(MMUEXT_UNPIN_TABLE, tree[level].n));
    row("unpin.root", mmuext(MMUEXT_UNPIN_TABLE, tree[PT_LEVELS].n));
    row("unpin.again", mmuext(MMUEXT_UNPIN_TABLE, tree[PT_LEVELS].n));
    say_kinds("unpinned");
    row("unpin.data", mmuext(MMUEXT_UNPIN_TABLE, tree[0].n));
    row("pin.empty-as-any", mmuext(PIN(3), pfn_to_mfn(frame_alloc_zeroed()).n));
}

/* Changing a pinned root's entry gives the tables under the old one back. */
static void say_release(void)
{
    mmuext(PIN(PT_LEVELS), tree[PT_LEVELS].n);
    row("release.hook-out", pte_update(table_entry_address(tree[PT_LEVELS], 0), 0));
    say_kinds("hooked-out");
    row("release.hook-in", pte_update(table_entry_address(tree[PT_LEVELS], 0),
                                      pte_make(tree[PT_LEVELS - 1], PTE_TABLE)));
    row("release.twice", pte_update(table_entry_address(tree[PT_LEVELS], 1),
                                    pte_make(tree[PT_LEVELS - 1], PTE_TABLE)));
    row("release.one-gone", pte_update(table_entry_address(tree[PT_LEVELS], 0), 0));
    say_kinds("hooked-in-once");
    row("release.back", pte_update(table_entry_address(tree[PT_LEVELS], 0),
                                   pte_make(tree[PT_LEVELS - 1], PTE_TABLE)));
    pte_update(table_entry_address(tree[PT_LEVELS], 1), 0);
    mmuext(MMUEXT_UNPIN_TABLE, tree[PT_LEVELS].n);
}

static void say_base_pointers(void)
{
    mfn_t root = table_new_kernel_root();

    row("base.kernel", mmuext(MMUEXT_NEW_BASEPTR, root.n));
    row("base.kernel-same", mmuext(MMUEXT_NEW_BASEPTR, root.n));
    row("base.in-use-not-plain", is_plain(root));
    row("base.back", mmuext(MMUEXT_NEW_BASEPTR, table_boot_root().n));
    row("base.left-is-plain", is_plain(root));
    row("base.boot-root-unpin", mmuext(MMUEXT_UNPIN_TABLE, table_boot_root().n));
    row("base.boot-root-pin", mmuext(PIN(PT_LEVELS), table_boot_root().n));
    for (unsigned int level = 0; level < PT_LEVELS; level++)
        row(name_nth("base", "kernel-to-level", level), mmuext(MMUEXT_NEW_BASEPTR, tree[level].n));
    row("base.kernel-to-none", mmuext(MMUEXT_NEW_BASEPTR, NO_FRAME_AT_ALL));
    row("base.kernel-to-0", mmuext(MMUEXT_NEW_BASEPTR, 0));
    for (unsigned int level = 0; level < PT_LEVELS; level++)
        row(name_nth("base", "user-to-level", level),
            mmuext(MMUEXT_NEW_USER_BASEPTR, tree[level].n));
    row("base.user", mmuext(MMUEXT_NEW_USER_BASEPTR, tree[PT_LEVELS].n));
    say_kinds("user-base");
    row("base.user-is-kernel", mmuext(MMUEXT_NEW_USER_BASEPTR, table_boot_root().n));
    say_kinds("user-base-left");
    row("base.user-none", mmuext(MMUEXT_NEW_USER_BASEPTR, 0));
    row("base.user-all-ones", mmuext(MMUEXT_NEW_USER_BASEPTR, NO_FRAME_AT_ALL));
}

static void say_whole_pages(void)
{
    pfn_t pfn = frame_alloc_zeroed(), from = frame_alloc_zeroed();
    u64 mfn = pfn_to_mfn(pfn).n, *page = pfn_to_virt(pfn);
    mmuext_op_t copy = {.cmd = MMUEXT_COPY_PAGE, .arg1.mfn = mfn};

    page[511] = 7;
    row("page.clear", mmuext(MMUEXT_CLEAR_PAGE, mfn));
    row("page.cleared-word", (s64)page[511]);
    *((u64 *)pfn_to_virt(from) + 511) = 0x77;
    copy.arg2.src_mfn = pfn_to_mfn(from).n;
    row("page.copy", call_mmuext_op(&copy, 1, NULL, DOMID_SELF));
    row_hex("page.copied-word", page[511]);
    copy.arg2.src_mfn = table_boot_root().n;
    row("page.copy-from-a-table", call_mmuext_op(&copy, 1, NULL, DOMID_SELF));
    copy.arg2.src_mfn = start_info->shared_info >> PAGE_SHIFT;
    row("page.copy-from-shared", call_mmuext_op(&copy, 1, NULL, DOMID_SELF));
    copy.arg2.src_mfn = BEYOND_MEMORY;
    row("page.copy-from-nowhere", call_mmuext_op(&copy, 1, NULL, DOMID_SELF));
    copy = (mmuext_op_t){
        .cmd = MMUEXT_COPY_PAGE, .arg1.mfn = table_boot_root().n, .arg2.src_mfn = mfn};
    row("page.copy-to-a-table", call_mmuext_op(&copy, 1, NULL, DOMID_SELF));
    row("page.clear-a-table", mmuext(MMUEXT_CLEAR_PAGE, table_boot_root().n));
    row("page.clear-nowhere", mmuext(MMUEXT_CLEAR_PAGE, BEYOND_MEMORY));
    row("page.clear-all-ones", mmuext(MMUEXT_CLEAR_PAGE, NO_FRAME_AT_ALL));
}

static void say_flushes(void)
{
    u64 vcpus = 1;
    mmuext_op_t multi = {.cmd = MMUEXT_TLB_FLUSH_MULTI, .arg2.vcpumask.p = (void *)&vcpus};

    for (unsigned int cmd = MMUEXT_TLB_FLUSH_LOCAL; cmd <= MMUEXT_INVLPG_LOCAL; cmd++)
        row(name_nth("flush", "command", cmd), mmuext(cmd, SCRATCH_VA));
    row("flush.multi", call_mmuext_op(&multi, 1, NULL, DOMID_SELF));
    vcpus = ~0ull;
    row("flush.multi-all-bits", call_mmuext_op(&multi, 1, NULL, DOMID_SELF));
    vcpus = 0;
    row("flush.multi-no-bits", call_mmuext_op(&multi, 1, NULL, DOMID_SELF));
    multi.cmd = MMUEXT_INVLPG_MULTI;
    row("flush.page-multi", call_mmuext_op(&multi, 1, NULL, DOMID_SELF));
    multi.arg2.vcpumask.p = HYPERVISOR_ADDRESS;
    row("flush.multi-in-hypervisor", call_mmuext_op(&multi, 1, NULL, DOMID_SELF));
    row("flush.all", mmuext(MMUEXT_TLB_FLUSH_ALL, 0));
    row("flush.page-all", mmuext(MMUEXT_INVLPG_ALL, SCRATCH_VA));
    row("flush.page-non-canonical", mmuext(MMUEXT_INVLPG_LOCAL, NON_CANONICAL));
    row("flush.page-of-hypervisor", mmuext(MMUEXT_INVLPG_LOCAL, HYPERVISOR_VIRT_START));
    row("flush.cache", mmuext(MMUEXT_FLUSH_CACHE, 0));
    row("flush.cache-everywhere", mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0));
}

static void say_lists(void)
{
    mmuext_op_t ops[] = {
        {.cmd = MMUEXT_TLB_FLUSH_LOCAL},
        {.cmd = MMUEXT_TLB_FLUSH_LOCAL},
        {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = tree[0].n},
        {.cmd = MMUEXT_TLB_FLUSH_LOCAL},
    };
    static const domid_t ids[] = {0, 1, DOMID_IO, DOMID_XEN, DOMID_INVALID};
    unsigned int done = 99;

    row("list.answer", call_mmuext_op(ops, 4, &done, DOMID_SELF));
    row("list.done", done);
    row("list.good", call_mmuext_op(ops, 2, &done, DOMID_SELF));
    row("list.good-done", done);
    row("list.empty", call_mmuext_op(ops, 0, &done, DOMID_SELF));
    row("list.empty-done", done);
    row("list.in-hypervisor", call_mmuext_op(HYPERVISOR_ADDRESS, 1, NULL, DOMID_SELF));
    row("list.unmapped", call_mmuext_op((void *)0x1000, 1, NULL, DOMID_SELF));
    row("list.count-in-hypervisor", call_mmuext_op(ops, 1, HYPERVISOR_ADDRESS, DOMID_SELF));
    for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
        row(name_nth("list", "flush-for", ids[i]), call_mmuext_op(ops, 1, NULL, ids[i]));
    ops[0] = (mmuext_op_t){.cmd = PIN(1), .arg1.mfn = tree[1].n};
    for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
        row(name_nth("list", "pin-for", ids[i]), call_mmuext_op(ops, 1, NULL, ids[i]));
    for (unsigned int cmd = 17; cmd < 24; cmd++)
        row(name_nth("list", "command", cmd), mmuext(cmd, BEYOND_MEMORY));
    row("list.command-all-ones", mmuext(~0u, 0));
}

void guest_main(void)
{
    scratch_entry(1);
    tree_make();
    say_pinning();
    say_release();
    say_base_pointers();
    say_whole_pages();
    say_flushes();
    say_lists();
    guest_end();
}
