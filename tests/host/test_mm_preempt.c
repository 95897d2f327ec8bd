// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c hypervisor/mm/extent.c
// LINK: hypercalls/layout32.c hypercalls/memory_reservation.c
// LINK: hypercalls/continuation.c hypercalls/mmu.c hypercalls/mmu_flush.c hypercalls/mmuext.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Calls that are interrupted: at every one of their preemption points once, and at all of them.
 * Whatever the guest does in between, each count is right (the audit runs at every interruption),
 * and the answer in the end is that of the uninterrupted call.
 *
 * The tree: an L4 over L3 over L2 over two full L1s, which map `data`. A copy of it with one bad
 * entry in the last L1 fails late, with much to give back.
 */
#include "tests/host/fake_machine.h"

#include <sys/mman.h>
#include <unistd.h>

#include "hypercalls/memory.h"
#include "hypercalls/mmu.h"

#define MANY 1000 /* points: more than any call here has */

static struct domain *d;
static mfn_t l4, l3, l2, l1[2], data;

static void audit_now(void)
{
    assert_audit(d);
}

static void tree_make(void)
{
    d = machine_domain(1, 100, false);
    data = machine_frame(d);
    l4 = machine_frame(d);
    l3 = machine_frame(d);
    l2 = machine_frame(d);
    for (int n = 0; n < 2; n++) {
        l1[n] = machine_frame(d);
        for (unsigned i = 0; i < PT_ENTRIES; i++)
            machine_page(l1[n])[i] = pte_make(data, GUEST_RW);
        machine_page(l2)[100 * n] = pte_make(l1[n], GUEST_RW);
    }
    machine_page(l3)[511] = pte_make(l2, GUEST_RW);
    machine_page(l4)[300] = pte_make(l3, GUEST_RW);
}

static long call_mmuext(u64 ops, u64 count, u64 done, u64 who)
{
    return hc_mmuext_op(ops, count, done, who);
}

static long call_mmu(u64 reqs, u64 count, u64 done, u64 who)
{
    return hc_mmu_update(reqs, count, done, who);
}

static long ops_run(struct mmuext_op *ops, u32 count, u32 *done, void (*between)(void))
{
    return machine_call(call_mmuext, (u64[]){(u64)ops, count, (u64)done, DOMID_SELF}, between);
}

static long op_run(u32 cmd, mfn_t m, void (*between)(void))
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = m.n};

    return ops_run(&op, 1, NULL, between);
}

static long entry_run(mfn_t table, u64 slot, u64 val, u32 *done, void (*between)(void))
{
    struct mmu_update req = {.ptr = (table.n << PAGE_SHIFT) + slot * 8, .val = val};

    return machine_call(call_mmu, (u64[]){(u64)&req, 1, (u64)done, DOMID_SELF}, between);
}

/* Nothing of the tree is a table any more: each frame can be written. */
static void assert_free_to_write(void)
{
    const mfn_t all[] = {l4, l3, l2, l1[0], l1[1], data};

    for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
        assert_int_equal(frame_get_and_type(all[i], d, FT_WRITABLE), 0);
        frame_put_and_type(mfn_to_frame(all[i]));
        assert_int_equal(machine_refs(all[i]), 1);
    }
}

/* Was the point that was asked for reached? Then there may be a later one. */
static bool point_was_reached(void)
{
    bool reached = machine_preempt_in == 0;

    machine_preempt_in = 0;
    return reached;
}

static void pins_and_unpins_stop_anywhere_and_go_on(void **state)
{
    u32 pin_points = 0, unpin_points = 0;
    bool more = true;

    (void)state;
    tree_make();
    for (u32 n = 1; more; n++) {
        machine_preempt_in = n;
        assert_int_equal(op_run(MMUEXT_PIN_L4_TABLE, l4, audit_now), 0);
        more = point_was_reached();
        pin_points += more;
        assert_true(machine_types(l1[1]) == 1);
        machine_preempt_in = n;
        assert_int_equal(op_run(MMUEXT_UNPIN_TABLE, l4, audit_now), 0);
        unpin_points += point_was_reached();
        assert_audit(d);
        assert_free_to_write();
    }
    assert_true(pin_points > 16 && unpin_points > 16);
    machine_domain_end(d);
}

static u64 calls;

static void again_soon(void)
{
    calls++;
    machine_preempt_in = 1;
    audit_now();
}

/* Every point of a call says yes: each time it must come further. */
static void always_interrupted_calls_end(void **state)
{
    (void)state;
    tree_make();
    machine_preempt_in = 1;
    assert_int_equal(op_run(MMUEXT_PIN_L4_TABLE, l4, again_soon), 0);
    machine_preempt_in = 1;
    assert_int_equal(op_run(MMUEXT_UNPIN_TABLE, l4, again_soon), 0);
    machine_preempt_in = 0;
    assert_true(calls > 32 && calls < MANY);
    assert_free_to_write();
    machine_domain_end(d);
}

/* What validation took before it failed is given back, and the answer is not lost on the way. */
static void failures_are_interrupted_too(void **state)
{
    bool more = true;

    (void)state;
    tree_make();
    machine_page(l1[1])[500] = pte_make(MFN(frames_max), GUEST_RW);
    for (u32 n = 1; more; n++) {
        machine_preempt_in = n;
        assert_int_equal(op_run(MMUEXT_PIN_L4_TABLE, l4, audit_now), -XEN_EPERM);
        more = point_was_reached();
        assert_audit(d);
        assert_free_to_write();
    }
    machine_preempt_in = 1;
    assert_int_equal(op_run(MMUEXT_PIN_L4_TABLE, l4, again_soon), -XEN_EPERM);
    machine_preempt_in = 0;
    assert_free_to_write();
    machine_domain_end(d);
}

static void updates_that_hook_and_unhook_trees_are_interrupted(void **state)
{
    mfn_t top;
    bool more = true;
    u32 done;

    (void)state;
    tree_make();
    top = machine_frame(d);
    assert_int_equal(table_pin(top, d, 4), 0);
    for (u32 n = 1; more; n++) {
        machine_preempt_in = n;
        assert_int_equal(entry_run(top, 3, pte_make(l3, GUEST_RW), &done, audit_now), 0);
        assert_int_equal(done, 1);
        more = point_was_reached();
        machine_preempt_in = n;
        assert_int_equal(entry_run(top, 3, 0, &done, audit_now), 0);
        assert_int_equal(done, 1);
        more |= point_was_reached();
        assert_free_to_write();
    }
    machine_domain_end(d);
}

/* The list counts what is done across its interruptions, and stops where it would have stopped. */
static void lists_count_on(void **state)
{
    struct mmuext_op ops[4];
    u32 done;
    bool more = true;

    (void)state;
    tree_make();
    for (u32 n = 1; more; n++) {
        ops[0] = (struct mmuext_op){.cmd = MMUEXT_PIN_L2_TABLE, .arg1.mfn = l2.n};
        ops[1] = (struct mmuext_op){.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = l2.n};
        ops[2] = ops[1];
        ops[3] = ops[0];
        machine_preempt_in = n;
        done = 77;
        assert_int_equal(ops_run(ops, 4, &done, audit_now), -XEN_EINVAL);
        assert_int_equal(done, 2);
        more = point_was_reached();
        assert_free_to_write();
    }
    machine_domain_end(d);
}

/* A call that the guest never makes again: its tables belong to nobody, and are nothing else. */
static void abandoned_tables_can_be_taken_up_by_whoever_wants_them(void **state)
{
    (void)state;
    tree_make();
    machine_preempt_in = 23; /* somewhere in the second L1 */
    assert_int_equal(table_pin(l4, d, 4), RESTART);
    assert_audit(d);
    assert_true(mfn_to_frame(l4)->word & FRAME_PARTIAL);
    assert_true(mfn_to_frame(l1[1])->word & FRAME_PARTIAL);
    assert_int_equal(frame_get_and_type(l4, d, FT_WRITABLE), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(l1[1], d, FT_WRITABLE), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(l1[1], d, FT_L2), -XEN_EINVAL);
    assert_int_equal(frame_hold_table(mfn_to_frame(l4), d), FT_NONE);
    assert_int_equal(table_unpin(l4, d), -XEN_EINVAL);
    assert_audit(d);
    assert_int_equal(table_pin(l1[1], d, 1), 0); /* the rest of it alone */
    assert_audit(d);
    assert_int_equal(table_unpin(l1[1], d), 0);
    assert_int_equal(table_pin(l4, d, 4), 0);
    assert_audit(d);
    assert_int_equal(table_unpin(l4, d), 0);
    assert_free_to_write();
    machine_domain_end(d);
}

/* Its owner may give a table away that nobody uses any more, before it is torn down. */
static void tables_given_back_while_they_retire_are_freed_at_the_end(void **state)
{
    (void)state;
    tree_make();
    assert_int_equal(table_pin(l4, d, 4), 0);
    machine_preempt_in = 3;
    assert_int_equal(table_unpin(l4, d), 0);
    assert_true(tables_retiring());
    assert_audit(d);
    machine_preempt_in = 1;
    assert_int_equal(table_pin(l4, d, 4), -XEN_EINVAL);
    assert_true(tables_retiring());
    machine_give_back(l4);
    machine_give_back(l2);
    assert_true(mfn_to_frame(l2)->owner == d);
    assert_audit(d);
    assert_int_equal(tables_retire(), 0);
    assert_null(mfn_to_frame(l2)->owner);
    assert_null(mfn_to_frame(l4)->owner);
    assert_audit(d);
    machine_domain_end(d);
}

static mfn_t nested_pin;

static void pin_something_else(void)
{
    machine_preempt_in = 0;
    if (nested_pin.n)
        assert_int_equal(op_run(MMUEXT_PIN_L1_TABLE, nested_pin, NULL), 0);
    nested_pin = MFN(0);
}

/* The guest's upcall comes between, and makes calls of the same kind: they are their own. */
static void calls_within_an_interrupted_call(void **state)
{
    mfn_t other;

    (void)state;
    tree_make();
    other = machine_frame(d);
    assert_int_equal(table_pin(l4, d, 4), 0);
    nested_pin = other;
    machine_preempt_in = 5;
    assert_int_equal(op_run(MMUEXT_UNPIN_TABLE, l4, pin_something_else), 0);
    assert_int_equal(nested_pin.n, 0);
    assert_free_to_write();
    assert_int_equal(table_unpin(other, d), 0);
    machine_domain_end(d);
}

/* The guest, in between, updates tables that are still whole, in a tree that is being torn down.
 * Whoever tears down waits for a table that is held: so not while one is. */
static void tables_update(void)
{
    machine_preempt_in = 0;
    if (frame_hold_table(mfn_to_frame(l1[0]), d) != FT_NONE) { /* as update_va_mapping does */
        if (mfn_to_frame(l4)->word & FRAME_RETIRING)
            assert_int_equal(l1e_write(machine_page(l1[0]), pte_make(l4, GUEST_RW), false, d, d),
                             -XEN_EBUSY);
        frame_let_go(mfn_to_frame(l1[0]));
    }
    entry_run(l2, 7, 0, NULL, NULL);
    entry_run(l1[0], 7, pte_make(l3, GUEST_RW), NULL, NULL);
    audit_now();
}

static void updates_of_a_tree_that_is_being_torn_down(void **state)
{
    bool more = true;

    (void)state;
    tree_make();
    alarm(20); /* it would wait for ever */
    for (u32 n = 1; more; n++) {
        machine_page(l1[0])[7] = 0;
        assert_int_equal(table_pin(l4, d, 4), 0);
        machine_preempt_in = n;
        assert_int_equal(op_run(MMUEXT_UNPIN_TABLE, l4, tables_update), 0);
        more = point_was_reached();
        assert_audit(d);
        assert_free_to_write();
    }
    alarm(0);
    machine_domain_end(d);
}

static void lists_marked_by_the_guest_itself(void **state)
{
    u32 done = 5;

    (void)state;
    tree_make();
    assert_int_equal(hc_mmuext_op(0, LIST_CONTINUED, 0, 17), 17);
    assert_int_equal(hc_mmu_update(0, LIST_CONTINUED, 0, (u32)-XEN_EPERM), -XEN_EPERM);
    assert_int_equal(hc_mmu_update(8, LIST_CONTINUED, (u64)&done, DOMID_SELF), 0);
    assert_int_equal(done, 5);
    machine_domain_end(d);
}

/* What a domain left in memory is clean enough for itself only. */
static void a_block_made_ready_for_one_domain_is_not_given_to_another(void **state)
{
    struct domain *other;
    mfn_t m, before;

    (void)state;
    other = machine_domain(2, 100, false);
    d = machine_domain(1, 100, false);
    before = domain_frames_alloc(d, EXTENT_ORDER_MIN, 0, true);
    for (u64 n = 0; n < 1UL << EXTENT_ORDER_MIN; n++) {
        machine_page(mfn_add(before, n))[0] = 77;
        machine_give_back(mfn_add(before, n));
    }
    assert_int_equal(extent_make(d, EXTENT_ORDER_MIN, 0, false, &m), 0);
    assert_int_equal(m.n, before.n);
    assert_int_equal(machine_page(m)[0], 77);
    assert_int_equal(extent_make(other, EXTENT_ORDER_MIN, 0, false, &m), 0);
    for (u64 n = 0; n < 1UL << EXTENT_ORDER_MIN; n++)
        assert_int_equal(machine_page(mfn_add(m, n))[0], 0);
    extent_drop();
    machine_domain_end(other);
    machine_domain_end(d);
}

/* struct xen_memory_reservation and its list, as a 32-bit guest has them. */
struct reservation32 {
    u32 list, count, order, flags;
    u16 domid, pad;
    u32 extents[2];
};

#define ORDER 3U

/* Made again until it is done; with @between in between. */
static long decrease32(struct reservation32 *r, void (*between)(void))
{
    struct cpu_user_regs *regs = &host_percpu.regs;
    long rc;

    *regs = (struct cpu_user_regs){.rbx = XENMEM_decrease_reservation, .rcx = (u64)r};
    do {
        u64 command = regs->rbx;

        regs->rip = 2;
        rc = memory_reservation(command & 63, command >> MEMORY_OP_BITS, regs->rcx);
        if (!regs->rip && between)
            between();
    } while (!regs->rip);
    return rc;
}

/* The command word of 32 bits cannot say where in an extent a call stopped. */
static void a_32bit_guest_is_interrupted_within_an_extent(void **state)
{
    struct reservation32 *r = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    bool more = true;

    (void)state;
    assert_ptr_not_equal(r, MAP_FAILED);
    for (u32 n = 1; more; n++) {
        d = machine_domain(1, 100, false);
        d->is_32bit = true;
        *r = (struct reservation32){
            .list = (u32)(u64)r->extents, .count = 2, .order = ORDER, .domid = DOMID_SELF};
        assert_int_equal(memory_reservation(XENMEM_increase_reservation, 0, (u64)r), 2);
        assert_int_equal(d->tot_pages, 2U << ORDER);
        machine_preempt_in = n;
        assert_int_equal(decrease32(r, audit_now), 2);
        assert_int_equal(d->tot_pages, 0);
        more = point_was_reached();
        d->is_32bit = false;
        machine_domain_end(d);
    }
    munmap(r, PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_block_made_ready_for_one_domain_is_not_given_to_another,
                                  machine_all_free),
        cmocka_unit_test_teardown(pins_and_unpins_stop_anywhere_and_go_on, machine_all_free),
        cmocka_unit_test_teardown(always_interrupted_calls_end, machine_all_free),
        cmocka_unit_test_teardown(failures_are_interrupted_too, machine_all_free),
        cmocka_unit_test_teardown(updates_that_hook_and_unhook_trees_are_interrupted,
                                  machine_all_free),
        cmocka_unit_test_teardown(lists_count_on, machine_all_free),
        cmocka_unit_test_teardown(abandoned_tables_can_be_taken_up_by_whoever_wants_them,
                                  machine_all_free),
        cmocka_unit_test_teardown(tables_given_back_while_they_retire_are_freed_at_the_end,
                                  machine_all_free),
        cmocka_unit_test_teardown(calls_within_an_interrupted_call, machine_all_free),
        cmocka_unit_test_teardown(updates_of_a_tree_that_is_being_torn_down, machine_all_free),
        cmocka_unit_test_teardown(lists_marked_by_the_guest_itself, machine_all_free),
        cmocka_unit_test_teardown(a_32bit_guest_is_interrupted_within_an_extent, machine_all_free),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
