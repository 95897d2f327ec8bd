/*
 * Privileged instructions of a guest's kernel.
 *
 * The kernel runs in ring 3 and does not mind: what the CPU refuses it arrives here as #GP with
 * error code 0. So do the few instructions that a kernel may allow to its user space: ports, cli
 * and sti, a cpuid that faults. The instruction is fetched once and decoded from that copy, so what
 * is done is what was looked at, whatever another vcpu writes there. What is not in the list, or
 * not allowed, stays the #GP that it was.
 *
 * What the bytes mean, and where they are, depends on the code segment: 64-bit code, or 32 or 16
 * bits with a base and a limit. A 32-bit guest's kernel runs in ring 1, and is treated alike.
 */
#include "hypervisor/cpu/emulate.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/domain_policy.h"
#include "hypervisor/cpu/emulate_cr.h"
#include "hypervisor/cpu/emulate_decode.h"
#include "hypervisor/cpu/emulate_io.h"
#include "hypervisor/cpu/emulate_regs.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/segment.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/mm/pae.h"
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

#define DR6_STEP (1UL << 14)

/* CR3 as the guest has it. */
static u64 cr3_shown(const struct vcpu *v)
{
    return v->domain->is_32bit ? pae_cr3_of(pae_base(v)) : v->cr3_kernel;
}

static mfn_t cr3_named(const struct vcpu *v, u64 value)
{
    return v->domain->is_32bit ? pae_cr3_mfn((u32)value) : MFN(value >> PAGE_SHIFT);
}

static enum outcome cr_read(const struct vcpu *v, u8 number, u64 *value)
{
    switch (number) {
    case 0:
        *value = cr0_shown(read_cr0(), v->ctrl_cr0);
        return DONE;
    case 2:
        *value = vcpu_cr2(v);
        return DONE;
    case 3:
        *value = cr3_shown(v);
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
    u64 guards = v->domain->is_32bit ? 0 : cr4_guards;

    write_cr4((read_cr4() & ~(CR4_IN_FORCE | CR4_GUARDS)) | (v->ctrl_cr4 & CR4_IN_FORCE) | traps |
              guards);
}

/* What is chosen is in force, but for DE and OSXSAVE, which the CPU has always. */
static void cr4_write(struct vcpu *v, u64 value)
{
    v->ctrl_cr4 = cr4_chosen(value, features.fsgsbase, features.xsave);
    vcpu_cr4_load(v);
}

/* The instruction ends with nothing left to tear down: what still was would be in the guest's way
 * when it looks at those tables next. So a refusal, too, may be interrupted and go on. */
static enum outcome base_write(struct vcpu *v, u64 value)
{
    int rc;

    if (tables_retiring() && v->cr3_refused == value)
        return tables_retire() ? STARTED : REFUSED; /* tried again, it would begin anew */
    rc = vcpu_set_base(v, cr3_named(v, value));
    if (!rc || rc == RESTART)
        /* The same base again is no change, and tears down the rest of the old one. */
        return rc || tables_retiring() ? STARTED : DONE;
    v->cr3_refused = value;
    return tables_retiring() ? STARTED : REFUSED;
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
        *v->cr2 = value;
        return DONE;
    case 3:
        return base_write(v, value);
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

/* The register behind mov to a control or debug register: as wide as the code. */
static u64 general_read(const struct priv_insn *insn, struct cpu_user_regs *regs)
{
    u64 value = *reg_slot(regs, insn->reg);

    return insn->bits == 64 ? value : (u32)value;
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

struct cpuid_host cpuid_host_here(void)
{
    return (struct cpuid_host){.ask = cpuid,
                               .intel = features.intel,
                               .amd = features.amd,
                               .address_bits = ADDRESS_BITS,
                               .xcr0 = xstate_limits.mask,
                               .xstate_bytes = xstate_limits.bytes,
                               .tsc_khz = clock_khz(),
                               .tsc_invariant = features.invariant_tsc};
}

/* The policy's answer for @v. It is kept, but those that depend on more than was asked. */
static void cpuid_find(const struct vcpu *v, struct cpuid_known *known, u32 leaf, u32 subleaf,
                       u32 how)
{
    struct cpuid_host host = cpuid_host_here();
    const struct cpuid_guest guest = {.privileged_kernel =
                                          how & CPUID_BY_KERNEL && v->domain->privileged,
                                      .osxsave = how & CPUID_OSXSAVE,
                                      .time = &v->domain->time};
    struct cpuid_regs r;
    bool keep =
        leaf != LEAF_XSTATE && (leaf < CPUID_HYPERVISOR_FIRST || leaf > CPUID_HYPERVISOR_LAST);

    host.xcr0 = domain_xstates(v->domain);
    if (v->domain->policy)
        host.xstate_bytes = xstate_bytes(host.xcr0);
    r = cpuid_policy(&host, &guest, leaf, subleaf);
    domain_policy_show(v->domain, leaf, subleaf, &r);
    *known = (struct cpuid_known){leaf, subleaf, keep ? how : 0, r.eax, r.ebx, r.ecx, r.edx};
}

/* The answer of CPUID to the running guest, which asked by the prefix (@forced) or by a fault. */
static void cpuid_answer(struct cpu_user_regs *regs, bool forced)
{
    struct vcpu *v = current;
    bool kernel = vcpu_in_kernel(v, (u16)regs->cs);
    bool osxsave = v->ctrl_cr4 & CR4_OSXSAVE || (forced && kernel);
    u32 leaf = (u32)regs->rax, subleaf = (u32)regs->rcx;
    u32 how = CPUID_KEPT | (osxsave ? CPUID_OSXSAVE : 0) | (kernel ? CPUID_BY_KERNEL : 0);
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
    if (!vcpu_in_kernel(v, (u16)regs->cs) && v->ctrl_cr4 & CR4_TSD)
        return REFUSED;
    pair_set(regs, domain_tsc(v->domain));
    if (with_aux)
        regs->rcx = (u32)rdmsr(MSR_TSC_AUX);
    return DONE;
}

/* A flush of the caches is for who has devices; others are told that it was done. */
static enum outcome caches_write_back(const struct domain *d)
{
    if (domain_has_devices(d))
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
        return cr_write(v, insn->control, general_read(insn, regs));
    case PRIV_DR_READ:
        return dr_outcome(debug_reg_read(v, insn->control, reg_slot(regs, insn->reg)));
    case PRIV_DR_WRITE:
        return dr_outcome(debug_reg_write(v, insn->control, general_read(insn, regs)));
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
        return iopl_suffices(v, (u16)regs->cs) ? DONE : REFUSED;
    case PRIV_PORT:
        return io_emulate(insn, v, regs, struck);
    default:
        return REFUSED;
    }
}

static inline void retire(struct cpu_user_regs *regs, unsigned length, unsigned bits, u64 struck)
{
    regs->rip += length;
    if (bits != 64)
        regs->rip = (u32)regs->rip;
    if (regs->rflags & RFLAGS_TF)
        struck |= DR6_STEP;
    regs->rflags &= ~RFLAGS_RF;
    if (likely(!struck))
        return;
    current->debug.status |= struck | DR6_DEFAULT;
    bounce_exception(regs, EXCEPTION_DB, 0);
}

void instruction_retire(struct cpu_user_regs *regs, unsigned length, unsigned bits, u64 struck)
{
    retire(regs, length, bits, struck);
}

bool privileged_emulate(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    const bool kernel = vcpu_in_kernel(v, (u16)regs->cs);
    struct priv_insn insn;
    struct code code;
    u64 struck = 0;

    if (regs->error_code || !code_fetch(&code, regs))
        return false;
    if (code.missing && guest_range_ok(code.address, 1)) {
        /* A refused iretq to where no code is: what Xen finds first. */
        *v->cr2 = code.address;
        bounce_exception(regs, EXCEPTION_PF, kernel ? 0 : PF_USER);
        return true;
    }
    if (!priv_decode(&insn, code.bytes, code.have, code.bits))
        return false;
    if (!kernel && insn.op < PRIV_CPUID)
        return false;
    switch (insn_do(&insn, v, regs, &struck)) {
    case DONE:
        retire(regs, insn.length, code.bits, struck);
        return true;
    case REPEATS:
        retire(regs, 0, code.bits, struck);
        return true;
    case STACK:
        bounce_exception(regs, EXCEPTION_SS, 0);
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
    retire(regs, FORCED_CPUID_BYTES, 64, 0);
    return true;
}
