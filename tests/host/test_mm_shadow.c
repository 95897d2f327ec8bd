// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * A domain whose writes are watched. The CPU here walks the shadow tables, faults, and tries again;
 * beside it stands what the CPU would have done with the guest's own tables. Both must agree in
 * what an access reaches, in what is refused and with which error code, in accessed and dirty bits;
 * and each frame that was written is told.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/mm/dirty.h"
#include "hypervisor/mm/shadow.h"

#define PAGES 24U /* of the guest's data */
#define SLOTS 8U  /* entries of each L1 table that are in use */
#define BASE  0x0000123440000000UL

static struct domain *d, *controller;
static mfn_t table[5], second, data[PAGES]; /* second: another L1 */
static bool written[4096];                  /* by frame: the test knows that it was */

static u64 va_of(u32 l1, u32 slot)
{
    return BASE | (u64)l1 << 21 | (u64)slot << PAGE_SHIFT;
}

static void entry_set(int level, mfn_t m, u32 slot, u64 e)
{
    struct frame *f = mfn_to_frame(m);
    u64 type = frame_hold_table(f, d);

    assert_int_equal(type, FT_LEVEL(level));
    assert_int_equal(pt_entry_write(type, &((u64 *)mfn_to_virt(m))[slot], e, false, d, f->owner),
                     0);
    frame_let_go_table(f);
    written[m.n] = true;
}

static int watched_make(void **state)
{
    struct vcpu *v;

    (void)state;
    controller = machine_domain(0, 16, true);
    d = machine_domain(1, 64, false);
    v = d->vcpus[0];
    memset(written, 0, sizeof(written));
    for (u32 i = 0; i < PAGES; i++) {
        data[i] = machine_frame(d);
        m2p[data[i].n] = i;
    }
    second = machine_frame(d);
    for (int level = 1; level <= 4; level++) {
        u64 *t;

        table[level] = machine_frame(d);
        m2p[table[level].n] = PAGES + (u32)level;
        t = machine_page(table[level]);
        if (level > 1)
            t[pt_index(BASE, level)] = pte_make(table[level - 1], GUEST_RW);
        if (level == 2)
            t[pt_index(BASE, 2) + 1] = pte_make(second, GUEST_RW);
    }
    m2p[second.n] = PAGES;
    assert_int_equal(frame_get_and_type(table[4], d, FT_L4), 0);
    v->cr3_kernel = table[4].n << PAGE_SHIFT;
    assert_int_equal(dirty_start(d), 0);
    shadow_show(v);
    tlb_load_root(MFN(v->root_kernel >> PAGE_SHIFT));
    assert_true(v->root_kernel != v->cr3_kernel && host_percpu.shadow);
    return 0;
}

static int watched_end(void **state)
{
    assert_int_equal(dirty_stop(d), 0);
    assert_int_equal(dirty_stop(d), -XEN_EINVAL);
    shadow_show(d->vcpus[0]);
    assert_true(d->vcpus[0]->root_kernel == d->vcpus[0]->cr3_kernel && !host_percpu.shadow);
    machine_domain_end(d);
    machine_domain_end(controller);
    machine_unwatch();
    return machine_all_free(state);
}

/* As the CPU walks: the frame, or INVALID_MFN and in *code what it says of it. */
static mfn_t cpu_walk(u64 root, u64 va, u32 access, u32 *code)
{
    u64 *t = maddr_to_virt(root), rights = PTE_RW, e = 0;

    *code = access | PF_USER;
    for (int level = 4; level >= 1; level--) {
        e = t[pt_index(va, level)];
        if ((e & (PTE_P | PTE_US)) != (PTE_P | PTE_US))
            return INVALID_MFN;
        rights = (rights & e & PTE_RW) | ((rights | e) & PTE_NX);
        t = maddr_to_virt(e & PTE_ADDR);
    }
    *code |= PF_PRESENT;
    if ((access == PF_WRITE && !(rights & PTE_RW)) || (access == PF_FETCH && rights & PTE_NX))
        return INVALID_MFN;
    return pte_mfn(e);
}

/* One access of the guest's. Answers the frame that it reached. */
static mfn_t guest_access(u64 va, u32 access)
{
    struct vcpu *v = d->vcpus[0];
    u32 wanted_code, code;
    mfn_t wanted = cpu_walk(v->cr3_kernel, va, access, &wanted_code);

    for (int tries = 0; tries < 3; tries++) {
        mfn_t m = cpu_walk(v->root_kernel, va, access, &code);

        if (mfn_valid(m)) {
            assert_true(mfn_eq(m, wanted));
            written[m.n] |= access == PF_WRITE;
            return m;
        }
        if (!shadow_fault(va, true, &code)) {
            assert_false(mfn_valid(wanted));
            assert_int_equal(code, wanted_code);
            return INVALID_MFN;
        }
    }
    fail_msg("the access at %lx never ends", va);
    return INVALID_MFN;
}

static bool told[4096];

static int tell(u64 pfn, void *to)
{
    (void)to;
    assert_true(pfn < PAGES + 5);
    told[pfn] = true;
    return 0;
}

/* Whatever was written is told, and if @exact nothing else. */
static void question(bool clean, bool exact)
{
    int rc;

    memset(told, 0, sizeof(told));
    do
        rc = dirty_read(d, PAGES + 5, clean, tell, NULL);
    while (rc == RESTART);
    assert_int_equal(rc, 0);
    for (u64 n = machine_ram_start; n < machine_ram_end; n++) {
        if (frame_table[n].owner != d || m2p[n] >= PAGES + 5)
            continue;
        if (written[n] && !told[m2p[n]])
            fail_msg("pfn %lu was written and is not told", m2p[n]);
        if (exact && !written[n] && told[m2p[n]])
            fail_msg("pfn %lu was not written and is told", m2p[n]);
    }
    if (!clean)
        return;
    memset(written, 0, sizeof(written));
    tlb_load_root(MFN(d->vcpus[0]->root_kernel >> PAGE_SHIFT)); /* it ran nowhere meanwhile */
}

static u64 entry_of(mfn_t m, u32 slot)
{
    return ((u64 *)mfn_to_virt(m))[slot];
}

static void bits_flow_back(void **state)
{
    u64 va = va_of(0, 1);

    (void)state;
    entry_set(1, table[1], 1, pte_make(data[3], GUEST_RW));
    question(true, true);
    assert_true(mfn_eq(guest_access(va, 0), data[3]));
    assert_int_equal(entry_of(table[1], 1) & (PTE_A | PTE_D), PTE_A);
    assert_true(entry_of(table[2], pt_index(va, 2)) & PTE_A);
    assert_true(entry_of(table[4], pt_index(va, 4)) & PTE_A);
    for (int level = 1; level <= 3; level++) /* these were changed by that; an L4's has it always */
        written[table[level].n] = true;
    question(true, true);
    assert_true(mfn_eq(guest_access(va, PF_WRITE), data[3]));
    assert_int_equal(entry_of(table[1], 1) & (PTE_A | PTE_D), PTE_A | PTE_D);
    written[table[1].n] = true;
    question(false, true);
    question(true, true);
    question(true, true);
    guest_access(va, PF_WRITE); /* the bits are there, and still it is told */
    question(true, true);
    assert_audit(d);
}

static void refusals_are_the_guests_own(void **state)
{
    (void)state;
    entry_set(1, table[1], 0, pte_make(data[0], GUEST_RO));
    entry_set(1, table[1], 1, pte_make(data[1], GUEST_RW | PTE_NX));
    assert_true(mfn_eq(guest_access(va_of(0, 0), 0), data[0]));
    assert_false(mfn_valid(guest_access(va_of(0, 0), PF_WRITE)));
    assert_false(mfn_valid(guest_access(va_of(0, 1), PF_FETCH)));
    assert_true(mfn_eq(guest_access(va_of(0, 1), PF_WRITE), data[1]));
    assert_false(mfn_valid(guest_access(va_of(0, 1), PF_FETCH)));
    assert_false(mfn_valid(guest_access(va_of(0, 2), 0)));
    assert_false(mfn_valid(guest_access(va_of(3, 0), PF_WRITE)));
    entry_set(2, table[2], pt_index(BASE, 2), pte_make(table[1], GUEST_RO)); /* all below it */
    tlb_flush_local();
    assert_false(mfn_valid(guest_access(va_of(0, 1), PF_WRITE)));
    assert_true(mfn_eq(guest_access(va_of(0, 1), 0), data[1]));
}

/* The tables of the pool are fewer than the guest may use. */
static void the_pool_may_run_out(void **state)
{
    (void)state;
    for (u32 i = 0; i < SLOTS; i++)
        entry_set(1, table[1], i, pte_make(data[i], GUEST_RW));
    for (u32 i = 2; i < 200; i++)
        entry_set(2, table[2], (pt_index(BASE, 2) + i) % PT_ENTRIES, pte_make(table[1], GUEST_RW));
    for (u32 i = 2; i < 200; i++)
        assert_true(mfn_eq(guest_access(va_of(i, i % SLOTS), PF_WRITE), data[i % SLOTS]));
    question(true, false);
}

/* What was walked before a flush is not kept after it: whoever changed that entry meanwhile, on
 * another CPU, sees that this one has flushed since, and does not ask again. */
static void a_flush_ends_a_walk(void **state)
{
    u32 code = PF_WRITE | PF_USER, flushed;

    (void)state;
    entry_set(1, table[1], 0, pte_make(data[0], GUEST_RW));
    for (host_percpu.shadow_used = 64; host_percpu.shadow_used > 2;)
        if (!shadow_fault(va_of(0, 0), true, &code))
            fail();
    assert_false(mfn_valid(cpu_walk(d->vcpus[0]->root_kernel, va_of(0, 0), PF_WRITE, &flushed)));
    assert_true(mfn_eq(guest_access(va_of(0, 0), PF_WRITE), data[0]));
}

/* A frame that goes to another domain is in no shadow table by then. */
static void a_freed_frame_is_forgotten(void **state)
{
    u32 code;
    mfn_t m;

    (void)state;
    entry_set(1, table[1], 1, pte_make(data[5], GUEST_RW));
    guest_access(va_of(0, 1), PF_WRITE);
    entry_set(1, table[1], 1, 0); /* and does not flush */
    machine_give_back(data[5]);
    do
        m = machine_frame(controller);
    while (!mfn_eq(m, data[5]));
    assert_false(mfn_valid(cpu_walk(d->vcpus[0]->root_kernel, va_of(0, 1), PF_WRITE, &code)));
    question(true, false);
}

static void others_mappings_are_told(void **state)
{
    mfn_t l1 = machine_frame(controller);
    u64 *slot = machine_page(l1);

    (void)state;
    assert_int_equal(table_pin(l1, controller, 1), 0);
    question(true, false);
    assert_int_equal(l1e_write(slot, pte_make(data[7], GUEST_RW), false, controller, d), 0);
    assert_int_equal(l1e_write(slot + 1, pte_make(data[8], GUEST_RO), false, controller, d), 0);
    assert_audit(d);
    assert_audit(controller);
    written[data[7].n] = true;
    question(true, true);
    written[data[7].n] = true; /* it may be, at any time */
    question(true, true);
    machine_run(controller);
    written[data[7].n] = true;
    assert_int_equal(l1e_write(slot, 0, false, controller, d), 0);
    assert_int_equal(l1e_write(slot + 1, 0, false, controller, d), 0);
    machine_run(d);
    question(true, true);
    question(true, true);
}

/* The hypervisor's own writes: by way of a hold as writable memory, and what is held now. */
static void holds_are_told(void **state)
{
    (void)state;
    question(true, false);
    assert_int_equal(frame_get_and_type(data[9], d, FT_WRITABLE), 0);
    frame_put_and_type(mfn_to_frame(data[9]));
    written[data[9].n] = true;
    question(true, true);
    assert_int_equal(frame_get_and_type(data[10], d, FT_WRITABLE), 0);
    d->vcpus[0]->info_mfn = data[10];
    for (int i = 0; i < 3; i++) {
        written[data[10].n] = true;
        question(true, true);
    }
}

static void storm_step(void)
{
    static const u32 accesses[] = {0, PF_WRITE, PF_WRITE, PF_FETCH};
    u32 l1 = machine_random(2), slot = machine_random(SLOTS);
    mfn_t t = l1 ? second : table[1], m = data[machine_random(PAGES)];
    u64 flags = machine_random(2) ? GUEST_RW : GUEST_RO;

    switch (machine_random(12)) {
    case 0:
        flags |= machine_random(2) ? PTE_NX : 0;
        entry_set(1, t, slot, machine_random(4) ? pte_make(m, flags) : 0);
        tlb_flush_page_local(va_of(l1, slot));
        break;
    case 1: /* bits that the CPU is to set again */
        entry_set(1, t, slot, entry_of(t, slot) & ~(PTE_A | PTE_D));
        tlb_flush_page_local(va_of(l1, slot));
        break;
    case 2:
        flags |= machine_random(2) ? PTE_NX : 0;
        entry_set(2, table[2], pt_index(BASE, 2) + l1, machine_random(4) ? pte_make(t, flags) : 0);
        tlb_flush_local();
        break;
    case 3:
        question(machine_random(2), false);
        break;
    case 4: /* off and on: all marks are gone, as after a question */
        assert_int_equal(dirty_stop(d), 0);
        assert_int_equal(dirty_start(d), 0);
        memset(written, 0, sizeof(written));
        shadow_show(d->vcpus[0]);
        tlb_load_root(MFN(d->vcpus[0]->root_kernel >> PAGE_SHIFT));
        break;
    default:
        guest_access(va_of(l1, slot), accesses[machine_random(ARRAY_SIZE(accesses))]);
    }
}

static void storm(void **state)
{
    (void)state;
    assert_int_equal(table_pin(second, d, 1), 0);
    assert_int_equal(table_pin(table[1], d, 1), 0);
    for (machine_seed = 1; machine_seed < 20; machine_seed++) {
        u64 seed = machine_seed;

        for (int i = 0; i < 2000; i++)
            storm_step();
        machine_seed = seed;
        question(true, false);
        assert_audit(d);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, watched_make, watched_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_flow_back),
        TEST(refusals_are_the_guests_own),
        TEST(the_pool_may_run_out),
        TEST(a_flush_ends_a_walk),
        TEST(a_freed_frame_is_forgotten),
        TEST(others_mappings_are_told),
        TEST(holds_are_told),
        TEST(storm),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
