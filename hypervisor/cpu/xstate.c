/*
 * Extended state: all instructions of the hypervisor that touch it (`make check` sees to it that
 * there are no others).
 *
 * What a saved image holds may have been given by a toolstack, so XRSTOR may refuse it: that is an
 * entry of the exception table. While an image moves, XCR0 has every bit that guests may have;
 * reading XCR0 is cheap, and writing it (which a hypervisor below us would intercept) is left out
 * when nothing changes, which is the rule: kernels switch on all that there is.
 */
#include "hypervisor/cpu/xstate.h"

#include "hypervisor/cpu/domain_policy.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/fixup.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/lib/string.h"

#define CONTROL_INITIAL    0x37f  /* every x87 exception masked, 64-bit precision */
#define MXCSR_INITIAL      0x1f80 /* every SSE exception masked */
#define MXCSR_MASK_DEFAULT 0xffbf /* of a CPU that does not say (Intel SDM vol. 1, 11.6.6) */

#define STATES         64u
#define FIRST_EXTENDED 2u

/* AMD: (F)XRSTOR always loads the error pointers, also while no exception is pending. */
#define LEAF_AMD_SIZES      0x80000008U
#define SIZES_EBX_ERROR_PTR (1U << 2)

_Static_assert(offsetof(struct xstate_area, mxcsr) == 24 &&
                   offsetof(struct xstate_area, header) == 512 && sizeof(struct xstate_area) == 576,
               "as the CPU has it");

struct xstate_limits xstate_limits;

/* Which sets of bits the CPU would take (Intel SDM vol. 1, 13.3). */
static bool xcr0_valid(u64 xcr0)
{
    if (!(xcr0 & XSTATE_X87) || ((xcr0 & XSTATE_YMM) && !(xcr0 & XSTATE_SSE)))
        return false;
    return !(xcr0 & XSTATE_AVX512) || (~xcr0 & (XSTATE_AVX512 | XSTATE_YMM)) == 0;
}

static u32 xstate_mxcsr_mask(void)
{
    struct xstate_area area __attribute__((aligned(16))) = {.mxcsr_mask = 0};

    asm volatile("fxsave64 %0" : "+m"(area));
    return area.mxcsr_mask ? area.mxcsr_mask : MXCSR_MASK_DEFAULT;
}

static bool is_stale_pointers(void)
{
    if (strcmp(features.vendor, "AuthenticAMD") && strcmp(features.vendor, "HygonGenuine"))
        return false;
    return cpuid(0x80000000U, 0).eax < LEAF_AMD_SIZES ||
           !(cpuid(LEAF_AMD_SIZES, 0).ebx & SIZES_EBX_ERROR_PTR);
}

u32 xstate_bytes(u64 xcr0)
{
    u32 bytes = xcr0 ? sizeof(struct xstate_area) : 0;

    for (unsigned i = FIRST_EXTENDED; i < STATES; i++) {
        struct cpuid_regs r;

        if (!(xcr0 >> i & 1))
            continue;
        r = cpuid(LEAF_XSTATE, i);
        bytes = MAX(bytes, r.ebx + r.eax);
    }
    return bytes;
}

void xstate_init(void)
{
    struct xstate_limits *l = &xstate_limits;

    l->mxcsr_mask = xstate_mxcsr_mask();
    l->stale_pointers = is_stale_pointers();
    l->bytes = sizeof(struct xstate_area);
    if (!features.xsave)
        return;
    l->mask = cpuid(LEAF_XSTATE, 0).eax & XSTATE_GUESTS;
    if (!xcr0_valid(l->mask))
        l->mask = XSTATE_LEGACY;
    l->bytes = xstate_bytes(l->mask);
    log_info("extended state: XCR0 up to %lx, %u bytes", l->mask, l->bytes);
}

bool xstate_alloc(struct vcpu *v)
{
    v->xstate.area = pages_alloc(order_for(xstate_limits.bytes));
    if (!v->xstate.area)
        return false;
    xstate_reset(v, NULL);
    return true;
}

void xstate_free(struct vcpu *v)
{
    pages_free(v->xstate.area, order_for(xstate_limits.bytes));
}

void xstate_reset(struct vcpu *v, const void *fx)
{
    struct xstate_area *area = v->xstate.area;

    memset(area, 0, xstate_limits.bytes);
    if (fx) {
        memcpy(area, fx, offsetof(struct xstate_area, header));
        area->header.present = XSTATE_LEGACY;
    } else {
        area->control = CONTROL_INITIAL;
        area->mxcsr = MXCSR_INITIAL;
    }
}

static void xcr0_load(u64 value)
{
    if (xgetbv(0) != value)
        xsetbv(0, value);
}

/*
 * The image has two forms, with 64-bit pointers to the last instruction and operand of the x87, or
 * with 32 bits of them and their selectors, which a 32-bit guest may look at (Intel SDM vol. 1,
 * 10.5.1.1). It is loaded in the form it was saved in. False: the CPU refuses the image, and has
 * loaded nothing.
 */
#define LOAD(instruction)                                                                          \
    asm goto("1: " instruction " %0" FIXUP(fault)                                                  \
             :                                                                                     \
             : "m"(*area), "a"((u32)mask), "d"((u32)(mask >> 32))                                  \
             : "memory"                                                                            \
             : fault)
#define SAVE(instruction)                                                                          \
    asm volatile(instruction " %0"                                                                 \
                 : "+m"(*area)                                                                     \
                 : "a"((u32)mask), "d"((u32)(mask >> 32))                                          \
                 : "memory")

static bool xstate_load(const struct xstate_area *area, bool narrow)
{
    u64 mask = xstate_limits.mask;

    if (unlikely(narrow) && !mask)
        LOAD("fxrstor");
    else if (unlikely(narrow))
        LOAD("xrstor");
    else if (!mask)
        LOAD("fxrstor64");
    else
        LOAD("xrstor64");
    return true;
fault:
    return false;
}

/* Load something that sets the pointers: where this instruction is tells nobody anything. */
static void xstate_clear_pointers(void)
{
    static const u32 zero;

    asm volatile("fnclex\n\t"
                 "ffree %%st(7)\n\t"
                 "fildl %0"
                 :
                 : "m"(zero));
}

void xstate_set_ts(struct vcpu *v, bool on)
{
    if (on) {
        v->ctrl_cr0 |= CR0_TS;
        write_cr0(read_cr0() | CR0_TS);
    } else {
        v->ctrl_cr0 &= ~CR0_TS;
        clear_ts();
    }
}

void xstate_save(struct vcpu *v)
{
    struct xstate_area *area = v->xstate.area;
    const bool narrow = v->domain->is_32bit;
    u64 mask = xstate_limits.mask;

    clear_ts();
    if (mask)
        xcr0_load(mask);
    if (unlikely(narrow) && !mask)
        SAVE("fxsave");
    else if (unlikely(narrow))
        SAVE("xsave");
    else if (!mask)
        SAVE("fxsave64");
    else
        SAVE("xsave64");
}

void xstate_restore(struct vcpu *v)
{
    const bool narrow = v->domain->is_32bit;
    u32 mxcsr = v->xstate.area->mxcsr;

    clear_ts();
    if (xstate_limits.mask)
        xcr0_load(xstate_limits.mask);
    if (xstate_limits.stale_pointers)
        xstate_clear_pointers();
    if (!xstate_load(v->xstate.area, narrow)) {
        xstate_reset(v, NULL);
        v->xstate.area->mxcsr = mxcsr & xstate_limits.mxcsr_mask;
        BUG_ON(!xstate_load(v->xstate.area, narrow));
    }
    if (xstate_limits.mask)
        xcr0_load(v->xstate.xcr0 ?: XSTATE_LEGACY);
    xstate_set_ts(v, v->ctrl_cr0 & CR0_TS);
}

bool xstate_set_xcr0(struct vcpu *v, u32 index, u64 value)
{
    if (index || (value & ~domain_xstates(v->domain)) || !xcr0_valid(value))
        return false;
    xcr0_load(value);
    v->xstate.xcr0 = value;
    v->xstate.xcr0_ever |= value;
    return true;
}

long xstate_check(u64 xcr0, u64 xcr0_ever, const struct xstate_header *header)
{
    if ((header->present | xcr0) & ~xcr0_ever || xcr0_ever & ~xstate_limits.mask ||
        !xcr0_valid(xcr0) || !xcr0_valid(xcr0_ever))
        return refuse(XEN_EINVAL, "extended state that this vcpu cannot have");
    if (header->compacted)
        return refuse(XEN_EOPNOTSUPP, "extended state in the compacted form");
    for (unsigned i = 0; i < ARRAY_SIZE(header->reserved); i++)
        if (header->reserved[i])
            return refuse(XEN_EIO, "reserved bytes in the header of extended state");
    return 0;
}

#ifdef DEBUG
#define DISTURBANCE 0xa5

void xstate_disturb(struct vcpu *v)
{
    struct xstate_area *area = v->xstate.area;

    memset(area, DISTURBANCE, xstate_limits.bytes);
    area->mxcsr = 0;
    area->header = (struct xstate_header){.present = xstate_limits.mask};
    if (xstate_limits.mask)
        xcr0_load(xstate_limits.mask);
    BUG_ON(!xstate_load(area, false));
    xstate_reset(v, NULL);
}
#endif
