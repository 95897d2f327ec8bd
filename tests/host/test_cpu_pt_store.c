// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c hypervisor/cpu/pt_store.c
// LINK: xen-like/lib/insn.c xen-like/lib/insn_compute.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Stores to page tables: who may, where, and that the counts are right whatever was stored. Guests
 * (tests/guests/table-stores) see what an instruction leaves behind; here is what they cannot see,
 * and what a hostile guest would do: any instruction, any registers, any value.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/pt_store.h"
#include "hypervisor/cpu/regs.h"
#include "xen-like/lib/insn.h"

/* Pages of the guest's address space, by what they show read-only (the last: writable). */
#define VA 0x0000123440000000UL
enum {
    P_TABLE,
    P_DATA,
    P_LEVEL_2,
    P_ROOT,
    P_ABSENT,
    P_WRITABLE,
    P_DEVICE,
    P_PAGES
};

static struct domain *d;
static mfn_t table[5], target, data; /* table[level] is the tree in force, target an L1 besides */
static u64 traced;                   /* #DB bounced so far */
static u8 code[32];                  /* the guest's instruction; the rest is nop */

void bounce_exception(struct cpu_user_regs *regs, u32 vector, u32 error)
{
    (void)regs;
    assert_int_equal(vector, EXCEPTION_DB);
    assert_int_equal(error, 0);
    traced++;
}

static void window_fill(u64 *window)
{
    window[P_TABLE] = pte_make(target, GUEST_RO);
    window[P_DATA] = pte_make(data, GUEST_RO);
    window[P_LEVEL_2] = pte_make(table[2], GUEST_RO);
    window[P_ROOT] = pte_make(table[4], GUEST_RO);
    window[P_WRITABLE] = pte_make(data, GUEST_RW);
    window[P_DEVICE] = pte_make(MFN(0xfec00), GUEST_RW); /* kept: becomes read-only */
}

static void tree_make(void)
{
    for (int level = 1; level <= 4; level++) {
        table[level] = machine_frame(d);
        if (level > 1)
            machine_page(table[level])[pt_index(VA, level)] = pte_make(table[level - 1], GUEST_RW);
    }
    target = machine_frame(d);
    data = machine_frame(d);
    window_fill(machine_page(table[1]));
    assert_int_equal(table_pin(target, d, 1), 0);
    assert_int_equal(frame_get_and_type(table[4], d, FT_L4), 0);
    d->vcpus[0]->cr3_kernel = table[4].n << PAGE_SHIFT;
    d->vcpus[0]->kernel_mode = 1;
}

static int domain_make(void **state)
{
    (void)state;
    d = machine_domain(1, 64, true);
    tree_make();
    return 0;
}

static int domain_end(void **state)
{
    machine_domain_end(d);
    return machine_all_free(state);
}

static u64 page_va(unsigned page)
{
    return VA + page * PAGE_SIZE;
}

static bool store_at(struct cpu_user_regs *regs, const char *bytes, size_t length, u64 cr2)
{
    memset(code, 0x90, sizeof(code));
    memcpy(code, bytes, length);
    regs->rip = (u64)code;
    return pt_store_emulate(regs, cr2);
}

/* Whatever happened: nobody is left holding anything, and nothing can be written that must not. */
static void check_machine(void)
{
    assert_audit(d);
    assert_true(machine_tlb_load().n == INVALID_MFN.n);
    for (u64 n = 0; n < frames_max; n++)
        assert_false(frame_table[n].word & FRAME_LOCKED);
}

#define MOV_RAX                 "\x48\x89\x07" /* mov [rdi], rax */
#define XCHG_RAX                "\x48\x87\x07"
#define STORE(regs, bytes, cr2) store_at(regs, bytes, sizeof(bytes) - 1, cr2)

/* mov [rdi], value at the entry @index of the target */
static bool store_value(unsigned index, u64 value)
{
    struct cpu_user_regs regs = {.rdi = page_va(P_TABLE) + index * sizeof(u64), .rax = value};
    struct cpu_user_regs before = regs;
    bool done = STORE(&regs, MOV_RAX, regs.rdi);

    before.rip = (u64)code + (done ? sizeof(MOV_RAX) - 1 : 0);
    assert_memory_equal(&regs, &before, sizeof(regs));
    check_machine();
    return done;
}

static void a_store_moves_the_counts_of_an_update(void **state)
{
    u64 refs = machine_refs(data), types = machine_types(data);
    u64 *entry = &machine_page(target)[3];

    (void)state;
    assert_true(store_value(3, pte_make(data, GUEST_RW)));
    assert_int_equal(machine_refs(data), refs + 1);
    assert_int_equal(machine_types(data), types + 1);
    assert_true(*entry == pte_make(data, GUEST_RW | PTE_G));

    assert_true(store_value(3, pte_make(data, GUEST_RW | PTE_A | PTE_D)));
    assert_int_equal(machine_types(data), types + 1);

    assert_true(store_value(3, pte_make(data, GUEST_RO)));
    assert_int_equal(machine_refs(data), refs + 1);
    assert_int_equal(machine_types(data), types);

    assert_true(store_value(3, 0));
    assert_int_equal(machine_refs(data), refs);
}

static void a_refused_value_changes_nothing(void **state)
{
    const u64 values[] = {pte_make(table[2], GUEST_RW),
                          pte_make(target, GUEST_RW),
                          pte_make(d->shared_mfn, GUEST_RW | PTE_PCD),
                          pte_make(data, GUEST_RW) | 1UL << 51,
                          pte_make(MFN(machine_ram_end - 1), GUEST_RO),
                          ~0UL};

    (void)state;
    assert_true(store_value(7, pte_make(data, GUEST_RO)));
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        assert_false(store_value(7, values[i]));
        assert_true(machine_page(target)[7] == pte_make(data, GUEST_RO | PTE_G));
        assert_false(store_value(8, values[i]));
        assert_true(machine_page(target)[8] == 0);
    }
}

/* An exchange takes back with it what the CPU noted in the entry. */
static void accessed_and_dirty_are_not_lost(void **state)
{
    struct cpu_user_regs regs = {.rdi = page_va(P_TABLE)};
    u64 *entry = machine_page(target);

    (void)state;
    assert_true(store_value(0, pte_make(data, GUEST_RW)));
    *entry |= PTE_A | PTE_D;
    assert_true(STORE(&regs, XCHG_RAX, regs.rdi));
    assert_true(regs.rax == pte_make(data, GUEST_RW | PTE_G | PTE_A | PTE_D));
    assert_true(*entry == 0);
    check_machine();
}

static void only_tables_of_level_1_that_are_mapped_read_only(void **state)
{
    static const u64 elsewhere[] = {VA + P_DATA * PAGE_SIZE,
                                    VA + P_LEVEL_2 * PAGE_SIZE,
                                    VA + P_ROOT * PAGE_SIZE,
                                    VA + P_ABSENT * PAGE_SIZE,
                                    VA + P_WRITABLE * PAGE_SIZE,
                                    VA + MIB(2),
                                    VA + GIB(1),
                                    0,
                                    HYPERVISOR_VIRT_START,
                                    HYPERVISOR_VIRT_END - 8,
                                    DIRECTMAP_VIRT_START,
                                    GUEST_LOW_END,
                                    GUEST_LOW_END + 8,
                                    ~7UL};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
        struct cpu_user_regs regs = {.rdi = elsewhere[i]};

        assert_false(STORE(&regs, MOV_RAX, elsewhere[i]));
    }
    check_machine();
    /* A table that is none any more. */
    assert_int_equal(table_unpin(target, d), 0);
    assert_false(store_value(0, 0));
}

/* The instruction must be the one that faulted: its address in the page of the fault, aligned. */
static void the_instruction_must_fit_the_fault(void **state)
{
    static const s64 off[] = {1, 2, 4, 7, -1, -8, PAGE_SIZE, -(s64)PAGE_SIZE, 1L << 40};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
        struct cpu_user_regs regs = {.rdi = page_va(P_TABLE) + (u64)off[i]};

        assert_false(STORE(&regs, MOV_RAX, page_va(P_TABLE)));
        assert_int_equal(regs.rip, (u64)code);
    }
    check_machine();
}

static void code_that_cannot_be_read_is_a_fault(void **state)
{
    struct cpu_user_regs regs = {.rdi = page_va(P_TABLE)};

    (void)state;
    memset(code, 0x90, sizeof(code));
    memcpy(code, MOV_RAX, sizeof(MOV_RAX) - 1);
    for (size_t have = 0; have <= sizeof(MOV_RAX) - 1; have++) {
        machine_unmap_guest(code + have, code + sizeof(code));
        regs.rip = (u64)code;
        assert_int_equal(pt_store_emulate(&regs, regs.rdi), have == sizeof(MOV_RAX) - 1);
    }
    machine_unmap_guest(NULL, NULL);
    check_machine();
}

static void other_domains_must_have_asked(void **state)
{
    (void)state;
    d->privileged = false;
    assert_false(store_value(0, pte_make(data, GUEST_RO)));
    d->vm_assist = 1UL << VMASST_TYPE_writable_pagetables;
    assert_true(store_value(0, pte_make(data, GUEST_RO)));
    d->vm_assist = 0;
    d->privileged = true;
}

static void a_traced_store_is_followed_by_a_debug_exception(void **state)
{
    struct cpu_user_regs regs = {
        .rdi = page_va(P_TABLE), .rax = pte_make(table[4], GUEST_RW), .rflags = RFLAGS_TF};
    u64 before = traced;

    (void)state;
    assert_false(STORE(&regs, MOV_RAX, regs.rdi));
    assert_int_equal(traced, before);
    regs.rax = 0;
    assert_true(STORE(&regs, MOV_RAX, regs.rdi));
    assert_int_equal(traced, before + 1);
}

/* A value that could be somebody's idea of an entry. */
static u64 random_value(void)
{
    const mfn_t frames[] = {data,
                            target,
                            table[1],
                            table[2],
                            table[4],
                            d->shared_mfn,
                            MFN(machine_ram_start + machine_random(64)),
                            MFN(machine_random(400))};
    u64 flags = machine_random(4) ? machine_random(8) : machine_random(4096);

    switch (machine_random(8)) {
    case 0:
        return machine_random(256);
    case 1:
        return (u64)machine_random(~0u) << 32 | machine_random(~0u);
    default:
        return pte_make(frames[machine_random(ARRAY_SIZE(frames))], flags);
    }
}

static const char *const forms[] = {
    "\x48\x89\x07",         /* mov [rdi], rax */
    "\x48\x87\x07",         /* xchg [rdi], rax */
    "\x48\x0f\xc1\x07",     /* xadd [rdi], rax */
    "\x48\x0f\xb1\x17",     /* cmpxchg [rdi], rdx */
    "\x48\x09\x07",         /* or [rdi], rax */
    "\x48\x21\x07",         /* and [rdi], rax */
    "\x48\x31\x07",         /* xor [rdi], rax */
    "\x48\x29\x07",         /* sub [rdi], rax */
    "\x89\x07",             /* mov [rdi], eax */
    "\x88\x07",             /* mov [rdi], al */
    "\x80\x37\x02",         /* xor byte [rdi], 2 */
    "\x48\x0f\xba\x3f\x01", /* btc qword [rdi], 1 */
    "\x48\x0f\xba\x37\x01", /* btr qword [rdi], 1 */
    "\xf3\x48\xab",         /* rep stosq */
};

/* Whatever is stored by whatever instruction: all counts are right, and done means moved on. */
static void random_stores_keep_every_promise(void **state)
{
    unsigned done = 0;

    (void)state;
    machine_quiet = true;
    for (unsigned i = 0; i < 20000; i++) {
        const char *form = forms[machine_random(ARRAY_SIZE(forms))];
        u64 cr2 = page_va(P_TABLE) + machine_random(6) * sizeof(u64);
        struct cpu_user_regs regs = {
            .rdi = cr2, .rax = random_value(), .rdx = random_value(), .rcx = 1};

        if (machine_random(2)) /* so that cmpxchg compares */
            regs.rax = machine_page(target)[cr2 % PAGE_SIZE / sizeof(u64)];
        if (store_at(&regs, form, strlen(form), cr2)) {
            assert_true(regs.rip == (u64)code + strlen(form));
            done++;
        }
        check_machine();
    }
    assert_true(done > 2000);
}

/* Random instructions with registers that point into the page. */
static void random_instructions_keep_every_promise(void **state)
{
    (void)state;
    machine_quiet = true;
    for (unsigned i = 0; i < 100000; i++) {
        u64 cr2 = page_va(P_TABLE) + machine_random(512) * sizeof(u64);
        struct cpu_user_regs regs;
        char bytes[INSN_BYTES_MAX];
        struct insn insn;

        for (size_t at = 0; at < sizeof(regs); at += sizeof(u64))
            memcpy((char *)&regs + at, &(u64){machine_random(3) ? cr2 : random_value()}, 8);
        for (size_t at = 0; at < sizeof(bytes); at++)
            bytes[at] = (char)machine_random(256);
        if (machine_random(2))
            bytes[0] = 0x48;
        if (insn_decode(&insn, (u8 *)bytes, sizeof(bytes)) &&
            (insn.segment || insn.op == INSN_MOVS))
            continue; /* would read an MSR, or memory that this machine has not */
        regs.rflags &= ~RFLAGS_TF;
        if (store_at(&regs, bytes, sizeof(bytes), cr2) && i % 16 == 0)
            check_machine();
    }
    check_machine();
}

/* A store to a device that is only to be seen is an instruction without effect; whatever would read
 * it or is not quite there stays a fault. */
static void stores_to_kept_devices_go_nowhere(void **state)
{
    const u64 va = page_va(P_DEVICE);
    struct cpu_user_regs regs = {.rdi = va + 8, .rcx = 2};

    (void)state;
    assert_false(machine_page(table[1])[P_DEVICE] & PTE_RW);
    assert_true(STORE(&regs, MOV_RAX, va + 8));
    assert_true(regs.rip == (u64)code + sizeof(MOV_RAX) - 1 && regs.rdi == va + 8);
    assert_false(STORE(&regs, MOV_RAX, va + 12)); /* began elsewhere */
    assert_false(STORE(&regs, XCHG_RAX, va + 8));
    assert_true(STORE(&regs, "\xf3\xab", va + 8)); /* rep stosl: one round at a time */
    assert_true(regs.rip == (u64)code && regs.rdi == va + 12 && regs.rcx == 1);
    assert_false(STORE(&regs, "\x48\xab", va + 12)); /* stosq, misaligned */
    d->privileged = false;
    assert_false(STORE(&regs, "\xab", va + 12));
    d->privileged = true;
    check_machine();
}

/* The same tables below 4 GiB, as a 32-bit kernel's. The tree is the other tests': only the store
 * is made with the domain's width changed. */
#define VA_32 0x40000000UL

static void tree_show_low(void)
{
    for (int level = 4; level > 1; level--)
        if (!machine_page(table[level])[pt_index(VA_32, level)])
            assert_int_equal(pt_entry_write(level == 4   ? FT_L4
                                            : level == 3 ? FT_L3
                                                         : FT_L2,
                                            &machine_page(table[level])[pt_index(VA_32, level)],
                                            pte_make(table[level - 1], GUEST_RW), false, d, d),
                             0);
}

static bool store_32(struct cpu_user_regs *regs, const char *bytes, size_t length, u64 cr2)
{
    bool done;

    d->is_32bit = true;
    done = store_at(regs, bytes, length, cr2);
    d->is_32bit = false;
    return done;
}
#define STORE_32(regs, bytes, cr2) store_32(regs, bytes, sizeof(bytes) - 1, cr2)

/* An entry is written in two halves: the lower one last makes it present; the wrong way round, the
 * upper one alone is refused, and leaves it not present. */
static void halves_of_an_entry_are_stored(void **state)
{
    const u64 at = VA_32 + 5 * sizeof(u64), entry = pte_make(data, GUEST_RO) | PTE_NX;
    u64 *slot = &machine_page(target)[5];
    struct cpu_user_regs regs = {.rdi = at | 0xabcd00000000, .rax = entry >> 32};

    (void)state;
    tree_show_low();
    assert_true(STORE_32(&regs, "\x89\x47\x04", at + 4)); /* mov [edi+4], eax */
    assert_true(*slot == entry >> 32 << 32);
    regs.rax = (u32)entry;
    assert_true(STORE_32(&regs, "\x89\x07", at));
    assert_true(*slot == entry);
    check_machine();

    regs.rax = 0x0008ffff;                                     /* no such frame */
    assert_false(STORE_32(&regs, "\xf0\x09\x47\x04", at + 4)); /* lock or [edi+4], eax */
    assert_true(STORE_32(&regs, "\x89\x47\x04", at + 4));
    assert_true(*slot == ((0x0008ffffUL << 32 | (u32)entry) & ~PTE_P));
    assert_true(regs.rip == (u64)code + 3);
    check_machine();
    regs.rax = (u32)pte_make(table[2], GUEST_RW); /* the lower half has no such excuse */
    *slot = 0;
    assert_false(STORE_32(&regs, "\x89\x07", at));
    check_machine();
}

/* cmpxchg8b is how a kernel with PAE changes a whole entry. */
static void a_whole_entry_is_exchanged(void **state)
{
    const u64 at = VA_32 + 6 * sizeof(u64), entry = pte_make(data, GUEST_RO);
    u64 *slot = &machine_page(target)[6];
    struct cpu_user_regs regs = {.rdi = at, .rbx = (u32)entry, .rcx = entry >> 32, .rdx = 1};

    (void)state;
    tree_show_low();
    assert_true(STORE_32(&regs, "\xf0\x0f\xc7\x0f", at)); /* not what it expected */
    assert_true(*slot == 0 && regs.rdx == 0 && regs.rax == 0 && !(regs.rflags & RFLAGS_ZF));
    assert_true(STORE_32(&regs, "\xf0\x0f\xc7\x0f", at));
    assert_true(*slot == entry && regs.rflags & RFLAGS_ZF);
    check_machine();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_make, domain_end)
    const struct CMUnitTest tests[] = {
        TEST(a_store_moves_the_counts_of_an_update),
        TEST(a_refused_value_changes_nothing),
        TEST(accessed_and_dirty_are_not_lost),
        TEST(only_tables_of_level_1_that_are_mapped_read_only),
        TEST(the_instruction_must_fit_the_fault),
        TEST(code_that_cannot_be_read_is_a_fault),
        TEST(other_domains_must_have_asked),
        TEST(stores_to_kept_devices_go_nowhere),
        TEST(a_traced_store_is_followed_by_a_debug_exception),
        TEST(halves_of_an_entry_are_stored),
        TEST(a_whole_entry_is_exchanged),
        TEST(random_stores_keep_every_promise),
        TEST(random_instructions_keep_every_promise),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
