// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/domain/context.c hypervisor/domain/vcpu_info.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * How a vcpu begins, where no guest can see it: that a refused context gives back each count that
 * it took, that one which was interrupted anywhere goes on, or is forgotten for another, and that a
 * vcpu_info holds its frame.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/context.h"
#include "hypervisor/domain/vcpu_info.h"

#define NON_CANONICAL 0x0000800000000000UL
#define NO_FRAME      0xfffffffUL

struct cpu_features features = {.fsgsbase = true, .xsave = true};

static struct domain *d;
static struct vcpu *v;
static mfn_t root, other_root, gdt;
static struct vcpu_guest_context c;
static u64 debug_written[8];
static const void *fx_given;

/* What the context hands on. */
long debug_reg_write(struct vcpu *of, u32 reg, u64 value)
{
    assert_ptr_equal(of, v);
    debug_written[reg] = value;
    return 0;
}

void xstate_reset(struct vcpu *of, const void *fx)
{
    assert_true(of == v || !fx); /* a new vcpu's has nothing */
    fx_given = fx;
}

void upcall_raise(struct vcpu *of)
{
    of->info->evtchn_upcall_pending = 1;
}

/* Four tables, one below the other. */
static mfn_t tree_make(void)
{
    mfn_t below = machine_frame(d), m = below;

    for (int level = 2; level <= 4; level++) {
        m = machine_frame(d);
        machine_page(m)[1] = pte_make(below, GUEST_RW);
        below = m;
    }
    return m;
}

static int domain_make(void **state)
{
    (void)state;
    d = machine_domain(1, 64, false);
    d->max_vcpus = 2;
    v = vcpu_create(d, 1);
    root = tree_make();
    other_root = tree_make();
    gdt = machine_frame(d);
    c = (struct vcpu_guest_context){
        .gdt_frames = {gdt.n}, .gdt_ents = 512, .ctrlreg = {[3] = root.n << PAGE_SHIFT}};
    return 0;
}

static int domain_end(void **state)
{
    machine_domain_end(d);
    return machine_all_free(state);
}

static void nothing_is_held(void)
{
    assert_int_equal(v->cr3_kernel | v->cr3_user | v->gdt_entries | v->gdt_frames[0].n, 0);
    assert_int_equal(machine_refs(root), 1);
    assert_int_equal(machine_refs(other_root), 1);
    assert_int_equal(machine_refs(gdt), 1);
    assert_false(v->initialised);
    assert_audit(d);
}

static void a_refused_context_gives_all_back(void **state)
{
    mfn_t bad = machine_frame(d); /* a gate that no guest may have */
    const struct {
        u64 *word, value;
    } rows[] = {
        {&c.user_regs.rip, NON_CANONICAL},
        {&c.trap_ctxt[255].address, NON_CANONICAL},
        {&c.ldt_ents, 8193},
        {&c.gdt_ents, FIRST_RESERVED_GDT_ENTRY + 1},
        {&c.gdt_frames[0], NO_FRAME},
        {&c.gdt_frames[0], bad.n},
        {&c.ctrlreg[3], 0},
        {&c.ctrlreg[3], NO_FRAME << PAGE_SHIFT},
        {&c.ctrlreg[3], gdt.n << PAGE_SHIFT},
        {&c.ctrlreg[1], NO_FRAME << PAGE_SHIFT},
        {&c.ctrlreg[1], gdt.n << PAGE_SHIFT},
        {&c.flags, VGCF_online},
    };

    (void)state;
    machine_page(bad)[2] = 1UL << 47 | 14UL << 40;
    c.flags = VGCF_in_kernel;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        u64 good = *rows[i].word;

        *rows[i].word = rows[i].value;
        assert_true(vcpu_context_set(v, &c) < 0);
        nothing_is_held();
        *rows[i].word = good;
    }
}

static void a_context_holds_what_it_names(void **state)
{
    (void)state;
    c.flags = VGCF_in_kernel | VGCF_i387_valid;
    c.ctrlreg[1] = other_root.n << PAGE_SHIFT;
    c.user_regs.cs = 0xe030;
    c.user_regs.rflags = IOPL_IN_RFLAGS * 2 | RFLAGS_VM | RFLAGS_DF;
    c.fs_base = 1, c.gs_base_kernel = 2, c.gs_base_user = 3;
    c.ctrlreg[0] = ~0UL;
    c.ctrlreg[4] = ~0UL;
    c.debugreg[7] = 77;
    c.trap_ctxt[14] = (struct trap_info){.vector = 14, .cs = 8, .address = 0x1234};
    assert_int_equal(vcpu_context_set(v, &c), 0);
    assert_int_equal(v->cr3_kernel, root.n << PAGE_SHIFT);
    assert_int_equal(v->cr3_user, other_root.n << PAGE_SHIFT);
    assert_int_equal(machine_types(gdt), 1);
    assert_int_equal(v->saved.cs, 0xe033);
    assert_int_equal(v->saved.rflags, RFLAGS_DF | RFLAGS_IF);
    assert_int_equal(v->iopl_hidden, IOPL_IN_RFLAGS * 2);
    assert_int_equal(v->bases[1], 2);
    assert_int_equal(v->bases[2], 3);
    assert_true(v->ctrl_cr0 & CR0_TS);
    assert_int_equal(v->ctrl_cr4, CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE);
    assert_int_equal(v->traps[14].cs, 11);
    assert_int_equal(debug_written[7], 77);
    assert_ptr_equal(fx_given, &c.fpu_ctxt);
    assert_true(v->sched.stopped & STOP_DOWN);
    assert_audit(d);
    /* What has begun keeps its tables, and may be given all else. */
    c.flags = VGCF_online;
    assert_int_equal(vcpu_context_set(v, &c), 0);
    assert_false(v->kernel_mode);
    assert_int_equal(v->bases[1], 3);
    assert_false(v->sched.stopped & STOP_DOWN);
    c.gdt_frames[0]++;
    assert_int_equal(vcpu_context_set(v, &c), -XEN_EOPNOTSUPP);
    c.gdt_frames[0]--;
    c.ctrlreg[3] = c.ctrlreg[1];
    assert_int_equal(vcpu_context_set(v, &c), -XEN_EOPNOTSUPP);
    assert_audit(d);
}

/* With the n-th point saying yes, for each n of two trees; then the same again, or without the
 * second root. */
static void an_interrupted_context_goes_on(void **state)
{
    u32 stops = 0;

    (void)state;
    c.flags = VGCF_in_kernel;
    for (u32 n = 1; n < 80; n++) {
        c.ctrlreg[1] = other_root.n << PAGE_SHIFT;
        machine_preempt_in = n;
        while (vcpu_context_set(v, &c) == RESTART) {
            assert_audit(d);
            assert_false(v->initialised);
            stops++;
            if (n % 2)
                c.ctrlreg[1] = 0;
        }
        assert_true(v->initialised);
        assert_true(!v->cr3_user == !c.ctrlreg[1]);
        assert_audit(d);
        v->initialised = false; /* and a context that is refused ends it */
        c.ctrlreg[1] = NO_FRAME << PAGE_SHIFT;
        machine_preempt_in = 0;
        assert_true(vcpu_context_set(v, &c) < 0);
        assert_int_equal(frame_get_and_type(other_root, d, FT_L4), 0); /* it may be half a table */
        frame_put_and_type(mfn_to_frame(other_root));
        nothing_is_held();
    }
    assert_in_range(stops, 50, 79);
}

static void a_vcpu_info_holds_its_frame(void **state)
{
    mfn_t m = machine_frame(d), table = machine_frame(d);

    (void)state;
    v->info->arch.cr2 = 42;
    assert_int_equal(frame_get_and_type(table, d, FT_L1), 0);
    assert_int_equal(vcpu_info_move(v, table, 0), -XEN_EINVAL);
    frame_put_and_type(mfn_to_frame(table));
    assert_int_equal(vcpu_info_move(v, m, PAGE_SIZE - 56), -XEN_ENXIO);
    assert_int_equal(vcpu_info_move(v, m, PAGE_SIZE - 64), 0);
    assert_ptr_equal(v->info, (u8 *)machine_page(m) + PAGE_SIZE - 64);
    assert_int_equal(v->info->arch.cr2, 42);
    assert_true(v->info->evtchn_upcall_pending && v->info->evtchn_upcall_mask);
    assert_int_equal(v->info->evtchn_pending_sel, ~0UL);
    assert_int_equal(vcpu_info_move(v, m, 0), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(m, d, FT_L1), -XEN_EINVAL);
    assert_audit(d);
}

/* One that has never had a vcpu_info begins with an empty one, masked. */
static void a_vcpu_without_info_gets_a_clean_one(void **state)
{
    mfn_t m = machine_frame(d);

    (void)state;
    vcpu_info_place(v, &vcpu_info_none);
    vcpu_info_none.arch.cr2 = 42;
    assert_int_equal(vcpu_info_move(v, m, 0), 0);
    assert_int_equal(v->info->arch.cr2, 0);
    assert_int_equal(v->info->evtchn_upcall_mask, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_make, domain_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refused_context_gives_all_back),     TEST(a_context_holds_what_it_names),
        TEST(an_interrupted_context_goes_on),       TEST(a_vcpu_info_holds_its_frame),
        TEST(a_vcpu_without_info_gets_a_clean_one),
    };

    machine_quiet = true;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
