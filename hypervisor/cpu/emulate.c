/*
 * Privileged instructions of a guest's kernel.
 *
 * The kernel runs in ring 3 and does not mind: what the CPU refuses it arrives here as #GP with
 * error code 0. So do the few instructions that a kernel may allow to its user space: ports, cli
 * and sti, a cpuid that faults. The instruction is fetched once and decoded from that copy, so what
 * is done is what was looked at, whatever another vcpu writes there. What is not in the list, or
 * not allowed, stays the #GP that it was.
 *
 * Only 64-bit code is decoded: in another code segment the same bytes mean something else.
 */
#include "hypervisor/cpu/emulate.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/emulate_cr.h"
#include "hypervisor/cpu/emulate_decode.h"
#include "hypervisor/cpu/emulate_io.h"
#include "hypervisor/cpu/emulate_regs.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/fixup.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/clock.h"
#include "xen-like/lib/insn.h"
#include "xen-like/lib/string.h"

/* The ABI's prefix (arch-x86/xen.h, XEN_CPUID), as bytes: ud2, "xen", cpuid. */
#define FORCED_CPUID       0xa20f6e65780b0fUL
#define FORCED_CPUID_BYTES 7

#define CPUID_KEPT      1u /* how the answer was asked for */
#define CPUID_OSXSAVE   2u
#define CPUID_BY_KERNEL 4u

#define ADDRESS_BITS (PAGE_SHIFT + 64 - __builtin_clzl(frames_max - 1)) /* of the highest frame */

#define DR6_STEP        (1UL << 14)
#define DESCRIPTOR_LONG (1U << 21) /* of what lar answers: 64-bit code */

/* Is @selector, which the guest runs with, 64-bit code? Its LDT may have changed since: then lar
 * may even fault. */
static bool code_is_long(u16 selector)
{
    u32 rights = 0;

    if (likely(selector == FLAT_KERNEL_CS))
        return true;
    asm goto("1: lar %1, %0" FIXUP(fault)
             : "+r"(rights)
             : "r"((u32)selector)
             : "memory", "cc"
             : fault);
    return rights & DESCRIPTOR_LONG;
fault:
    return false;
}

static enum outcome cr_read(const struct vcpu *v, u8 number, u64 *value)
{
    switch (number) {
    case 0:
        *value = cr0_shown(read_cr0(), v->ctrl_cr0);
        return DONE;
    case 2:
        *value = v->info->arch.cr2;
        return DONE;
    case 3:
        *value = v->cr3_kernel;
        return DONE;
    case 4:
        *value = cr4_shown(v->ctrl_cr4);
        return DONE;
    default:
        return REFUSED;
    }
}

void vcpu_cr4_load(const struct vcpu *v)
{
    u64 traps = v->domain->time.tsc_emulated ? CR4_TSD : 0;

    write_cr4((read_cr4() & ~CR4_IN_FORCE) | (v->ctrl_cr4 & CR4_IN_FORCE) | traps);
}

/* What is chosen is in force, but for DE and OSXSAVE, which the CPU has always. */
static void cr4_write(struct vcpu *v, u64 value)
{
    v->ctrl_cr4 = cr4_chosen(value, features.fsgsbase, features.xsave);
    vcpu_cr4_load(v);
}

static enum outcome base_outcome(int rc)
{
    if (rc && rc != RESTART)
        return REFUSED; /* what is left to tear down waits: tried again, it would be refused again
                         */
    /* The same base again is no change, and tears down the rest of the old one. */
    return rc || tables_retiring() ? STARTED : DONE;
}

static enum outcome cr_write(struct vcpu *v, u8 number, u64 value)
{
    switch (number) {
    case 0:
        if (!cr0_allowed(read_cr0(), value))
            return REFUSED;
        xstate_set_ts(v, value & CR0_TS);
        return DONE;
    case 2:
        v->info->arch.cr2 = value;
        return DONE;
    case 3:
        return base_outcome(vcpu_set_base(v, MFN(value >> PAGE_SHIFT)));
    case 4:
        cr4_write(v, value);
        return DONE;
    default:
        return REFUSED;
    }
}

static enum outcome dr_outcome(long rc)
{
    if (rc == -XEN_ENODEV)
        return INVALID;
    return rc ? REFUSED : DONE;
}

/* Two halves, as wrmsr and xsetbv take and rdmsr and rdtsc answer. */
static u64 pair_get(const struct cpu_user_regs *regs)
{
    return (u32)regs->rax | (u64)(u32)regs->rdx << 32;
}

static void pair_set(struct cpu_user_regs *regs, u64 value)
{
    regs->rax = (u32)value;
    regs->rdx = value >> 32;
}

/* The policy's answer for @v. It is kept, but those that depend on more than was asked. */
static void cpuid_find(const struct vcpu *v, struct cpuid_known *known, u32 leaf, u32 subleaf,
                       u32 how)
{
    const struct cpuid_host host = {.ask = cpuid,
                                    .intel = features.intel,
                                    .amd = features.amd,
                                    .address_bits = ADDRESS_BITS,
                                    .xcr0 = xstate_limits.mask,
                                    .xstate_bytes = xstate_limits.bytes,
                                    .tsc_khz = clock_khz(),
                                    .tsc_invariant = features.invariant_tsc};
    const struct cpuid_guest guest = {.privileged_kernel =
                                          how & CPUID_BY_KERNEL && v->domain->privileged,
                                      .osxsave = how & CPUID_OSXSAVE,
                                      .time = &v->domain->time};
    struct cpuid_regs r = cpuid_policy(&host, &guest, leaf, subleaf);
    bool keep =
        leaf != LEAF_XSTATE && (leaf < CPUID_HYPERVISOR_FIRST || leaf > CPUID_HYPERVISOR_LAST);

    *known = (struct cpuid_known){leaf, subleaf, keep ? how : 0, r.eax, r.ebx, r.ecx, r.edx};
}

/* The answer of CPUID to the running guest, which asked by the prefix (@forced) or by a fault. */
static void cpuid_answer(struct cpu_user_regs *regs, bool forced)
{
    struct vcpu *v = current;
    bool osxsave = v->ctrl_cr4 & CR4_OSXSAVE || (forced && v->kernel_mode);
    u32 leaf = (u32)regs->rax, subleaf = (u32)regs->rcx;
    u32 how = CPUID_KEPT | (osxsave ? CPUID_OSXSAVE : 0) | (v->kernel_mode ? CPUID_BY_KERNEL : 0);
    struct cpuid_known *known = &v->cpuid[(leaf + (leaf >> 28) + subleaf) % CPUID_KNOWN];

    if (known->leaf != leaf || known->subleaf != subleaf || known->how != how)
        cpuid_find(v, known, leaf, subleaf, how);
    regs->rax = known->eax;
    regs->rbx = known->ebx;
    regs->rcx = known->ecx;
    regs->rdx = known->edx;
}

static enum outcome msr_read_do(struct vcpu *v, struct cpu_user_regs *regs)
{
    u64 value;

    if (!msr_guest_read(v, (u32)regs->rcx, &value))
        return REFUSED;
    pair_set(regs, value);
    return DONE;
}

static enum outcome msr_write_do(struct vcpu *v, const struct cpu_user_regs *regs)
{
    return msr_guest_write(v, (u32)regs->rcx, pair_get(regs)) ? DONE : REFUSED;
}

static enum outcome xsetbv_do(struct vcpu *v, const struct cpu_user_regs *regs)
{
    if (!(v->ctrl_cr4 & CR4_OSXSAVE))
        return INVALID;
    return xstate_set_xcr0(v, (u32)regs->rcx, pair_get(regs)) ? DONE : REFUSED;
}

/* Trapped because the guest set CR4.TSD, which is for its user space, or because its TSC is not the
 * CPU's. */
static enum outcome time_stamp_read(const struct vcpu *v, struct cpu_user_regs *regs, bool with_aux)
{
    if (with_aux && !features.rdtscp)
        return INVALID;
    if (!v->kernel_mode && v->ctrl_cr4 & CR4_TSD)
        return REFUSED;
    pair_set(regs, domain_tsc(v->domain));
    if (with_aux)
        regs->rcx = (u32)rdmsr(MSR_TSC_AUX);
    return DONE;
}

/* A flush of the caches is for who has devices; others are told that it was done. */
static enum outcome caches_write_back(const struct domain *d)
{
    if (d->privileged)
        wbinvd();
    return DONE;
}

static enum outcome insn_do(const struct priv_insn *insn, struct vcpu *v,
                            struct cpu_user_regs *regs, u64 *struck)
{
    if (insn->lock)
        return INVALID;
    switch (insn->op) {
    case PRIV_CLTS:
        xstate_set_ts(v, false);
        return DONE;
    case PRIV_WBINVD:
        return caches_write_back(v->domain);
    case PRIV_CR_READ:
        return cr_read(v, insn->control, reg_slot(regs, insn->reg));
    case PRIV_CR_WRITE:
        return cr_write(v, insn->control, *reg_slot(regs, insn->reg));
    case PRIV_DR_READ:
        return dr_outcome(debug_reg_read(v, insn->control, reg_slot(regs, insn->reg)));
    case PRIV_DR_WRITE:
        return dr_outcome(debug_reg_write(v, insn->control, *reg_slot(regs, insn->reg)));
    case PRIV_RDMSR:
        return msr_read_do(v, regs);
    case PRIV_WRMSR:
        return msr_write_do(v, regs);
    case PRIV_RDTSC:
    case PRIV_RDTSCP:
        return time_stamp_read(v, regs, insn->op == PRIV_RDTSCP);
    case PRIV_CPUID:
        cpuid_answer(regs, false);
        return DONE;
    case PRIV_XSETBV:
        return xsetbv_do(v, regs);
    case PRIV_CLI:
    case PRIV_STI: /* allowed, and without effect: popf could not be caught, and would not match */
        return iopl_suffices(v) ? DONE : REFUSED;
    case PRIV_PORT:
        return io_emulate(insn, v, regs, struck);
    default:
        return REFUSED;
    }
}

/* The instruction is done: go on behind it, as the CPU would; @struck is for DR6. */
static void insn_retire(struct cpu_user_regs *regs, unsigned length, u64 struck)
{
    regs->rip += length;
    if (regs->rflags & RFLAGS_TF)
        struck |= DR6_STEP;
    regs->rflags &= ~RFLAGS_RF;
    if (likely(!struck))
        return;
    current->debug.status |= struck | DR6_DEFAULT;
    bounce_exception(regs, EXCEPTION_DB, 0);
}

bool privileged_emulate(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u8 bytes[INSN_BYTES_MAX];
    struct priv_insn insn;
    u64 missing, struck = 0;

    if (regs->error_code || !code_is_long((u16)regs->cs))
        return false;
    missing = guest_copy_in(bytes, regs->rip, sizeof(bytes));
    if (missing == sizeof(bytes) &&
        guest_range_ok(regs->rip,
                       1)) { /* a refused iretq to where no code is: what Xen finds first */
        v->info->arch.cr2 = regs->rip;
        bounce_exception(regs, EXCEPTION_PF, v->kernel_mode ? 0 : PF_USER);
        return true;
    }
    if (!priv_decode(&insn, bytes, sizeof(bytes) - missing))
        return false;
    if (!v->kernel_mode && insn.op < PRIV_CPUID)
        return false;
    switch (insn_do(&insn, v, regs, &struck)) {
    case DONE:
        insn_retire(regs, insn.length, struck);
        return true;
    case REPEATS:
        insn_retire(regs, 0, struck);
        return true;
    case RAISED:
    case STARTED:
        return true;
    case INVALID:
        bounce_exception(regs, EXCEPTION_UD, 0);
        return true;
    default:
        return false;
    }
}

bool cpuid_emulate(struct cpu_user_regs *regs)
{
    u64 bytes = 0;

    if (guest_copy_in(&bytes, regs->rip, FORCED_CPUID_BYTES) || bytes != FORCED_CPUID)
        return false;
    cpuid_answer(regs, true);
    insn_retire(regs, FORCED_CPUID_BYTES, 0);
    return true;
}
