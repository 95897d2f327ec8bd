/*
 * The probes in a PV kernel's ring (3 in 64 bits, 1 in 32) and in its user space's, after it has
 * told the hypervisor what it would have told the machine: a descriptor table and an LDT, an
 * interrupt gate for itself, and that it wants no interrupts now. What each instruction then says
 * of that is the row. Nothing of this is the ABI's to promise, but kernels were written that met
 * it, and Xen says the same.
 */
#include "tests/guests/common.h"
#include "tests/guests/sensitive/sensitive.h"

#include "guest-kernel/core/user.h"
#include "guest-kernel/event/upcall.h"

#ifdef __x86_64__
#define CODE 0x00af9a000000ffffull
#else
#define CODE 0x00cf9a000000ffffull
#endif
#define DATA 0x00cf92000000ffffull

#define GDT_ENTRIES 512
#define LDT_ENTRIES 8
#define USER_VA     0x40000000ul /* a page of code, and one of stack */

extern const char probe_in_user_space[], probe_has_returned[];

/* QEMU names twice the gate's number when it refuses `int n`, and Xen takes its word for it: under
 * both it is the same. */
#define VECTOR_OWN_DOUBLED (2 * VECTOR_OWN)

static struct ring kernel = {.name = "kernel"}, user = {.name = "user"};

void probe_row(const char *ring, const char *probe, const char *text)
{
    row_text(name_of(ring, probe), text);
}

/* ---- the kernel */

struct call {
    unsigned long (*code)(void);
    unsigned long value;
};

static void call_code(void *arg)
{
    struct call *call = arg;

    call->value = call->code();
}

static struct outcome run_in_kernel(const char *code)
{
    struct call call = {.code = (unsigned long (*)(void))code};
    struct fault fault = fault_catch(call_code, &call);

    if (fault.taken && fault.vector == VECTOR_OWN_DOUBLED)
        fault.vector = VECTOR_OWN;
    return (struct outcome){.vector = fault.taken ? fault.vector : NOTHING_RAISED,
                            .value = call.value};
}

/* ---- a process */

static unsigned long user_address(const char *label)
{
    return USER_VA + (unsigned long)(label - probes_begin);
}

static struct outcome run_in_user_space(const char *code)
{
    static struct trap_frame frame;

    user_frame_init(&frame, user_address(probe_in_user_space), USER_VA + 2 * PAGE_SIZE);
    frame.rbx = user_address(code);
    user_run(&frame);
    if (frame.vector == VECTOR_UD && frame.rip == user_address(probe_has_returned))
        return (struct outcome){.vector = NOTHING_RAISED, .value = frame.rax};
    return (struct outcome){.vector = (unsigned)frame.vector};
}

static void page_show(unsigned long va, pfn_t pfn, u64 flags)
{
    long answer = map_page((void *)va, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER | flags));

    if (answer)
        guest_panic("a user page cannot be mapped: error %ld", answer);
}

static void user_space_make(void)
{
    pfn_t code = frame_alloc_zeroed();

    memcpy(pfn_to_virt(code), probes_begin, (size_t)(probes_end - probes_begin));
    table_reach(table_boot_root(), USER_VA);
    page_show(USER_VA, code, 0);
    page_show(USER_VA + PAGE_SIZE, frame_alloc_zeroed(), PTE_WRITE);
#ifdef __x86_64__
    mfn_t root = table_new();
    u64 entry = entry_read(table_walk(table_boot_root(), USER_VA, PT_LEVELS));

    if (pte_update(table_entry_address(root, pt_index(USER_VA, PT_LEVELS)), entry) ||
        table_pin(root, PT_LEVELS) || mmuext(MMUEXT_NEW_USER_BASEPTR, root.n))
        guest_panic("no user page table");
#endif
}

/* ---- what a kernel says to its machine */

static void check(const char *what, long answer)
{
    if (answer)
        guest_panic("%s: error %ld", what, answer);
}

static void tables_load(void)
{
    mfn_t gdt = table_new(), ldt = table_new();
    xen_pfn_t frame = (xen_pfn_t)gdt.n;
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT,
                      .arg1.linear_addr = (unsigned long)table_entries(ldt),
                      .arg2.nr_ents = LDT_ENTRIES};

    check("data", call_update_descriptor(table_entry_address(gdt, OWN_DATA / 8), DATA));
    check("code", call_update_descriptor(table_entry_address(gdt, OWN_CODE / 8), CODE));
    check("set_gdt", call_set_gdt(&frame, GDT_ENTRIES));
    check("set_ldt", call_mmuext_op(&op, 1, NULL, DOMID_SELF));
    check("trap table", trap_gate_set(VECTOR_OWN, 1));
    check("trap table", trap_gate_set(VECTOR_OWN_DOUBLED, 1));
    kernel.gdt = (unsigned long)table_entries(gdt);
    kernel.idt = (unsigned long)&trap_gate_set; /* it never sees the table that is in force */
}

void guest_main(void)
{
    tables_load();
    user_space_make();
    upcalls_mask();
    probes_run(&kernel, run_in_kernel);
    probes_run(&user, run_in_user_space);
    guest_end();
}
