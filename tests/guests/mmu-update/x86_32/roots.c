/*
 * The root of a 32-bit guest has four entries. As where the CPU walks three levels, few flags may
 * be in them; but the hypervisor, whose CPU walks four, adds those that let all through. The last
 * one cannot be changed while it is in force, nor can those behind it.
 */
#include "tests/guests/common.h"
#include "tests/guests/mmu-update/width.h"

#define FREE  2 /* an entry of the boot root that nothing uses */
#define ADDED (PTE_WRITE | PTE_USER)
#define GOOD  (PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY | 0xe00)

static void say_flags(const char *what, u64 request, u64 value, u64 wanted)
{
    u64 slot = request & ~7ull;

    row_want(name_of("root-answer", what), pte_update(request, value), 0);
    row_want_hex(name_of("root", what), entry_flags(entry_read(slot)), wanted);
}

static void say_bits(u64 slot)
{
    for (unsigned int bit = 1; bit < 64; bit++) {
        u64 flag = 1ull << bit;
        bool good = flag & GOOD;

        if (bit >= PAGE_SHIFT && bit < 52)
            continue;
        pte_update(slot, 0);
        row_want(name_nth("root-answer", "bit", bit),
                 pte_update(slot, table_pte[1] | PTE_PRESENT | flag), good ? 0 : -XEN_EINVAL);
        row_want_hex(name_nth("root", "bit", bit), entry_flags(entry_read(slot)),
                     good ? PTE_PRESENT | ADDED | flag : 0);
        /* Over an entry with the same table there is a short road, with the same refusals. */
        pte_update(slot, table_pte[1] | PTE_PRESENT);
        row_want(name_nth("root-over", "bit", bit),
                 pte_update(slot, table_pte[1] | PTE_PRESENT | flag), good ? 0 : -XEN_EINVAL);
    }
}

void say_roots(void)
{
    u64 slot = table_entry_address(table_boot_root(), FREE), table = table_pte[1] | PTE_PRESENT;

    say_bits(slot);
    say_flags("accessed", slot, table | PTE_ACCESSED, PTE_PRESENT | ADDED | PTE_ACCESSED);
    say_flags("preserved", slot | MMU_PT_UPDATE_PRESERVE_AD, table,
              PTE_PRESENT | ADDED | PTE_ACCESSED);
    say_flags("normal", slot, table, PTE_PRESENT | ADDED);
    say_flags("not-present", slot, 0xff0, 0xff0);
    say_flags("nothing", slot, 0, 0);
    row_want("root.first-level", pte_update(slot, table_pte[0] | PTE_PRESENT), 0);
    row_want("root.that-is-a-second-now", mmuext(MMUEXT_PIN_L1_TABLE, table_pte[0] >> PAGE_SHIFT),
             -XEN_EINVAL);
    row_want("root.itself", pte_update(slot, mfn_to_address(table_boot_root()) | PTE_PRESENT),
             -XEN_EINVAL);
    pte_update(slot, 0);
    for (unsigned int i = 3; i < 6; i++) {
        u64 entry = entry_read(table_entry_address(table_boot_root(), i));

        row_want(name_nth("root", "same-again", i),
                 pte_update(table_entry_address(table_boot_root(), i), entry), -XEN_EINVAL);
        row_want(name_nth("root", "clear", i),
                 pte_update(table_entry_address(table_boot_root(), i), 0), -XEN_EINVAL);
    }
}
