/*
 * A vcpu's context, set from outside and read back, while the vcpu has never run: what is refused,
 * what is put right silently, and that the rest comes back as it was given. A guest that is saved,
 * moved and restored is exactly this structure and its memory. Its layout is that of the domain,
 * which has 64 bits here, in either width of the one that asks; domctl-width has one of 32.
 */
#include "tests/guests/domctl.h"

/* Where a 64-bit domain may have nothing: arch-x86/xen-x86_64.h, __HYPERVISOR_VIRT_START. */
#define HYPERVISOR_OF_64 0xffff800000000000ull
#define NO_ADDRESS       0x0000800000001000ull

static u32 d;
static xen_pfn_t frames[3]; /* of the domain, all zeros: an empty L4, another, an empty GDT */
static struct vcpu_guest_context_x86_64 given, got;

static void frames_get(const char *group)
{
    struct xen_memory_reservation r = {.nr_extents = ARRAY_SIZE(frames), .domid = (domid_t)d};

    domctl_begin();
    op.u.max_mem.max_memkb = 1024;
    row(name_of(group, "memory"), domctl(XEN_DOMCTL_max_mem, d));
    set_xen_guest_handle(r.extent_start, frames);
    for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
        frames[i] = i;
    row(name_of(group, "frames"), call_memory_op(XENMEM_populate_physmap, &r));
}

static long context(u32 cmd, u32 vcpu, const void *at)
{
    domctl_begin();
    op.u.vcpucontext.vcpu = vcpu;
    op.u.vcpucontext.ctxt.p = (void *)at;
    return domctl(cmd, d);
}

static long set(u32 vcpu)
{
    return context(XEN_DOMCTL_setvcpucontext, vcpu, &given);
}

static long get(u32 vcpu)
{
    memset(&got, 0x5a, sizeof(got));
    return context(XEN_DOMCTL_getvcpucontext, vcpu, &got);
}

static void fill(void)
{
    memset(&given, 0, sizeof(given));
    given.flags = VGCF_in_kernel;
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_64(frames[0]);
    given.vm_assist = 0;
}

static void name_rows(void)
{
    u32 made = d;

    row("name.set_no_such_vcpu", set(2));
    row("name.set_far_beyond", set(~0u));
    row("name.get_no_such_vcpu", get(2));
    row("name.get_not_begun", get(0));
    row("name.set_unreadable", context(XEN_DOMCTL_setvcpucontext, 0, NOWHERE));
    row("name.reset_not_begun", context(XEN_DOMCTL_setvcpucontext, 0, NULL));
    d = 0;
    row("name.set_own", set(0));
    row("name.get_own", get(0));
    row("name.reset_own", context(XEN_DOMCTL_setvcpucontext, 0, NULL));
    d = made;
}

struct bad {
    const char *what;
    size_t offset;
    u64 value;
};
#define BAD(what, member, value)                                                                   \
    {                                                                                              \
        what, offsetof(struct vcpu_guest_context_x86_64, member), value                            \
    }

static const struct bad bad[] = {
    BAD("rip", user_regs.rip, NO_ADDRESS),
    BAD("rsp", user_regs.rsp, NO_ADDRESS),
    BAD("kernel_sp", kernel_sp, NO_ADDRESS),
    BAD("fs_base", fs_base, NO_ADDRESS),
    BAD("gs_base_kernel", gs_base_kernel, NO_ADDRESS),
    BAD("gs_base_user", gs_base_user, NO_ADDRESS),
    BAD("event_callback", event_callback_eip, NO_ADDRESS),
    BAD("failsafe_callback", failsafe_callback_eip, NO_ADDRESS),
    BAD("syscall_callback", syscall_callback_eip, NO_ADDRESS),
    BAD("trap_255", trap_ctxt[255].address, NO_ADDRESS),
    BAD("ldt_base", ldt_base, NO_ADDRESS),
    BAD("ldt_base_of_the_hypervisor", ldt_base, HYPERVISOR_OF_64),
    BAD("ldt_base_not_aligned", ldt_base, 8),
    BAD("ldt_too_long", ldt_ents, 8193),
    BAD("gdt_too_long", gdt_ents, 14 * 512 + 1),
    BAD("gdt_of_nobody", gdt_ents, 1),
    BAD("assist", vm_assist, 1ull << 40),
    BAD("user_without_tables", flags, 0),
    BAD("tables_nowhere", ctrlreg[3], 0xfffffff000),
    BAD("tables_at_0", ctrlreg[3], 0),
};

static void bad_rows(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        fill();
        *(u64 *)((u8 *)&given + bad[i].offset) = bad[i].value;
        row(name_of("bad", bad[i].what), set(0));
    }
    row("bad.has_not_begun", get(0));
}

/* A table of another domain is nobody's. */
static void foreign_row(void)
{
    fill();
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_64(table_boot_root().n);
    row("bad.tables_of_another", set(0));
}

/* Words that were given, and what has become of them. */
static void words_row(const char *name, const void *from, const void *to, size_t bytes)
{
    u32 differ = 0, first = 0;

    for (size_t i = 0; i < bytes / sizeof(u64); i++)
        if (((const u64 *)from)[i] != ((const u64 *)to)[i] && !differ++)
            first = (u32)i;
    console_printf("ROW %s = %u words differ, the first is %u\n", name, differ, first);
}

static void readback_rows(const char *group)
{
    row(name_of(group, "get"), get(0));
    words_row(name_of(group, "registers"), &given.user_regs, &got.user_regs,
              offsetof(struct cpu_user_regs_x86_64, error_code));
    row_hex(name_of(group, "flags"), got.flags & ~(u64)VGCF_i387_valid);
    row_hex(name_of(group, "rflags"), got.user_regs.rflags);
    row_hex(name_of(group, "rip"), got.user_regs.rip);
    console_printf("ROW %s.selectors = cs %x ss %x %x %x %x %x upcalls %x\n", group,
                   got.user_regs.cs, got.user_regs.ss, got.user_regs.ds, got.user_regs.es,
                   got.user_regs.fs, got.user_regs.gs, got.user_regs.saved_upcall_mask);
    words_row(name_of(group, "fpu"), &given.fpu_ctxt, &got.fpu_ctxt, sizeof(got.fpu_ctxt));
    words_row(name_of(group, "traps"), given.trap_ctxt, got.trap_ctxt, sizeof(got.trap_ctxt));
    row_hex(name_of(group, "trap_cs"), got.trap_ctxt[3].cs);
    row_hex(name_of(group, "ldt_base"), got.ldt_base);
    row(name_of(group, "ldt_entries"), (s64)got.ldt_ents);
    words_row(name_of(group, "gdt"), given.gdt_frames, got.gdt_frames, sizeof(got.gdt_frames));
    row(name_of(group, "gdt_entries"), (s64)got.gdt_ents);
    row_hex(name_of(group, "kernel_ss"), got.kernel_ss);
    row_hex(name_of(group, "kernel_sp"), got.kernel_sp);
    row_hex(name_of(group, "cr0"), got.ctrlreg[0]);
    row(name_of(group, "cr1_differs"), got.ctrlreg[1] != given.ctrlreg[1]);
    row(name_of(group, "cr3_differs"), got.ctrlreg[3] != given.ctrlreg[3]);
    row_hex(name_of(group, "cr4"), got.ctrlreg[4]);
    row_hex(name_of(group, "cr5-7"), got.ctrlreg[5] | got.ctrlreg[6] | got.ctrlreg[7]);
    for (u32 i = 0; i < 8; i++)
        row_hex(name_nth(group, "debug", i), got.debugreg[i]);
    row_hex(name_of(group, "event"), got.event_callback_eip);
    row_hex(name_of(group, "failsafe"), got.failsafe_callback_eip);
    row_hex(name_of(group, "syscall"), got.syscall_callback_eip);
    row_hex(name_of(group, "assists"), got.vm_assist);
    row_hex(name_of(group, "fs"), got.fs_base);
    row_hex(name_of(group, "gs_kernel"), got.gs_base_kernel);
    row_hex(name_of(group, "gs_user"), got.gs_base_user);
}

static void bare_rows(void)
{
    fill();
    row("bare.set", set(0));
    readback_rows("bare");
    row("bare.get_unwritable", context(XEN_DOMCTL_getvcpucontext, 0, NOWHERE));
}

/* Everything at once, and what nobody may have. */
static void full_fill(void)
{
    u64 *registers = (u64 *)&given.user_regs;

    fill();
    for (u32 i = 0; i < offsetof(struct cpu_user_regs_x86_64, error_code) / sizeof(u64); i++)
        registers[i] = 0x1111111111111111ull * (i + 1);
    given.user_regs.rip = 0xffffffff80001234;
    given.user_regs.rsp = 0x7fffffffeff8;
    given.user_regs.rflags = 0x3cd5 | 0x400 | 1 << 14 | 1 << 21;
    given.user_regs.cs = FLAT_KERNEL_CS_X86_64 & ~3;
    given.user_regs.ss = FLAT_KERNEL_SS_X86_64 & ~3;
    given.user_regs.ds = 0x10;
    given.user_regs.es = 0x1b;
    given.user_regs.fs = 0x23;
    given.user_regs.gs = 0x2b;
    given.user_regs.saved_upcall_mask = 1;
    given.flags |= VGCF_i387_valid | VGCF_failsafe_disables_events | VGCF_syscall_disables_events;
    for (u32 i = 0; i < sizeof(given.fpu_ctxt); i++)
        given.fpu_ctxt.x[i] = (char)(i * 7);
    for (u32 i = 0; i < 256; i++)
        given.trap_ctxt[i] = (struct trap_info_x86_64){.vector = (u8)i,
                                                       .flags = 3,
                                                       .cs = FLAT_KERNEL_CS_X86_64,
                                                       .address = 0xffffffff80000000 + i};
    given.trap_ctxt[3].cs = 8;
    given.ldt_ents = 8192;
    given.ldt_base = 0x7000;
    given.gdt_ents = 512;
    given.gdt_frames[0] = frames[2];
    given.gdt_frames[1] = 12345; /* beyond its entries */
    given.kernel_ss = FLAT_KERNEL_SS_X86_64 & ~3;
    given.kernel_sp = 0xffffffff80002000;
    given.ctrlreg[0] = ~0ull;
    given.ctrlreg[1] = xen_pfn_to_cr3_x86_64(frames[1]);
    given.ctrlreg[4] = ~0ull;
    given.ctrlreg[5] = 0x5000;
    given.ctrlreg[6] = 0x60;
    given.ctrlreg[7] = 7ull << 40;
    for (u32 i = 0; i < 4; i++)
        given.debugreg[i] = 0x1000 * (i + 1);
    given.debugreg[6] = 0xffff4ff1;
    given.debugreg[7] = 0x10401;
    given.event_callback_eip = 0xffffffff80000100;
    given.failsafe_callback_eip = 0xffffffff80000200;
    given.syscall_callback_eip = 0xffffffff80000300;
    given.fs_base = 0x1000;
    given.gs_base_kernel = 0xffffffff80003000;
    given.gs_base_user = 0x3000;
    given.vm_assist = 1 << VMASST_TYPE_writable_pagetables | 1 << VMASST_TYPE_architectural_iopl;
}

static void again_row(const char *what)
{
    row(name_of("again", what), set(0));
    full_fill();
}

/* What has begun keeps its tables, and may get all else. */
static void again_rows(void)
{
    full_fill();
    again_row("same");
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_64(frames[1]);
    again_row("other_tables");
    given.ctrlreg[1] = 0;
    again_row("no_user_tables");
    given.gdt_ents = 511;
    again_row("other_gdt_length");
    given.gdt_frames[0] = frames[1];
    again_row("other_gdt");
    given.gdt_frames[1] = 54321;
    again_row("other_gdt_beyond_its_end");
    given.ldt_ents = 1;
    again_row("other_ldt_length");
    given.ldt_base = 0x8000;
    again_row("other_ldt");
    given.vm_assist = 1 << VMASST_TYPE_writable_pagetables;
    again_row("other_assists");
    given.flags = VGCF_i387_valid; /* in user space, and down */
    given.user_regs.rip = 0x400000;
    given.user_regs.rflags = 0x202;
    given.debugreg[0] = HYPERVISOR_OF_64;
    given.debugreg[1] = 0;
    given.debugreg[7] = 0;
    row("again.in_user_space", set(0));
    readback_rows("user");
}

/* Refused when the kernel's tables have been taken; Xen 4.17 then keeps them, and the domain never
 * goes. */
static void half_row(void)
{
    u32 first = d;

    d = domain_made(1);
    frames_get("half");
    fill();
    given.ctrlreg[1] = 0xfffffff000;
    row("bad.user_tables_nowhere", set(0));
    row("bad.has_not_begun_half", get(0));
    d = first;
}

static void online_rows(void)
{
    row("online.second_without_tables", (fill(), given.ctrlreg[3] = 0, set(1)));
    fill();
    given.flags |= VGCF_online;
    row("online.set", set(1));
    row("online.get", get(1));
    row_hex("online.flags", got.flags & ~(u64)VGCF_i387_valid);
    row("online.info", domctl_bare(XEN_DOMCTL_getdomaininfo, d));
    row_hex("online.info_flags", op.u.getdomaininfo.flags);
    row("online.vcpus", op.u.getdomaininfo.nr_online_vcpus);
    row("online.reset", context(XEN_DOMCTL_setvcpucontext, 1, NULL));
    row("online.get_after", get(1));
    domctl_bare(XEN_DOMCTL_getdomaininfo, d);
    row("online.vcpus_after", op.u.getdomaininfo.nr_online_vcpus);
    row("online.set_again", set(1));
}

static long frame_kinds(xen_pfn_t *list, u64 count)
{
    domctl_begin();
    op.u.getpageframeinfo3.num = count;
    op.u.getpageframeinfo3.array.p = list;
    return domctl(XEN_DOMCTL_getpageframeinfo3, d);
}

static void frame_rows(const char *when)
{
    xen_pfn_t list[6] = {frames[0],     frames[1],      frames[2], (xen_pfn_t)table_boot_root().n,
                         BEYOND_MEMORY, NO_FRAME_AT_ALL};

    row(name_of("kinds", when), frame_kinds(list, ARRAY_SIZE(list)));
    for (u32 i = 0; i < ARRAY_SIZE(list); i++)
        row_hex(name_nth("kinds", when, i), list[i]);
}

static void kind_rows(void)
{
    xen_pfn_t shared;

    domctl_bare(XEN_DOMCTL_getdomaininfo, d);
    shared = (xen_pfn_t)op.u.getdomaininfo.shared_info_frame;
    row("kinds.shared_info", frame_kinds(&shared, 1));
    row_hex("kinds.shared_info_is", shared);
    row("kinds.none", frame_kinds(NOWHERE, 0));
    row("kinds.unreadable", frame_kinds(NOWHERE, 1));
    row("kinds.too_many", frame_kinds(NOWHERE, 1025));
    row("kinds.far_too_many", frame_kinds(NOWHERE, 1ull << 32));
}

void guest_main(void)
{
    d = domain_made(2);
    frames_get("domain");
    name_rows();
    frame_rows("before");
    bad_rows();
    foreign_row();
    frame_rows("after_refusals");
    bare_rows();
    frame_rows("bare");
    row("bare.reset", context(XEN_DOMCTL_setvcpucontext, 0, NULL));
    row("bare.get_after", get(0));
    frame_rows("reset");
    full_fill();
    row("full.set", set(0));
    readback_rows("full");
    frame_rows("full");
    again_rows();
    online_rows();
    kind_rows();
    half_row();
    row("domain.end", domctl_bare(XEN_DOMCTL_destroydomain, d));
    guest_end();
}
