/*
 * The page tables that only 32-bit kernels have: three levels, of which the first has four entries
 * and the second, below the last of those, ends in the hypervisor's. To those tables the kernel is
 * a supervisor, so neither the hypervisor's window nor the hypervisor is kept from it by a user
 * bit. What keeps it: nothing may be put where the hypervisor's entries are, they can only be read,
 * and the table with them is in one place only.
 */
#include "tests/guests/common.h"

#define M2P_END         0xffe00000u
#define PF_WRITE_DENIED 3 /* present, a write; ring 1 is a supervisor */
#define PF_ABSENT       0
#define PF_ABSENT_WRITE 2
#define LAST            3u /* entry of a root */
#define LARGE_BYTES     (2u << 20)
#define WINDOW          pt_index(HYPERVISOR_VIRT_START, 2)

/* What a refused pin leaves, and a good one. */
static void say_pin(const char *what, mfn_t root, long wanted)
{
    row_want(name_of("pin", what), mmuext(MMUEXT_PIN_L3_TABLE, root.n), wanted);
    if (!wanted)
        row_want(name_of("unpin", what), mmuext(MMUEXT_UNPIN_TABLE, root.n), 0);
}

static u64 *root_page(mfn_t root)
{
    return pfn_to_virt(mfn_to_pfn(root));
}

/* The root is no table yet: it is ours to write again for a moment. */
static void root_write(mfn_t root, unsigned int i, u64 entry)
{
    frame_protect(mfn_to_pfn(root), PTE_KERNEL_READ_WRITE);
    root_page(root)[i] = entry;
    frame_protect(mfn_to_pfn(root), PTE_KERNEL_READ_ONLY);
}

static void say_roots(void)
{
    mfn_t root = table_new_kernel_root(), plain = table_new();
    u64 good = root_page(root)[LAST], boot = table_entries(table_boot_root())[LAST];

    say_pin("good", root, 0);
    root_write(root, LAST, 0);
    say_pin("without-the-last", root, -XEN_EINVAL);
    root_write(root, LAST, boot);
    say_pin("with-another-roots", root, -XEN_EINVAL);
    root_write(root, LAST, good);
    root_write(root, 0, good);
    say_pin("with-its-own-twice", root, -XEN_EINVAL);
    root_write(root, 0, pte_make(plain, PTE_PRESENT | PTE_NO_CACHE));
    say_pin("uncached", root, -XEN_EINVAL);
    root_write(root, 0, pte_make(plain, PTE_PRESENT | PTE_NX));
    say_pin("no-execute", root, -XEN_EINVAL);
    root_write(root, 0, pte_make(plain, PTE_PRESENT));
    root_write(root, 4, pte_make(plain, PTE_PRESENT));
    root_write(root, PT_ENTRIES - 1, ~0ull);
    row_want("pin.with-a-fifth", mmuext(MMUEXT_PIN_L3_TABLE, root.n), 0);
    row_want("fifth.cleared", root_page(root)[4] | root_page(root)[PT_ENTRIES - 1], 0);
    row_want_hex("first.flags", entry_flags(root_page(root)[0]), PTE_TABLE & ~PTE_ACCESSED);
    for (unsigned int i = 0; i < 6; i++)
        row_want(name_nth("root", "update", i),
                 pte_update(table_entry_address(root, i), pte_make(plain, PTE_PRESENT)),
                 i < LAST ? 0 : -XEN_EINVAL);
    row_want("pin.second-level-of-the-last", mmuext(MMUEXT_PIN_L2_TABLE, pte_mfn(good).n),
             -XEN_EINVAL);
    row_want("window.update", pte_update(table_entry_address(pte_mfn(good), WINDOW), 0),
             -XEN_EPERM);
    row_want("window.update-last",
             pte_update(table_entry_address(pte_mfn(good), PT_ENTRIES - 1), 0), -XEN_EPERM);
    row_want("unpin.with-a-fifth", mmuext(MMUEXT_UNPIN_TABLE, root.n), 0);
    row_want_hex("first.flags-afterwards", entry_flags(root_page(root)[0]), PTE_PRESENT);
}

static void say_levels(void)
{
    mfn_t root = table_boot_root(), plain = table_new();

    row_want("level-4.pin", mmuext(MMUEXT_PIN_L4_TABLE, plain.n), 0); /* as if nothing was said */
    row_want("level-4.unpin", mmuext(MMUEXT_UNPIN_TABLE, plain.n), -XEN_EINVAL);
    row_want("base.user", mmuext(MMUEXT_NEW_USER_BASEPTR, root.n), -XEN_EINVAL);
    row_want("base.none", mmuext(MMUEXT_NEW_BASEPTR, 0), -XEN_EINVAL);
    row_want("base.second-level", mmuext(MMUEXT_NEW_BASEPTR, plain.n), -XEN_EINVAL);
    row_want("base.same", mmuext(MMUEXT_NEW_BASEPTR, root.n), 0);
}

static void say_fault(const char *what, struct fault fault, unsigned int error)
{
    row_want(name_of(what, "vector"), fault.taken ? (long)fault.vector : -1, 14);
    row_want(name_of(what, "error"), (long)fault.error, error);
}

static void say_window(void)
{
    struct xen_machphys_mapping where = {0};
    mfn_t ours = pfn_to_mfn(frame_alloc_zeroed());
    u32 *table = (u32 *)HYPERVISOR_VIRT_START;
    unsigned long word;

    row_want("m2p.mapping", call_memory_op(XENMEM_machphys_mapping, &where), 0);
    row_want("m2p.start", where.v_start == HYPERVISOR_VIRT_START, 1);
    row_want("m2p.end", where.v_end == M2P_END, 1);
    row_want("m2p.max", where.max_mfn == (M2P_END - HYPERVISOR_VIRT_START) / 4 - 1, 1);
    row_want("m2p.ours", table[ours.n] == mfn_to_pfn(ours).n, 1);
    row_want("m2p.no-frame", table[0] == 0xffffffffu, 1);
    say_fault("m2p.write", probe_write(&table[ours.n], 0), PF_WRITE_DENIED);
    row_want("m2p.ours-still", table[ours.n] == mfn_to_pfn(ours).n, 1);
    say_fault("end.read", probe_read((void *)M2P_END, &word), PF_ABSENT);
    say_fault("end.write", probe_write((void *)M2P_END, 0), PF_ABSENT_WRITE);
    row_want("window.map", map_page(table, pte_make(ours, PTE_KERNEL_READ_WRITE)), -XEN_EINVAL);
    row_want("window.unmap", map_page((void *)M2P_END, 0), -XEN_EINVAL);
    row_want("m2p.told", pte_update(mfn_to_address(ours) | MMU_MACHPHYS_UPDATE, 0x1234), 0);
    row_want("m2p.as-told", table[ours.n], 0x1234);
    row_want("m2p.told-back",
             pte_update(mfn_to_address(ours) | MMU_MACHPHYS_UPDATE, mfn_to_pfn(ours).n), 0);
}

/* By a linear entry the table with the hypervisor's entries is seen as memory, those with it; but
 * it can be written no more than before, nor what they lead to. */
static void say_linear(void)
{
    mfn_t last = pte_mfn(table_entries(table_boot_root())[LAST]);
    u64 spare = table_entry_address(last, WINDOW - 1), before = entry_read(spare), seen = 0;
    char *pages = (char *)HYPERVISOR_VIRT_START - LARGE_BYTES;
    u64 *itself = (u64 *)(pages + (WINDOW - 1) * PAGE_SIZE);

    row_want("linear.writable", pte_update(spare, pte_make(last, PTE_PRESENT | PTE_WRITE)),
             -XEN_EINVAL);
    row_want("linear.self", pte_update(spare, pte_make(last, PTE_PRESENT)), 0);
    seen = itself[WINDOW - 1];
    row_want("linear.seen", pte_mfn(seen).n == last.n, 1);
    say_fault("linear.write", probe_write(itself, 0), PF_WRITE_DENIED);
    say_fault("linear.write-window", probe_write(pages + WINDOW * PAGE_SIZE, 0), PF_WRITE_DENIED);
    row_want("linear.update-through-it", map_page(itself, 0), -XEN_EINVAL);
    row_want("linear.update-window", map_page(pages + WINDOW * PAGE_SIZE, 0), -XEN_EINVAL);
    row_want("linear.gone", pte_update(spare, before), 0);
}

void guest_main(void)
{
    say_levels();
    say_roots();
    say_window();
    say_linear();
    guest_end();
}
