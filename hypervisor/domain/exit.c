/*
 * What happens on the way out to a guest when a flag in vcpu.work says that something must, or an
 * upcall is due: its domain has ended, another vcpu is to run, an NMI or an upcall is delivered.
 * The first domain is the only one there is, and its end is the machine's.
 */
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/nmi.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/report.h"
#include "hypervisor/domain/domain.h"
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

static NORETURN void domain_ended(struct vcpu *v, struct cpu_user_regs *regs)
{
    if (v->domain->crash_rule)
        report_death(v, regs);
#ifdef DEBUG
    path_report();
    audit_report(v->domain);
#endif
    first_domain_ended(v->domain);
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
    if (upcall_is_due(v)) /* of which no flag may tell: blocking unmasks */
        bounce_upcall(regs);
}
