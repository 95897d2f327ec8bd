/*
 * A toolstack makes a 32-bit domain: when a domain may still get its width, and that a vcpu's
 * context is read and given in the domain's layout, not in the toolstack's. A toolstack that got it
 * wrong would save a guest and restore another one. Debian's Xen makes no 32-bit domains, so each
 * row says what Xen's code answers where it does.
 */
#include "tests/guests/domctl.h"

static xen_pfn_t frames[3]; /* an L3, the L2 of its last entry, a GDT */
static struct vcpu_guest_context_x86_32 given, got;

static long width_set(u32 d, u32 bits)
{
    domctl_begin();
    op.u.address_size.size = bits;
    return domctl(XEN_DOMCTL_set_address_size, d);
}

static u32 width_of(u32 d)
{
    long rc = domctl_bare(XEN_DOMCTL_get_address_size, d);

    return rc ? (u32)rc : op.u.address_size.size;
}

static void width_rows(u32 d)
{
    row_want("width.at-first", width_of(d), 64);
    row_want("width.the-same", width_set(d, 64), 0);
    row_want("width.none", width_set(d, 16), -XEN_EINVAL);
    if (sizeof(long) == sizeof(u64))
        row_want("width.own", width_set(0, 32), -XEN_EACCES);
    else
        row_want("width.own", width_set(0, 64), -XEN_EINVAL);
    row_want("width.nobody", width_set(NOBODY, 32), -XEN_ESRCH);
    row_want("width.narrow", width_set(d, 32), 0);
    row_want("width.then", width_of(d), 32);
    row_want("width.again", width_set(d, 32), 0);
    row_want("width.back", width_set(d, 64), -XEN_EINVAL);
}

static void frames_get(u32 d)
{
    struct xen_memory_reservation r = {.nr_extents = ARRAY_SIZE(frames), .domid = (domid_t)d};
    mmu_update_t last;

    domctl_begin();
    op.u.max_mem.max_memkb = 1024;
    domctl(XEN_DOMCTL_max_mem, d);
    set_xen_guest_handle(r.extent_start, frames);
    for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++)
        frames[i] = i;
    row_want("width.frames", call_memory_op(XENMEM_populate_physmap, &r), ARRAY_SIZE(frames));
    last.ptr = (u64)frames[0] << 12 | 3 * 8;
    last.val = (u64)frames[1] << 12 | 1;
    row_want("width.last-entry", hypercall_mmu_update((uintptr_t)&last, 1, 0, (d + 1) << 16 | d),
             0);
}

static long context(u32 cmd, u32 d, const void *at)
{
    domctl_begin();
    op.u.vcpucontext.ctxt.p = (void *)at;
    return domctl(cmd, d);
}

/* Beside the context: a 32-bit kernel's entry points say in which segment they are. */
static void more_rows(u32 d)
{
    struct xen_domctl_ext_vcpucontext *more = &op.u.ext_vcpucontext;

    domctl_begin();
    more->size = sizeof(*more);
    more->sysenter_callback_cs = FLAT_RING1_CS_X86_32 & ~3;
    more->sysenter_callback_eip = 0xc0001000;
    more->syscall32_callback_cs = FLAT_RING1_CS_X86_32;
    more->syscall32_callback_eip = 0xc0002000;
    row_want("width.more-set", domctl(XEN_DOMCTL_set_ext_vcpucontext, d), 0);
    row_want("width.more-get", domctl_bare(XEN_DOMCTL_get_ext_vcpucontext, d), 0);
    row_want("width.sysenter-cs", more->sysenter_callback_cs, FLAT_RING1_CS_X86_32);
    row_want("width.syscall32-cs", more->syscall32_callback_cs, FLAT_RING1_CS_X86_32);
}

/* Everything at once, in a vcpu that has not begun; and how many words of it come back otherwise.
 */
static void full_fill(void)
{
    u32 *registers = (u32 *)&given.user_regs;

    memset(&given, 0, sizeof(given));
    for (u32 i = 0; i < offsetof(struct cpu_user_regs_x86_32, error_code) / sizeof(u32); i++)
        registers[i] = 0x11111111 * (i + 1);
    for (u32 i = 0; i < sizeof(given.fpu_ctxt); i++)
        given.fpu_ctxt.x[i] = (char)(i * 7);
    for (u32 i = 0; i < 256; i++)
        given.trap_ctxt[i] =
            (struct trap_info_x86_32){(u8)i, 3, FLAT_RING1_CS_X86_32, 0xffffff00 + i};
    given.flags = VGCF_in_kernel | VGCF_i387_valid | VGCF_failsafe_disables_events;
    given.user_regs.eip = 0x12345678;
    given.user_regs.esp = 0xfeedf00d;
    given.user_regs.eflags = 0x3ed7;
    given.user_regs.cs = FLAT_RING1_CS_X86_32;
    given.user_regs.ss = given.kernel_ss = FLAT_RING1_SS_X86_32;
    given.user_regs.ds = 0x10;
    given.user_regs.es = 0x1b;
    given.user_regs.fs = 0x63;
    given.user_regs.gs = 0xe021;
    given.user_regs.saved_upcall_mask = 1;
    given.kernel_sp = 0xf57ffff0;
    given.ldt_base = 0xfffff000; /* what is there is looked at when it is used */
    given.ldt_ents = 8192;
    given.gdt_frames[0] = (u32)frames[2];
    given.gdt_ents = 512;
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_32(frames[0]);
    given.event_callback_cs = given.failsafe_callback_cs = FLAT_RING1_CS_X86_32;
    given.event_callback_eip = 0xc0000100;
    given.failsafe_callback_eip = 0xc0000200;
    for (u32 i = 0; i < 4; i++)
        given.debugreg[i] = 0xf0001000 * (i + 1);
    given.debugreg[6] = 0xffff4ff1;
    given.debugreg[7] = 0x10401;
}

static long words_differ(const void *from, const void *to, size_t bytes)
{
    long differ = 0;

    for (size_t i = 0; i < bytes / sizeof(u32); i++)
        differ += ((const u32 *)from)[i] != ((const u32 *)to)[i];
    return differ;
}

#define ROW_SAME(field)                                                                            \
    row_want("full." #field, words_differ(&given.field, &got.field, sizeof(given.field)), 0)

static void full_rows(u32 d)
{
    full_fill();
    row_want("full.set", context(XEN_DOMCTL_setvcpucontext, d, &given), 0);
    row_want("full.get", context(XEN_DOMCTL_getvcpucontext, d, &got), 0);
    ROW_SAME(fpu_ctxt);
    row_want("full.flags", got.flags & ~VGCF_i387_valid, given.flags & ~VGCF_i387_valid);
    ROW_SAME(user_regs);
    ROW_SAME(trap_ctxt);
    ROW_SAME(ldt_base);
    ROW_SAME(ldt_ents);
    ROW_SAME(gdt_frames);
    ROW_SAME(kernel_ss);
    ROW_SAME(kernel_sp);
    ROW_SAME(ctrlreg[3]);
    ROW_SAME(debugreg[3]);
    ROW_SAME(debugreg[6]);
    ROW_SAME(debugreg[7]);
    ROW_SAME(event_callback_cs);
    ROW_SAME(event_callback_eip);
    ROW_SAME(failsafe_callback_cs);
    ROW_SAME(failsafe_callback_eip);
    given.flags = VGCF_i387_valid; /* its user space: the same tables, another ring */
    given.user_regs.cs = 0x73;
    given.user_regs.ss = 0x7b;
    row_want("full.user", context(XEN_DOMCTL_setvcpucontext, d, &given), 0);
    context(XEN_DOMCTL_getvcpucontext, d, &got);
    row_want("full.user-flags", got.flags & ~VGCF_i387_valid, 0);
    row_want("full.user-cs", got.user_regs.cs, given.user_regs.cs);
    row_want("full.reset", context(XEN_DOMCTL_setvcpucontext, d, NULL), 0);
}

static void context_rows(u32 d)
{
    row_want("width.with-memory", width_set(d, 32), 0);
    given.flags = VGCF_in_kernel;
    given.user_regs.eip = 0xc0100000;
    given.user_regs.cs = FLAT_RING1_CS_X86_32 & ~3;
    given.user_regs.ss = given.kernel_ss = FLAT_RING1_SS_X86_32;
    given.kernel_sp = 0xc0200000;
    given.event_callback_cs = 0x60;
    given.failsafe_callback_cs = 0x63;
    given.trap_ctxt[128] = (struct trap_info_x86_32){128, 3, 0x60, 0xc0000001};
    given.gdt_frames[0] = (u32)frames[2];
    given.gdt_ents = 512;
    row_want("width.no-tables", context(XEN_DOMCTL_setvcpucontext, d, &given), -XEN_EINVAL);
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_32(frames[2]);
    row_want("width.not-tables", context(XEN_DOMCTL_setvcpucontext, d, &given), -XEN_EINVAL);
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_32(frames[0]);
    given.ctrlreg[1] = 0x87654321;
    given.ctrlreg[7] = 7;
    row_want("width.set", context(XEN_DOMCTL_setvcpucontext, d, &given), 0);
    row_want("width.get", context(XEN_DOMCTL_getvcpucontext, d, &got), 0);
    row_want("width.eip", got.user_regs.eip, given.user_regs.eip);
    row_want("width.cs", got.user_regs.cs, FLAT_RING1_CS_X86_32);
    row_want("width.event-cs", (long)got.event_callback_cs, 0x61);
    row_want("width.failsafe-cs", (long)got.failsafe_callback_cs, 0x63);
    row_want("width.trap-cs", got.trap_ctxt[128].cs, 0x61);
    row_want("width.cr3", got.ctrlreg[3] == given.ctrlreg[3], 1);
    row_want_hex("width.cr1", got.ctrlreg[1], given.ctrlreg[1]); /* of no meaning: as it came */
    row_want_hex("width.cr7", got.ctrlreg[7], given.ctrlreg[7]);
    row_want("width.in-kernel", !!(got.flags & VGCF_in_kernel), 1);
    row_want("width.gdt", got.gdt_frames[0] == given.gdt_frames[0] && got.gdt_ents == 512, 1);
    given.ctrlreg[3] = xen_pfn_to_cr3_x86_32(frames[1]);
    row_want("width.others", context(XEN_DOMCTL_setvcpucontext, d, &given), -XEN_EOPNOTSUPP);
    more_rows(d);
    row_want("width.reset", context(XEN_DOMCTL_setvcpucontext, d, NULL), 0);
    full_rows(d);
    row_want("width.end", domctl_bare(XEN_DOMCTL_destroydomain, d), 0);
}

void guest_main(void)
{
    u32 d = domain_made(1);

    width_rows(d);
    frames_get(d);
    context_rows(d);
    guest_end();
}
