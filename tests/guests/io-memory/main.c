/*
 * Memory that is not RAM, mapped by the control domain: the low megabyte, device registers, the
 * pages of the interrupt controllers. Drivers live on it. Some pages may be looked at but not
 * written (the hypervisor uses the device itself), some not even that; and a device's registers are
 * never cached, whatever the entry says. RAM may have any attribute of a domain that has devices.
 */
#include "tests/guests/common.h"

#define IO_APIC    0xfec00000ull
#define HPET       0xfed00000ull
#define LOCAL_APIC 0xfee00000ull

#define CACHE_FORMS 8u

/* Pages of user space are global, as a 64-bit guest's are made to be. */
#define PTE_USER_PAGE (PTE_PRESENT | PTE_USER | PTE_GLOBAL)

static volatile u8 *page;
static u64 ram;

static u64 cache_bits(unsigned int form)
{
    return (form & 1 ? PTE_WRITE_THROUGH : 0) | (form & 2 ? PTE_NO_CACHE : 0) |
           (form & 4 ? PTE_PAT_OR_LARGE : 0);
}

/* Its refusal, or the flags that the entry then has. */
static void say_mapping(const char *name, u64 pte)
{
    long answer = map_page((void *)page, pte);

    row_hex(name, answer ? (u64)answer : entry_flags(entry_read(scratch_entry(1))));
    map_page((void *)page, 0);
}

static const struct {
    const char *what;
    u64 address;
} places[] = {
    {"frame-0", 0},
    {"conventional", 0x9e000},
    {"video", 0xb8000},
    {"option-rom", 0xc8000},
    {"bios", 0xf0000},
    {"below-4-gib-hole", 0xf0000000},
    {"io-apic", IO_APIC},
    {"io-apic-next", IO_APIC + PAGE_SIZE},
    {"hpet", HPET},
    {"hpet-next", HPET + PAGE_SIZE},
    {"local-apic", LOCAL_APIC},
    {"messages", LOCAL_APIC + 0x1000},
    {"messages-last", LOCAL_APIC + 0xff000},
    {"behind-messages", LOCAL_APIC + 0x100000},
    {"firmware", 0xfffff000},
    {"high", 1ull << 39},
    {"below-hole", 0xfcfffff000},
    {"hole", 0xfd00000000},
    {"hole-last", 0xfffffff000},
    {"beyond-the-cpu", 1ull << 40},
};

static void say_places(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
        u64 pte = places[i].address | PTE_USER_PAGE;

        say_mapping(name_of("read", places[i].what), pte);
        say_mapping(name_of("write", places[i].what), pte | PTE_WRITE);
        say_mapping(name_of("write-uncached", places[i].what),
                    pte | PTE_WRITE | PTE_NO_CACHE | PTE_WRITE_THROUGH);
    }
}

static void say_cache_forms(const char *group, u64 pte)
{
    for (unsigned int form = 0; form < CACHE_FORMS; form++) {
        say_mapping(name_nth(group, "read", form), pte | cache_bits(form));
        say_mapping(name_nth(group, "write", form), pte | PTE_WRITE | cache_bits(form));
    }
}

/* One attribute after the other without a gap, and two at once. */
static void say_ram_changes(void)
{
    u64 slot = scratch_entry(1), pte = ram | PTE_USER_PAGE | PTE_WRITE;

    for (unsigned int form = 0; form < CACHE_FORMS; form++) {
        row(name_nth("ram-over", "write", form), pte_update(slot, pte | cache_bits(form)));
        row(name_nth("ram-beside", "write", form),
            pte_update(slot + 8, pte | cache_bits(7 - form)));
        row_hex(name_nth("ram-over", "entry", form), entry_flags(entry_read(slot)));
    }
    row("ram-over.read-only", pte_update(slot, (pte & ~PTE_WRITE) | PTE_PAT_OR_LARGE));
    pte_update(slot + 8, 0);
    pte_update(slot, 0);
}

/* Written through a mapping that combines writes, then made a table: it must be seen as written. */
static void say_ram_becomes_table(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 mfn = pfn_to_mfn(pfn).n;

    row("table.map",
        map_page((void *)page, mfn << PAGE_SHIFT | PTE_USER_PAGE | PTE_WRITE | PTE_PAT_OR_LARGE));
    *(volatile u64 *)page = ram | PTE_PRESENT;
    row("table.unmap", map_page((void *)page, 0));
    map_page(pfn_to_virt(pfn), mfn << PAGE_SHIFT | PTE_PRESENT);
    row("table.pin", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
    row_hex("table.entry", entry_flags(*(u64 *)pfn_to_virt(pfn)));
    row("table.unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn));
}

static const struct {
    const char *what;
    domid_t id;
} owners[] = {
    {"self", DOMID_SELF}, {"io", DOMID_IO}, {"xen", DOMID_XEN}, {"number-0", 0}, {"number-1", 1},
};

/* Whose frames: for I/O memory the caller may be named, or the domain that stands for it. */
static void say_owners(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(owners); i++) {
        static const u64 frames[] = {0xb8000, IO_APIC, LOCAL_APIC, 1ull << 39};

        for (unsigned int n = 0; n <= ARRAY_SIZE(frames); n++) {
            u64 pte = (n ? frames[n - 1] : ram) | PTE_USER_PAGE;
            mmu_update_t request = {.ptr = scratch_entry(1), .val = pte};

            row(name_nth(owners[i].what, "va", n),
                hypercall_update_va_mapping_otherdomain((uintptr_t)page, pte, UVMF_INVLPG,
                                                        owners[i].id));
            map_page((void *)page, 0);
            row(name_nth(owners[i].what, "update", n),
                call_mmu_update(&request, 1, NULL, owners[i].id));
            map_page((void *)page, 0);
        }
        row(name_of("absent", owners[i].what),
            hypercall_update_va_mapping_otherdomain((uintptr_t)page, 0, UVMF_INVLPG, owners[i].id));
    }
}

/* Operations on whole frames in another name than the caller's: those of the screen's memory. */
static void say_whole_frames(void)
{
    static const u64 frames[] = {0xb9, 0xfec00, 0xfee00, 1ull << 27};
    static const unsigned int commands[] = {MMUEXT_PIN_L1_TABLE, MMUEXT_UNPIN_TABLE,
                                            MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE};

    for (unsigned int i = 0; i < ARRAY_SIZE(owners); i++) {
        for (unsigned int n = 0; n <= ARRAY_SIZE(frames); n++) {
            u64 mfn = n ? frames[n - 1] : ram >> PAGE_SHIFT;
            mmu_update_t request = {.ptr = mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
                                    .val = mfn_to_pfn((mfn_t){ram >> PAGE_SHIFT}).n};
            char group[32];

            fmt_snprintf(group, sizeof(group), "%s-frame-%u", owners[i].what, n);
            for (unsigned int c = 0; c < ARRAY_SIZE(commands); c++) {
                mmuext_op_t op = {
                    .cmd = commands[c], .arg1.mfn = mfn, .arg2.src_mfn = n ? 0xba : mfn};

                row(name_nth(group, "command", commands[c]),
                    call_mmuext_op(&op, 1, NULL, owners[i].id));
            }
            row(name_of(group, "machphys"), call_mmu_update(&request, 1, NULL, owners[i].id));
            request.ptr = mfn << PAGE_SHIFT;
            request.val = 0;
            if (n)
                row(name_of(group, "store"), call_mmu_update(&request, 1, NULL, owners[i].id));
        }
    }
}

/* A whole table of such entries is accepted, and mended, when it becomes one. */
static void say_validated(void)
{
    static const u64 frames[] = {0, 0xb8000, IO_APIC, HPET, 1ull << 39};
    mfn_t table = table_new();

    for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
        pte_update(table_entry_address(table, i), frames[i] | PTE_PRESENT | PTE_WRITE);
    row("validate.pin", mmuext(MMUEXT_PIN_L1_TABLE, table.n));
    for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
        row_hex(name_nth("validate", "entry", i), entry_flags(table_entries(table)[i]));
    row("validate.unpin", mmuext(MMUEXT_UNPIN_TABLE, table.n));
    pte_update(table_entry_address(table, 9), LOCAL_APIC | PTE_PRESENT);
    row("validate.pin-with-local-apic", mmuext(MMUEXT_PIN_L1_TABLE, table.n));
}

static unsigned long spot; /* where the pieces below store */

#define PIECE(name, text)                                                                          \
    static void name(void *arg)                                                                    \
    {                                                                                              \
        unsigned long at = spot;                                                                   \
                                                                                                   \
        (void)arg;                                                                                 \
        __asm__ volatile(text : "+D"(at) : : "eax", "ecx", "memory", "cc");                        \
    }

PIECE(store_1, "movb $1, (%0)")
PIECE(store_2, "movw $1, (%0)")
PIECE(store_4, "movl $1, (%0)")
#ifdef __x86_64__
PIECE(store_8, "movq $1, (%0)")
#endif
PIECE(store_stos, "xor %%eax, %%eax; stosl")
PIECE(store_stos_3, "xor %%eax, %%eax; mov $3, %%ecx; rep stosl")
PIECE(store_xchg, "xor %%eax, %%eax; xchg %%eax, (%0)")
PIECE(store_or, "orl $0, (%0)")
PIECE(store_add, "addl $0, (%0)")
PIECE(store_cmpxchg, "xor %%eax, %%eax; xor %%ecx, %%ecx; lock cmpxchgl %%ecx, (%0)")
PIECE(store_bts, "btsl $3, (%0)")

static const struct {
    const char *what;
    void (*body)(void *);
} pieces[] = {
    {"store-1", store_1}, {"store-2", store_2},       {"store-4", store_4},
#ifdef __x86_64__
    {"store-8", store_8},
#endif
    {"stos", store_stos}, {"rep-stos", store_stos_3}, {"xchg", store_xchg}, {"or", store_or},
    {"add", store_add},   {"cmpxchg", store_cmpxchg}, {"bts", store_bts},
};

static void say_stores(const char *group, u64 pte, u64 offset)
{
    map_page((void *)page, pte | PTE_USER_PAGE | PTE_WRITE);
    spot = (uintptr_t)page + offset;
    for (unsigned int i = 0; i < ARRAY_SIZE(pieces); i++) {
        struct fault fault = fault_catch(pieces[i].body, NULL);

        console_printf("ROW %s.%s = vector %u error 0x%x\n", group, pieces[i].what, fault.vector,
                       fault.error);
    }
    map_page((void *)page, 0);
}

/* What a store leaves behind: an I/O APIC's index register, which reads back. */
static void say_nothing_stored(void)
{
    unsigned long before = 0, after = 1;

    map_page((void *)page, IO_APIC | PTE_USER_PAGE | PTE_WRITE);
    probe_read((void *)page, &before);
    *(volatile u32 *)page = (u32)~before & 0xff;
    probe_read((void *)page, &after);
    row("stores.nothing-changed", (u32)before == (u32)after);
    map_page((void *)page, 0);
}

void guest_main(void)
{
    scratch_entry(1);
    page = scratch_page(0);
    ram = mfn_to_address(pfn_to_mfn(frame_alloc_zeroed()));
    say_places();
    say_cache_forms("video-cache", 0xb8000 | PTE_USER_PAGE);
    say_cache_forms("io-apic-cache", IO_APIC | PTE_USER_PAGE);
    say_cache_forms("high-cache", 1ull << 39 | PTE_USER_PAGE);
    say_cache_forms("ram-cache", ram | PTE_USER_PAGE);
    say_ram_changes();
    say_ram_becomes_table();
    say_owners();
    say_whole_frames();
    say_validated();
    say_stores("io-apic-store", IO_APIC, 0);
    say_stores("io-apic-store-odd", IO_APIC, 0x103);
    say_stores("hpet-store", HPET, 0xf8);
    say_nothing_stored();
    guest_end();
}
