/*
 * Segments in use: selectors of the guest's own GDT and LDT loaded into the CPU, what a bad one
 * raises, and the bases of fs and gs, of which gs has two that change places with the mode. Thread
 * libraries live on these, and a base that is mixed up is a wrong pointer in every thread.
 */
#include "tests/guests/user_space.h"

extern char user_gs_word[], user_gs_selector[], user_fs_word[];
void load_ds(void *), load_es(void *), load_fs(void *), load_gs(void *), load_ss(void *),
    load_cs(void *), fs_word(void *), gs_word(void *);
void read_selectors(u16 *out);

#define SELECTOR_LDT 4u

/* Positions in the table, which serves as GDT and as LDT. */
enum slot {
    SLOT_DATA = 1,
    SLOT_ABSENT,
    SLOT_CODE,
    SLOT_READ_ONLY,
    SLOT_BASED,
    SLOT_CODE_32,
    SLOT_NULL
};

static const u64 descriptors[] = {
    [SLOT_DATA] = 0x00cff3000000ffff,
    [SLOT_ABSENT] = 0x00cf73000000ffff,
    [SLOT_CODE] = 0x00affb000000ffff,
    [SLOT_READ_ONLY] = 0x00cff1000000ffff,
    [SLOT_BASED] = 0x12cff3345000ffff,
    [SLOT_CODE_32] = 0x00cffb000000ffff,
    [SLOT_NULL] = 0,
};

static const struct {
    const char *what;
    void (*load)(void *);
} registers[] = {
    {"ds", load_ds}, {"es", load_es}, {"fs", load_fs},
    {"gs", load_gs}, {"ss", load_ss}, {"cs", load_cs},
};

static void say_loads(const char *group, unsigned int table_bit)
{
    for (unsigned int slot = SLOT_DATA; slot <= SLOT_NULL; slot++) {
        for (unsigned int reg = 0; reg < ARRAY_SIZE(registers); reg++) {
            u64 selector = slot * 8 | table_bit | 3;
            struct fault fault;

            if (registers[reg].load == load_cs && slot == SLOT_CODE_32)
                continue; /* would go on in 32-bit mode */
            fault = fault_catch(registers[reg].load, (void *)(uintptr_t)selector);
            console_printf("ROW %s.%s-slot-%u = vector %u error 0x%x\n", group, registers[reg].what,
                           slot, fault.vector, fault.error);
        }
    }
    for (unsigned int reg = 0; reg < 4; reg++)
        registers[reg].load(NULL);
}

static mfn_t table_make(void)
{
    mfn_t table = table_new();

    for (unsigned int slot = SLOT_DATA; slot < ARRAY_SIZE(descriptors); slot++)
        pte_update(table_entry_address(table, slot), descriptors[slot]);
    return table;
}

/* How many entries a GDT has says which pages it has; a page is there whole. */
static void say_gdt_ends(const u64 *list)
{
    static const u32 entries[] = {0, 1, 512, 513, 1024, FIRST_RESERVED_GDT_ENTRY};
    static const u32 slots[] = {SLOT_DATA, 511, 512 + SLOT_DATA, 1024 + SLOT_DATA,
                                FIRST_RESERVED_GDT_ENTRY - 512 + SLOT_DATA};

    for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
        row(name_nth("gdt-end", "set", entries[i]), call_set_gdt((u64 *)list, entries[i]));
        for (unsigned int n = 0; n < ARRAY_SIZE(slots); n++) {
            struct fault fault = fault_catch(load_ds, (void *)(slots[n] * 8ul + 3));

            console_printf("ROW gdt-end.%u-slot-%u = vector %u error 0x%x\n", entries[i], slots[n],
                           fault.vector, fault.error);
            load_ds(NULL);
        }
    }
}

static void say_gdt(mfn_t table)
{
    u64 list[] = {table.n};
    u16 seen[4];

    row("gdt.set", call_set_gdt(list, 512));
    say_loads("gdt", 0);
    load_ds((void *)(SLOT_DATA * 8ul + 3));
    load_gs((void *)(SLOT_DATA * 8ul));
    call_sched_op(SCHEDOP_yield, NULL);
    read_selectors(seen);
    row_hex("gdt.ds-after-a-call", seen[0]);
    row_hex("gdt.gs-after-a-call", seen[3]);
    load_ds(NULL);
    load_gs(NULL);
    say_gdt_ends((u64[14]){table.n, table.n, table.n, table.n, table.n, table.n, table.n, table.n,
                           table.n, table.n, table.n, table.n, table.n, table.n});
    row("gdt.away", call_set_gdt(list, 0));
    row("gdt.load-after", fault_catch(load_ds, (void *)(SLOT_DATA * 8ul + 3)).vector);
}

static long ldt_set(const void *address, u32 entries)
{
    mmuext_op_t op = {
        .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (uintptr_t)address, .arg2.nr_ents = entries};

    return call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void say_ldt(mfn_t table)
{
    const void *page = mfn_to_virt(table);

    row("ldt.set", ldt_set(page, 512));
    say_loads("ldt", SELECTOR_LDT);
    row("ldt.smaller", ldt_set(page, SLOT_ABSENT));
    row("ldt.load-beyond",
        fault_catch(load_ds, (void *)(SLOT_CODE * 8ul | SELECTOR_LDT | 3)).vector);
    row("ldt.none", ldt_set(NULL, 0));
    row("ldt.load-without",
        fault_catch(load_ds, (void *)(SLOT_DATA * 8ul | SELECTOR_LDT | 3)).vector);
    row("ldt.misaligned", ldt_set((const u8 *)page + 8, 512));
    row("ldt.too-many", ldt_set(page, 8193));
    row("ldt.most", ldt_set(page, 8192));
    row("ldt.in-hypervisor", ldt_set(HYPERVISOR_ADDRESS, 512));
    row("ldt.non-canonical", ldt_set((void *)NON_CANONICAL, 512));
    /* Addresses are looked at when a selector is used; then there has to be a page of descriptors.
     */
    row("ldt.unmapped", ldt_set((void *)0x1000000, 512));
    struct fault fault = fault_catch(load_ds, (void *)(SLOT_DATA * 8ul | SELECTOR_LDT | 3));
    console_printf("ROW ldt.load-unmapped = vector %u error 0x%x address 0x%" F64 "x\n",
                   fault.vector, fault.error, fault.address);
    ldt_set(NULL, 0);
}

/* A page that can be written is no page of descriptors. */
static void say_writable_ldt(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 *page = pfn_to_virt(pfn);

    page[SLOT_DATA] = descriptors[SLOT_DATA];
    row("ldt.writable", ldt_set(page, 512));
    row("ldt.load-writable",
        fault_catch(load_ds, (void *)(SLOT_DATA * 8ul | SELECTOR_LDT | 3)).vector);
    ldt_set(NULL, 0);
    frame_free(pfn);
}

static u64 words[2] = {0xf5f5, 0x9595};

static void say_bases(void)
{
    static const u64 bad[] = {NON_CANONICAL, ~0ull >> 1, 1ull << 63};
    u64 word = 0;

    row("base.fs", call_set_segment_base(SEGBASE_FS, (uintptr_t)&words[0]));
    row("base.gs-kernel", call_set_segment_base(SEGBASE_GS_KERNEL, (uintptr_t)&words[1]));
    fs_word(&word);
    row_hex("base.fs-word", word);
    gs_word(&word);
    row_hex("base.gs-word", word);
    for (unsigned int which = 0; which < 3; which++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
            row(name_nth("base-non-canonical",
                         which == 0   ? "fs"
                         : which == 1 ? "gs-user"
                                      : "gs-kernel",
                         i),
                call_set_segment_base(which, bad[i]));
    }
    fs_word(&word);
    row_hex("base.fs-word-kept", word);
    row("base.in-hypervisor", call_set_segment_base(SEGBASE_FS, HYPERVISOR_VIRT_START));
    row("base.no-such", call_set_segment_base(4, 0));
    row("base.all-ones", call_set_segment_base(~0u, 0));
    call_set_segment_base(SEGBASE_FS, (uintptr_t)&words[0]);
}

static struct trap_frame frame;

static u64 user_answer(const char *start)
{
    user_frame_init(&frame, user_address(start), user_stack_top());
    user_run(&frame);
    return frame.vector == VECTOR_SYSCALL ? frame.rax : frame.vector << 32;
}

/* Loading the user's gs by selector: what of it counts, and which is replaced by null. */
static void say_user_selectors(void)
{
    static const u64 selectors[] = {
        0,
        1,
        2,
        3,
        FLAT_USER_DS & ~3ul,
        0x10000,
        0x1e02b,
        ~0ul,
        0xe008,
        0xe010,
        0xe033,
        0xe023,
        SLOT_DATA * 8ul | SELECTOR_LDT,
    };

    call_set_segment_base(SEGBASE_GS_USER, (uintptr_t)scratch_page(USER_STACK));
    for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++) {
        row(name_nth("user", "selector", i),
            call_set_segment_base(SEGBASE_GS_USER_SEL, selectors[i]));
        row_hex(name_nth("user", "selector-seen", i), user_answer(user_gs_selector));
    }
    call_set_segment_base(SEGBASE_GS_USER, (uintptr_t)scratch_page(USER_STACK));
    row_hex("user.word-after-selectors", user_answer(user_gs_word));
    row_hex("user.selector-after-base", user_answer(user_gs_selector));
}

/* The kernel's gs base must be back when user mode is left, however it was left. */
static void say_user_bases(void)
{
    u64 word = 0;

    *(u64 *)scratch_page(USER_STACK) = 0x1234;
    row("user.gs-base",
        call_set_segment_base(SEGBASE_GS_USER, (uintptr_t)scratch_page(USER_STACK)));
    row_hex("user.gs-word", user_answer(user_gs_word));
    gs_word(&word);
    row_hex("user.gs-kernel-after", word);
    call_set_segment_base(SEGBASE_GS_USER, 0);
    row_hex("user.gs-null", user_answer(user_gs_word));
    gs_word(&word);
    row_hex("user.gs-kernel-after-fault", word);
    call_set_segment_base(SEGBASE_FS, (uintptr_t)scratch_page(USER_STACK));
    row_hex("user.fs-word", user_answer(user_fs_word));
    row("user.gs-selector", call_set_segment_base(SEGBASE_GS_USER_SEL, FLAT_USER_DS));
    row_hex("user.gs-selector-seen", user_answer(user_gs_selector));
    row("user.gs-selector-bad", call_set_segment_base(SEGBASE_GS_USER_SEL, 0xfff3));
    row_hex("user.gs-selector-bad-seen", user_answer(user_gs_selector));
    say_user_selectors();
    gs_word(&word);
    row_hex("user.gs-kernel-last", word);
}

void guest_main(void)
{
    mfn_t table;

    user_space_init();
    table = table_make();
    say_gdt(table);
    say_ldt(table);
    say_writable_ldt();
    say_bases();
    say_user_bases();
    guest_end();
}
