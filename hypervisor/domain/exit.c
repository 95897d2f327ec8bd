/*
 * What happens on the way out to a guest when a flag in vcpu.work says that something must, or an
 * upcall is due: its domain has ended, another vcpu is to run, an NMI or an upcall is delivered.
 * The control domain is the only one there is, and its end is the machine's.
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

static NORETURN void control_domain_ended(const struct domain *d)
{
    switch (d->shutdown_code) {
    case SHUTDOWN_poweroff:
        log_always("Domain 0 shutdown: powering off");
        machine_power_off();
    case SHUTDOWN_crash:
        log_always("Domain 0 crashed: rebooting machine");
        machine_restart_after_failure();
    case SHUTDOWN_reboot:
        log_always("Domain 0 shutdown: rebooting machine");
        machine_reboot();
    case SHUTDOWN_watchdog:
        log_always("Domain 0 shutdown: watchdog rebooting machine");
        machine_reboot();
    default:
        log_always("Domain 0 shutdown (reason %u): halting", d->shutdown_code);
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
    control_domain_ended(v->domain);
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
        return sched_choose();
    }
    /* For WORK_RELOAD the long way out, which loads everything, is enough. */
    work = __atomic_fetch_and(&v->work, ~(WORK_RELOAD | WORK_NMI | WORK_EVENT), __ATOMIC_ACQ_REL);
    if (work & WORK_NMI)
        nmi_deliver(v, regs);
    if (upcall_is_due(v))
        bounce_upcall(regs);
}
