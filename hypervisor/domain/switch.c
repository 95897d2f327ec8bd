/* The state of a vcpu, saved and loaded: see switch.h. */
#include "hypervisor/domain/switch.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/emulate.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/shadow.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/time/vcpu_time.h"

/* Those that the guest changes without a trap: selectors, and by FSGSBASE the bases. */
static void segments_save(struct vcpu *v)
{
    v->saved.ds = read_ds();
    v->saved.es = read_es();
    v->saved.fs = read_fs();
    v->saved.gs = read_gs();
    v->bases[0] = rdmsr(MSR_FS_BASE);
    v->bases[1] = rdmsr(MSR_GS_BASE);
    v->bases[2] = rdmsr(MSR_KERNEL_GS_BASE);
}

/* Selectors first, for loading one changes the base; in a 32-bit guest nothing else does. A
 * descriptor may have been taken away meanwhile: then the register holds null. */
static bool segments_load_guest(const struct vcpu *v)
{
    bool all = load_ds((u16)v->saved.ds) & load_es((u16)v->saved.es) & load_fs((u16)v->saved.fs) &
               load_gs((u16)v->saved.gs);
    if (v->domain->is_32bit)
        return all;
    wrmsr(MSR_FS_BASE, v->bases[0]);
    wrmsr(MSR_GS_BASE, v->bases[1]);
    wrmsr(MSR_KERNEL_GS_BASE, v->bases[2]);
    return all;
}

void vcpu_save(struct vcpu *v)
{
    v->saved = this_cpu()->regs;
    segments_save(v);
    if (features.rdtscp)
        v->tsc_aux = (u32)rdmsr(MSR_TSC_AUX);
    xstate_save(v);
}

void vcpu_load(struct vcpu *v)
{
    struct percpu *cpu = this_cpu();
    bool loaded;

    cpu->running = v;
    cpu->regs = v->saved;
    tables_show(cpu, v->domain->is_32bit);
    gdt_window_set(cpu, v);
    vcpu_show_ldt(v);
    shadow_show(v);
    tlb_load_root(MFN(v->root_kernel >> PAGE_SHIFT)); /* after the windows: they are global */
    vcpu_cr4_load(v);
    vcpu_time_resume(v);
    vcpu_runstate_publish(v);
    debug_regs_switch(&v->debug);
    xstate_restore(v);
    if (features.rdtscp)
        wrmsr(MSR_TSC_AUX, v->tsc_aux);
    loaded = segments_load_guest(v);
    if (!v->kernel_mode)
        write_cr3(v->root_user);
    if (unlikely(!loaded))
        (v->domain->is_32bit ? bounce32_failsafe : bounce_failsafe)(&cpu->regs);
}

void vcpu_load_idle(struct vcpu *idle)
{
    struct percpu *cpu = this_cpu();

    cpu->running = idle;
    gdt_window_set(cpu, idle);
    vcpu_show_ldt(idle);
    tlb_load_none();
    debug_regs_switch(&idle->debug);
}
