/*
 * The LDT is guest memory that the CPU reads by itself, whenever a selector is loaded. The
 * hypervisor shows it to the CPU page by page, when a page is first touched, and only while nobody
 * can write that page. What a kernel sees of this: faults where its own tables have no page, at
 * addresses of its own; pages that cannot be written as long as the LDT is in use; descriptors that
 * change at once by update_descriptor, and gates that never open.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

extern char user_load[], user_call[];
void load_es(void *), look(void *), call_far(void *);

#define SELECTOR(n) ((n)*8ul | 4 | 3)
#define PER_PAGE    512u
#define DATA        0x00cff3000000ffffull
#define DATA_ABSENT 0x00cf73000000ffffull
#define WINDOW      USER_PAGES /* scratch pages from here on show the LDT */

/* The kernel's code, where the LDT of the last rows begins, and what to give back to es. */
#ifdef __x86_64__
#define CODE            0x00affb000000ffffull
#define GATE_TO_GUEST   0x0000ec00e0330000ull
#define LAST_LOWER_PAGE 0x00007ffffffff000ull
#define ES_BEFORE       0ul
#else
#define CODE            0x00cffb000000ffffull
#define GATE_TO_GUEST   0x0000ac00e0190000ull /* its DPL goes where the selector has its RPL */
#define LAST_LOWER_PAGE (HYPERVISOR_VIRT_START - PAGE_SIZE)
#define ES_BEFORE       (unsigned long)FLAT_KERNEL_DS
#endif

enum slot {
    SLOT_ZERO,
    SLOT_DATA,
    SLOT_ABSENT,
    SLOT_CODE,
    SLOT_GATE,
    SLOT_GATE_UPPER,
    SLOT_SPARE
};

static mfn_t first, second;
static const u8 *base;

static long ldt_set(u64 address, u32 entries)
{
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = address, .arg2.nr_ents = entries};

    return call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static mfn_t table_make(void)
{
    static const u64 descriptors[] = {[SLOT_DATA] = DATA,
                                      [SLOT_ABSENT] = DATA_ABSENT,
                                      [SLOT_CODE] = CODE,
                                      [SLOT_GATE] = GATE_TO_GUEST};
    mfn_t table = table_new();

    for (unsigned int i = 0; i < ARRAY_SIZE(descriptors); i++)
        pte_update(table_entry_address(table, i), descriptors[i]);
    return table;
}

/* The address of a fault is told by its distance from the LDT's base. */
static void say_fault(const char *name, struct fault fault)
{
    console_printf("ROW %s = vector %u error 0x%x address %ld\n", name, fault.vector, fault.error,
                   fault.vector == VECTOR_PF ? (long)(fault.address - (uintptr_t)base) : 0);
}

static void say_load(const char *name, unsigned int slot)
{
    say_fault(name, fault_catch(load_es, (void *)SELECTOR(slot)));
    load_es((void *)ES_BEFORE);
}

static void say_look(const char *name, unsigned int slot)
{
    unsigned long word = SELECTOR(slot);
    struct fault fault = fault_catch(look, &word);

    if (fault.taken)
        say_fault(name, fault);
    else
        row_hex(name, word);
}

static void show(unsigned int page, mfn_t table, u64 flags)
{
    map_page(base + page * PAGE_SIZE, flags ? pte_make(table, flags) : 0);
}

static void say_lazy(void)
{
    row("lazy.set", ldt_set((uintptr_t)base, 3 * PER_PAGE));
    say_load("lazy.first-absent", SLOT_DATA);
    say_look("lazy.look-absent", SLOT_DATA);
    show(0, first, PTE_READ_ONLY);
    say_load("lazy.first", SLOT_DATA);
    say_load("lazy.second-absent", PER_PAGE + SLOT_DATA);
    say_load("lazy.third-absent-last", 3 * PER_PAGE - 1);
    say_load("lazy.beyond", 3 * PER_PAGE);
    show(1, second, PTE_READ_ONLY);
    say_load("lazy.second", PER_PAGE + SLOT_DATA);
    say_look("lazy.look", PER_PAGE + SLOT_DATA);
    say_load("lazy.not-present", PER_PAGE + SLOT_ABSENT);
    show(0, first, 0);
    show(1, second, 0);
    say_load("lazy.still-shown", SLOT_DATA);
    row("lazy.set-same", ldt_set((uintptr_t)base, 3 * PER_PAGE));
    say_load("lazy.still-shown-after-same", SLOT_DATA);
    row("lazy.set-shorter", ldt_set((uintptr_t)base, 2 * PER_PAGE));
    say_load("lazy.gone-after-shorter", SLOT_DATA);
    show(0, first, PTE_READ_ONLY);
    say_load("lazy.back", SLOT_DATA);
    show(0, first, 0);
    row("lazy.new-base", mmuext(MMUEXT_NEW_BASEPTR, table_boot_root().n));
    say_load("lazy.after-same-base", SLOT_DATA);
    show(0, first, PTE_READ_ONLY);
}

/* While the page serves nobody may write it; afterwards anybody. */
static void say_held(void)
{
    const void *page = mfn_to_virt(first);
    u64 slot = table_entry_address(first, SLOT_SPARE);

    ldt_set((uintptr_t)base, PER_PAGE);
    say_load("held.load", SLOT_DATA);
    row("held.map-writable", map_page(page, pte_make(first, PTE_READ_WRITE)));
    row("held.pin", mmuext(MMUEXT_PIN_L1_TABLE, first.n));
    row("held.write-by-request", pte_update(slot, 0));
    row("held.update", call_update_descriptor(slot, DATA));
    say_load("held.updated", SLOT_SPARE);
    row("held.update-absent", call_update_descriptor(slot, DATA_ABSENT));
    say_load("held.updated-absent", SLOT_SPARE);
    row("held.update-bad", call_update_descriptor(slot, 0x0000890000000067));
    row("held.gdt-too", call_set_gdt((xen_pfn_t[]){(xen_pfn_t)first.n}, PER_PAGE));
    row("held.gdt-none", call_set_gdt(NULL, 0));
    row("held.none", ldt_set(0, 0));
    row("held.map-writable-after", map_page(page, pte_make(first, PTE_READ_WRITE)));
    ldt_set((uintptr_t)base, PER_PAGE);
    say_load("held.writable-elsewhere", SLOT_DATA);
    row("held.map-read-only", map_page(page, pte_make(first, PTE_READ_ONLY)));
    say_load("held.read-only-again", SLOT_DATA);
}

static void say_other_frames(void)
{
    mfn_t bad = table_new();

    ldt_set((uintptr_t)base, 2 * PER_PAGE);
    show(1, scratch_table(1), PTE_READ_ONLY);
    say_load("frame.page-table", PER_PAGE + SLOT_DATA);
    map_page(base + PAGE_SIZE, start_info->shared_info | PTE_READ_ONLY);
    say_load("frame.shared-info", PER_PAGE + SLOT_DATA);
    map_page(base + PAGE_SIZE, 0xb8000 | PTE_READ_ONLY);
    say_load("frame.device", PER_PAGE + SLOT_DATA);
    pte_update(table_entry_address(bad, 9), 0x0000890000000067); /* a task segment */
    show(1, bad, PTE_READ_ONLY);
    say_load("frame.bad-descriptor", PER_PAGE + SLOT_DATA);
    show(1, second, PTE_READ_ONLY);
    say_load("frame.good", PER_PAGE + SLOT_DATA);
    show(1, second, 0);
}

/* An LDT may begin in the guest's memory and end where nothing can be. */
static void say_ends(void)
{
    base = (const u8 *)(uintptr_t)LAST_LOWER_PAGE;
    row("end.lower-half", ldt_set((uintptr_t)base, 3 * PER_PAGE));
    say_load("end.lower-half-first", SLOT_DATA);
    say_load("end.non-canonical", PER_PAGE + SLOT_DATA);
    say_load("end.non-canonical-next", 2 * PER_PAGE + SLOT_ABSENT);
    say_look("end.non-canonical-look", PER_PAGE + SLOT_DATA);
    base = (const u8 *)-PAGE_SIZE;
    row("end.last-page", ldt_set((uintptr_t)base, 2 * PER_PAGE));
    say_load("end.last-page-first", SLOT_DATA);
    say_load("end.wraps", PER_PAGE + SLOT_DATA);
    base = scratch_page(WINDOW);
}

/* Gates are there to be looked at. */
static void say_gates(void)
{
    struct {
        u32 offset;
        u16 selector;
    } target = {0, SELECTOR(SLOT_GATE)};

    ldt_set((uintptr_t)base, PER_PAGE);
    say_fault("gate.call", fault_catch(call_far, &target));
    say_load("gate.load", SLOT_GATE);
    say_look("gate.look", SLOT_GATE);
    row_hex("gate.descriptor", table_entries(first)[SLOT_GATE]);
}

/* A descriptor that goes bad under a loaded selector is not looked at again before somebody loads
 * it: neither on the way through the hypervisor nor after a sleep. */
static void say_stale(void)
{
    const volatile struct vcpu_time_info *time = &shared_info->vcpu_info[0].time;
    u64 slot = table_entry_address(first, SLOT_SPARE);
    struct sched_poll poll = {.nr_ports = 0};
    u16 es;

    ldt_set((uintptr_t)base, PER_PAGE);
    call_update_descriptor(slot, DATA);
    load_es((void *)SELECTOR(SLOT_SPARE));
    row("stale.update", call_update_descriptor(slot, DATA_ABSENT));
    for (unsigned int i = 0; i < 8; i++) {
        call_sched_op(SCHEDOP_yield, NULL);
        poll.timeout = time->system_time + (i + 1) * 10000000ull;
        call_sched_op(SCHEDOP_poll, &poll);
    }
    __asm__ volatile("mov %%es, %0" : "=r"(es));
    row_hex("stale.es", es);
    row("stale.ldt-away", ldt_set(0, 0));
    call_sched_op(SCHEDOP_yield, NULL);
    __asm__ volatile("mov %%es, %0" : "=r"(es));
    row_hex("stale.es-without-ldt", es);
    load_es((void *)ES_BEFORE);
}

static struct trap_frame frame;

static void say_user(const char *name, const char *start, u64 rbx)
{
    user_frame_init(&frame, user_address(start), user_stack_top());
    frame.rbx = rbx;
    user_run(&frame);
    console_printf("ROW %s = vector %u error 0x%x\n", name, (u32)seen_vector(frame.vector),
                   (u32)frame.error);
    load_es((void *)ES_BEFORE);
}

static void say_users(void)
{
    u16 *operand = scratch_page(USER_STACK);

    ldt_set((uintptr_t)base, 2 * PER_PAGE);
    say_user("user.load", user_load, SELECTOR(SLOT_DATA));
    say_user("user.not-present", user_load, SELECTOR(SLOT_ABSENT));
    say_user("user.no-page", user_load, SELECTOR(PER_PAGE + SLOT_DATA));
    say_user("user.beyond", user_load, SELECTOR(2 * PER_PAGE));
    operand[2] = SELECTOR(SLOT_GATE);
    say_user("user.gate", user_call, (uintptr_t)operand);
    operand[2] = SELECTOR(PER_PAGE + SLOT_GATE);
    say_user("user.gate-no-page", user_call, (uintptr_t)operand);
    ldt_set(0, 0);
}

void guest_main(void)
{
    user_space_init();
    base = scratch_page(WINDOW);
    first = table_make();
    second = table_make();
    say_lazy();
    say_held();
    say_other_frames();
    say_gates();
    say_stale();
    say_users();
    say_ends();
    ldt_set(0, 0);
    guest_end();
}
