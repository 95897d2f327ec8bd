/* fpu_taskswitch and set_segment_base: CPU state that ring 3 cannot reach by itself. */
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segreg.h"

/* CR0.TS is the guest's alone: the hypervisor switches FPU state eagerly and never needs it. */
long hc_fpu_taskswitch(unsigned long set)
{
    xstate_set_ts(current, (u32)set);
    return 0;
}

/* The kernel's GS base is in use now; the user's waits in KERNEL_GS_BASE. Load the selector there:
 * the null selector if the CPU refuses it, which Xen never made an error. With null, AMD's CPUs
 * before Zen 2 keep the base: a flat segment before makes that 0 on all. */
static void user_gs_load(u16 selector)
{
    swapgs();
    if (selector <= 3 || !load_gs(selector | 3)) {
        load_gs(FLAT_RING3_DS32);
        load_gs(selector <= 3 ? selector : 0);
    }
    swapgs();
}

long hc_set_segment_base(unsigned long which, unsigned long base)
{
    u32 msr;

    if (caller_is_32bit())
        return refuse(XEN_ENOSYS, "segments of 32-bit code have their bases in descriptors");
    switch ((u32)which) {
    case SEGBASE_FS:
        msr = MSR_FS_BASE;
        break;
    case SEGBASE_GS_USER:
        msr = MSR_KERNEL_GS_BASE;
        break;
    case SEGBASE_GS_KERNEL:
        msr = MSR_GS_BASE;
        break;
    case SEGBASE_GS_USER_SEL:
        user_gs_load((u16)base);
        return 0;
    default:
        return refuse(XEN_EINVAL, "no such segment base");
    }
    if (!canonical(base))
        return refuse(XEN_EINVAL, "a non-canonical segment base");
    wrmsr(msr, base);
    return 0;
}
