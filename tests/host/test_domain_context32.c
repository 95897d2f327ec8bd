// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/domain/context.c hypervisor/domain/context32.c
// LINK: hypervisor/domain/vcpu_info.c hypervisor/domain/width.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * A domain that becomes a 32-bit one, and the vcpu of it that begins with a context in its layout:
 * when it may, where what is shared lies then, what a context that is refused leaves behind, and
 * that one loses nothing between its two layouts.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/cpu/emulate_cr.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/context.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/domain/width.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/ptype.h"

#define NO_FRAME 0xfffffU /* above all that there is */

struct fifo fifo_none;
static struct domain *d;
static struct vcpu *v;
static mfn_t base, gdt;
static struct vcpu_guest_context_x86_32 c;

struct cpu_features features = {.fsgsbase = true, .xsave = true};

long debug_reg_write(struct vcpu *of, u32 reg, u64 value)
{
    (void)of, (void)reg, (void)value;
    return 0;
}

void xstate_reset(struct vcpu *of, const void *fx)
{
    (void)of, (void)fx;
}

void upcall_raise(struct vcpu *of)
{
    of->info->evtchn_upcall_pending = 1;
}

/* An L3 whose last entry names the L2 that has the hypervisor's slots. */
static mfn_t tables_make(void)
{
    mfn_t l3 = machine_frame(d), l2 = machine_frame(d);

    machine_page(l3)[3] = pte_make(l2, PTE_P);
    return l3;
}

static int domain_make(void **state)
{
    (void)state;
    d = machine_domain(1, 64, false);
    d->max_vcpus = 2;
    assert_int_equal(domain_set_width(d, 32), 0);
    v = vcpu_create(d, 1);
    base = tables_make();
    gdt = machine_frame(d);
    c = (struct vcpu_guest_context_x86_32){
        .gdt_frames = {(u32)gdt.n}, .gdt_ents = 512, .ctrlreg = {[3] = pae_cr3_of(base)}};
    return 0;
}

static int domain_end(void **state)
{
    machine_domain_end(d);
    return machine_all_free(state);
}

static int set(void)
{
    struct vcpu_guest_context wide;

    context_widen(&wide, &c);
    return vcpu_context_set(v, &wide);
}

static void a_width_is_chosen_before_there_is_memory(void **state)
{
    struct domain *other = machine_domain(2, 64, false);
    mfn_t m;

    (void)state;
    assert_ptr_equal(d->events.words, &fifo_none);
    assert_int_equal(domain_set_width(d, 32), 0);
    assert_int_equal(domain_set_width(d, 64), -XEN_EINVAL);
    assert_int_equal(domain_set_width(other, 64), 0);
    assert_int_equal(domain_set_width(other, 16), -XEN_EINVAL);
    m = machine_frame(other);
    assert_int_equal(domain_set_width(other, 32), -XEN_EACCES);
    assert_false(other->is_32bit);
    frame_put(mfn_to_frame(m));
    machine_domain_end(other);
}

static void nothing_is_held(void)
{
    assert_int_equal(pae_base(v).n | v->gdt_entries | v->gdt_frames[0].n, 0);
    assert_int_equal(machine_refs(base), 1);
    assert_int_equal(machine_refs(gdt), 1);
    assert_false(v->initialised);
    assert_audit(d);
}

static void a_refused_context_gives_all_back(void **state)
{
    const struct {
        u32 *word, value;
    } rows[] = {
        {&c.ldt_ents, 8193},
        {&c.ldt_base, 8},
        {&c.gdt_ents, FIRST_RESERVED_GDT_ENTRY + 1},
        {&c.gdt_frames[0], NO_FRAME},
        {&c.ctrlreg[3], 0},
        {&c.ctrlreg[3], pae_cr3_of(MFN(NO_FRAME))},
        {&c.ctrlreg[3], 1}, /* the frame of number 2^20 */
        {&c.ctrlreg[3], pae_cr3_of(gdt)},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        u32 good = *rows[i].word;

        *rows[i].word = rows[i].value;
        assert_int_equal(set(), -XEN_EINVAL);
        nothing_is_held();
        *rows[i].word = good;
    }
}

/* Selectors get the level of a kernel in ring 1, unless theirs is a higher number. */
static void a_context_is_taken_and_keeps_its_layout(void **state)
{
    struct vcpu_guest_context wide;
    struct vcpu_guest_context_x86_32 got;

    (void)state;
    c.flags = VGCF_in_kernel;
    c.user_regs = (struct cpu_user_regs_x86_32){.ebx = 1,
                                                .ecx = 2,
                                                .edx = 3,
                                                .esi = 4,
                                                .edi = 5,
                                                .ebp = 6,
                                                .eax = ~0U,
                                                .eip = 0xc0100000,
                                                .cs = 0xe018,
                                                .eflags = RFLAGS_IF | 2 * IOPL_IN_RFLAGS,
                                                .esp = 0xf57ffffc,
                                                .ss = 0xe021,
                                                .ds = 7,
                                                .es = 8,
                                                .fs = 9,
                                                .gs = 10};
    c.trap_ctxt[0x80] =
        (struct trap_info_x86_32){.vector = 0x80, .flags = 3, .cs = 0x60, .address = 0xc0000001};
    c.trap_ctxt[255] = (struct trap_info_x86_32){.vector = 255, .cs = 0x63, .address = ~0U};
    c.ctrlreg[1] = 0x87654321; /* of no meaning to anybody: it comes back */
    c.ctrlreg[7] = 7;
    c.kernel_ss = 0x68;
    c.kernel_sp = 0xf0000000;
    c.event_callback_cs = 0xe018;
    c.event_callback_eip = 0xc0001000;
    c.failsafe_callback_cs = 0xfffb;
    c.failsafe_callback_eip = 0xc0002000;
    c.vm_assist = (u32)VM_ASSIST(pae_extended_cr3);
    assert_int_equal(set(), 0);
    assert_audit(d);
    assert_int_equal(pae_base(v).n, base.n);
    assert_int_equal(v->kernel_mode, 1);
    assert_int_equal(v->event_cs, 0xe019);
    assert_int_equal(v->failsafe_cs, 0xfffb);
    assert_int_equal(v->syscall_callback, 0);
    assert_int_equal(v->saved.cs, 0xe019);
    assert_int_equal(v->saved.rip, 0xc0100000);
    assert_int_equal(v->saved.rflags, RFLAGS_IF);
    assert_int_equal(v->iopl_hidden, 2 * IOPL_IN_RFLAGS);
    assert_int_equal(v->kernel_ss, 0x69);
    assert_int_equal(v->traps[0x80].cs, 0x61);
    assert_int_equal(v->traps[255].cs, 0x63);
    assert_int_equal(v->traps[255].address, ~0U);
    context_widen(&wide, &c);
    context_narrow(&got, &wide);
    assert_memory_equal(&got, &c, sizeof(c));
    assert_false(domain_assists_known(d) & VM_ASSIST(m2p_strict));
    /* The same again is no other table; another is. */
    c.user_regs.cs = 0x63;
    c.flags = 0;
    assert_int_equal(set(), 0);
    assert_int_equal(v->kernel_mode, 1);
    c.ctrlreg[3] = pae_cr3_of(tables_make());
    assert_int_equal(set(), -XEN_EOPNOTSUPP);
    /* It begins anew with no NMI to be ended. */
    v->iret_careful = CAREFUL_NMI | CAREFUL_IOPL;
    v->nmi_waits = true;
    while (vcpu_context_clear(v))
        ;
    assert_int_equal(v->iret_careful, CAREFUL_IOPL);
    assert_false(v->nmi_waits);
    nothing_is_held();
}

static void an_interrupted_context_goes_on(void **state)
{
    u32 stops = 0;

    (void)state;
    for (u32 n = 1; n < 20; n++) {
        machine_preempt_in = n;
        while (set() == RESTART) {
            assert_audit(d);
            assert_false(v->initialised);
            stops++;
        }
        machine_preempt_in = 0;
        assert_true(v->initialised);
        while (vcpu_context_clear(v))
            ;
        nothing_is_held();
    }
    assert_true(stops);
}

static void a_vcpu_info_has_its_place_in_either_layout(void **state)
{
    mfn_t m = machine_frame(d);
    struct vcpu_info_x86_32 *info;

    (void)state;
    *v->cr2 = 42;
    assert_int_equal(shared32(d)->vcpu_info[1].arch.cr2, 42);
    assert_int_equal(vcpu_cr2(v), 42);
    assert_int_equal(vcpu_info_move(v, m, 62), -XEN_ENXIO);
    assert_int_equal(vcpu_info_move(v, m, PAGE_SIZE - 60), -XEN_ENXIO);
    assert_int_equal(vcpu_info_move(v, m, 60), 0);
    info = (struct vcpu_info_x86_32 *)((u8 *)machine_page(m) + 60);
    assert_ptr_equal(v->info, info);
    assert_int_equal(info->arch.cr2, 42);
    assert_int_equal(info->evtchn_pending_sel, ~0U);
    assert_true(info->evtchn_upcall_pending && info->evtchn_upcall_mask);
    *v->cr2 = 43;
    assert_int_equal(info->arch.cr2, 43);
    assert_audit(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_make, domain_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_width_is_chosen_before_there_is_memory),   TEST(a_refused_context_gives_all_back),
        TEST(a_context_is_taken_and_keeps_its_layout),    TEST(an_interrupted_context_goes_on),
        TEST(a_vcpu_info_has_its_place_in_either_layout),
    };

    machine_quiet = true;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
