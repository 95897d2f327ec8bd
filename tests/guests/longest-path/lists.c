/* Lists whose entries are each as long as can be: calls, operations, updates, handlers, text. */
#include "tests/guests/longest-path/longest.h"

#define CALLS       2000
#define GDT_PAGES   14
#define GDT_ENTRIES (GDT_PAGES * 512)
#ifdef __x86_64__
#define DESCRIPTOR 0x00affa000000ffffull
#else
#define DESCRIPTOR 0x00cffa000000ffffull
#endif
#define BAD_GATE 0x00008e0000000000ull /* an interrupt gate */

static multicall_entry_t calls[CALLS];
static xen_pfn_t gdts[2][GDT_PAGES];
static bool bad_end;

static u64 descriptor_fill(unsigned int index)
{
    return bad_end && index == 511 ? BAD_GATE : DESCRIPTOR;
}

static void gdts_make(void)
{
    for (unsigned int i = 0; i < GDT_PAGES; i++) {
        gdts[0][i] = table_filled(descriptor_fill).n;
        bad_end = i == GDT_PAGES - 1; /* the second list fails at its very last descriptor */
        gdts[1][i] = table_filled(descriptor_fill).n;
    }
}

static void multicall_of(unsigned int op, unsigned long a1, unsigned long a2, unsigned long a3,
                         unsigned long a4, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        calls[i] = (multicall_entry_t){.op = op, .args = {a1, a2, a3, a4}};
    if (call_multicall(calls, count))
        row_want("multicall.refused", op, -1);
}

static void calls_of_every_length(void)
{
    static mmuext_op_t op = {.cmd = MMUEXT_TLB_FLUSH_ALL};
    static mmu_update_t updates[8];
    mfn_t page = frame_new();

    gdts_make();
    multicall_of(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, CALLS);
    multicall_of(__HYPERVISOR_set_gdt, (uintptr_t)gdts[0], GDT_ENTRIES, 0, 0, 20);
    row_want("multicall.set-gdt", (long)calls[19].result, 0);
    multicall_of(__HYPERVISOR_set_gdt, (uintptr_t)gdts[1], GDT_ENTRIES, 0, 0, 20);
    row_want("multicall.set-gdt-bad", (long)calls[19].result, -XEN_EINVAL);
    multicall_of(__HYPERVISOR_set_gdt, 0, 0, 0, 0, 1);
    multicall_of(__HYPERVISOR_update_va_mapping, (uintptr_t)scratch_page(0), 0,
                 VA_MAPPING_FLAGS == 2 ? UVMF_TLB_FLUSH : 0, UVMF_TLB_FLUSH, CALLS);
    multicall_of(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF, CALLS);
    op = (mmuext_op_t){.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = page.n};
    multicall_of(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, DOMID_SELF, CALLS);
    for (unsigned int i = 0; i < ARRAY_SIZE(updates); i++)
        updates[i] = (mmu_update_t){.ptr = scratch_entry(1) + i * sizeof(u64),
                                    .val = pte_make(page, PTE_READ_ONLY)};
    multicall_of(__HYPERVISOR_mmu_update, (uintptr_t)updates, ARRAY_SIZE(updates), 0, DOMID_SELF,
                 CALLS);
}

static void operations(void)
{
    static mmuext_op_t ops[CALLS];
    static mmu_update_t updates[CALLS];
    mfn_t page = frame_new();
    u32 done;

    for (unsigned int i = 0; i < CALLS; i++) {
        ops[i] = (mmuext_op_t){.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = page.n};
        updates[i] = (mmu_update_t){.ptr = page.n << PAGE_SHIFT, .val = i};
    }
    row_want("mmuext.answer", call_mmuext_op(ops, CALLS, &done, DOMID_SELF), 0);
    row_want("mmuext.done", done, CALLS);
    row_want("mmu-update.answer", call_mmu_update(updates, CALLS, &done, DOMID_SELF), 0);
    row_want("mmu-update.done", done, CALLS);
}

static void handlers_and_text(void)
{
    static trap_info_t handlers[CALLS + 1];
    static char text[8 * PAGE_SIZE];

    for (unsigned int i = 0; i < CALLS; i++)
        handlers[i] = (trap_info_t){.vector = 200, .cs = FLAT_KERNEL_CS, .address = 0x1000};
    row_want("set-trap-table.answer", call_set_trap_table(handlers), 0);
    memset(text, '.', sizeof(text));
    text[sizeof(text) - 1] = '\n';
    row_want("console.answer", call_console_io(CONSOLEIO_write, sizeof(text), text), 0);
}

void long_lists(void)
{
    calls_of_every_length();
    operations();
    handlers_and_text();
}
