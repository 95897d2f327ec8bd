/* Rows of the calls that touch no page table. */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"

#define MULTICALL_MAX   32
#define NUMBER_UNKNOWN  63 /* below the limit, but no call */
#define GDT_ENTRY       8
#define DATA_DESCRIPTOR 0x00cff3000000ffffull /* flat, ring 3, writable, accessed */

static multicall_entry_t calls[MULTICALL_MAX];
static u8 stack[PAGE_SIZE] __attribute__((aligned(16)));
static u64 gdt_entry; /* machine address */
static trap_info_t one_trap[2];

static long null_hypercall(void)
{
    return call_xen_version(XENVER_version, NULL);
}

static long unknown_hypercall(void)
{
    return hypercall_any(NUMBER_UNKNOWN, 0, 0, 0, 0, 0) + XEN_ENOSYS;
}

static long multicall_1(void)
{
    return call_multicall(calls, 1);
}

static long multicall_8(void)
{
    return call_multicall(calls, 8);
}

static long multicall_32(void)
{
    return call_multicall(calls, 32);
}

static long sched_yield(void)
{
    return call_sched_op(SCHEDOP_yield, NULL);
}

static long stack_switch(void)
{
    return call_stack_switch(FLAT_KERNEL_SS, stack + sizeof(stack));
}

static long fpu_taskswitch(void)
{
    return call_fpu_taskswitch(0);
}

static long set_segment_base_fs(void)
{
    return call_set_segment_base(SEGBASE_FS, (uintptr_t)stack);
}

static long update_descriptor(void)
{
    return call_update_descriptor(gdt_entry, DATA_DESCRIPTOR);
}

static long set_trap_table_one(void)
{
    return call_set_trap_table(one_trap);
}

/* A descriptor table in force, so that update_descriptor meets the usual kind of frame. */
static void gdt_make(void)
{
    mfn_t frame = table_new(); /* a frame of zeros that nobody can write: good for this table too */

    bench_require("set_gdt", call_set_gdt(&frame.n, PAGE_SIZE / sizeof(u64)));
    gdt_entry = mfn_to_address(frame) + GDT_ENTRY * sizeof(u64);
}

static void calls_require_answers(void)
{
    for (unsigned int i = 0; i < MULTICALL_MAX; i++)
        bench_require("a call in a multicall", (long)calls[i].result);
}

void rows_calls(void)
{
    static const struct bench benches[] = {
        {"null-hypercall", .run = null_hypercall},
        {"unknown-hypercall", .run = unknown_hypercall},
        {"multicall-1", .run = multicall_1},
        {"multicall-8", .run = multicall_8, .per_run = 8},
        {"multicall-32", .run = multicall_32, .per_run = 32},
        {"sched-yield", .run = sched_yield},
        {"stack-switch", .run = stack_switch},
        {"fpu-taskswitch", .run = fpu_taskswitch},
        {"set-segment-base-fs", .run = set_segment_base_fs},
        {"update-descriptor", .run = update_descriptor},
        {"set-trap-table-1", .run = set_trap_table_one},
    };

    for (unsigned int i = 0; i < MULTICALL_MAX; i++)
        calls[i] = (multicall_entry_t){.op = __HYPERVISOR_xen_version, .args = {XENVER_version, 0}};
    /* A vector that nothing raises. */
    one_trap[0] =
        (trap_info_t){.vector = 0x90, .cs = FLAT_KERNEL_CS, .address = (uintptr_t)rows_calls};
    gdt_make();
    bench_rows(benches, ARRAY_SIZE(benches));
    calls_require_answers();
}
