/*
 * A vcpu's whole state read back (context.h), as a toolstack saves it: what was given, and what has
 * become of it since. As Xen's arch_get_info_guest, two things look otherwise than they are kept:
 * the I/O privilege level is in the flags, where no CPU ever has it, and base pointers are frame
 * numbers in the form of CR3.
 */
#include "hypervisor/cpu/emulate_cr.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/domain/context.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/mm/pae.h"
#include "xen-like/lib/string.h"

static u64 flags_get(const struct vcpu *v)
{
    struct vcpu_runstate_info r;
    u64 flags = v->context_flags;

    vcpu_runstate(v, &r);
    flags |= v->flags & VCPUF_FAILSAFE_MASKS ? VGCF_failsafe_disables_events : 0;
    flags |= v->flags & VCPUF_SYSCALL_MASKS ? VGCF_syscall_disables_events : 0;
    flags |= vcpu_in_kernel(v, (u16)v->saved.cs) ? VGCF_in_kernel : 0;
    flags |= r.time[RUNSTATE_running] ? VGCF_i387_valid : 0; /* has it ever run? */
    return flags | (v->sched.stopped & STOP_DOWN ? 0 : VGCF_online);
}

static void tables_get(const struct vcpu *v, struct vcpu_guest_context *c)
{
    c->ldt_ents = v->ldt_entries;
    c->ldt_base = v->ldt_entries ? v->ldt_base : 0;
    c->gdt_ents = v->gdt_entries;
    for (unsigned i = 0; i < ARRAY_SIZE(v->gdt_frames); i++)
        c->gdt_frames[i] = v->gdt_frames[i].n;
    memcpy(c->ctrlreg, v->ctrl_others, sizeof(c->ctrlreg));
    c->ctrlreg[0] = cr0_shown(read_cr0(), v->ctrl_cr0);
    if (!v->domain->is_32bit)
        c->ctrlreg[1] = xen_pfn_to_cr3(v->cr3_user >> PAGE_SHIFT);
    c->ctrlreg[2] = vcpu_cr2(v);
    c->ctrlreg[3] = v->domain->is_32bit ? pae_base(v).n << PAGE_SHIFT
                                        : xen_pfn_to_cr3(v->cr3_kernel >> PAGE_SHIFT);
    c->ctrlreg[4] = cr4_shown(v->ctrl_cr4);
}

static void entry_points_get(const struct vcpu *v, struct vcpu_guest_context *c)
{
    memcpy(c->trap_ctxt, v->traps, sizeof(c->trap_ctxt));
    c->kernel_ss = v->kernel_ss;
    c->kernel_sp = v->kernel_sp;
    c->event_callback_eip = v->event_callback;
    c->failsafe_callback_eip = v->failsafe_callback;
    c->syscall_callback_eip =
        v->domain->is_32bit ? context_selectors(v->event_cs, v->failsafe_cs) : v->syscall_callback;
}

void vcpu_context_get(const struct vcpu *v, struct vcpu_guest_context *c)
{
    memset(c, 0, sizeof(*c));
    memcpy(&c->fpu_ctxt, v->xstate.area, sizeof(c->fpu_ctxt));
    c->flags = flags_get(v);
    c->user_regs = v->saved;
    c->user_regs.rflags |= v->iopl | v->iopl_hidden;
    c->user_regs.error_code = c->user_regs.entry_vector = 0; /* of our own way in */
    for (u32 i = 0; i < ARRAY_SIZE(c->debugreg); i++)
        if (i != 4 && i != 5) /* the other names of 6 and 7 */
            debug_reg_read(v, i, &c->debugreg[i]);
    tables_get(v, c);
    entry_points_get(v, c);
    c->fs_base = v->bases[0];
    c->gs_base_kernel = v->bases[v->kernel_mode ? 1 : 2];
    c->gs_base_user = v->bases[v->kernel_mode ? 2 : 1];
    c->vm_assist = v->domain->vm_assist;
}
