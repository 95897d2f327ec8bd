/*
 * Plain stores to page tables. A kernel that was written for the bare machine changes its tables by
 * ordinary instructions; the hypervisor carries them out for L1 tables that are mapped read-only.
 * The kernel must not be able to tell: registers, flags and the entry are what the instruction
 * would have left. And what an update by request may not do, a store may not either: it is the page
 * fault that it was.
 *
 * Entries that are not present may hold any number, so arithmetic is tried on those; frame numbers
 * are left out of all rows.
 */
#include "tests/guests/table-stores/stores.h"

/* A page of the kernel's image whose address comes to stand for an L1 table. */
u64 static_entries[PT_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

mfn_t table[PT_LEVELS + 1], data;
u64 *entries;
static struct registers at_fault;

static void tables_make(void)
{
    data = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        table[level] = table_new_for(level);
        if (level > 1)
            pte_update(table_entry_address(table[level], 0), pte_make(table[level - 1], PTE_TABLE));
    }
    row("tables.pin", table_pin(table[PT_LEVELS], PT_LEVELS));
    entries = scratch_page(USER_PAGES);
    row("tables.map", map_page(entries, pte_make(table[1], RO)));
    row("tables.map-static", map_page(static_entries, pte_make(table[1], RO)));
}

/* What the interrupted code had in its registers; whoever caught the fault goes on. */
static bool note_registers(struct trap_frame *frame)
{
    at_fault = (struct registers){.rdi = frame->rdi,
                                  .rax = frame->rax,
                                  .rcx = frame->rcx,
                                  .rdx = frame->rdx,
                                  .rsi = frame->rsi,
                                  .r9 = FRAME_R9(frame),
                                  .flags = frame->rflags};
    return false;
}

static void run_body(void *arg)
{
    struct run *run = arg;

    store_run(&run->registers, run->piece);
}

/* Of a 32-bit kernel's registers the upper halves stay what they were. */
static void take_lower(u64 *whole, u64 word)
{
    *whole = (*whole & ~(u64)~0ul) | word;
}

struct fault run_store(struct run *run)
{
    struct fault fault = fault_catch(run_body, run);
    struct registers *r = &run->registers;

    if (!fault.taken)
        return fault;
    take_lower(&r->rdi, at_fault.rdi);
    take_lower(&r->rax, at_fault.rax);
    take_lower(&r->rcx, at_fault.rcx);
    take_lower(&r->rdx, at_fault.rdx);
    take_lower(&r->rsi, at_fault.rsi);
    take_lower(&r->r9, sizeof(long) == 8 ? at_fault.r9 : r->r9 & ~0ul);
    take_lower(&r->flags, at_fault.flags);
    return fault;
}

u64 flags_of(const char *what)
{
    static const struct {
        const char *prefix;
        u64 flags;
    } defined[] = {
        {"or", LOGICAL_FLAGS},   {"and", LOGICAL_FLAGS}, {"xor", LOGICAL_FLAGS},
        {"test", LOGICAL_FLAGS}, {"bt", CARRY_AND_ZERO},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(defined); i++)
        if (!memcmp(what, defined[i].prefix, strlen(defined[i].prefix)))
            return defined[i].flags;
    return ARITHMETIC_FLAGS;
}

static void say_run(const char *group, const char *what, const struct run *run,
                    const struct fault *fault)
{
    const struct registers *r = &run->registers;

    console_printf("ROW %s.%s = trap %d %d entries %" F64 "x %" F64 "x %" F64 "x rdi %ld rax %" F64
                   "x rcx %" F64 "x rdx %" F64 "x "
                   "rsi %ld r9 %" F64 "x flags %" F64 "x\n",
                   group, what, fault->taken ? (int)fault->vector : -1, (int)fault->error,
                   entries[SPOT - 1], entries[SPOT], entries[SPOT + 1],
                   (long)(r->rdi - (uintptr_t)entries), r->rax, r->rcx, r->rdx,
                   (long)(r->rsi - (uintptr_t)scratch_page(USER_STACK)), r->r9,
                   r->flags & flags_of(what));
}

/* Every piece of the table, on three entries that are not present. */
static void say_stores(const char *group, u64 rax)
{
    for (const struct store *s = store_table; s->what; s++) {
        struct run run = {.piece = s->piece,
                          .registers = {.rdi = (uintptr_t)&entries[SPOT],
                                        .rax = rax,
                                        .rcx = 0x0908070605040302,
                                        .rdx = 0xfedcba9876543210,
                                        .rsi = (uintptr_t)scratch_page(USER_STACK) + 0x100,
                                        .r9 = 0x0ff0ff0ff0ff0ff0,
                                        .flags = 2}};
        struct fault fault;

        for (unsigned int i = SPOT - 1; i <= SPOT + 1; i++)
            pte_update(table_entry_address(table[1], i), PATTERN);
        fault = run_store(&run);
        if (fault.taken && fault.vector == VECTOR_PF)
            run.registers.flags |= fault.address - (uintptr_t)entries < PAGE_SIZE ? 0 : 1 << 30;
        say_run(group, s->what, &run, &fault);
    }
    for (unsigned int i = SPOT - 1; i <= SPOT + 1; i++)
        pte_update(table_entry_address(table[1], i), 0);
}

struct entry_store {
    u64 *entry, value;
};

/* In one piece: 32-bit code has one instruction for that. */
static void entry_store_body(void *arg)
{
    struct entry_store *store = arg;
    u64 old = *(volatile u64 *)store->entry;

    if (sizeof(long) == sizeof(u64))
        *(volatile u64 *)store->entry = store->value;
    else
        __atomic_compare_exchange_n(store->entry, &old, store->value, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
}

static struct fault entry_store(u64 *entry, u64 value)
{
    struct entry_store store = {entry, value};

    return fault_catch(entry_store_body, &store);
}

/* One store of a value, and what became of the entry. */
static void say_value(const char *group, const char *what, u64 *entry, u64 value)
{
    struct fault fault = entry_store(entry, value);

    console_printf("ROW %s.%s = trap %u %u %d flags %" F64 "x written %d\n", group, what,
                   fault.vector, fault.error, fault.taken && fault.address == (uintptr_t)entry,
                   entry_flags(*entry), ((*entry ^ value) & PTE_ADDRESS_MASK) == 0);
}

static void say_values(const char *group)
{
    const struct {
        const char *what;
        u64 value;
    } values[] = {
        {"read-only", pte_make(data, RO)},
        {"read-write", pte_make(data, RW)},
        {"same-again", pte_make(data, RW)},
        {"accessed-dirty", pte_make(data, RW | PTE_ACCESSED | PTE_DIRTY)},
        {"kernel-only", pte_make(data, PTE_PRESENT | PTE_WRITE)},
        {"no-execute", pte_make(data, RO | PTE_NX)},
        {"global", pte_make(data, RO | PTE_GLOBAL)},
        {"uncached", pte_make(data, RW | PTE_NO_CACHE)},
        {"bad-bits", pte_make(data, RW) | 1ull << 51},
        {"not-present", pte_make(data, PTE_WRITE)},
        {"table-read-only", pte_make(table[2], RO)},
        {"table-writable", pte_make(table[2], RW)},
        {"itself-read-only", pte_make(table[1], RO)},
        {"itself-writable", pte_make(table[1], RW)},
        {"video-memory", 0xb8000 | RW},
        {"no-such-frame", BEYOND_MEMORY << PAGE_SHIFT | RO},
        {"hypervisor", MIB(2) | RO},
        {"shared-info", start_info->shared_info | RW},
        {"all-ones", ~0ull},
        {"zero", 0},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
        say_value(group, values[i].what, &entries[SPOT], values[i].value);
        if (values[i].value == ~0ull) /* and not over something */
            pte_update(table_entry_address(table[1], SPOT), 0);
        say_value(name_of(group, "fresh"), values[i].what, &entries[SPOT + 1], values[i].value);
        pte_update(table_entry_address(table[1], SPOT + 1), 0);
    }
}

/* Tables of the other levels, and what else may be read and not written. */
static void say_other_frames(void)
{
    u64 *page = scratch_page(USER_PAGES + 1);
    mfn_t loose = table_new();

    for (unsigned int level = 2; level <= PT_LEVELS; level++) {
        map_page(page, pte_make(table[level], RO));
        say_value(name_nth("other", "level", level), "zero", &page[5], 0);
        say_value("other", name_nth("entry", "level", level), &page[6],
                  pte_make(table[level - 1], PTE_TABLE));
    }
    map_page(page, pte_make(data, RO));
    say_value("other", "data", page, 0);
    map_page(page, pte_make(loose, RO));
    say_value("other", "no-table-yet", page, 0);
    row("other.pin", mmuext(MMUEXT_PIN_L1_TABLE, loose.n));
    say_value("other", "pinned-l1", &page[3], pte_make(data, RW));
    row("other.unpin", mmuext(MMUEXT_UNPIN_TABLE, loose.n));
    say_value("other", "unpinned", &page[3], 0);
    map_page(page, start_info->shared_info | RO);
    say_value("other", "shared-info", &page[500], 0);
    map_page(page, 0);
    row("other.machine-to-phys", probe_write((void *)machine_to_phys_mapping, 0).error);
    row("other.not-mapped", probe_write(page, 0).error);
}

/* A store to the table in force changes what the next access sees, once the TLB forgets. */
static void say_in_force(void)
{
    u64 *page = scratch_page(USER_PAGES + 2), *window = scratch_page(USER_PAGES + 1);
    unsigned int index = pt_index((uintptr_t)page, 1);
    struct run run = {.piece = taking_store,
                      .registers = {.rdi = (uintptr_t)&window[index], .flags = 2}};
    u64 *mapped = pfn_to_virt(mfn_to_pfn(data));
    mmuext_op_t flush = {.cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = (uintptr_t)page};

    map_page(window, pte_make(scratch_table(1), RO));
    mapped[0] = 0x1234;
    row("in-force.store", entry_store(&window[index], pte_make(data, RW)).vector);
    row_hex("in-force.read", *(volatile u64 *)page);
    *(volatile u64 *)page = 0x5678;
    row_hex("in-force.written", mapped[0]);
    row_hex("in-force.flags", entry_flags(window[index]));
    row("in-force.take-away", run_store(&run).vector);
    row_hex("in-force.taken", entry_flags(run.registers.rax));
    call_mmuext_op(&flush, 1, NULL, DOMID_SELF);
    row("in-force.gone", probe_write(page, 0).vector);
    map_page(window, 0);
}

static void say_user(const char *what, u64 flags)
{
    static struct trap_frame frame;
    u64 *page = scratch_page(USER_PAGES + 1);

    map_page(page, pte_make(table[1], flags));
    user_frame_init(&frame, user_address(user_code), user_stack_top());
    frame.rdi = (uintptr_t)page;
    user_run(&frame);
    console_printf("ROW user.%s = vector %lu error %lu\n", what, frame.vector, frame.error);
    map_page(page, 0);
}

void guest_main(void)
{
    user_space_init();
    tables_make();
    trap_handle(VECTOR_PF, note_registers);
    trap_handle(VECTOR_DB, note_registers);
    say_stores("store", 0x8070605040302010);
    say_stores("carry", 0xfffffffffffffffe);
    say_values("value");
    say_halves();
    say_other_frames();
    say_in_force();
    say_user("store", RO);
    say_user("store-kernel-page", PTE_PRESENT);
    row("assist.enable", call_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    say_values("with-assist");
    row("assist.disable", call_vm_assist(VMASST_CMD_disable, VMASST_TYPE_writable_pagetables));
    say_values("without-assist");
    guest_end();
}
