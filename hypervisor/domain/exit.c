/*
 * What happens on the way out to a guest when a flag in vcpu.work says that something must, or an
 * upcall is due: its domain has ended, another vcpu is to run, an NMI or an upcall is delivered.
 * The first domain's end is the machine's; another's vcpus stop, and who controls it is told.
 */
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/nmi.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/report.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/mm/audit.h"

static NORETURN void first_domain_ended(const struct domain *d)
{
    switch (d->shutdown_code) {
    case SHUTDOWN_poweroff:
        log_always("Domain %u shutdown: powering off", d->id);
        machine_power_off();
    case SHUTDOWN_crash:
        log_always("Domain %u crashed: rebooting machine", d->id);
        machine_restart_after_failure();
    case SHUTDOWN_reboot:
        log_always("Domain %u shutdown: rebooting machine", d->id);
        machine_reboot();
    case SHUTDOWN_watchdog:
        log_always("Domain %u shutdown: watchdog rebooting machine", d->id);
        machine_reboot();
    default:
        log_always("Domain %u shutdown (reason %u): halting", d->id, d->shutdown_code);
        machine_halt();
    }
}

/* The vcpu that ends its domain shows why, if that is a crash: for all of the first domain's. */
static void domain_ended(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct domain *d = v->domain;

    __atomic_fetch_and(&v->work, ~WORK_DEAD, __ATOMIC_ACQ_REL);
    if (d->crash_rule && !__atomic_exchange_n(&d->crash_told, true, __ATOMIC_RELAXED))
        report_death(v, regs);
    if (!domain_is_first(d))
        return;
    smp_hold_others(); /* its other vcpus come to this too: one tells of it */
#ifdef DEBUG
    path_report();
    audit_report(d);
#endif
    first_domain_ended(d);
}

/* Called again as long as there is work: so each kind is done for the vcpu that is current then. */
void guest_exit_work(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u32 work = ACCESS_ONCE(v->work);

    if (work & WORK_DEAD)
        domain_ended(v, regs);
    if (work & WORK_SCHED) {
        __atomic_fetch_and(&v->work, ~WORK_SCHED, __ATOMIC_ACQ_REL);
        sched_choose();
        v = current;
        if (ACCESS_ONCE(v->work) & (WORK_DEAD | WORK_SCHED))
            return;
    }
    /* For WORK_RELOAD the long way out, which loads everything, is enough. */
    work = __atomic_fetch_and(&v->work, ~(WORK_RELOAD | WORK_NMI | WORK_EVENT), __ATOMIC_ACQ_REL);
    if (work & WORK_NMI)
        nmi_deliver(v, regs);
    if (unlikely(regs->rip == v->bound_at) && call_is_bound(v)) /* that ends first, and looks */
        return;
    if (upcall_is_due(v)) /* of which no flag may tell: blocking unmasks */
        (v->domain->is_32bit ? upcall_bounce32 : bounce_upcall)(regs);
}
