/*
 * Exceptions that a guest kernel raises itself. Its CPU is real, so nearly all come from the
 * hardware; but the hypervisor has to hand each on with the right vector, error code, address and
 * flags, and `int n` it has to tell from a fault. A kernel that gets a wrong frame resumes wrongly.
 */
#include "tests/guests/common.h"
#include "tests/guests/seen.h"

struct raiser {
    const char *what;
    void (*body)(void *arg);
    char *at; /* the instruction that traps */
};

extern struct raiser raise_table[];
void raise_after_nm(void *arg);
void gp_selector_load(void *selector);

#define RFLAGS_TO_SEE 0x44700u /* AC, NT, DF, IF, TF */
#define RFLAGS_NT     0x4000ull
#define TI_DPL_LIMIT  4u
#define TI_MASKS      4u /* xen.h: bit 2 of the flags says to mask events on entry */

#define HIDDEN ((void *)WIDE(HYPERVISOR_VIRT_START + (1ull << 39), -PAGE_SIZE))

extern char trap_entry_stubs[];

static struct trap_frame seen;
static u8 mask_inside;

static bool frame_note(struct trap_frame *frame)
{
    seen = *frame;
    frame->rflags &= ~(unsigned long)RFLAGS_NT; /* the code that comes next is not to inherit it */
    mask_inside = shared_info->vcpu_info[0].evtchn_upcall_mask;
    return false; /* so that fault_catch gets it */
}

static void say_raiser(const struct raiser *raiser)
{
    struct fault fault = fault_catch(raiser->body, NULL);

    if (!fault.taken) {
        row_text(name_of("raise", raiser->what), "no-trap");
        return;
    }
    console_printf(
        "ROW raise.%s = vector %u error 0x%x rip %ld flags 0x%lx cs 0x%" F64 "x ss 0x%" F64 "x\n",
        raiser->what, fault.vector, fault.error, (long)(fault.rip - (uintptr_t)raiser->at),
        seen.rflags & RFLAGS_TO_SEE, seen_cs(&seen), seen_ss(&seen));
}

/* Page faults: what the error code says, and that the address is in the shared page. */
static void call_address(void *address)
{
    ((void (*)(void))address)();
}

static void say_page_fault(const char *what, struct fault fault, const void *address)
{
    console_printf("ROW page-fault.%s = vector %u error 0x%x address %ld\n", what, fault.vector,
                   fault.error, fault.taken ? (long)(fault.address - (uintptr_t)address) : 0);
}

static void say_page_faults(void)
{
    u64 frame = mfn_to_address(pfn_to_mfn(frame_alloc_zeroed()));
    unsigned long value;
    u8 *page = scratch_page(1);

    pte_update(scratch_entry(1) + sizeof(u64), frame | PTE_PRESENT | PTE_NX);
    say_page_fault("read-absent", probe_read(scratch_page(0), &value), scratch_page(0));
    say_page_fault("write-absent", probe_write(scratch_page(0), 0), scratch_page(0));
    say_page_fault("fetch-absent", fault_catch(call_address, scratch_page(0)), scratch_page(0));
    say_page_fault("read-no-tables", probe_read((void *)0x1000, &value), (void *)0x1000);
    say_page_fault("write-read-only", probe_write(page, 0), page);
    say_page_fault("write-at-offset", probe_write(page + 0x123, 0), page);
    say_page_fault("fetch-no-execute", fault_catch(call_address, page), page);
    say_page_fault("read-across-pages", probe_read(page + PAGE_SIZE - 2, &value), page);
    say_page_fault("write-a-page-table", probe_write((void *)start_info->pt_base, 0),
                   (void *)start_info->pt_base);
    say_page_fault("read-hypervisor", probe_read(HIDDEN, &value), HIDDEN);
    pte_update(scratch_entry(1) + sizeof(u64), frame | PTE_PRESENT | PTE_WRITE);
    say_page_fault("write-without-flush", probe_write(page, 0), page);
}

/* #NM comes if the guest asked for it, once: taking it clears TS. */
static void say_fpu(void)
{
    row("fpu.without", fault_catch(raise_after_nm, NULL).taken);
    row("fpu.set", call_fpu_taskswitch(1));
    row("fpu.vector", fault_catch(raise_after_nm, NULL).vector);
    row("fpu.again", fault_catch(raise_after_nm, NULL).taken);
    row("fpu.set-twice", call_fpu_taskswitch(1) | call_fpu_taskswitch(7));
    row("fpu.clear", call_fpu_taskswitch(0));
    row("fpu.after-clear", fault_catch(raise_after_nm, NULL).taken);
}

static void int_0x80(void *arg)
{
    (void)arg;
    asm volatile("int $0x80" ::: "memory");
}

static void int_0x21(void *arg)
{
    (void)arg;
    asm volatile("int $0x21" ::: "memory");
}

static void int_0x21_prefixed(void *arg)
{
    (void)arg;
    asm volatile(".byte 0x48, 0xcd, 0x21" ::: "memory", "eax"); /* in 32 bits 0x48 is dec eax */
}

/*
 * `int n` is let in by the DPL that the trap table gives; the kernel counts as ring 1 there. QEMU
 * puts n * 16 in place of n * 8 into the error code from which Xen takes the vector, so that there
 * the gate of 2n answers: both gates are open, and the row says only if one was.
 */
static void say_software_interrupts(void)
{
    for (unsigned int dpl = 0; dpl < TI_DPL_LIMIT; dpl++) {
        unsigned int vector;

        trap_gate_set(0x21, dpl);
        trap_gate_set(0x42, dpl);
        trap_gate_set(0x80, dpl);
        vector = fault_catch(int_0x21, NULL).vector;
        row_text(name_nth("int", "0x21-dpl", dpl),
                 vector == 0x21 || vector == 0x42 ? "let-in" : "refused");
        row(name_nth("int", "0x80-dpl", dpl), fault_catch(int_0x80, NULL).vector);
        vector = fault_catch(int_0x21_prefixed, NULL).vector;
        row_text(name_nth("int", "0x21-prefixed-dpl", dpl),
                 vector == 0x21 || vector == 0x42 ? "let-in" : "refused");
    }
}

static void ud2(void *arg)
{
    (void)arg;
    asm volatile("ud2" ::: "memory");
}

/* int 0x80 has an entry of its own in the hypervisor, which has to mask as the others do. */
static void say_masking_of_0x80(void)
{
    struct trap_info table[] = {
        {.vector = 0x80,
         .flags = TI_MASKS | 3,
         .cs = FLAT_KERNEL_CS,
         .address = (uintptr_t)trap_entry_stubs + 0x80 * TRAP_STUB_SIZE},
        {.address = 0},
    };

    call_set_trap_table(table);
    shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
    fault_catch(int_0x80, NULL);
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    console_printf("ROW mask.int-0x80 = inside %u saved 0x%" F64 "x flag %lu\n", mask_inside,
                   seen_mask_saved(&seen), seen.rflags >> 9 & 1);
}

static void say_masking(void)
{
    volatile u8 *mask = &shared_info->vcpu_info[0].evtchn_upcall_mask;

    for (unsigned int i = 0; i < 4; i++) {
        struct trap_info table[] = {
            {.vector = VECTOR_UD,
             .flags = i & 1 ? TI_MASKS : 0,
             .cs = FLAT_KERNEL_CS,
             .address = (uintptr_t)trap_entry_stubs + VECTOR_UD * TRAP_STUB_SIZE},
            {.address = 0},
        };

        call_set_trap_table(table);
        *mask = i >> 1;
        fault_catch(ud2, NULL);
        *mask = 1;
        console_printf("ROW mask.gate-%s-was-%u = inside %u saved 0x%" F64 "x flag %lu\n",
                       i & 1 ? "masks" : "leaves", i >> 1, mask_inside, seen_mask_saved(&seen),
                       seen.rflags >> 9 & 1);
    }
}

static void say_selectors(void)
{
    static const u16 selectors[] = {0x0,    0x3,    0x8,    0xe008, 0xe019, 0xe02b, 0xe030, 0xe033,
                                    0xe038, 0xe040, 0xe043, 0xe050, 0xf000, 0xffff, 0x4};

    for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++) {
        struct fault fault = fault_catch(gp_selector_load, (void *)(uintptr_t)(u64)selectors[i]);

        console_printf("ROW selector.gs-%x = vector %u error 0x%x\n", selectors[i], fault.vector,
                       fault.error);
    }
}

void guest_main(void)
{
    for (unsigned int vector = 0; vector < VECTOR_COUNT; vector++)
        trap_handle(vector, frame_note);
    for (const struct raiser *raiser = raise_table; raiser->what; raiser++)
        say_raiser(raiser);
    say_page_faults();
    say_fpu();
    say_software_interrupts();
    say_masking();
    say_masking_of_0x80();
    say_selectors();
    guest_end();
}
