/*
 * How a vcpu begins: see context.h. The rules are those of Xen's arch_set_info_guest.
 *
 * First all is checked that costs nothing. Then come the references, on descriptor table and page
 * tables, which can be refused, and validation, which can be interrupted: what was taken until then
 * stays with the vcpu, as its audit (mm/audit.c) finds it, and is found again by the next attempt.
 * Last come registers and entry points, which cannot fail. So a refusal leaves a vcpu without
 * tables, and nothing else of it matters before it has begun.
 */
#include "hypervisor/domain/context.h"

#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/emulate_cr.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/wallclock.h"
#include "xen-like/lib/string.h"

#define LDT_ENTRIES_MAX 8192

/* Flags that are kept as something else: vcpu.kernel_mode and VCPUF_*. */
#define CONTEXT_FLAGS_ELSEWHERE                                                                    \
    (VGCF_in_kernel | VGCF_failsafe_disables_events | VGCF_syscall_disables_events)

static bool addresses_ok(const struct vcpu_guest_context *c)
{
    const u64 addresses[] = {
        c->user_regs.rip,         c->user_regs.rsp, c->kernel_sp,          c->fs_base,
        c->gs_base_kernel,        c->gs_base_user,  c->event_callback_eip, c->syscall_callback_eip,
        c->failsafe_callback_eip,
    };
    bool ok = guest_range_ok(c->ldt_base, 1);

    for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++)
        ok &= canonical(addresses[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        ok &= canonical(c->trap_ctxt[i].address);
    return ok;
}

static int context_check(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    if (!addresses_ok(c))
        return refuse(XEN_EINVAL, "a context with an address that is none, or not the guest's");
    if (c->ldt_base % PAGE_SIZE || c->ldt_ents > LDT_ENTRIES_MAX)
        return refuse(XEN_EINVAL, "a context's LDT that is too long or not page-aligned");
    if (!v->id && c->vm_assist & ~domain_assists_known(v->domain))
        return refuse(XEN_EINVAL, "a context with an assist that does not exist");
    if (c->gdt_ents > FIRST_RESERVED_GDT_ENTRY)
        return refuse(XEN_EINVAL, "a context's GDT that is too long");
    if (!v->initialised && !v->domain->is_32bit && !(c->flags & VGCF_in_kernel) && !c->ctrlreg[1])
        return refuse(XEN_EINVAL, "a context in user space without user page tables");
    return 0;
}

static bool bases_same(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    if (v->domain->is_32bit)
        return c->ctrlreg[3] >> PAGE_SHIFT == pae_base(v).n;
    return c->ctrlreg[3] == v->cr3_kernel && c->ctrlreg[1] == v->cr3_user &&
           (v->cr3_user || c->flags & VGCF_in_kernel);
}

/* Does it name the tables that the vcpu has? */
static bool tables_same(const struct vcpu *v, const struct vcpu_guest_context *c)
{
    bool same = bases_same(v, c) && c->gdt_ents == v->gdt_entries &&
                c->ldt_ents == v->ldt_entries && (!v->ldt_entries || c->ldt_base == v->ldt_base);

    for (unsigned i = 0; i < (v->gdt_entries + 511) / 512; i++)
        same &= c->gdt_frames[i] == v->gdt_frames[i].n;
    return same;
}

static void base_put(u64 *base)
{
    if (*base)
        frame_put_and_type(mfn_to_frame(MFN(*base >> PAGE_SHIFT)));
    *base = 0;
}

/* What @cr3 names becomes one of the base pointers, unless an interrupted attempt has got so far.
 */
static int base_take(struct vcpu *v, u64 *base, u64 cr3)
{
    mfn_t m = MFN(cr3 >> PAGE_SHIFT);
    int rc;

    if (*base && *base >> PAGE_SHIFT == m.n)
        return 0;
    base_put(base);
    rc = frame_get_and_type(m, v->domain, FT_L4);
    if (!rc)
        *base = m.n << PAGE_SHIFT;
    return rc;
}

static void bases_put(struct vcpu *v)
{
    if (v->domain->is_32bit) {
        pae_base_set(v, MFN(0));
        return;
    }
    base_put(&v->cr3_kernel);
    base_put(&v->cr3_user);
}

static int pae_base_take(struct vcpu *v, mfn_t m)
{
    return m.n ? pae_base_set(v, m) : refuse(XEN_EINVAL, "a context without tables");
}

static int bases_take(struct vcpu *v, const struct vcpu_guest_context *c)
{
    bool strict = domain_assists(v->domain, VMASST_TYPE_m2p_strict);
    int rc;

    if (v->domain->is_32bit)
        return pae_base_take(v, MFN(c->ctrlreg[3] >> PAGE_SHIFT));
    rc = base_take(v, &v->cr3_kernel, c->ctrlreg[3]);
    if (!rc && !strict)
        hv_slots_m2p(maddr_to_virt(v->cr3_kernel), true);
    if (!rc && !c->ctrlreg[1])
        base_put(&v->cr3_user);
    else if (!rc)
        rc = base_take(v, &v->cr3_user, c->ctrlreg[1]);
    if (!rc && v->cr3_user && strict)
        hv_slots_m2p(maddr_to_virt(v->cr3_user), false);
    return rc;
}

static int tables_take(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = tables_retire_pending();

    if (!rc)
        rc = vcpu_set_gdt(v, c->gdt_frames, (u32)c->gdt_ents);
    if (!rc)
        rc = bases_take(v, c);
    if (rc && rc != RESTART) {
        vcpu_drop_gdt(v);
        bases_put(v);
    }
    return rc;
}

/* Privileges are not the guest's, and its IOPL is a belief (vcpu.iopl). */
static void registers_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct cpu_user_regs *r = &v->saved;
    bool kernel = v->domain->is_32bit || c->flags & VGCF_in_kernel;
    bool shown = domain_assists(v->domain, VMASST_TYPE_architectural_iopl);
    u32 iopl = c->user_regs.rflags & RFLAGS_IOPL;

    *r = c->user_regs;
    r->cs = selector_for_kernel(v->domain, r->cs);
    r->ss = selector_for_kernel(v->domain, r->ss);
    r->rflags = (r->rflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF;
    r->error_code = r->entry_vector = 0;
    v->iopl = shown ? iopl : 0;
    v->iopl_hidden = shown ? 0 : iopl;
    v->iret_careful = (v->iret_careful & CAREFUL_NMI) | (shown ? CAREFUL_IOPL : 0);
    v->kernel_mode = kernel;
    v->bases[0] = c->fs_base;
    v->bases[1] = kernel ? c->gs_base_kernel : c->gs_base_user;
    v->bases[2] = kernel ? c->gs_base_user : c->gs_base_kernel;
    xstate_reset(v, c->flags & VGCF_i387_valid ? &c->fpu_ctxt : NULL);
}

static void entry_points_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    memcpy(v->traps, c->trap_ctxt, sizeof(c->trap_ctxt));
    for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        v->traps[i].cs = selector_for_kernel(v->domain, v->traps[i].cs);
    v->kernel_ss = selector_for_kernel(v->domain, (u16)c->kernel_ss);
    v->kernel_sp = c->kernel_sp;
    v->event_callback = c->event_callback_eip;
    v->failsafe_callback = c->failsafe_callback_eip;
    if (v->domain->is_32bit) {
        v->event_cs = selector_for_kernel(v->domain, context_event_cs(c));
        v->failsafe_cs = selector_for_kernel(v->domain, context_failsafe_cs(c));
    } else {
        v->syscall_callback = c->syscall_callback_eip;
    }
    v->flags &= ~(VCPUF_FAILSAFE_MASKS | VCPUF_SYSCALL_MASKS);
    v->flags |= c->flags & VGCF_failsafe_disables_events ? VCPUF_FAILSAFE_MASKS : 0;
    v->flags |= c->flags & VGCF_syscall_disables_events ? VCPUF_SYSCALL_MASKS : 0;
    v->context_flags = c->flags & ~CONTEXT_FLAGS_ELSEWHERE;
}

/* Those debug registers that are refused keep their value after reset. */
static void control_registers_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    v->ctrl_cr0 = (v->ctrl_cr0 & ~CR0_TS) | (c->ctrlreg[0] & CR0_TS);
    v->ctrl_cr4 = cr4_chosen(c->ctrlreg[4], features.fsgsbase, features.xsave);
    memcpy(v->ctrl_others, c->ctrlreg, sizeof(v->ctrl_others));
    v->debug = (struct debug_regs){.status = DR6_DEFAULT, .control = DR7_DEFAULT};
    for (u32 i = 0; i < ARRAY_SIZE(c->debugreg); i++)
        if (i != 4 && i != 5) /* the other names of 6 and 7 */
            debug_reg_write(v, i, c->debugreg[i]);
}

int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = context_check(v, c);

    if (rc)
        return rc;
    if (v->initialised && !tables_same(v, c))
        return refuse(XEN_EOPNOTSUPP, "other tables for a vcpu that has begun");
    if (!v->initialised) {
        if (!v->id)
            v->domain->vm_assist = c->vm_assist;
        rc = tables_take(v, c);
        if (rc)
            return rc;
        v->ldt_entries = (u32)c->ldt_ents;
        v->ldt_base = c->ldt_ents ? c->ldt_base : 0;
    }
    registers_set(v, c);
    entry_points_set(v, c);
    control_registers_set(v, c);
    if (!v->initialised && !v->id) /* its builder may have cleared the shared page since */
        wallclock_publish(v->domain);
    v->initialised = true;
    if (c->flags & VGCF_online)
        vcpu_go(v, STOP_DOWN);
    else
        vcpu_stop(v, STOP_DOWN);
    return 0;
}

int vcpu_context_clear(struct vcpu *v)
{
    int rc = tables_retire_pending();

    if (rc)
        return rc;
    vcpu_stop(v, STOP_DOWN);
    vcpu_drop_gdt(v);
    vcpu_drop_ldt(v);
    bases_put(v);
    vcpu_go(v, STOP_BLOCKED);
    v->iret_careful &= (u8)~CAREFUL_NMI; /* its handler, too, is no more */
    v->nmi_waits = false;
    v->initialised = false;
    return tables_retire();
}
