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
 * A 32-bit guest whose writes are watched (hypervisor/mm/shadow.h). Its kernel is a supervisor to
 * its own tables, so what shadows them must keep user space from the kernel's pages, and show the
 * hypervisor's window to the kernel alone. Thousands of accesses are made as the CPU makes them,
 * through the shadows, and answered as the guest's own tables say.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/shadow.h"

#define WINDOW_MFN MFN(0x100000)
#define PAGES      8U
#define HALF       (1UL << PT_SHIFT(2)) /* of the addresses that are tried: what one L1 maps */
#define ROUNDS     6000

static struct domain *d;
static struct vcpu *v;
static mfn_t l3, l2, hv, l1, data[PAGES];
static bool written[4096];

static int watched_make(void **state)
{
    (void)state;
    d = machine_domain_create(1, 1, 60, false);
    d->is_32bit = true;
    v = vcpu_create(d, 0);
    assert_non_null(v);
    machine_run(d);
    l3 = machine_frame(d);
    l2 = machine_frame(d);
    hv = machine_frame(d);
    l1 = machine_frame(d);
    for (u32 i = 0; i < PAGES; i++)
        data[i] = machine_frame(d);
    machine_page(l3)[0] = pte_make(l2, PTE_P);
    machine_page(l3)[3] = pte_make(hv, PTE_P);
    machine_page(l2)[0] = machine_page(l2)[1] = pte_make(l1, PTE_P | PTE_RW);
    assert_int_equal(vcpu_set_base(v, l3), 0);
    assert_int_equal(table_pin(l1, d, 1), 0); /* named or not */
    assert_int_equal(dirty_start(d), 0);
    shadow_show(v);
    tlb_load_root(MFN(v->root_kernel >> PAGE_SHIFT));
    assert_true(v->root_kernel != v->cr3_kernel && host_percpu.shadow);
    memset(written, 0, sizeof(written));
    return 0;
}

static int watched_end(void **state)
{
    assert_int_equal(dirty_stop(d), 0);
    shadow_show(v);
    assert_true(v->root_kernel == v->cr3_kernel);
    machine_domain_end(d);
    machine_unwatch();
    return machine_all_free(state);
}

/* As the CPU walks, from ring 1 or (PF_USER in @access) from ring 3. */
static mfn_t cpu_walk(u64 root, u64 va, u32 access, u32 *code)
{
    const u64 *t = maddr_to_virt(root);
    u64 all = PTE_RW | PTE_US, any = 0, e = 0;
    int level = 4;

    *code = access;
    for (; level >= 1; level--) {
        e = t[pt_index(va, level)];
        if (!(e & PTE_P))
            return INVALID_MFN;
        all &= e;
        any |= e;
        if (level == 2 && e & PTE_PSE)
            break;
        t = maddr_to_virt(e & PTE_ADDR);
    }
    *code |= PF_PRESENT;
    if ((access & PF_WRITE && !(all & PTE_RW)) || (access & PF_FETCH && any & PTE_NX) ||
        (access & PF_USER && !(all & PTE_US)))
        return INVALID_MFN;
    return level == 2 ? mfn_add(pte_mfn(e), pt_index(va, 1)) : pte_mfn(e);
}

static void guest_access(u64 va, u32 access)
{
    u32 wanted_code, code;
    mfn_t wanted = cpu_walk(v->cr3_kernel, va, access, &wanted_code);

    for (int tries = 0; tries < 3; tries++) {
        mfn_t m = cpu_walk(v->root_kernel, va, access, &code);

        if (m.n != INVALID_MFN.n) {
            assert_int_equal(m.n, wanted.n);
            if (access & PF_WRITE)
                written[m.n] = true;
            return;
        }
        if (!shadow_fault(va, true, &code)) {
            assert_int_equal(wanted.n, INVALID_MFN.n);
            assert_int_equal(code, wanted_code);
            return;
        }
    }
    fail_msg("the access %x at %lx never ends", access, va);
}

static void entry_change(mfn_t table, unsigned i, mfn_t to)
{
    static const u64 flags[] = {PTE_P, PTE_RW, PTE_US, PTE_NX, PTE_G};
    u64 e = 0, type = frame_hold_table(mfn_to_frame(table), d);

    for (unsigned f = 0; f < ARRAY_SIZE(flags); f++)
        e |= machine_random(4) && (type == FT_L1 || flags[f] != PTE_G) ? flags[f] : 0;
    assert_int_equal(pt_entry_write(type, &machine_page(table)[i], pte_make(to, e), false, d, d),
                     0);
    frame_let_go_table(mfn_to_frame(table));
    tlb_flush_local();
}

static void accesses_end_as_the_guests_tables_say(void **state)
{
    static const u32 kinds[] = {0, PF_WRITE, PF_FETCH};

    (void)state;
    for (u32 round = 0; round < ROUNDS; round++) {
        u64 page = machine_random(PAGES), va = machine_random(2) * HALF + (page << PAGE_SHIFT);

        if (machine_random(6) == 0)
            va = PAE_WINDOW_START + machine_random(2) * HALF + (page << PAGE_SHIFT);
        if (machine_random(5) == 0)
            entry_change(l1, (unsigned)page, data[machine_random(PAGES)]);
        if (machine_random(20) == 0)
            entry_change(l2, machine_random(2), l1);
        guest_access(va, kinds[machine_random(3)] | (machine_random(2) ? PF_USER : 0));
    }
}

static void the_window_is_the_kernels_to_read(void **state)
{
    u32 code = 0;

    (void)state;
    for (u32 i = 0; i < 3; i++) {
        u64 va = PAE_WINDOW_START + i * (HALF / 2);
        u32 read = 0, store = PF_WRITE, user = PF_USER;

        assert_int_equal(cpu_walk(v->cr3_kernel, va, 0, &code).n,
                         i < 2 ? WINDOW_MFN.n + i * PT_ENTRIES / 2 : INVALID_MFN.n);
        assert_true(shadow_fault(va, true, &read) == (i < 2));
        assert_false(shadow_fault(va, true, &store));
        assert_false(shadow_fault(va, true, &user));
    }
    assert_int_equal(cpu_walk(v->root_kernel, PAE_WINDOW_START, PF_WRITE, &code).n, INVALID_MFN.n);
}

static bool told[4096];

static int tell(u64 pfn, void *to)
{
    (void)to;
    told[pfn] = true;
    return 0;
}

static void what_was_written_is_told(void **state)
{
    (void)state;
    for (u32 i = 0; i < frames_max; i++)
        m2p[i] = i;
    accesses_end_as_the_guests_tables_say(state);
    assert_int_equal(dirty_read(d, frames_max, true, tell, NULL), 0);
    for (u32 i = 0; i < PAGES; i++)
        assert_true(told[data[i].n] || !written[data[i].n]);
    assert_true(told[l1.n] && told[l2.n]); /* their accessed bits */
}

static int window_setup(void **state)
{
    pae_window_make(WINDOW_MFN, HALF);
    return machine_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, watched_make, watched_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accesses_end_as_the_guests_tables_say),
        TEST(the_window_is_the_kernels_to_read),
        TEST(what_was_written_is_told),
    };

    return cmocka_run_group_tests(tests, window_setup, NULL);
}
