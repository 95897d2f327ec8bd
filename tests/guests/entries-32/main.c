/*
 * How a 32-bit kernel is entered, word for word: from its user space and from itself, by system
 * calls and faults, on flat segments and on its own. System calls have a path of their own that
 * takes only the plainest of them: each is made in a form that it takes and in forms that it leaves
 * to the other, and both must leave the same.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define USER_VA               0x400000ul
#define USER_STACK            (USER_VA + 2 * PAGE_SIZE)
#define FLAGS_SEEN            0x47700u /* TF IF DF IOPL NT AC */
#define FLAG_TF               0x100u
#define FLAG_IF               0x200u
#define FLAG_NT               0x4000u
#define FLAG_AC               0x40000u
#define FLAG_VM               0x20000u
#define IN_GDT(i)             ((i)*8u | 1u)
#define IN_RING_2(i)          ((i)*8u | 2u)
#define BASE                  0x3000u /* of the segments that have one */
#define WITH_BASE(descriptor) ((descriptor) | (u64)BASE << 16)

enum slot {
    SLOT_CODE = 1,
    SLOT_DATA,
    SLOT_CODE_BASED,
    SLOT_DATA_BASED,
    SLOT_CONFORMING,
    SLOT_READ_ONLY,
    SLOT_SHORT,
    SLOT_ABSENT,
    SLOT_CODE_2,
    SLOT_DATA_2,
    SLOTS
};

static const u64 descriptors[SLOTS] = {
    [SLOT_CODE] = 0x00cfbb000000ffff,
    [SLOT_DATA] = 0x00cfb3000000ffff,
    [SLOT_CODE_BASED] = WITH_BASE(0x00cfbb000000ffff),
    [SLOT_DATA_BASED] = WITH_BASE(0x00cfb3000000ffff),
    [SLOT_CONFORMING] = 0x00cfbf000000ffff,
    [SLOT_READ_ONLY] = 0x00cfb1000000ffff,
    [SLOT_SHORT] = 0x0040bb000000ffff,
    [SLOT_ABSENT] = 0x00cf3b000000ffff,
    [SLOT_CODE_2] = 0x00cfdb000000ffff,
    [SLOT_DATA_2] = 0x00cfd3000000ffff,
};

struct seen {
    u32 ebx, ecx, edx, esi, edi, ebp, eax, esp, cs, ss, flags;
    u32 words[6];
} raw_seen;

void raw_run(const u32 *frame), raw_run_by_call(const u32 *frame), raw_int80(void *);
u32 raw_run_here(void);
extern char user_code[], user_code_end[], user_int80[], user_fault[], user_syscall[],
    user_sysenter[], user_ud[], raw_entry[];

static u8 stack[PAGE_SIZE] __attribute__((aligned(4096)));
static char name[96], text[160], want[160];

static u8 *mask(void)
{
    return &shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static u32 user_address(const char *label)
{
    return USER_VA + (u32)(label - user_code);
}

static const char *name_of(const char *a, const char *b)
{
    fmt_snprintf(name, sizeof(name), "%s.%s", a, b);
    return name;
}

static void gate_set(unsigned int vector, u32 flags, u32 cs, u32 base)
{
    trap_info_t table[2] = {{.vector = (u8)vector,
                             .flags = (u8)flags,
                             .cs = (u16)cs,
                             .address = (unsigned long)raw_entry - base}};

    if (call_set_trap_table(table))
        guest_panic("no gate");
}

static void words_say(const char *group, unsigned int count, const u32 *wanted)
{
    size_t got = 0, expected = 0;

    for (unsigned int i = 0; i < count; i++) {
        got += (size_t)fmt_snprintf(text + got, sizeof(text) - got, " %x", raw_seen.words[i]);
        expected +=
            (size_t)fmt_snprintf(want + expected, sizeof(want) - expected, " %x", wanted[i]);
    }
    row_want_text(name_of(group, "frame"), text + 1, want + 1);
}

/* What a call is made with, and what of it differs from the plainest. */
struct form {
    const char *name;
    u32 cs, code_base, ss, stack_base;
    u32 gate;  /* flags of trap_info: 3, and 4 to mask */
    u32 flags; /* of the user's */
    u8 masked; /* before */
};

/* Of the user's flags AC stays, as with Xen. */
static void place_say(const char *group, const struct form *f, u32 esp, u32 masked)
{
    fmt_snprintf(text, sizeof(text), "cs %x ss %x esp %x flags %x mask %u", raw_seen.cs,
                 raw_seen.ss, raw_seen.esp, raw_seen.flags & FLAGS_SEEN, *mask());
    fmt_snprintf(want, sizeof(want), "cs %x ss %x esp %x flags %x mask %u", f->cs | 1, f->ss | 1,
                 esp, FLAG_IF | (f->flags & FLAG_AC), masked);
    row_want_text(name_of(group, "place"), text, want);
}

static void registers_say(const char *group, u32 ecx)
{
    const struct seen *s = &raw_seen;

    fmt_snprintf(text, sizeof(text), "%x %x %x %x %x %x %x", s->eax, s->ebx, s->ecx, s->edx, s->esi,
                 s->edi, s->ebp);
    fmt_snprintf(want, sizeof(want), "a1 b2 %x d4 e5 f6 97", ecx);
    row_want_text(name_of(group, "registers"), text, want);
}

static const struct form forms[] = {
    {"plain", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 3, 0, 0},
    {"masked", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 3, 0, 1},
    {"masks", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 7, 0, 0},
    {"masks-masked", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 7, 0, 1},
    {"flags", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 3, FLAG_NT | FLAG_AC, 0},
    {"stack", FLAT_KERNEL_CS, 0, IN_GDT(SLOT_DATA), 0, 3, 0, 0},
    {"stack-masks", FLAT_KERNEL_CS, 0, IN_GDT(SLOT_DATA), 0, 7, FLAG_NT | FLAG_AC, 0},
    {"stack-masked", FLAT_KERNEL_CS, 0, IN_GDT(SLOT_DATA), 0, 3, 0, 1},
    {"stack-based", FLAT_KERNEL_CS, 0, IN_GDT(SLOT_DATA_BASED), BASE, 3, 0, 0},
    {"code", IN_GDT(SLOT_CODE), 0, FLAT_KERNEL_SS, 0, 3, 0, 0},
    {"code-based", IN_GDT(SLOT_CODE_BASED), BASE, FLAT_KERNEL_SS, 0, 3, 0, 0},
    {"code-conforming", IN_GDT(SLOT_CONFORMING), 0, FLAT_KERNEL_SS, 0, 3, 0, 0},
    {"both-based", IN_GDT(SLOT_CODE_BASED), BASE, IN_GDT(SLOT_DATA_BASED), BASE, 7, 0, 0},
    {"ring-0-named", FLAT_KERNEL_CS & ~3u, 0, FLAT_KERNEL_SS & ~3u, 0, 3, 0, 0}, /* becomes 1 */
};

static u32 esp_of(const struct form *f, unsigned int words)
{
    return (u32)(unsigned long)(stack + sizeof(stack)) - f->stack_base - words * 4;
}

static void user_run_with(const struct form *f, unsigned int vector, const char *code)
{
    const u32 frame[] = {user_address(code), FLAT_USER_CS, FLAG_IF | f->flags, USER_STACK,
                         FLAT_USER_SS};

    gate_set(vector, f->gate, f->cs, f->code_base);
    call_stack_switch(f->ss, (void *)(unsigned long)esp_of(f, 0));
    memset(&raw_seen, 0, sizeof(raw_seen));
    *mask() = f->masked;
    raw_run(frame);
}

static u32 flags_of(const struct form *f)
{
    return 2u | f->flags | (f->masked ? 0 : FLAG_IF);
}

static void say_system_call(const struct form *f)
{
    const u32 words[] = {user_address(user_fault), FLAT_USER_CS | (u32)f->masked << 16, flags_of(f),
                         USER_STACK, FLAT_USER_SS};

    user_run_with(f, 0x80, user_int80);
    registers_say(f->name, 0xc3);
    place_say(f->name, f, esp_of(f, 5), f->masked || f->gate & 4);
    raw_seen.words[2] &= FLAGS_SEEN | 2;
    words_say(f->name, 5, words);
    *mask() = 1;
}

/* A fault has an error code, and no such path. */
static void say_fault(const struct form *f)
{
    const u32 words[] = {PF_USER,
                         user_address(user_syscall) - 6,
                         FLAT_USER_CS | (u32)f->masked << 16,
                         flags_of(f),
                         USER_STACK,
                         FLAT_USER_SS};
    char group[48];

    fmt_snprintf(group, sizeof(group), "fault-%s", f->name);
    user_run_with(f, VECTOR_PF, user_fault);
    place_say(group, f, esp_of(f, 6), f->masked || f->gate & 4);
    raw_seen.words[3] &= FLAGS_SEEN | 2;
    words_say(group, 6, words);
    row_want_hex(name_of(group, "address"), trap_fault_address(), 0x10);
    *mask() = 1;
}

/* Who is in the kernel stays on his stack, and its frame has no esp and ss. */
static void say_from_kernel(void)
{
    u32 esp;

    gate_set(0x80, 1, FLAT_KERNEL_CS, 0);
    *mask() = 1;
    esp = raw_run_here();
    fmt_snprintf(text, sizeof(text), "cs %x ss %x esp %d frame cs %x", raw_seen.cs, raw_seen.ss,
                 (int)(esp - raw_seen.esp), raw_seen.words[1]);
    row_want_text("kernel.int80", text, "cs e019 ss e021 esp 12 frame cs 1e019");
    gate_set(0x80, 1, 0, 0);
    struct fault fault = fault_catch(raw_int80, NULL);
    fmt_snprintf(text, sizeof(text), "vector %u error %x at %d", fault.vector, fault.error,
                 (int)(fault.rip - (unsigned long)raw_int80));
    row_want_text("kernel.int80-without-handler", text, "vector 13 error 402 at 0");
}

/* Ring 2 is the page tables' supervisor, and for all else the kernel's user space. */
static void say_from_ring_2(void)
{
    static const struct form f = {"", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 3, 0, 0};
    const u32 cs = IN_RING_2(SLOT_CODE_2), ss = IN_RING_2(SLOT_DATA_2);
    const u32 frame[] = {user_address(user_int80), cs, FLAG_IF, USER_STACK, ss};
    const u32 faulty[] = {user_address(user_fault), cs, FLAG_IF, USER_STACK, ss};
    const u32 call[] = {user_address(user_fault), cs, FLAG_IF | 2, USER_STACK, ss};
    const u32 fault[] = {PF_USER, user_address(user_syscall) - 6, cs, FLAG_IF | 2, USER_STACK, ss};

    gate_set(0x80, f.gate, f.cs, 0);
    gate_set(VECTOR_PF, f.gate, f.cs, 0);
    call_stack_switch(f.ss, stack + sizeof(stack));
    *mask() = 0;
    raw_run(frame);
    registers_say("ring-2", 0xc3);
    place_say("ring-2", &f, esp_of(&f, 5), 0);
    words_say("ring-2", 5, call);
    raw_run(faulty);
    place_say("ring-2-fault", &f, esp_of(&f, 6), 0);
    words_say("ring-2-fault", 6, fault);
    *mask() = 1;
}

/* The hypercall's iret gives the mask; and nobody comes to virtual-8086 mode. */
static void say_iret(void)
{
    static const struct form f = {"iret", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 3, 0, 0};
    u32 frame[] = {user_address(user_int80),
                   FLAT_USER_CS,
                   FLAG_IF,
                   USER_STACK,
                   FLAT_USER_SS,
                   0x1111,
                   0x2222,
                   0x3333,
                   0x4444};

    gate_set(0x80, f.gate, f.cs, 0);
    call_stack_switch(f.ss, stack + sizeof(stack));
    *mask() = 1;
    raw_run_by_call(frame);
    row_want_hex("iret.opens", raw_seen.words[1], FLAT_USER_CS);
    frame[2] = 0;
    *mask() = 0;
    raw_run_by_call(frame);
    row_want_hex("iret.masks", raw_seen.words[1], FLAT_USER_CS | 1u << 16);
    frame[2] = FLAG_VM | FLAG_IF;
    gate_set(VECTOR_GP, 4, FLAT_KERNEL_CS, 0);
    raw_run_by_call(frame);
    const u32 words[] = {0, frame[0], frame[1], frame[2], frame[3], frame[4]};
    words_say("iret-vm86", 6, words);
    place_say("iret-vm86", &f, esp_of(&f, 10), 1);
}

static void callback(u16 type, u16 flags, const void *address)
{
    callback_register_t c = {.type = type,
                             .flags = flags,
                             .address = {.cs = FLAT_KERNEL_CS, .eip = (unsigned long)address}};

    row_want(flags ? "callback.register-masks" : "callback.register",
             hypercall_callback_op(CALLBACKOP_register, (unsigned long)&c), 0);
}

/* `syscall` on AMD's CPUs, `sysenter` on Intel's. */
static void say_instructions(bool intel)
{
    static const struct form gp = {"gp", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0, 4, 0, 0};
    const char *code = intel ? user_sysenter : user_syscall;
    const char *behind = intel ? user_ud : user_sysenter;
    const u16 type = intel ? CALLBACKTYPE_sysenter : CALLBACKTYPE_syscall32;
    u32 cs = intel ? 3 : FLAT_USER_CS, esp = intel ? 0 : USER_STACK;
    u32 eip = intel ? 0 : user_address(behind) - 2, ecx = intel ? 0xc3 : user_address(behind);
    const u32 fault[] = {0, eip, cs, FLAG_IF | 2, esp, FLAT_USER_SS};
    u32 frame[] = {intel ? 0 : user_address(behind), cs, FLAG_IF | 2, esp, FLAT_USER_SS};

    user_run_with(&gp, VECTOR_GP, code);
    words_say("without-callback", 6, fault);
    for (u16 masks = 0; masks < 2; masks++) {
        callback(type, masks ? CALLBACKF_mask_events : 0, raw_entry);
        user_run_with(&gp, VECTOR_GP, code);
        registers_say(masks ? "callback-masks" : "callback", ecx);
        words_say(masks ? "callback-masks" : "callback", 5, frame);
        place_say(masks ? "callback-masks" : "callback", &gp, esp_of(&gp, 5), masks);
    }
    *mask() = 0;
    raw_run((const u32[]){user_address(code), FLAT_KERNEL_CS, FLAG_IF}); /* the kernel itself */
    raw_seen.words[3] = esp;                                             /* where that array was */
    words_say("by-the-kernel", 5, frame);
    place_say("by-the-kernel", &gp, esp_of(&gp, 5), 1);
}

/* Segments that no handler can be entered with: each ends the domain. */
static void end_by(const char *how)
{
    static const struct form bad[] = {
        {"stack-null", FLAT_KERNEL_CS, 0, 0, 0, 3, 0, 0},
        {"stack-read-only", FLAT_KERNEL_CS, 0, IN_GDT(SLOT_READ_ONLY), 0, 3, 0, 0},
        {"stack-code", FLAT_KERNEL_CS, 0, IN_GDT(SLOT_CODE), 0, 3, 0, 0},
        {"stack-ring-3", FLAT_KERNEL_CS, 0, FLAT_USER_SS, 0, 3, 0, 0},
        {"stack-hypervisor", FLAT_KERNEL_CS, 0, 0xe010, 0, 3, 0, 0},
        {"stack-beyond-ldt", FLAT_KERNEL_CS, 0, 0xd, 0, 3, 0, 0},
        {"code-absent", IN_GDT(SLOT_ABSENT), 0, FLAT_KERNEL_SS, 0, 3, 0, 0},
        {"code-limit", IN_GDT(SLOT_SHORT), 0, FLAT_KERNEL_SS, 0, 3, 0, 0},
        {"code-ring-3", FLAT_USER_CS, 0, FLAT_KERNEL_SS, 0, 3, 0, 0},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
        if (!strcmp(how, bad[i].name))
            user_run_with(&bad[i], 0x80, user_int80);
    if (!strcmp(how, "stack-unmapped")) {
        static const struct form f = {"", FLAT_KERNEL_CS, 0, FLAT_KERNEL_SS, 0x80000000, 3, 0, 0};

        user_run_with(&f, 0x80, user_int80);
    }
    row_text("end", "there was none");
}

static void page_map(unsigned long va, pfn_t pfn, u64 flags)
{
    table_reach(table_boot_root(), va);
    if (call_update_va_mapping(
            (void *)va, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER | flags), UVMF_INVLPG))
        guest_panic("a user page cannot be mapped");
}

void guest_main(void)
{
    pfn_t code = frame_alloc_zeroed();
    mfn_t gdt = table_new();
    xen_pfn_t list[] = {gdt.n};
    char how[24];

    memcpy(pfn_to_virt(code), user_code, (size_t)(user_code_end - user_code));
    page_map(USER_VA, code, 0);
    page_map(USER_VA + PAGE_SIZE, frame_alloc_zeroed(), PTE_WRITE);
    row_want("gdt.set", call_set_gdt(list, 512), 0);
    for (unsigned int i = 1; i < SLOTS; i++)
        if (call_update_descriptor(table_entry_address(gdt, i), descriptors[i]))
            guest_panic("no descriptor %u", i);
    if (cmdline_value("how", how, sizeof(how)) && strcmp(how, "intel"))
        end_by(how);
    else
        how[0] = how[0] == 'i' ? 'i' : '\0';
    for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++)
        say_system_call(&forms[i]);
    for (unsigned int i = 0; i < ARRAY_SIZE(forms); i++)
        say_fault(&forms[i]);
    say_from_kernel();
    say_from_ring_2();
    say_iret();
    say_instructions(how[0] == 'i');
    guest_end();
}
