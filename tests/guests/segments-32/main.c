/*
 * Segments of a 32-bit guest: what a selector of its own tables loads, that bases, which here come
 * from descriptors alone, outlive calls and changes of vcpus, and the failsafe callback. That one
 * is called when a vcpu is to run again and a descriptor has gone meanwhile whose selector it had
 * loaded: its kernel is told, with the selectors as they were, or would lose them without a trace.
 */
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define RING1(i)    ((u16)((i)*8u | 1u))
#define RING3(i)    ((u16)((i)*8u | 3u))
#define IN_LDT      4u
#define DATA        0x00cfb3000000ffffull
#define DATA_3      0x00cff3000000ffffull
#define BASED(word) (((u64)(uintptr_t)(word)&0xffffff) << 16 | ((u64)(uintptr_t)(word) >> 24) << 56)
#define UNMAPPED    0x7000u
#define FLAGS_SEEN  0x47700u /* TF IF DF IOPL NT AC */
#define LDT_SLOTS   64u

enum slot {
    SLOT_DS = 1, /* these four are data in ring 1 */
    SLOT_ES,
    SLOT_FS,
    SLOT_GS,
    SLOT_ABSENT,
    SLOT_CODE,
    SLOT_CODE_ONLY, /* cannot be read */
    SLOT_READ_ONLY,
    SLOT_FS_BASED,
    SLOT_GS_BASED,
    SLOT_USER,
    SLOT_NULL
};

static u32 words[2] = {0xf5f5, 0x9595};

struct failsafe {
    u32 count;
    u32 words[9]; /* ds es fs gs eip cs eflags esp ss */
    u32 place;
    u16 after[4];
} failsafe;

void load_ds(void *), load_es(void *), load_fs(void *), load_gs(void *), load_ss(void *),
    fs_word(void *), gs_word(void *);
void selectors_load(const u16 *in), selectors_read(u16 *out);
bool yield_here(u32 esp);
extern char failsafe_entry[], yield_done[], user_spin[], user_spinning[];

static mfn_t gdt;
static volatile u32 other_runs;
static char text[160], want[160];

static const struct {
    const char *name;
    void (*load)(void *);
} registers[] = {
    {"ds", load_ds}, {"es", load_es}, {"fs", load_fs}, {"gs", load_gs}, {"ss", load_ss}};

static volatile u8 *mask(void)
{
    return &shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static void descriptor_set(unsigned int slot, u64 descriptor)
{
    if (call_update_descriptor(table_entry_address(gdt, slot), descriptor))
        guest_panic("descriptor %u cannot be set", slot);
}

static void table_fill(void)
{
    for (unsigned int slot = SLOT_DS; slot <= SLOT_GS; slot++)
        descriptor_set(slot, DATA);
    descriptor_set(SLOT_ABSENT, 0x00cf33000000ffff);
    descriptor_set(SLOT_CODE, 0x00cfbb000000ffff);
    descriptor_set(SLOT_CODE_ONLY, 0x00cfb9000000ffff);
    descriptor_set(SLOT_READ_ONLY, 0x00cfb1000000ffff);
    descriptor_set(SLOT_FS_BASED, 0x00cfb3000000ffff | BASED(&words[0]));
    descriptor_set(SLOT_GS_BASED, 0x00cfb3000000ffff | BASED(&words[1]));
    descriptor_set(SLOT_USER, DATA_3);
    descriptor_set(SLOT_NULL, 0);
}

/* What the CPU says to each kind of descriptor; a null selector is taken by all but ss. */
static u32 vector_wanted(unsigned int slot, bool is_ss)
{
    if (slot == SLOT_ABSENT)
        return is_ss ? VECTOR_SS : VECTOR_NP;
    if (slot == SLOT_NULL || slot == SLOT_CODE_ONLY)
        return VECTOR_GP;
    return is_ss && slot != SLOT_DS ? VECTOR_GP : 0;
}

static void say_loads(const char *table, u32 table_bit)
{
    static const u8 slots[] = {SLOT_DS,        SLOT_ABSENT,    SLOT_CODE,
                               SLOT_CODE_ONLY, SLOT_READ_ONLY, SLOT_NULL};

    for (unsigned int i = 0; i < ARRAY_SIZE(slots) * ARRAY_SIZE(registers); i++) {
        unsigned int slot = slots[i / ARRAY_SIZE(registers)], reg = i % ARRAY_SIZE(registers);
        u32 selector = RING1(slot) | table_bit;
        u32 vector = vector_wanted(slot, registers[reg].load == load_ss);
        struct fault fault = fault_catch(registers[reg].load, (void *)(uintptr_t)selector);

        fmt_snprintf(text, sizeof(text), "vector %u error %x", fault.vector, fault.error);
        fmt_snprintf(want, sizeof(want), "vector %u error %x", vector, vector ? selector & ~3u : 0);
        row_want_text(name_nth(table, registers[reg].name, slot), text, want);
        selectors_load((const u16[]){FLAT_KERNEL_DS, FLAT_KERNEL_DS, 0, 0});
    }
}

static void say_ldt(void)
{
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT,
                      .arg1.linear_addr = (uintptr_t)mfn_to_virt(gdt),
                      .arg2.nr_ents = LDT_SLOTS};
    struct fault fault;

    row_want("ldt.set", call_mmuext_op(&op, 1, NULL, DOMID_SELF), 0);
    say_loads("ldt", IN_LDT);
    fault = fault_catch(load_fs, (void *)(uintptr_t)(RING1(LDT_SLOTS) | IN_LDT));
    row_want("ldt.beyond", fault.vector, VECTOR_GP);
}

static NORETURN void other(u64 arg)
{
    static const u16 flat[4] = {FLAT_KERNEL_DS, FLAT_KERNEL_DS, FLAT_KERNEL_DS, FLAT_KERNEL_DS};

    (void)arg;
    for (;;) {
        selectors_load(flat);
        other_runs++;
        yield();
    }
}

/* Another vcpu, with another base in fs, runs between. */
static void say_bases(void)
{
    u16 given[4] = {RING1(SLOT_DS), RING1(SLOT_ES) | IN_LDT, RING1(SLOT_FS_BASED),
                    RING1(SLOT_GS_BASED) | IN_LDT};
    u32 until = other_runs + 3, word = 0;
    u16 seen[4];

    selectors_load(given);
    while (other_runs < until)
        yield();
    selectors_read(seen);
    row_want("base.selectors-kept", !memcmp(seen, given, sizeof(seen)), true);
    fs_word(&word);
    row_want_hex("base.fs", word, words[0]);
    gs_word(&word);
    row_want_hex("base.gs", word, words[1]);
    row_want("base.no-hypercall", call_set_segment_base(0 /* of fs */, 0), -XEN_ENOSYS);
    selectors_load((const u16[]){FLAT_KERNEL_DS, FLAT_KERNEL_DS, 0, 0});
    row_want("base.failsafe", failsafe.count, 0);
}

static void frame_say(const char *what, u32 gone, u32 esp, u8 masked, u8 masked_after)
{
    const u32 *f = failsafe.words;
    u16 after[4];

    fmt_snprintf(text, sizeof(text),
                 "%u selectors %x %x %x %x eip %d cs %x flags %x place %d mask %u", failsafe.count,
                 f[0], f[1], f[2], f[3], (int)(f[4] - (uintptr_t)yield_done), f[5],
                 f[6] & FLAGS_SEEN, (int)(failsafe.place - esp), *mask());
    fmt_snprintf(want, sizeof(want),
                 "1 selectors 9 11 19 21 eip 0 cs %x flags %x place -28 mask %u",
                 FLAT_KERNEL_CS | (u32)masked << 16, masked ? 0 : 0x200, masked_after);
    row_want_text(name_of(what, "frame"), text, want);
    for (unsigned int i = 0; i < 4; i++)
        after[i] = gone >> (i + 1) & 1 ? 0 : RING1(i + 1);
    row_want(name_of(what, "others-are-loaded"), !memcmp(after, failsafe.after, sizeof(after)),
             true);
}

/* Which descriptors (bits 1 to 4) are gone when the vcpu comes back. */
static void yield_without(const char *what, u32 gone, u8 masked, u8 masked_after)
{
    static u8 stack[STACK_BYTES] __attribute__((aligned(16)));
    u32 esp = (u32)(uintptr_t)stack + sizeof(stack), until = other_runs + (gone ? 100 : 1);
    bool kept = true;

    memset(&failsafe, 0, sizeof(failsafe));
    selectors_load((const u16[]){RING1(SLOT_DS), RING1(SLOT_ES), RING1(SLOT_FS), RING1(SLOT_GS)});
    for (unsigned int i = 1; i <= 4; i++)
        if (gone >> i & 1)
            descriptor_set(i, 0);
    *mask() = masked;
    while (!failsafe.count && other_runs < until)
        kept &= yield_here(esp);
    row_want(name_of(what, "kept"), kept, true);
    row_want(name_of(what, "called"), failsafe.count, gone != 0);
    if (gone)
        frame_say(what, gone, esp, masked, masked_after);
    *mask() = 1;
    selectors_load((const u16[]){FLAT_KERNEL_DS, FLAT_KERNEL_DS, 0, 0});
    table_fill();
}

static void failsafe_register(u16 flags)
{
    callback_register_t c = {.type = CALLBACKTYPE_failsafe,
                             .flags = flags,
                             .address = {.cs = FLAT_KERNEL_CS, .eip = (uintptr_t)failsafe_entry}};

    row_want(flags ? "callback.masks" : "callback.open",
             hypercall_callback_op(CALLBACKOP_register, (uintptr_t)&c), 0);
}

static NORETURN void destroyer(u64 arg)
{
    volatile u32 *shared = (volatile u32 *)(uintptr_t)arg;

    while (!shared[0])
        yield();
    descriptor_set(SLOT_USER, 0);
    shared[2] = 1;
    for (;;)
        yield();
}

/* In user space, interrupted: the kernel is called on the stack for that, and may send it back. */
static void say_user(void)
{
    static struct trap_frame frame;
    u32 *shared;

    user_space_init();
    shared = (u32 *)scratch_page(USER_STACK);
    vcpu_run(2, destroyer, (uintptr_t)shared);
    memset(&failsafe, 0, sizeof(failsafe));
    user_frame_init(&frame, user_address(user_spin), user_stack_top());
    frame.rax = RING3(SLOT_USER);
    frame.rbx = (uintptr_t)shared;
    user_run(&frame);
    row_want("user.called", failsafe.count, 1);
    row_want_hex("user.es", failsafe.words[1], RING3(SLOT_USER));
    row_want("user.inside",
             failsafe.words[4] >= user_address(user_spinning) &&
                 failsafe.words[4] < user_address(user_code_end),
             true);
    row_want_hex("user.cs", failsafe.words[5] & 0xffff, FLAT_USER_CS);
    row_want_hex("user.esp", failsafe.words[7], user_stack_top());
    row_want_hex("user.ss", failsafe.words[8], FLAT_USER_SS);
    row_want("user.place", (s64)((uintptr_t)(&frame + 1) - failsafe.place), 9 * 4);
    row_want("user.goes-on", (s64)frame.vector, VECTOR_SYSCALL);
    row_want_hex("user.es-after", frame.es, 0);
}

void guest_main(void)
{
    xen_pfn_t list[1];

    gdt = table_new();
    list[0] = gdt.n;
    row_want("gdt.set", call_set_gdt(list, 512), 0);
    table_fill();
    failsafe_register(0);
    if (cmdline_has("no-stack")) {
        vcpu_run(1, other, 0);
        selectors_load((const u16[]){FLAT_KERNEL_DS, RING1(SLOT_ES), 0, 0});
        descriptor_set(SLOT_ES, 0);
        for (;;)
            yield_here(UNMAPPED);
    }
    say_loads("gdt", 0);
    say_ldt();
    vcpu_run(1, other, 0);
    say_bases();
    yield_without("none", 0, 1, 1);
    yield_without("ds", 1 << 1, 1, 1);
    yield_without("es", 1 << 2, 1, 1);
    yield_without("fs", 1 << 3, 1, 1);
    yield_without("gs", 1 << 4, 1, 1);
    yield_without("all", 30, 1, 1);
    yield_without("open", 30, 0, 0);
    failsafe_register(CALLBACKF_mask_events);
    yield_without("masks-open", 30, 0, 1);
    yield_without("masks-masked", 30, 1, 1);
    say_user();
    guest_end();
}
