/*
 * vcpu_op: every operation with what is wrong about it. A kernel finds out by these errors how many
 * vcpus it has (Linux asks is_up for each number up to 8191), and tries register_vcpu_info once to
 * see whether it is there; and VCPUOP_initialise takes 5 KiB of state of which each word could be a
 * way out of the guest.
 */
#include "tests/guests/vcpu-op/wrong.h"

#define UNMAPPED  0x7000ull
#define LAST_OP   13u
#define NO_VCPU   4u
#define INFO_SIZE sizeof(struct vcpu_info)
#define NMI       2u

static struct vcpu_guest_context context;
static u8 stack[STACK_BYTES] __attribute__((aligned(16)));

static NORETURN void sleeper(u64 arg)
{
    (void)arg;
    for (;;)
        yield();
}

static void say_ids(void)
{
    static const u64 ids[] = {0, 1, 3, NO_VCPU, 31, 32, 8191, 8192, 0xffffffff};

    for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
        row(name_nth("ids", "is_up", ids[i]), vcpu_op(VCPUOP_is_up, ids[i], NULL));
    row("ids.is_up-4294967296", vcpu_op(VCPUOP_is_up, 1ull << 32, NULL)); /* 32 bits of it count */
    for (u64 op = 0; op <= LAST_OP + 1; op++)
        row(name_nth("ids", "nobody", op), vcpu_op(op, NO_VCPU, NULL));
    row("ids.upper-half", vcpu_op(1ull << 32 | VCPUOP_is_up, 0, NULL));
    for (u64 op = LAST_OP + 1; op < LAST_OP + 4; op++)
        row(name_nth("ids", "no-such", op), vcpu_op(op, 0, NULL));
    row("ids.all-ones", vcpu_op(~0ull, 0, NULL));
}

static void say_pointers(void)
{
    const u64 bad[] = {0, UNMAPPED, NON_CANONICAL, HYPERVISOR_OWN, USER_END - 8, ~0ul - 7};
    static const u64 ops[] = {
        VCPUOP_initialise,         VCPUOP_get_runstate_info, VCPUOP_register_runstate_memory_area,
        VCPUOP_register_vcpu_info, VCPUOP_get_physid,        VCPUOP_register_vcpu_time_memory_area};

    for (unsigned int op = 0; op < ARRAY_SIZE(ops); op++)
        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
            for (u64 id = 0; id < 2; id++)
                console_printf("ROW pointer.op-%" F64 "u-%u-vcpu-%" F64 "u = %ld\n", ops[op], i, id,
                               vcpu_op(ops[op], id, (void *)(uintptr_t)bad[i]));
}

static long initialise_with(const struct wrong *w, unsigned int words)
{
    context_fill(&context, sleeper, 0, stack + sizeof(stack));
    for (unsigned int i = 0; i < words; i++)
        *(unsigned long *)((u8 *)&context + w[i].offset) = w[i].value;
    return vcpu_op(VCPUOP_initialise, 1, &context);
}

static const struct wrong wrongs[] = {
    {"ldt-base-misaligned", FIELD(ldt_base), 0x1008},
    {"ldt-ents", FIELD(ldt_ents), 8193},
    {"ldt-ents-all-ones", FIELD(ldt_ents), ~0ul},
    {"gdt-ents", FIELD(gdt_ents), FIRST_RESERVED_GDT_ENTRY + 1},
    {"gdt-ents-all-ones", FIELD(gdt_ents), 0xffffffff},
    {"gdt-no-frame", FIELD(gdt_ents), 1},
    {"cr3-zero", FIELD(ctrlreg[3]), 0},
    {"cr3-nowhere", FIELD(ctrlreg[3]), xen_pfn_to_cr3(BEYOND_MEMORY)},
    {"cr3-all-ones", FIELD(ctrlreg[3]), ~0ul},
};

static void say_initialise(void)
{
    struct wrong frame[2] = {{"", FIELD(ctrlreg[3]), 0}, {"", FIELD(gdt_ents), 1}};

    row("initialise.vcpu-0", vcpu_op(VCPUOP_initialise, 0, &context));
    for (unsigned int i = 0; i < ARRAY_SIZE(wrongs); i++)
        row(name_of("initialise", wrongs[i].name), initialise_with(&wrongs[i], 1));
    for (const struct wrong *w = wrongs_of_width; w->name; w++)
        row(name_of("initialise-own", w->name), initialise_with(w, 1));
    for (unsigned int level = 1; level < PT_LEVELS; level++) {
        frame[0].value = xen_pfn_to_cr3(scratch_table(level).n);
        row(name_nth("initialise", "cr3-level", level), initialise_with(frame, 1));
    }
    frame[0].offset = FIELD(gdt_frames[0]);
    frame[0].value = virt_to_mfn(&context).n;
    row("initialise.gdt-writable-frame", initialise_with(frame, 2));
    row("initialise.still-down", vcpu_op(VCPUOP_is_up, 1, NULL));
    row("initialise.up", vcpu_op(VCPUOP_up, 1, NULL));
}

/* A context that is refused gives back the descriptor table that it has taken. (Xen keeps the first
 * root for ever when the second is refused; that ours does not, host/test_domain_context shows.) */
static void say_given_back(void)
{
    mfn_t root = table_new_kernel_root();
    pfn_t gdt = frame_alloc_zeroed();
    struct wrong w[] = {
        {"", FIELD(ctrlreg[3]), xen_pfn_to_cr3(BEYOND_MEMORY)},
        {"", FIELD(gdt_frames[0]), pfn_to_mfn(gdt).n},
        {"", FIELD(gdt_ents), 1},
        {"", FIELD(ctrlreg[1]), 0},
    };
    void *root_va = mfn_to_virt(root), *gdt_va = pfn_to_virt(gdt);
    u64 root_ro = pte_make(root, PTE_PRESENT | PTE_USER);
    u64 gdt_ro = pte_make(pfn_to_mfn(gdt), PTE_PRESENT | PTE_USER);

    row("back.read-only", map_page(root_va, root_ro) | map_page(gdt_va, gdt_ro));
    row("back.refused", initialise_with(w, ARRAY_SIZE(w)));
    row("back.gdt-writable", map_page(gdt_va, gdt_ro | PTE_WRITE));
    row("back.gdt-read-only", map_page(gdt_va, gdt_ro));
    w[3].value = w[0].value = xen_pfn_to_cr3(root.n);
    row("back.accepted", initialise_with(w, ARRAY_SIZE(w)));
    row("back.root-held", map_page(root_va, root_ro | PTE_WRITE));
    row("back.gdt-held", map_page(gdt_va, gdt_ro | PTE_WRITE));
    row("back.again", initialise_with(w, ARRAY_SIZE(w)));
    row("back.again-bad-pointer", vcpu_op(VCPUOP_initialise, 1, (void *)UNMAPPED));
    row("back.down", vcpu_op(VCPUOP_is_up, 1, NULL));
}

static void say_life(void)
{
    context_fill(&context, sleeper, 0, stack + sizeof(stack));
    row("life.down-when-down", vcpu_op(VCPUOP_down, 2, NULL));
    row("life.initialise", vcpu_op(VCPUOP_initialise, 2, &context));
    row("life.is_up-0", vcpu_op(VCPUOP_is_up, 2, NULL));
    row("life.up", vcpu_op(VCPUOP_up, 2, NULL));
    row("life.is_up-1", vcpu_op(VCPUOP_is_up, 2, NULL));
    row("life.up-again", vcpu_op(VCPUOP_up, 2, NULL));
    row("life.arguments-ignored", vcpu_op(VCPUOP_up, 2, (void *)(uintptr_t)NON_CANONICAL));
    yield();
    row("life.down", vcpu_op(VCPUOP_down, 2, NULL));
    row("life.is_up-2", vcpu_op(VCPUOP_is_up, 2, NULL));
    row("life.down-again", vcpu_op(VCPUOP_down, 2, NULL));
    row("life.initialise-again", vcpu_op(VCPUOP_initialise, 2, &context));
    row("life.up-2", vcpu_op(VCPUOP_up, 2, NULL));
}

static long info_register(u64 id, mfn_t mfn, u32 offset)
{
    struct vcpu_register_vcpu_info info = {.mfn = mfn.n, .offset = offset};

    return vcpu_op(VCPUOP_register_vcpu_info, id, &info);
}

static void info_say(const char *what, const volatile struct vcpu_info *info)
{
    console_printf("ROW info.%s = pending %u mask %u sel 0x%lx\n", what,
                   info->evtchn_upcall_pending, info->evtchn_upcall_mask, info->evtchn_pending_sel);
}

static void say_info(void)
{
    static struct vcpu_info others[PAGE_SIZE / INFO_SIZE] __attribute__((aligned(PAGE_SIZE)));
    mfn_t mine = virt_to_mfn(others), shared = {start_info->shared_info >> PAGE_SHIFT};

    memset(others, 0xa5, sizeof(others));
    row("info.crosses", info_register(1, mine, PAGE_SIZE - INFO_SIZE + 8));
    row("info.beyond", info_register(1, mine, PAGE_SIZE));
    row("info.offset-all-ones", info_register(1, mine, ~0u));
    row("info.misaligned", info_register(1, mine, sizeof(long) / 2));
    row("info.no-frame", info_register(1, (mfn_t){BEYOND_MEMORY}, 0));
    row("info.no-frame-at-all", info_register(1, (mfn_t){NO_FRAME_AT_ALL}, 0));
    row("info.misaligned-no-frame", info_register(1, (mfn_t){BEYOND_MEMORY}, 1));
    row("info.table", info_register(1, table_boot_root(), 0));
    row("info.other-up", info_register(2, mine, 0));
    info_say("legacy-1", &shared_info->vcpu_info[1]);
    row("info.other-down", info_register(1, mine, 0));
    info_say("moved-1", &others[0]);
    info_say("neighbour", &others[1]);
    row("info.again", info_register(1, mine, INFO_SIZE));
    row("info.again-misaligned", info_register(1, mine, 1));
    row("info.last", info_register(3, mine, PAGE_SIZE - INFO_SIZE));
    info_say("moved-3", &others[PAGE_SIZE / INFO_SIZE - 1]);
    shared_info->vcpu_info[0].arch.cr2 = 0x1234567;
    row("info.self", info_register(0, shared, 3072));
    info_say("moved-0", (struct vcpu_info *)((u8 *)shared_info + 3072));
    row("info.cr2", (s64)((struct vcpu_info *)((u8 *)shared_info + 3072))->arch.cr2);
    row("info.unmap", map_page(others, 0));
    row("info.held", mmuext(MMUEXT_PIN_L1_TABLE, mine.n));
}

static u32 nmis;

/* It ends by a plain iretq: as no hypercall iret follows, the next NMI waits. */
static bool nmi_take(struct trap_frame *frame)
{
    (void)frame;
    nmis++;
    return true;
}

static void say_rest(void)
{
    struct sched_pin_override pin = {.pcpu = 0};
    struct vcpu_get_physid physid = {0};

    row("nmi.argument", vcpu_op(VCPUOP_send_nmi, 1, &physid));
    row("nmi.argument-bad", vcpu_op(VCPUOP_send_nmi, 1, (void *)1));
    row("nmi.down", vcpu_op(VCPUOP_send_nmi, 3, NULL));
    trap_handle(NMI, nmi_take);
    row("nmi.self", vcpu_op(VCPUOP_send_nmi, 0, NULL));
    row("nmi.taken", nmis);
    row("nmi.self-again", vcpu_op(VCPUOP_send_nmi, 0, NULL));
    row("nmi.taken-again", nmis);
    row("physid.free", vcpu_op(VCPUOP_get_physid, 0, &physid));
    row("physid.pin", call_sched_op(SCHEDOP_pin_override, &pin));
    row("physid.pinned", vcpu_op(VCPUOP_get_physid, 0, &physid));
    row_hex("physid.value", physid.phys_id);
    row("physid.pinned-bad", vcpu_op(VCPUOP_get_physid, 0, (void *)UNMAPPED));
    row("physid.other", vcpu_op(VCPUOP_get_physid, 1, &physid));
    row_hex("physid.other-value", physid.phys_id);
}

void guest_main(void)
{
    say_ids();
    say_pointers();
    say_initialise();
    say_given_back();
    say_life();
    say_info();
    say_rest();
    guest_end();
}
