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
 * Tables of 32-bit guests (hypervisor/mm/pae.h), attacked: an L2 with the hypervisor's slots in two
 * places, or in another place; entries of an L3 that only four levels would see; entries that reach
 * out of the guest's part; tables and frames of domains of the other width; validation and teardown
 * interrupted at each point.
 *
 * The tree: an L3 whose entries 0 and 3 name L2s, each over one L1 that maps `data`.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/pae.h"

#define WINDOW_MFN  MFN(0x100000)
#define KERNEL_RW   (PTE_P | PTE_RW) /* as a 32-bit kernel writes its own entries */
#define LARGE_BYTES (1UL << PT_SHIFT(2))
#define HV_ENTRIES  (PT_ENTRIES - PAE_L2_HV_SLOT)

static struct domain *d, *wide;
static struct vcpu *v;
static mfn_t l3, l2, hv, l1, l1_high, data;

static struct domain *domain_narrow(u16 id)
{
    struct domain *made = machine_domain_create(id, 2, 100, false);

    made->is_32bit = true;
    assert_non_null(vcpu_create(made, 0));
    machine_run(made);
    return made;
}

/* A tree below a new L3. */
static void tree_make(mfn_t *top, mfn_t *low, mfn_t *high, mfn_t leaves[2])
{
    *top = machine_frame(d);
    *low = machine_frame(d);
    *high = machine_frame(d);
    for (int i = 0; i < 2; i++) {
        leaves[i] = machine_frame(d);
        machine_page(leaves[i])[5] = pte_make(data, KERNEL_RW);
    }
    machine_page(*low)[0] = pte_make(leaves[0], KERNEL_RW);
    machine_page(*high)[PAE_L2_HV_SLOT - 1] = pte_make(leaves[1], KERNEL_RW);
    machine_page(*top)[0] = pte_make(*low, PTE_P);
    machine_page(*top)[3] = pte_make(*high, PTE_P);
}

static int domains_make(void **state)
{
    mfn_t leaves[2];

    (void)state;
    wide = machine_domain(2, 30, true);
    d = domain_narrow(1);
    v = d->vcpus[0];
    data = machine_frame(d);
    tree_make(&l3, &l2, &hv, leaves);
    l1 = leaves[0];
    l1_high = leaves[1];
    return 0;
}

static int domains_end(void **state)
{
    machine_domain_end(d);
    machine_domain_end(wide);
    return machine_all_free(state);
}

static u64 type_of(mfn_t m)
{
    return machine_types(m) ? frame_type(mfn_to_frame(m)) : FT_NONE;
}

/* @rc is an answer of -EINVAL, after which nothing is a table. */
static void assert_refused(int rc)
{
    const mfn_t all[] = {l3, l2, hv, l1, l1_high, data};

    assert_int_equal(rc, -XEN_EINVAL);
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        assert_true(machine_types(all[i]) == 0 && machine_refs(all[i]) == 1);
    assert_audit(d);
}

static int update(mfn_t table, unsigned i, u64 e)
{
    u64 type = frame_hold_table(mfn_to_frame(table), d);
    int rc = pt_entry_write(type, &machine_page(table)[i], e, false, d, d);

    frame_let_go(mfn_to_frame(table));
    assert_audit(d);
    return rc;
}

/* ---- an L3 and its four entries ---- */

static void a_tree_becomes_tables_and_goes_again(void **state)
{
    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_true(type_of(l3) == FT_L3 && type_of(l2) == FT_L2 && type_of(hv) == FT_L2_HV);
    assert_true(type_of(l1) == FT_L1 && type_of(l1_high) == FT_L1);
    assert_int_equal(machine_types(data), 2);
    assert_audit(d);
    assert_int_equal(table_unpin(l3, d), 0);
    assert_refused(-XEN_EINVAL);
}

static void what_four_levels_would_see_is_cleared(void **state)
{
    u64 *t = machine_page(l3);

    (void)state;
    memset(&t[PAE_L3_ENTRIES], 0xff, PAGE_SIZE - PAE_L3_ENTRIES * sizeof(*t));
    t[7] = pte_make(l2, PTE_P | PTE_RW | PTE_US);
    assert_int_equal(table_pin(l3, d, 3), 0);
    for (unsigned i = PAE_L3_ENTRIES; i < PT_ENTRIES; i++) {
        assert_int_equal(t[i], 0);
        assert_int_equal(update(l3, i, pte_make(l2, PTE_P)), -XEN_EINVAL);
        assert_int_equal(update(l3, i, 0), -XEN_EINVAL);
    }
}

static void the_last_entry_must_name_a_table_and_stays(void **state)
{
    const u64 good = machine_page(l3)[3];
    const u64 wrong[] = {0, good & ~PTE_P, pte_make(MFN(frames_max), PTE_P), good | PTE_PCD};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        machine_page(l3)[3] = wrong[i];
        assert_refused(table_pin(l3, d, 3));
    }
    machine_page(l3)[3] = good;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(update(l3, 3, 0), -XEN_EINVAL);
    assert_int_equal(update(l3, 3, good), -XEN_EINVAL);
    assert_int_equal(update(l3, 3, pte_make(l2, PTE_P)), -XEN_EINVAL);
    assert_int_equal(update(l3, 0, 0), 0);
    assert_int_equal(type_of(l2), FT_NONE);
    assert_int_equal(update(l3, 2, pte_make(l2, PTE_P)), 0);
    assert_int_equal(update(l3, 1, pte_make(l2, PTE_P)), 0); /* an ordinary one may be shared */
}

/* Bits that are reserved where the CPU walks three levels. */
static void flags_of_the_first_level(void **state)
{
    const u64 may = PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVL;

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        u64 flag = 1UL << bit & ~PTE_ADDR & ~PTE_P, e = pte_make(l2, PTE_P | flag);

        if (!flag)
            continue;
        machine_page(l3)[0] = e;
        if (!(flag & may)) {
            assert_refused(table_pin(l3, d, 3));
            machine_page(l3)[0] = pte_make(l2, PTE_P);
        }
        assert_int_equal(table_pin(l3, d, 3), 0);
        assert_int_equal(machine_page(l3)[0] & ~flag,
                         pte_make(l2, PTE_P | PTE_RW | PTE_US) & ~flag);
        assert_int_equal(update(l3, 1, e), flag & may ? 0 : -XEN_EINVAL);
        assert_int_equal(update(l3, 1, 0), 0);
        assert_int_equal(table_unpin(l3, d), 0);
        machine_page(l3)[0] = pte_make(l2, PTE_P);
    }
}

static void the_guest_gets_its_first_level_back_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    machine_page(l3)[0] |= PTE_A; /* the CPU walks it */
    assert_int_equal(table_unpin(l3, d), 0);
    assert_int_equal(machine_page(l3)[0], pte_make(l2, PTE_P));
    assert_int_equal(machine_page(l3)[3], pte_make(hv, PTE_P));
}

/* Below, flags are the guest's: its kernel is a supervisor, and its user space is kept from it. */
static void user_bits_are_the_guests(void **state)
{
    (void)state;
    machine_page(l1)[6] = pte_make(data, GUEST_RW);
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(machine_page(l2)[0], pte_make(l1, KERNEL_RW));
    assert_int_equal(machine_page(l1)[5], pte_make(data, KERNEL_RW));
    assert_int_equal(machine_page(l1)[6], pte_make(data, GUEST_RW));
    assert_int_equal(update(l1, 7, pte_make(data, PTE_P)), 0);
    assert_int_equal(machine_page(l1)[7], pte_make(data, PTE_P));
    assert_int_equal(update(l2, 9, pte_make(l1, PTE_P)), 0);
    assert_int_equal(machine_page(l2)[9], pte_make(l1, PTE_P));
}

static void there_is_no_fourth_level(void **state)
{
    mfn_t l4 = machine_frame(d);

    (void)state;
    assert_int_equal(table_pin(l4, d, 4), -XEN_EINVAL);
    machine_page(l4)[0] = pte_make(l3, GUEST_RW);
    assert_refused(table_pin(l4, d, 4));
    assert_int_equal(frame_get_and_type(l4, d, FT_L4), -XEN_EINVAL);
    assert_int_equal(machine_refs(l4), 1);
}

/* ---- the L2 with the hypervisor's slots ---- */

static void the_hypervisors_slots_are_filled_and_kept(void **state)
{
    u64 *t = machine_page(hv);

    (void)state;
    t[PAE_L2_HV_SLOT] = t[PT_ENTRIES - 1] = ~0UL; /* whatever was there */
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(t[PAE_L2_HV_SLOT] & PTE_ADDR, WINDOW_MFN.n << PAGE_SHIFT);
    for (unsigned i = PAE_L2_HV_SLOT; i < PT_ENTRIES; i++) {
        assert_false(t[i] & (PTE_RW | PTE_US | PTE_G));
        assert_int_equal(!t[i], i > PAE_L2_HV_SLOT + 1);
        assert_int_equal(update(hv, i, 0), -XEN_EPERM);
        assert_int_equal(update(hv, i, pte_make(l1, KERNEL_RW)), -XEN_EPERM);
    }
    assert_int_equal(update(hv, PAE_L2_HV_SLOT - 1, 0), 0);
    assert_int_equal(update(hv, PAE_L2_HV_SLOT - 1, pte_make(l1, KERNEL_RW)), 0);
    assert_int_equal(update(l2, PAE_L2_HV_SLOT, pte_make(l1, KERNEL_RW)), 0); /* not that one */
}

static void it_cannot_be_anywhere_else(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) { /* in two places of one L3 */
        u64 before = machine_page(l3)[i];

        machine_page(l3)[i] = pte_make(hv, PTE_P);
        assert_refused(table_pin(l3, d, 3));
        machine_page(l3)[i] = before;
    }
    assert_int_equal(table_pin(hv, d, 2), 0); /* as long as it is an ordinary one */
    assert_int_equal(table_pin(l3, d, 3), -XEN_EINVAL);
    assert_int_equal(table_unpin(hv, d), 0);
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(table_pin(hv, d, 2), -XEN_EINVAL);
    assert_int_equal(table_pin(hv, d, 1), -XEN_EINVAL);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(update(l3, i, pte_make(hv, PTE_P)), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(hv, d, FT_WRITABLE), -XEN_EINVAL);
    assert_int_equal(update(l1, 9, pte_make(hv, KERNEL_RW)), -XEN_EBUSY);
    assert_int_equal(update(l1, 9, pte_make(hv, PTE_P)), 0); /* to read */
}

static void it_belongs_to_one_l3(void **state)
{
    mfn_t other_l3, other_l2, other_hv, leaves[2];

    (void)state;
    tree_make(&other_l3, &other_l2, &other_hv, leaves);
    machine_page(other_l3)[3] = pte_make(hv, PTE_P);
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(table_pin(other_l3, d, 3), -XEN_EINVAL);
    assert_int_equal(machine_types(hv), 1);
    assert_int_equal(machine_types(other_l2), 0);
    assert_audit(d);
    machine_page(other_l3)[0] = pte_make(l2, PTE_P); /* others may be in both */
    machine_page(other_l3)[3] = pte_make(other_hv, PTE_P);
    assert_int_equal(table_pin(other_l3, d, 3), 0);
    assert_audit(d);
}

/* A CPU that changes an entry of it holds it for that time: no second use. */
static void a_lock_is_no_second_use(void **state)
{
    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_true(frame_hold_table(mfn_to_frame(hv), d) == FT_L2_HV);
    assert_int_equal(machine_types(hv), 2);
    frame_let_go(mfn_to_frame(hv));
    assert_int_equal(table_unpin(l3, d), 0);
    assert_refused(-XEN_EINVAL);
}

/* Once it was freed of the hypervisor's entries, by the guest, it is memory like any. */
static void what_was_one_becomes_an_ordinary_table(void **state)
{
    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(table_unpin(l3, d), 0);
    assert_int_equal(table_pin(hv, d, 2), -XEN_EINVAL); /* large pages of others */
    assert_audit(d);
    memset(&machine_page(hv)[PAE_L2_HV_SLOT], 0, HV_ENTRIES * sizeof(u64));
    assert_int_equal(table_pin(hv, d, 2), 0);
    assert_int_equal(update(hv, PT_ENTRIES - 1, pte_make(l1, KERNEL_RW)), 0);
}

/* ---- linear entries ---- */

static void linear_entries_at_the_second_level_only(void **state)
{
    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(update(l3, 1, pte_make(l3, PTE_P)), -XEN_EINVAL);
    assert_int_equal(update(hv, 3, pte_make(hv, PTE_P)), 0); /* itself: holds nothing */
    assert_int_equal(machine_types(hv), 1);
    assert_int_equal(update(hv, 0, pte_make(l2, PTE_P)), 0);
    assert_int_equal(machine_types(l2), 2);
    assert_int_equal(update(hv, 0, pte_make(l2, KERNEL_RW)), -XEN_EINVAL);
    assert_int_equal(update(hv, 3, 0), 0);
    assert_int_equal(update(hv, 0, 0), 0);
    assert_int_equal(update(l2, 3, pte_make(hv, PTE_P)), 0);
    assert_int_equal(machine_types(hv), 2);
    assert_int_equal(update(hv, 0, pte_make(l2, PTE_P)), -XEN_EINVAL); /* a circle */
    assert_int_equal(update(l2, 3, pte_make(hv, PTE_P | PTE_RW)), -XEN_EINVAL);
}

/* A linear entry keeps the L2 what it is, though its L3 is gone; then no L3 can have it. */
static void a_linear_use_counts(void **state)
{
    mfn_t namer = machine_frame(d);

    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(table_pin(namer, d, 2), 0);
    assert_int_equal(update(namer, 0, pte_make(hv, PTE_P)), 0);
    assert_int_equal(table_unpin(l3, d), 0);
    assert_true(type_of(hv) == FT_L2_HV);
    assert_audit(d);
    assert_int_equal(table_pin(l3, d, 3), -XEN_EINVAL);
    assert_audit(d);
    assert_int_equal(update(namer, 0, 0), 0);
    assert_int_equal(table_pin(l3, d, 3), 0);
}

/* ---- base pointers ---- */

static void the_root_names_the_base_pointer(void **state)
{
    const u64 *root = maddr_to_virt(v->cr3_kernel);
    mfn_t other_l3, other_l2, other_hv, leaves[2];
    u64 before = v->cr3_kernel;

    (void)state;
    tree_make(&other_l3, &other_l2, &other_hv, leaves);
    assert_int_equal(pae_base(v).n, 0);
    assert_int_equal(vcpu_set_base(v, l3), 0);
    assert_audit(d);
    assert_int_equal(vcpu_set_base(v, other_l3), 0);
    assert_int_equal(type_of(l3), FT_NONE);
    assert_int_equal(vcpu_set_base(v, other_l3), 0);
    assert_int_equal(machine_types(other_l3), 1);
    assert_int_equal(pae_base(v).n, other_l3.n);
    assert_true(v->cr3_kernel == before && v->root_kernel == before && !v->root_user);
    assert_int_equal(root[0] & ~PTE_ADDR, PTE_P | PTE_RW | PTE_US | PTE_A);
    for (unsigned i = 1; i < PT_ENTRIES; i++)
        assert_true(root[i] == (i > HV_FIRST_SLOT && i <= HV_LAST_SLOT ? hv_l4[i] : 0));
    assert_audit(d);
}

static void wrong_base_pointers_change_nothing(void **state)
{
    const mfn_t wrong[] = {MFN(0),
                           l2,
                           l1,
                           data,
                           d->shared_mfn,
                           MFN(v->cr3_kernel >> PAGE_SHIFT),
                           INVALID_MFN,
                           MFN(1),
                           machine_frame(wide)};

    (void)state;
    assert_int_equal(vcpu_set_base(v, l3), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        assert_int_equal(vcpu_set_base(v, wrong[i]), -XEN_EINVAL);
        assert_int_equal(pae_base(v).n, l3.n);
        assert_audit(d);
    }
    assert_int_equal(pae_base_set(v, MFN(0)), 0);
    assert_refused(-XEN_EINVAL);
}

static void cr3_has_the_upper_bits_in_its_lower(void **state)
{
    static const u64 frames[] = {1, 0xfffff, 0x100000, 0x123456, 0xfffffffe, 0xffffffff};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(frames); i++) {
        u32 cr3 = pae_cr3_of(MFN(frames[i]));

        assert_int_equal(pae_cr3_mfn(cr3).n, frames[i]);
        assert_int_equal(cr3, (u32)frames[i] << 12 | (u32)frames[i] >> 20); /* xen_pfn_to_cr3 */
    }
}

static void the_walk_needs_no_user_bit_and_ends_at_the_window(void **state)
{
    const u64 low = 5UL << PAGE_SHIFT, high = PAE_WINDOW_START - LARGE_BYTES + low;
    mfn_t root = MFN(v->cr3_kernel >> PAGE_SHIFT);

    (void)state;
    assert_int_equal(vcpu_set_base(v, l3), 0);
    assert_ptr_equal(pt_find_l1e(root, low), &machine_page(l1)[5]);
    assert_ptr_equal(pt_find_l1e(root, high), &machine_page(l1_high)[5]);
    assert_null(pt_find_l1e(root, low + LARGE_BYTES));
    for (u64 va = PAE_WINDOW_START; va < PAE_END + (4UL << 30); va += LARGE_BYTES / 2)
        assert_null(pt_find_l1e(root, va));
    assert_null(pt_find_l1e(root, DIRECTMAP_VIRT_START));
    assert_int_equal(update(hv, 7, pte_make(hv, PTE_P)), 0);
    assert_ptr_equal(pt_find_l1e(root, (3UL << 30) + 7 * LARGE_BYTES + (9UL << PAGE_SHIFT)),
                     &machine_page(hv)[9]);
}

/* ---- two widths ---- */

/* The form of an entry is that of the domain whose table it is in. */
static void foreign_mappings_have_the_form_of_their_table(void **state)
{
    mfn_t table = machine_frame(wide), page = machine_frame(wide);
    u64 *mine = machine_page(l1), *theirs = machine_page(table);

    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(table_pin(table, wide, 1), 0);
    assert_int_equal(pt_entry_write(FT_L1, &theirs[1], pte_make(data, KERNEL_RW), false, wide, d),
                     0);
    assert_int_equal(theirs[1], pte_make(data, KERNEL_RW | PTE_US | PTE_GUEST_KERNEL));
    assert_int_equal(pt_entry_write(FT_L1, &mine[1], pte_make(page, KERNEL_RW), false, d, wide), 0);
    assert_int_equal(mine[1], pte_make(page, KERNEL_RW));
    assert_audit(d);
    assert_audit(wide);
    assert_int_equal(update(l1, 1, 0), 0);
    assert_int_equal(update(l1, 1, pte_make(page, KERNEL_RW)), -XEN_EBUSY);
    assert_int_equal(pt_entry_write(FT_L1, &theirs[1], 0, false, wide, d), 0);
}

static void tables_are_of_one_domain(void **state)
{
    mfn_t top = machine_frame(wide), middle = machine_frame(wide);

    (void)state;
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(table_pin(top, wide, 4), 0);
    assert_int_equal(table_pin(middle, wide, 3), 0); /* 512 entries, none in its place */
    machine_run(wide);
    assert_int_equal(
        pt_entry_write(FT_L4, machine_page(top), pte_make(l3, GUEST_RW), false, wide, wide),
        -XEN_EINVAL);
    assert_int_equal(
        pt_entry_write(FT_L3, machine_page(middle), pte_make(l2, GUEST_RW), false, wide, wide),
        -XEN_EINVAL);
    assert_int_equal(
        pt_entry_write(FT_L3, machine_page(middle), pte_make(hv, GUEST_RW), false, wide, wide),
        -XEN_EINVAL);
    machine_run(d);
    assert_int_equal(update(l3, 1, pte_make(middle, PTE_P)), -XEN_EINVAL);
    assert_audit(wide);
}

/* ---- interruptions, and the end ---- */

static void audit_now(void)
{
    assert_audit(d);
}

/* So that there is something to interrupt. */
static void leaves_fill(void)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        machine_page(l1)[i] = machine_page(l1_high)[i] = pte_make(data, KERNEL_RW);
}

static int base_set_at(u32 n, mfn_t m)
{
    int rc;

    machine_preempt_in = n;
    while ((rc = pae_base_set(v, m)) == RESTART)
        audit_now();
    while (tables_retiring())
        if (tables_retire())
            audit_now();
    return rc;
}

static void base_pointers_come_and_go_interrupted(void **state)
{
    bool more = true;
    u32 points = 0;

    (void)state;
    leaves_fill();
    for (u32 n = 1; more; n++) {
        assert_int_equal(base_set_at(n, l3), 0);
        more = !machine_preempt_in;
        points += more;
        assert_int_equal(base_set_at(n, MFN(0)), 0);
        more |= !machine_preempt_in;
        machine_preempt_in = 0;
        assert_refused(-XEN_EINVAL);
    }
    assert_true(points > 16);
}

static void what_fails_late_gives_all_back_interrupted(void **state)
{
    bool more = true;

    (void)state;
    leaves_fill();
    machine_page(l1_high)[500] = pte_make(data, PTE_P | PTE_PCD);
    for (u32 n = 1; more; n++) {
        assert_int_equal(base_set_at(n, l3), -XEN_EINVAL);
        more = !machine_preempt_in;
        machine_preempt_in = 0;
        assert_refused(-XEN_EINVAL);
    }
}

/* Somebody gave up in the middle: the L2 is neither an ordinary one nor lost. */
static void half_an_l2_of_ours_is_nothing_else(void **state)
{
    (void)state;
    leaves_fill();
    for (u32 n = 1; n < 40 && !(mfn_to_frame(hv)->word & FRAME_PARTIAL); n++) {
        machine_preempt_in = n;
        if (!table_pin(l3, d, 3))
            assert_int_equal(table_unpin(l3, d), 0);
    }
    assert_true(mfn_to_frame(hv)->word & FRAME_PARTIAL && type_of(hv) == FT_L2_HV);
    machine_preempt_in = 0;
    assert_audit(d);
    assert_int_equal(table_pin(hv, d, 2), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(hv, d, FT_WRITABLE), -XEN_EINVAL);
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_true(type_of(hv) == FT_L2_HV && machine_types(hv) == 1);
}

/* Whatever a domain was at, its end gives all back (domains_end). */
static void the_end_comes_at_any_time(void **state)
{
    for (u32 n = 1; n < 40; n++) {
        leaves_fill();
        machine_preempt_in = n;
        if (pae_base_set(v, l3) == 0)
            (void)pae_base_set(v, n % 2 ? MFN(0) : l3);
        machine_preempt_in = 0;
        assert_int_equal(domains_end(state), 0);
        domains_make(state);
    }
    assert_int_equal(table_pin(l3, d, 3), 0);
    assert_int_equal(vcpu_set_base(v, l3), 0);
    assert_non_null(vcpu_create(d, 1));
    assert_int_equal(pae_base_set(d->vcpus[1], l3), 0);
    assert_audit(d);
}

/* ---- the audit, and the table that the window shows ---- */

static void the_audit_sees_what_is_not_the_guests(void **state)
{
    u64 *places[] = {&machine_page(hv)[PAE_L2_HV_SLOT], &machine_page(hv)[PT_ENTRIES - 1],
                     &machine_page(l3)[4], &machine_page(l3)[PT_ENTRIES - 1]};

    (void)state;
    assert_int_equal(vcpu_set_base(v, l3), 0);
    machine_quiet = true;
    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        *places[i] ^= PTE_RW;
        assert_int_equal(audit_domain(d), 1);
        *places[i] ^= PTE_RW;
        assert_audit(d);
    }
    mfn_to_frame(hv)->word += FT_L2 - FT_L2_HV; /* as an ordinary L2: its type, its entries */
    assert_true(audit_domain(d) > 0);
    mfn_to_frame(hv)->word += FT_L2_HV - FT_L2;
    *(u64 *)maddr_to_virt(v->cr3_kernel) = 0;
    assert_int_equal(audit_domain(d), 1);
    *(u64 *)maddr_to_virt(v->cr3_kernel) = pte_make(l3, PTE_P | PTE_RW | PTE_US | PTE_A);
    machine_quiet = false;
}

static void both_tables_of_frames_are_told(void **state)
{
    static u32 narrow[8];

    (void)state;
    m2p32 = narrow;
    m2p32_frames = 7;
    m2p_set(MFN(3), 0x1234);
    assert_true(m2p[3] == 0x1234 && narrow[3] == 0x1234);
    m2p_set(MFN(3), 1UL << 32); /* no pfn that it could tell: never another one */
    assert_true(m2p[3] == 1UL << 32 && narrow[3] == INVALID_M2P32_ENTRY);
    m2p_set(MFN(3), INVALID_M2P_ENTRY);
    assert_true(m2p[3] == INVALID_M2P_ENTRY && narrow[3] == INVALID_M2P32_ENTRY);
    m2p_set(MFN(7), 5); /* out of its reach */
    assert_true(m2p[7] == 5 && narrow[7] == 0);
    m2p32_frames = 0;
}

static int window_setup(void **state)
{
    pae_window_make(WINDOW_MFN, 2 * LARGE_BYTES);
    return machine_setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domains_make, domains_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tree_becomes_tables_and_goes_again),
        TEST(what_four_levels_would_see_is_cleared),
        TEST(the_last_entry_must_name_a_table_and_stays),
        TEST(flags_of_the_first_level),
        TEST(the_guest_gets_its_first_level_back_as_it_was),
        TEST(user_bits_are_the_guests),
        TEST(there_is_no_fourth_level),
        TEST(the_hypervisors_slots_are_filled_and_kept),
        TEST(it_cannot_be_anywhere_else),
        TEST(it_belongs_to_one_l3),
        TEST(a_lock_is_no_second_use),
        TEST(what_was_one_becomes_an_ordinary_table),
        TEST(linear_entries_at_the_second_level_only),
        TEST(a_linear_use_counts),
        TEST(the_root_names_the_base_pointer),
        TEST(wrong_base_pointers_change_nothing),
        TEST(cr3_has_the_upper_bits_in_its_lower),
        TEST(the_walk_needs_no_user_bit_and_ends_at_the_window),
        TEST(foreign_mappings_have_the_form_of_their_table),
        TEST(tables_are_of_one_domain),
        TEST(base_pointers_come_and_go_interrupted),
        TEST(what_fails_late_gives_all_back_interrupted),
        TEST(half_an_l2_of_ours_is_nothing_else),
        TEST(the_end_comes_at_any_time),
        TEST(the_audit_sees_what_is_not_the_guests),
        TEST(both_tables_of_frames_are_told),
    };

    return cmocka_run_group_tests(tests, window_setup, NULL);
}
