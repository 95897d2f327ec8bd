/*
 * No way leads a 32-bit guest into 64-bit code.
 *
 * Its kernel is in ring 1, which the page tables take for the hypervisor's own: what keeps it from
 * the hypervisor's memory is only that 32-bit code forms no address above 4 GiB. One code segment
 * with the L bit, and it could. So such a descriptor is refused wherever one could come in, those
 * of the hypervisor and of 64-bit guests are out of reach of every instruction that loads cs, and
 * what the hypervisor itself loads from the guest's words is looked at.
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

#define SLOT_LONG   8u /* where a descriptor with the L bit is tried */
#define SLOT_PLAIN  9u
#define SLOT_GATE   10u
#define RING1       1u
#define IN_LDT      4u
#define HV_CS       0xe008u /* the hypervisor's own */
#define FLAT64_CS   0xe033u /* 64-bit code of 64-bit guests, which for us is data */
#define CODE_32     0x00cfbb000000ffffull
#define CODE_LONG   0x00afbb000000ffffull
#define RIGHTS_LONG (1u << 21)
#define IN_32_BITS  32

/* routes.asm: each loads cs with the selector. They answer how many bits the code there has. */
struct route {
    unsigned long selector, bits;
};
void far_jump(void *route), far_call(void *route), far_return(void *route), plain_iret(void *route),
    iret_by_call(void *route);
unsigned long rights_of(unsigned long selector);

static const struct {
    const char *name;
    void (*go)(void *route);
} ways[] = {
    {"far-jump", far_jump}, {"far-call", far_call},           {"far-return", far_return},
    {"iret", plain_iret},   {"hypercall-iret", iret_by_call},
};

static const struct {
    const char *name;
    u64 value;
} longs[] = {
    {"ring-0", 0x00af9b000000ffff},       {"ring-1", 0x00afbb000000ffff},
    {"ring-2", 0x00afdb000000ffff},       {"ring-3", 0x00affb000000ffff},
    {"conforming", 0x00afff000000ffff},   {"conforming-ring-0", 0x00af9f000000ffff},
    {"and-32", 0x00efbb000000ffff},       {"execute-only", 0x00afb8000000ffff},
    {"16-bit-limit", 0x0020bb0000000000},
};

static char name[96];

static const char *name_of(const char *a, const char *b)
{
    fmt_snprintf(name, sizeof(name), "%s.%s", a, b);
    return name;
}

/* By update_descriptor into @frame; a page that is none yet is asked, too. */
static void say_stores(const char *group, mfn_t frame)
{
    u64 slot = table_entry_address(frame, SLOT_LONG);

    for (unsigned int i = 0; i < ARRAY_SIZE(longs); i++)
        row_want(name_of(group, longs[i].name), call_update_descriptor(slot, longs[i].value),
                 -XEN_EINVAL);
    row_want_hex(name_of(group, "stays"), table_entries(frame)[SLOT_LONG], 0);
}

/* A frame that is full of it before it is offered. */
static mfn_t frame_with(u64 descriptor)
{
    mfn_t frame = table_new();
    mmu_update_t request = {.ptr = table_entry_address(frame, SLOT_LONG), .val = descriptor};

    if (call_mmu_update(&request, 1, NULL, DOMID_SELF))
        guest_panic("a frame cannot be written");
    return frame;
}

static long ldt_set(const void *address, u32 entries)
{
    mmuext_op_t op = {
        .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (unsigned long)address, .arg2.nr_ents = entries};

    return call_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

/* What the hypercall's iret cannot load is told on the frame that was asked for, selector and all:
 * no instruction can go back to that. */
static bool back_to_our_code(struct trap_frame *frame)
{
    frame->cs = (frame->cs & ~0xffffu) | FLAT_KERNEL_CS;
    return false;
}

static void try_way(const char *group, unsigned int way, u32 selector, u32 vector, u32 error)
{
    struct route route = {.selector = selector};
    struct fault fault = fault_catch(ways[way].go, &route);
    char text[48];

    if (!fault.taken)
        fmt_snprintf(text, sizeof(text), "%lu bits", route.bits);
    else
        fmt_snprintf(text, sizeof(text), "vector %u error %x", fault.vector, fault.error);
    fmt_snprintf(name, sizeof(name), "%s.%s-%x", group, ways[way].name, selector);
    if (vector) {
        char want[48];

        fmt_snprintf(want, sizeof(want), "vector %u error %x", vector, error);
        row_want_text(name, text, want);
    } else {
        row_want_text(name, text, "32 bits");
    }
}

static void say_tables(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(longs); i++) {
        mfn_t frame = frame_with(longs[i].value);
        xen_pfn_t list[] = {frame.n};

        row_want(name_of("set-gdt", longs[i].name), call_set_gdt(list, 512), -XEN_EINVAL);
        /* An LDT's pages are looked at when they are used. */
        ldt_set(mfn_to_virt(frame), 512);
        try_way(name_of("ldt", longs[i].name), 0, SLOT_LONG * 8 | IN_LDT | RING1, VECTOR_PF, 0);
        ldt_set(NULL, 0);
    }
}

/* Ways that work lead to 32-bit code; and to what they must not lead, none does. */
static void say_ways(void)
{
    static const u32 forbidden[] = {HV_CS,     HV_CS | 1,     FLAT64_CS & ~3u, FLAT64_CS,
                                    HV_CS | 3, FLAT64_CS ^ 2, 0xe040 | 1,      0xe050 | 1};

    for (unsigned int way = 0; way < ARRAY_SIZE(ways); way++) {
        try_way("way", way, FLAT_KERNEL_CS, 0, 0);
        try_way("way", way, SLOT_PLAIN * 8 | RING1, 0, 0);
        for (unsigned int i = 0; i < ARRAY_SIZE(forbidden); i++) {
            if (ways[way].go == iret_by_call && (forbidden[i] & 3) != 1)
                continue; /* to ring 0 it is the end: run.ring-0; another ring has another frame */
            if (ways[way].go == plain_iret && (forbidden[i] & 3) > 1)
                continue;
            try_way("forbidden", way, forbidden[i], VECTOR_GP, forbidden[i] & ~3u);
        }
    }
}

/* A call gate leads where its selector says, whatever its caller may do himself. */
static void say_gates(mfn_t gdt)
{
    static const u32 targets[] = {HV_CS, HV_CS | 1, HV_CS | 3, FLAT64_CS, FLAT64_CS & ~3u, 0xe040};
    u64 slot = table_entry_address(gdt, SLOT_GATE);

    for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++) {
        fmt_snprintf(name, sizeof(name), "gate.to-%x", targets[i]);
        row_want(name, call_update_descriptor(slot, 0x0000ec0000000000ull | (u64)targets[i] << 16),
                 -XEN_EINVAL);
    }
}

/* Whatever names a code segment that we may look at: it has 32 bits. */
static void say_all_selectors(void)
{
    u32 seen = 0, code64 = 0;

    for (u32 selector = 0; selector < 0x10000; selector += 4) {
        u32 rights = (u32)rights_of(selector | RING1);

        seen += rights != 0;
        code64 += (rights & RIGHTS_LONG) != 0;
    }
    row_want("all.some-are-seen", seen >= 5, true);
    row_want("all.with-the-l-bit", code64, 0);
}

static void handler_set(unsigned int vector, u32 cs, const void *address)
{
    trap_info_t table[2] = {
        {.vector = (u8)vector, .flags = 3, .cs = (u16)cs, .address = (unsigned long)address}};

    row_want("handler.set", call_set_trap_table(table), 0);
}

/* What the hypervisor is told to load, and would. Each ends the domain. */
static void end_by(const char *how)
{
    static const char *const handlers[] = {"hypervisor", "long-64", "data", "null"};
    static const u32 selectors[] = {HV_CS | 1, FLAT64_CS, FLAT_KERNEL_DS, 1};
    struct route route = {.selector = HV_CS};

    for (unsigned int i = 0; i < ARRAY_SIZE(handlers); i++) {
        if (strcmp(how, handlers[i]))
            continue;
        handler_set(0x21, selectors[i], trap_entry_stubs);
        asm volatile("int $0x21");
    }
    if (!strcmp(how, "ring-0"))
        iret_by_call(&route);
    if (!strcmp(how, "event")) {
        hypercall_set_callbacks(FLAT64_CS, (unsigned long)trap_entry_event, FLAT_KERNEL_CS, 0);
        shared_info->vcpu_info[0].evtchn_upcall_pending = 1;
        shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
        call_xen_version(XENVER_version, NULL);
    }
    row_text("end", "there was none");
}

void guest_main(void)
{
    mfn_t gdt = table_new(), plain = table_new();
    xen_pfn_t list[] = {gdt.n};
    char how[16];

    trap_handle(VECTOR_GP, back_to_our_code);
    if (cmdline_value("how", how, sizeof(how)))
        end_by(how);
    say_stores("plain-frame", plain);
    row_want("gdt.set", call_set_gdt(list, 512), 0);
    row_want("gdt.code-32", call_update_descriptor(table_entry_address(gdt, SLOT_PLAIN), CODE_32),
             0);
    say_stores("gdt", gdt);
    say_ways();
    say_gates(gdt);
    say_tables();
    say_all_selectors();
    guest_end();
}
