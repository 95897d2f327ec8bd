/*
 * What of a vcpu is not in its context: entry points and machine checks that came to the ABI later,
 * extended state (AVX registers and so on), MSRs; and how its domain sees the TSC. A toolstack
 * moves all of it with a guest; a byte that is lost is a guest that dies after a migration.
 */
#include "tests/guests/domctl.h"

#define NO_ADDRESS 0x0000800000001000ull /* to a 64-bit domain */

static u32 d;

static struct xen_domctl_ext_vcpucontext *ext_begin(u32 vcpu)
{
    domctl_begin();
    op.u.ext_vcpucontext.vcpu = vcpu;
    op.u.ext_vcpucontext.size = sizeof(op.u.ext_vcpucontext);
    op.u.ext_vcpucontext.mcg_cap = 2;
    return &op.u.ext_vcpucontext;
}

static void ext_row(const char *when)
{
    const struct xen_domctl_ext_vcpucontext *e = ext_begin(0);
    long rc = domctl(XEN_DOMCTL_get_ext_vcpucontext, d);

    if (rc)
        row(name_of("ext", when), rc);
    console_printf("ROW ext.%s = size %u syscall32 %" F64 "x %x %u sysenter %" F64
                   "x %x %u caps %" F64 "x banks %" F64 "x "
                   "%" F64 "x more %" F64 "x\n",
                   when, e->size, e->syscall32_callback_eip, e->syscall32_callback_cs,
                   e->syscall32_disables_events, e->sysenter_callback_eip, e->sysenter_callback_cs,
                   e->sysenter_disables_events, e->vmce.caps, e->vmce.mci_ctl2_bank0,
                   e->vmce.mci_ctl2_bank1, e->vmce.mcg_ext_ctl);
}

static struct xen_domctl_ext_vcpucontext *ext_full(u32 size)
{
    struct xen_domctl_ext_vcpucontext *e = ext_begin(0);

    e->size = size;
    e->syscall32_callback_eip = 0xffffffff80000100 + size;
    e->sysenter_callback_eip = 0xffffffff80000200 + size;
    e->syscall32_callback_cs = 0x10;
    e->sysenter_callback_cs = 0xe033;
    e->syscall32_disables_events = 7;
    e->sysenter_disables_events = 1;
    e->vmce = (struct hvm_vmce_vcpu){2, 0x11 + size, 0x22 + size, 0x33 + size};
    return e;
}

static long ext_set(void)
{
    return domctl(XEN_DOMCTL_set_ext_vcpucontext, d);
}

static void ext_rows(void)
{
    static const u32 sizes[] = {0, 31, 32, 39, 40, 47, 55, 56, 63, 64, 128, 65536};

    ext_row("new");
    row("ext.get_no_such_vcpu", (ext_begin(2), domctl(XEN_DOMCTL_get_ext_vcpucontext, d)));
    row("ext.get_own", (ext_begin(0), domctl(XEN_DOMCTL_get_ext_vcpucontext, 0)));
    row("ext.set_no_such_vcpu", (ext_begin(2), ext_set()));
    row("ext.set_own", (ext_begin(0), domctl(XEN_DOMCTL_set_ext_vcpucontext, 0)));
    row("ext.set_nothing", (ext_begin(0), ext_set()));
    ext_row("nothing");
    for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
        ext_full(sizes[i]);
        row(name_nth("ext", "set_size", sizes[i]), ext_set());
        ext_row(name_nth("size", "is", sizes[i]));
    }
    ext_full(128)->syscall32_callback_eip = NO_ADDRESS;
    row("ext.syscall32_non_canonical", ext_set());
    ext_full(128)->sysenter_callback_eip = NO_ADDRESS;
    row("ext.sysenter_non_canonical", ext_set());
    ext_full(129)->vmce.caps = 0x102;
    row("ext.caps_control", ext_set());
    ext_full(130)->vmce.caps = 0xff;
    row("ext.caps_many_banks", ext_set());
    ext_full(131)->vmce.caps = 1ull << 40;
    row("ext.caps_unknown", ext_set());
    ext_row("after_bad_caps");
}

/* Long enough for any state that there is. */
static u64 buffer[2 + 8192 / sizeof(u64)];

#define AT_PRESENT   (2 + 512 / 8) /* words of the image's header */
#define AT_COMPACTED (3 + 512 / 8)
#define AT_RESERVED  (5 + 512 / 8)
#define IMAGE        576u
#define WITH(x)      (16u + (x))

static u64 mask;

static struct xen_domctl_vcpuextstate *xstate_begin(u32 vcpu, u64 size)
{
    domctl_begin();
    op.u.vcpuextstate.vcpu = vcpu;
    op.u.vcpuextstate.xfeature_mask = mask;
    op.u.vcpuextstate.size = size;
    op.u.vcpuextstate.buffer.p = buffer;
    return &op.u.vcpuextstate;
}

static long xstate_get(void)
{
    return domctl(XEN_DOMCTL_getvcpuextstate, d);
}

static long xstate_set(void)
{
    return domctl(XEN_DOMCTL_setvcpuextstate, d);
}

static void xstate_errno_rows(void)
{
    domctl_begin();
    row("xstate.how_much", xstate_get());
    mask = op.u.vcpuextstate.xfeature_mask;
    row_hex("xstate.has_x87_sse_avx", mask & 7);
    row("xstate.size_is_known", op.u.vcpuextstate.size >= WITH(IMAGE));
    xstate_begin(0, 5)->buffer.p = NULL;
    op.u.vcpuextstate.xfeature_mask = 1;
    row("xstate.no_buffer", xstate_get());
    row("xstate.no_buffer_mask", op.u.vcpuextstate.xfeature_mask == mask);
    row("xstate.get_no_such_vcpu", (xstate_begin(2, 16), xstate_get()));
    row("xstate.get_own", (xstate_begin(0, 16), domctl(XEN_DOMCTL_getvcpuextstate, 0)));
    row("xstate.get_too_short", (xstate_begin(0, 15), xstate_get()));
    xstate_begin(0, 4096)->xfeature_mask = mask ^ 4;
    row("xstate.get_other_states", xstate_get());
    xstate_begin(0, 4096)->buffer.p = NOWHERE;
    row("xstate.get_unwritable", xstate_get());
    row("xstate.get_new", (xstate_begin(0, 4096), xstate_get()));
    row("xstate.new_size", (s64)op.u.vcpuextstate.size);
    row_hex("xstate.new_xcr0", buffer[0]);
    row_hex("xstate.new_ever", buffer[1]);
    row("xstate.set_no_such_vcpu", (xstate_begin(2, 16), xstate_set()));
    row("xstate.set_own", (xstate_begin(0, 16), domctl(XEN_DOMCTL_setvcpuextstate, 0)));
    row("xstate.set_too_short", (xstate_begin(0, 15), xstate_set()));
    row("xstate.set_too_long", (xstate_begin(0, 1 << 20), xstate_set()));
    xstate_begin(0, 16)->buffer.p = NOWHERE;
    row("xstate.set_unreadable", xstate_set());
}

/* One image, with one thing about it wrong. */
struct image {
    const char *what;
    u64 size, xcr0, ever, present, compacted, reserved;
};

static const struct image images[] = {
    {"nothing", 16, 0, 0, 0, 0, 0},
    {"no_image", 16, 7, 7, 0, 0, 0},
    {"xcr0_alone", 16, 3, 0, 0, 0, 0},
    {"xcr0_of_states_never_on", WITH(IMAGE), 7, 3, 0, 0, 0},
    {"too_short", WITH(IMAGE - 1), 3, 3, 3, 0, 0},
    {"a_byte_more", WITH(IMAGE + 1), 3, 3, 3, 0, 0},
    {"avx_without_its_bytes", WITH(IMAGE), 7, 7, 7, 0, 0},
    {"sse_with_avx_bytes", WITH(IMAGE + 256), 3, 3, 3, 0, 0},
    {"no_states_with_bytes", WITH(IMAGE), 0, 0, 0, 0, 0},
    {"compacted", WITH(IMAGE), 3, 3, 3, 1ull << 63 | 3, 0},
    {"compacted_without_states", WITH(IMAGE), 0, 0, 3, 1ull << 63 | 3, 0},
    {"reserved", WITH(IMAGE), 3, 3, 3, 0, 1},
    {"present_but_never_on", WITH(IMAGE), 3, 3, 7, 0, 0},
    {"without_x87", WITH(IMAGE), 2, 2, 2, 0, 0},
    {"avx_without_sse", WITH(IMAGE + 256), 5, 5, 5, 0, 0},
    {"unknown_state", WITH(IMAGE), 3, 3 | 1ull << 40, 3, 0, 0},
    {"x87_and_sse", WITH(IMAGE), 3, 3, 3, 0, 0},
    {"avx", WITH(IMAGE + 256), 7, 7, 7, 0, 0},
};

static void image_fill(const struct image *i)
{
    u8 *bytes = (u8 *)(buffer + 2);

    memset(buffer, 0, sizeof(buffer));
    for (u32 b = 32; b < 416; b++)
        bytes[b] = (u8)(b < 160 && b % 16 >= 10 ? 0 : b * 3);
    for (u32 b = IMAGE; b < IMAGE + 256; b++)
        bytes[b] = (u8)(b * 5);
    *(u16 *)bytes = 0x27f;
    *(u32 *)(bytes + 24) = 0x1f80;
    buffer[0] = i->xcr0;
    buffer[1] = i->ever;
    buffer[AT_PRESENT] = i->present;
    buffer[AT_COMPACTED] = i->compacted;
    buffer[AT_RESERVED] = i->reserved;
}

static u64 sum(size_t from, size_t to)
{
    const u8 *bytes = (const u8 *)(buffer + 2);
    u64 s = 0;

    for (size_t i = from; i < to; i++)
        s = s * 31 + bytes[i];
    return s;
}

static void image_rows(void)
{
    for (u32 i = 0; i < ARRAY_SIZE(images); i++) {
        image_fill(&images[i]);
        xstate_begin(0, images[i].size);
        row(name_of("image", images[i].what), xstate_set());
    }
    memset(buffer, 0x5a, sizeof(buffer));
    row("image.get", (xstate_begin(0, sizeof(buffer)), xstate_get()));
    row("image.size", (s64)op.u.vcpuextstate.size);
    row_hex("image.xcr0", buffer[0]);
    row_hex("image.ever", buffer[1]);
    row_hex("image.present", buffer[AT_PRESENT] & 7);
    row_hex("image.registers", sum(32, 416));
    row_hex("image.vectors", sum(IMAGE, IMAGE + 256));
    row_hex("image.behind", buffer[2 + (IMAGE + 256) / 8]);
}

static struct xen_domctl_vcpu_msr msrs[8];

static long msrs_do(u32 cmd, u32 domain, u32 vcpu, u32 count)
{
    domctl_begin();
    op.u.vcpu_msrs.vcpu = vcpu;
    op.u.vcpu_msrs.msr_count = count;
    op.u.vcpu_msrs.msrs.p = msrs;
    return domctl(cmd, domain);
}

static void msr_set_row(const char *what, u32 index, u64 value, u32 reserved)
{
    msrs[0] = (struct xen_domctl_vcpu_msr){.index = index, .value = value, .reserved = reserved};
    row(name_of("msr", what), msrs_do(XEN_DOMCTL_set_vcpu_msrs, d, 0, 1));
    row(name_of("msr.count", what), op.u.vcpu_msrs.msr_count);
}

#define TSC_AUX       0xc0000103
#define MISC_FEATURES 0x140

static void msr_rows(void)
{
    domctl_begin();
    row("msr.how_many", domctl(XEN_DOMCTL_get_vcpu_msrs, d));
    row("msr.as_many", op.u.vcpu_msrs.msr_count);
    row("msr.get_no_such_vcpu", msrs_do(XEN_DOMCTL_get_vcpu_msrs, d, 2, 8));
    row("msr.get_own", msrs_do(XEN_DOMCTL_get_vcpu_msrs, 0, 0, 8));
    row("msr.set_own", msrs_do(XEN_DOMCTL_set_vcpu_msrs, 0, 0, 0));
    row("msr.get_new", msrs_do(XEN_DOMCTL_get_vcpu_msrs, d, 0, 8));
    row("msr.get_new_count", op.u.vcpu_msrs.msr_count);
    row("msr.set_too_many", msrs_do(XEN_DOMCTL_set_vcpu_msrs, d, 0, 100));
    msr_set_row("tsc_aux", TSC_AUX, 0x12345678, 0);
    row("msr.no_room", msrs_do(XEN_DOMCTL_get_vcpu_msrs, d, 0, 0));
    row("msr.no_room_count", op.u.vcpu_msrs.msr_count);
    memset(msrs, 0, sizeof(msrs));
    row("msr.get", msrs_do(XEN_DOMCTL_get_vcpu_msrs, d, 0, 8));
    row("msr.get_count", op.u.vcpu_msrs.msr_count);
    row_hex("msr.index", msrs[0].index);
    row_hex("msr.value", msrs[0].value);
    msr_set_row("tsc_aux_long", TSC_AUX, 1ull << 32, 0);
    msr_set_row("reserved", TSC_AUX, 1, 1);
    msr_set_row("cpuid_faults", MISC_FEATURES, 1, 0);
    msr_set_row("no_cpuid_faults", MISC_FEATURES, 0, 0);
    msr_set_row("speculation", 0x48, 0, 0);
    msr_set_row("another", 0xc0000080, 0, 0);
    msrs[0] = (struct xen_domctl_vcpu_msr){.index = TSC_AUX, .value = 7};
    msrs[1] = (struct xen_domctl_vcpu_msr){.index = 1};
    row("msr.second_is_bad", msrs_do(XEN_DOMCTL_set_vcpu_msrs, d, 0, 2));
    row("msr.second_is_bad_count", op.u.vcpu_msrs.msr_count);
    op.u.vcpu_msrs.msr_count = 2;
    op.u.vcpu_msrs.msrs.p = NOWHERE;
    row("msr.unreadable", domctl(XEN_DOMCTL_set_vcpu_msrs, d));
    row("msr.unreadable_count", op.u.vcpu_msrs.msr_count);
}

static long tsc_set(u32 domain, u32 mode, u32 khz, u64 elapsed, u32 incarnation)
{
    domctl_begin();
    op.u.tsc_info.tsc_mode = mode;
    op.u.tsc_info.gtsc_khz = khz;
    op.u.tsc_info.elapsed_nsec = elapsed;
    op.u.tsc_info.incarnation = incarnation;
    return domctl(XEN_DOMCTL_settscinfo, domain);
}

static void tsc_row(const char *when, u32 khz_asked, u64 elapsed_asked)
{
    const struct xen_domctl_tsc_info *t = &op.u.tsc_info;

    domctl_begin();
    row(name_of("tsc.get", when), domctl(XEN_DOMCTL_gettscinfo, d));
    console_printf("ROW tsc.info.%s = mode %u khz %s elapsed %s incarnation %u\n", when,
                   t->tsc_mode,
                   !t->gtsc_khz               ? "none"
                   : t->gtsc_khz == khz_asked ? "as asked"
                                              : "another",
                   !t->elapsed_nsec                                  ? "none"
                   : t->elapsed_nsec - elapsed_asked < 1000000000ull ? "as asked"
                                                                     : "another",
                   t->incarnation);
}

static void tsc_rows(void)
{
    row("tsc.own", tsc_set(0, 0, 0, 0, 0));
    row("tsc.get_own", domctl_bare(XEN_DOMCTL_gettscinfo, 0));
    row("tsc.get_new", domctl_bare(XEN_DOMCTL_gettscinfo, d));
    row("tsc.new_mode", op.u.tsc_info.tsc_mode);
    row("tsc.new_incarnation", op.u.tsc_info.incarnation);
    row("tsc.no_such_mode", tsc_set(d, 3, 0, 0, 0));
    row("tsc.far_beyond", tsc_set(d, ~0u, 0, 0, 0));
    row("tsc.emulate", tsc_set(d, 1, 1000000, 5000000000, 3));
    tsc_row("emulate", 1000000, 5000000000);
    row("tsc.native", tsc_set(d, 2, 1000000, 5000000000, 7));
    tsc_row("native", 1000000, 5000000000);
    row("tsc.default", tsc_set(d, 0, 1234567, 7000000000, 0));
    tsc_row("default", 1234567, 7000000000);
    row("tsc.negative", tsc_set(d, 1, 1000000, ~0ull << 40, 0));
    tsc_row("negative", 1000000, 0);
}

void guest_main(void)
{
    d = domain_made(2);
    ext_rows();
    xstate_errno_rows();
    image_rows();
    msr_rows();
    tsc_rows();
    row("domain.end", domctl_bare(XEN_DOMCTL_destroydomain, d));
    guest_end();
}
