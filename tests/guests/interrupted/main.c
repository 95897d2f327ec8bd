/*
 * Calls that the hypervisor interrupts, where going on is not as simple as calling again: a list of
 * calls that cannot be written to, a refused root that takes long to be given back, an instruction
 * that is single-stepped. With preempt=1 each is interrupted wherever it can be; the answers are
 * those of Xen, which has no reason to.
 */
#include "tests/guests/common.h"

#include "guest-kernel/core/trap_frame.h"

#define REQUESTS  64
#define TRAP_FLAG 0x100ul

static mmu_update_t requests[REQUESTS];

static struct {
    u64 traps, rip;
} steps;

/* Nothing can be said to a list in a read-only page: neither a result nor what is left to do. */
static void say_list_in_read_only_memory(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    multicall_entry_t *list = pfn_to_virt(pfn);
    u64 pte = pte_make(pfn_to_mfn(pfn), PTE_READ_ONLY);
    long refused;

    for (unsigned int i = 0; i < REQUESTS; i++)
        requests[i] = (mmu_update_t){.ptr = scratch_entry(1) + i * sizeof(u64)};
    list[0] = (multicall_entry_t){.op = __HYPERVISOR_mmu_update,
                                  .args = {(uintptr_t)requests, REQUESTS, 0, DOMID_SELF}};
    list[1] = (multicall_entry_t){.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_yield}};
    row("list.writable", call_multicall(list, 2));
    list[0].args[0] = (uintptr_t)requests; /* either may have been rewritten */
    list[0].args[1] = REQUESTS;
    row("list.made-read-only", map_page(list, pte));
    /* Xen's answer is another one when an interrupt comes just then. */
    refused = call_multicall(list, 2);
    row_want("list.read-only-is-refused", refused == -XEN_EFAULT || refused == -XEN_ENOSYS, true);
    row("list.answer-before", (s64)list[1].result);
    row("list.after", call_sched_op(SCHEDOP_yield, NULL));
}

static void load_root(void *root)
{
    asm volatile("mov %0, %%cr3" ::"r"(root) : "memory");
}

/* A root whose last entry is bad: all before it was taken, and goes back. */
static void say_refused_root(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 *root = pfn_to_virt(pfn), address = mfn_to_address(pfn_to_mfn(pfn));

    for (unsigned int i = 0; i < WIDE(200, 2); i++)
        root[i] = pte_make_table(scratch_table(PT_LEVELS - 1), PT_LEVELS);
    root[WIDE(250, 3)] = pte_make(pfn_to_mfn(pfn), PTE_TABLE | PTE_NX);
    row("root.map-read-only", map_page(root, pte_make(pfn_to_mfn(pfn), PTE_READ_ONLY)));
    for (unsigned int i = 0; i < 2; i++) {
        row(name_nth("root", "load", i), fault_catch(load_root, (void *)(uintptr_t)address).vector);
        row(name_nth("root", "update", i), pte_update(address, 0));
    }
    row("root.load-again", fault_catch(load_root, (void *)(uintptr_t)address).vector);
    row("root.pin", table_pin(pfn_to_mfn(pfn), PT_LEVELS));
    row("root.map-writable", map_page(root, pte_make(pfn_to_mfn(pfn), PTE_READ_WRITE)));
}

static bool step_count(struct trap_frame *frame)
{
    if (!steps.traps++)
        steps.rip = frame->rip;
    frame->rflags &= ~TRAP_FLAG;
    return true;
}

/* Away from a root that nothing else uses: it is torn down by this one instruction. */
static void say_step(void)
{
    mfn_t root = table_new_kernel_root();
    unsigned long after;

    trap_handle(VECTOR_DB, step_count);
    row("step.switch", mmuext(MMUEXT_NEW_BASEPTR, root.n));
    asm volatile(WIDE("lea 1f(%%rip), %0\n", "mov $1f, %0\n") "pushf\n" WIDE(
                     "orq %2, (%%rsp)\n", "orl %2, (%%esp)\n") "popf\n"
                                                               "mov %1, %%cr3\n"
                                                               "1: nop\n"
                 : "=&r"(after)
                 : "r"((unsigned long)mfn_to_address(table_boot_root())), "i"(TRAP_FLAG)
                 : "memory", "cc");
    row("step.traps", (s64)steps.traps);
    row("step.behind-the-instruction", steps.rip == after);
    row("step.map-writable", map_page(mfn_to_virt(root), pte_make(root, PTE_READ_WRITE)));
}

void guest_main(void)
{
    say_list_in_read_only_memory();
    say_refused_root();
    say_step();
    guest_end();
}
