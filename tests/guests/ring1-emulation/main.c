/*
 * What a 32-bit kernel may not do in ring 1, done for it: privileged instructions in code segments
 * with a base, a limit and a width, string I/O through data segments, call gates from its own ring
 * and from user space, and stores of half a page-table entry. No Xen of Debian's runs such a guest:
 * what is wanted is the manual's word for ring 0, or Xen's source where the ABI differs from that.
 */
#include "guest-kernel/core/user.h"
#include "tests/guests/common.h"

#define RING1 1u
#define RING3 3u

/* Our descriptor table, by index. */
enum {
    D_CODE = 1,   /* 32 bits, from pieces_begin on, and no longer than they are */
    D_CODE_16,    /* the same in 16 bits */
    D_WINDOW,     /* data: WINDOW_BYTES of window */
    D_READ_ONLY,  /* the same, not to be written */
    D_GATE,       /* DPL 3, to gate_entered, no parameters */
    D_GATE_WORDS, /* with two */
    D_GATE_RING1, /* DPL 1 */
    D_GATE_GONE,  /* not present */
    D_GATE_BASE   /* into D_CODE, to a far return */
};
#define SELECTOR(index, ring) ((index) << 3 | (ring))
#define IN_LDT                4u
#define GDT_ENTRIES           512u

#define PORT         0xcf8 /* four bytes wide it remembers what is written; nothing comes of that */
#define WINDOW_BYTES 8u
#define USER_VA      0x40000000ul
#define TABLE_VA     0x48000000ul /* its L1 table is what stores are made to */
#define LOW_VA       0x8000ul /* two pages that addresses of 16 bits reach; also in probes.asm */
#define MARK         0x00345678u

struct window {
    u32 before, words[2], after;
};

/* Code of probes.asm. Functions take a pointer. */
extern const char pieces_begin[], pieces_end[], piece_clts[], piece_cut[], piece_16[],
    piece_return[], piece_die[], piece_gate_16[], piece_gate_16_memory[];
extern const char gate_entered[];
extern const char user_begin[], user_end[], user_call[], user_call_words[], user_jump[],
    user_ring1[];
extern const char user_gone[], user_ldt[], user_done[], user_cli[], user_ins[], user_outs[];
extern u32 gate_frame[6];
void call_through(void *far), jump_through(void *far);
void ins_window(void *string), outs_window(void *string);
void store_moffs(void *value), store_cmpxchg8b(void *pair), store_stos(void *entry);
void store_16(void *words);

static struct window window;
static struct trap_frame process;
static unsigned long process_string; /* where its string instructions are about */

struct far {
    u32 offset, selector;
};

static void fault_row(const char *name, struct fault fault, const char *wanted)
{
    char text[48] = "done";

    if (fault.taken)
        fmt_snprintf(text, sizeof(text), "vector %u error %x", fault.vector, fault.error);
    row_want_text(name, text, wanted);
}

static void check(const char *what, long answer)
{
    if (answer)
        guest_panic("%s: error %ld", what, answer);
}

static u64 descriptor(const void *base, u32 limit, u32 rights, bool bits_32)
{
    u64 at = (unsigned long)base;

    return (limit & 0xffff) | (at & 0xffffff) << 16 | (u64)rights << 40 |
           (u64)(limit >> 16 & 0xf) << 48 | (bits_32 ? 1ull << 54 : 0) | at >> 24 << 56;
}

static u64 gate(u32 selector, const void *offset, u32 dpl, u32 words, bool present)
{
    u64 at = (unsigned long)offset;

    return (at & 0xffff) | (u64)selector << 16 | (u64)words << 32 |
           (u64)((present ? 0x8c : 0x0c) | dpl << 5) << 40 | at >> 16 << 48;
}

static void tables_make(void)
{
    const u32 code_bytes = (u32)(pieces_end - pieces_begin);
    const u64 entries[] = {
        [D_CODE] = descriptor(pieces_begin, code_bytes - 1, 0xbb, true),
        [D_CODE_16] = descriptor(pieces_begin, code_bytes - 1, 0xbb, false),
        [D_WINDOW] = descriptor(window.words, WINDOW_BYTES - 1, 0xb3, true),
        [D_READ_ONLY] = descriptor(window.words, WINDOW_BYTES - 1, 0xb1, true),
        [D_GATE] = gate(FLAT_KERNEL_CS, gate_entered, 3, 0, true),
        [D_GATE_WORDS] = gate(FLAT_KERNEL_CS, gate_entered, 3, 2, true),
        [D_GATE_RING1] = gate(FLAT_KERNEL_CS, gate_entered, 1, 0, true),
        [D_GATE_GONE] = gate(FLAT_KERNEL_CS, gate_entered, 3, 0, false),
        [D_GATE_BASE] =
            gate(SELECTOR(D_CODE, RING1), (void *)(piece_return - pieces_begin), 3, 0, true),
    };
    mfn_t gdt = table_new(), ldt = table_new();
    xen_pfn_t frame = (xen_pfn_t)gdt.n;
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT,
                      .arg1.linear_addr = (unsigned long)table_entries(ldt),
                      .arg2.nr_ents = D_GATE + 1};

    /* A gate is changed when it is stored, and what is stored could not be stored again. */
    check("set_gdt", call_set_gdt(&frame, GDT_ENTRIES));
    check("set_ldt", call_mmuext_op(&op, 1, NULL, DOMID_SELF));
    asm volatile("lar %0, %%eax" : : "r"(IN_LDT) : "eax", "cc"); /* its page becomes descriptors */
    for (unsigned i = 1; i < ARRAY_SIZE(entries); i++)
        check("descriptor", call_update_descriptor(table_entry_address(gdt, i), entries[i]));
    check("gate", call_update_descriptor(table_entry_address(ldt, D_GATE), entries[D_GATE]));
}

/* ---- privileged instructions */

static void clts_twice(void *arg)
{
    (void)arg;
    asm volatile("clts; wbinvd");
}

static void cr0_clear(void *arg)
{
    (void)arg;
    asm volatile("mov %0, %%cr0" : : "r"(1ul));
}

static void cr3_write(void *arg)
{
    asm volatile("mov %0, %%cr3" : : "r"(arg) : "memory");
}

static void hlt(void *arg)
{
    (void)arg;
    asm volatile("hlt");
}

static void cli(void *arg)
{
    (void)arg;
    asm volatile("cli; sti");
}

static unsigned long cr3_read(void)
{
    unsigned long value;

    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static long iopl_set(unsigned iopl)
{
    struct physdev_set_iopl set = {.iopl = iopl};

    return hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)&set);
}

/* ---- registers of the CPU's */

#define MSR_EFER     0xc0000080u
#define MSR_FS_BASE  0xc0000100u
#define EFER_64_BITS 0x500u /* LME, LMA */
#define CR0_TS       8ul
#define CR4_PAE      0x20ul
#define DR7_NOTHING  0x400u

#define DEFINE_REGISTER(name)                                                                      \
    static unsigned long name##_read(void)                                                         \
    {                                                                                              \
        unsigned long value;                                                                       \
                                                                                                   \
        asm volatile("mov %%" #name ", %0" : "=r"(value));                                         \
        return value;                                                                              \
    }                                                                                              \
    static void name##_write(void *value)                                                          \
    {                                                                                              \
        asm volatile("mov %0, %%" #name : : "r"(value) : "memory");                                \
    }
DEFINE_REGISTER(cr0)
DEFINE_REGISTER(cr2)
DEFINE_REGISTER(cr4)
DEFINE_REGISTER(dr0)
DEFINE_REGISTER(dr7)

static u64 msr_value;

static void msr_read(void *msr)
{
    asm volatile("rdmsr" : "=A"(msr_value) : "c"(msr));
}

static void msr_write(void *msr)
{
    asm volatile("wrmsr" : : "A"(msr_value), "c"(msr));
}

static void fpu_use(void *arg)
{
    (void)arg;
    asm volatile("fninit");
}

static void say_registers(void)
{
    fault_row("register.cr0-ts", fault_catch(cr0_write, (void *)(cr0_read() | CR0_TS)), "done");
    row_want("register.cr0-ts-reads", (cr0_read() & CR0_TS) != 0, 1);
    fault_row("register.fpu-with-ts", fault_catch(fpu_use, NULL), "vector 7 error 0");
    row_want("register.cr0-ts-after", (cr0_read() & CR0_TS) != 0, 0);
    fault_row("register.cr2", fault_catch(cr2_write, (void *)0xfedc1234), "done");
    row_want_hex("register.cr2-reads", cr2_read(), 0xfedc1234);
    fault_row("register.cr4", fault_catch(cr4_write, (void *)cr4_read()), "done");
    row_want("register.cr4-has-pae", (cr4_read() & CR4_PAE) != 0, 1);
    row_want_hex("register.dr7", dr7_read(), DR7_NOTHING);
    fault_row("register.dr7-write", fault_catch(dr7_write, (void *)DR7_NOTHING), "done");
    fault_row("register.dr0", fault_catch(dr0_write, &window), "done");
    row_want("register.dr0-reads", dr0_read() == (unsigned long)&window, 1);
    fault_row("register.efer", fault_catch(msr_read, (void *)MSR_EFER), "done");
    row_want_hex("register.efer-has-no-64-bits", msr_value & EFER_64_BITS, 0);
    fault_row("register.efer-same", fault_catch(msr_write, (void *)MSR_EFER), "done");
    msr_value |= EFER_64_BITS;
    fault_row("register.efer-64-bits", fault_catch(msr_write, (void *)MSR_EFER),
              "vector 13 error 0");
    fault_row("register.fs-base", fault_catch(msr_read, (void *)MSR_FS_BASE), "vector 13 error 0");
}

static void say_privileged(void)
{
    unsigned long root = xen_pfn_to_cr3((unsigned long)table_boot_root().n);

    fault_row("privileged.clts", fault_catch(clts_twice, NULL), "done");
    fault_row("privileged.cr0", fault_catch(cr0_clear, NULL), "vector 13 error 0");
    fault_row("privileged.hlt", fault_catch(hlt, NULL), "vector 13 error 0");
    row_want("privileged.cr3-is-the-root", cr3_read() == root, 1);
    fault_row("privileged.cr3", fault_catch(cr3_write, (void *)root), "done");
    fault_row("privileged.cr3-no-table", fault_catch(cr3_write, (void *)0xfffff000),
              "vector 13 error 0");
    row_want("privileged.cr3-stays", cr3_read() == root, 1);
    fault_row("privileged.cli", fault_catch(cli, NULL), "vector 13 error 0");
    row_want("privileged.set-iopl", iopl_set(1), 0);
    fault_row("privileged.cli-with-iopl", fault_catch(cli, NULL), "done");
}

/* ---- code with a base */

static struct fault call_far(u32 index, const char *piece)
{
    struct far far = {(u32)(piece - pieces_begin), SELECTOR(index, RING1)};

    return fault_catch(call_through, &far);
}

/* Whoever catches the fault goes on in our own segment. */
static bool back_to_our_code(struct trap_frame *frame)
{
    frame->cs = (frame->cs & ~0xffffu) | FLAT_KERNEL_CS;
    return false;
}

static void say_code(void)
{
    fault_row("code.base", call_far(D_CODE, piece_clts), "done");
    fault_row("code.16-bits", call_far(D_CODE_16, piece_16), "done");
    trap_handle(VECTOR_GP, back_to_our_code);
    fault_row("code.cut-by-the-limit", call_far(D_CODE, piece_cut), "vector 13 error 0");
    trap_handle(VECTOR_GP, NULL);
}

/* ---- strings */

struct string {
    u32 selector, offset, count;
};

static void port_write(u32 value)
{
    asm volatile("outl %0, %w1" : : "a"(value), "d"(PORT));
}

static u32 port_read(void)
{
    u32 value;

    asm volatile("inl %w1, %0" : "=a"(value) : "d"(PORT));
    return value;
}

/* What faults leaves its segment loaded. */
static struct fault string_do(void (*string)(void *), struct string *s)
{
    struct fault fault = fault_catch(string, s);

    asm volatile("mov %0, %%es; mov %1, %%fs" : : "r"(FLAT_KERNEL_DS), "r"(0));
    return fault;
}

static void say_strings(void)
{
    struct string s = {SELECTOR(D_WINDOW, RING1), 4, 1};

    port_write(MARK);
    row_want_hex("string.port", port_read(), MARK);
    fault_row("string.ins", string_do(ins_window, &s), "done");
    row_want_hex("string.ins-went-there", window.words[1], MARK);
    row_want_hex("string.ins-count", s.count, 0);
    s = (struct string){SELECTOR(D_WINDOW, RING1), 4, 2};
    fault_row("string.ins-over-the-limit", string_do(ins_window, &s), "vector 13 error 0");
    row_want_hex("string.ins-not-behind", window.after, 0);
    s = (struct string){SELECTOR(D_READ_ONLY, RING1), 0, 1};
    fault_row("string.ins-read-only", string_do(ins_window, &s), "vector 13 error 0");
    window.words[0] = MARK + 1;
    s = (struct string){SELECTOR(D_READ_ONLY, RING1), 0, 1};
    fault_row("string.outs", string_do(outs_window, &s), "done");
    row_want_hex("string.outs-came-from-there", port_read(), MARK + 1);
    s = (struct string){SELECTOR(D_WINDOW, RING1), 5, 1};
    fault_row("string.outs-over-the-limit", string_do(outs_window, &s), "vector 13 error 0");
    s = (struct string){0, 0, 1};
    fault_row("string.outs-null", string_do(outs_window, &s), "vector 13 error 0");
}

/* ---- call gates */

static void page_show(unsigned long va, pfn_t pfn, u64 flags)
{
    check("page", map_page((void *)va, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER | flags)));
}

static void say_gates(void)
{
    struct far far = {0, SELECTOR(D_GATE, RING1)};

    fault_row("gate.call", fault_catch(call_through, &far), "done");
    row_want_hex("gate.call-from", gate_frame[1] & 0xffff, FLAT_KERNEL_CS);
    far.selector = SELECTOR(D_GATE_BASE, RING1);
    fault_row("gate.call-base", fault_catch(call_through, &far), "done");
    far.selector = SELECTOR(D_GATE_RING1, RING1);
    fault_row("gate.ring-1", fault_catch(call_through, &far), "done");
    far.selector = SELECTOR(D_GATE_RING1, RING3);
    fault_row("gate.ring-1-rpl-3", fault_catch(call_through, &far), "vector 13 error 38");
    far.selector = SELECTOR(D_GATE_GONE, RING1);
    fault_row("gate.gone", fault_catch(call_through, &far), "vector 11 error 40");
    far.selector = SELECTOR(D_GATE, RING1) | IN_LDT;
    fault_row("gate.ldt", fault_catch(call_through, &far), "done");
    fault_row("gate.16-bits", call_far(D_CODE_16, piece_gate_16), "done");
    row_want_hex("gate.16-bits-from", gate_frame[1] & 0xffff, SELECTOR(D_CODE_16, RING1));
    table_reach(table_boot_root(), LOW_VA);
    page_show(LOW_VA, frame_alloc_zeroed(), PTE_WRITE);
    *(volatile u16 *)(LOW_VA + 2) = SELECTOR(D_GATE, RING1);
    fault_row("gate.16-bits-memory", call_far(D_CODE_16, piece_gate_16_memory), "done");
}

static void user_row(const char *name, const char *code, const char *wanted)
{
    const unsigned long at = USER_VA + (unsigned long)(code - user_begin);
    const unsigned long done = USER_VA + (unsigned long)(user_done - user_begin);
    struct fault fault = {0};

    memset(gate_frame, 0, sizeof(gate_frame));
    user_frame_init(&process, at, USER_VA + 2 * PAGE_SIZE);
    process.rdi = process.rsi = process_string;
    process.rdx = PORT;
    user_run(&process);
    if (process.vector != VECTOR_UD || process.rip != done)
        fault = (struct fault){
            .taken = true, .vector = (u32)process.vector, .error = (u32)process.error};
    fault_row(name, fault, wanted);
}

static void say_user_gates(void)
{
    pfn_t code = frame_alloc_zeroed();

    memcpy(pfn_to_virt(code), user_begin, (size_t)(user_end - user_begin));
    table_reach(table_boot_root(), USER_VA);
    page_show(USER_VA, code, 0);
    page_show(USER_VA + PAGE_SIZE, frame_alloc_zeroed(), PTE_WRITE);
    user_row("user-gate.call", user_call, "done");
    row_want_hex("user-gate.call-cs", gate_frame[1], process.cs & 0xffff);
    row_want_hex("user-gate.call-esp", gate_frame[2], USER_VA + 2 * PAGE_SIZE);
    row_want_hex("user-gate.call-ss", gate_frame[3], process.ss & 0xffff);
    user_row("user-gate.words", user_call_words, "done");
    row_want_hex("user-gate.first-word", gate_frame[2], 0x1111);
    row_want_hex("user-gate.second-word", gate_frame[3], 0x2222);
    row_want_hex("user-gate.words-esp", gate_frame[4], USER_VA + 2 * PAGE_SIZE - 8);
    row_want_hex("user-gate.esp-after", process.rsp, USER_VA + 2 * PAGE_SIZE);
    user_row("user-gate.jump", user_jump, "vector 13 error e018");
    user_row("user-gate.ring-1", user_ring1, "vector 13 error 38");
    user_row("user-gate.gone", user_gone, "vector 11 error 40");
    user_row("user-gate.ldt", user_ldt, "done");
    user_row("user.cli-with-iopl-1", user_cli, "vector 13 error 0");
    user_row("user.ins-with-iopl-1", user_ins, "vector 13 error 0");
    check("iopl", iopl_set(3));
    user_row("user.cli-with-iopl-3", user_cli, "done");
    process_string = USER_VA + PAGE_SIZE;
    user_row("user.ins", user_ins, "done");
    process_string = (unsigned long)&window; /* where only the kernel may write */
    user_row("user.ins-kernel-memory", user_ins, "vector 14 error 6");
    user_row("user.outs-kernel-memory", user_outs, "vector 14 error 4");
    check("iopl", iopl_set(1));
}

/* ---- half an entry */

static volatile u32 *halves;

static void store_low(void *value)
{
    halves[0] = *(u32 *)value;
}

static void store_high(void *value)
{
    halves[1] = *(u32 *)value;
}

static void say_stores(void)
{
    mfn_t page = pfn_to_mfn(frame_alloc_zeroed()), table = {0};
    u64 entry = pte_make(page, PTE_READ_ONLY | PTE_NX);
    u64 pair[2] = {0};
    u32 low = (u32)entry, high = (u32)(entry >> 32), absurd = 0x0007ffff;
    const u64 *slot;

    table_reach(table_boot_root(), TABLE_VA);
    table.n = table_walk(table_boot_root(), TABLE_VA, 1) >> PAGE_SHIFT;
    slot = &table_entries(table)[pt_index(TABLE_VA, 1)];
    halves = (volatile u32 *)(unsigned long)slot;
    fault_row("store.high", fault_catch(store_high, &high), "done");
    fault_row("store.low", fault_catch(store_low, &low), "done");
    row_want("store.entry", ACCESS_ONCE(*slot) == entry, 1);
    row_want("store.maps", *(volatile u32 *)TABLE_VA, 0);
    fault_row("store.wrong-order", fault_catch(store_high, &absurd), "done");
    row_want_hex("store.not-present", ACCESS_ONCE(*slot) & PTE_PRESENT, 0);
    fault_row("store.high-again", fault_catch(store_high, &high), "done");
    fault_row("store.moffs", fault_catch(store_moffs, (u32[]){(u32)(unsigned long)slot, low}),
              "done");
    row_want("store.moffs-entry", ACCESS_ONCE(*slot) == entry, 1);
    pair[1] = pte_make(page, PTE_READ_WRITE);
    pair[0] = entry | PTE_ACCESSED;
    fault_row("store.cmpxchg8b", fault_catch(store_cmpxchg8b, (void *[]){(void *)slot, pair}),
              "done");
    row_want("store.cmpxchg8b-entry", ACCESS_ONCE(*slot) == pair[1], 1);
    *(volatile u32 *)TABLE_VA = MARK;
    row_want_hex("store.writes", *(volatile u32 *)TABLE_VA, MARK);
    low = (u32)pte_make(table, PTE_READ_WRITE);
    fault_row("store.writable-table", fault_catch(store_low, &low), "vector 14 error 3");
    fault_row("store.stos", fault_catch(store_stos, (void *)slot), "done");
    row_want_hex("store.cleared", ACCESS_ONCE(*slot), 0);
    low = (u32)entry;
    check("table", map_page((void *)(LOW_VA + PAGE_SIZE), pte_make(table, PTE_READ_ONLY)));
    fault_row("store.16-bit-address",
              fault_catch(store_16, (u32[]){0x1234fff0, LOW_VA + PAGE_SIZE + 0x10, low}), "done");
    row_want("store.16-bit-address-entry", ACCESS_ONCE(*slot) == low, 1);
}

/* With registers that a report can be known by, in a segment with a base. */
static void die(void)
{
    struct far far = {(u32)(piece_die - pieces_begin), SELECTOR(D_CODE, RING1)};

    call_set_trap_table(NULL);
    call_through(&far);
}

void guest_main(void)
{
    char how[16];

    tables_make();
    if (cmdline_value("how", how, sizeof(how)))
        die();
    say_privileged();
    say_registers();
    say_code();
    say_strings();
    say_gates();
    say_user_gates();
    say_stores();
    guest_end();
}
