/*
 * An NMI may strike between any two instructions of the hypervisor, so all that is done at once is
 * to count it, note the reason, and set a flag that the way out to the guest looks at. It may also
 * strike when that has been looked at already, or when another vcpu runs: then this CPU sends
 * itself an interrupt, which waits until the guest runs and brings it back at once, or wakes it
 * when it is blocked.
 *
 * While the guest handles one, another waits: until its next iret, whichever it is, as on Xen.
 */
#include "hypervisor/cpu/nmi.h"

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/shared32.h"

/* PIT_GATE also shows two sources of NMIs, and clears and disables them. */
#define STATUS_KEPT    0x0f
#define STATUS_SERR    0x80
#define STATUS_IOCHECK 0x40
#define DISABLE_SERR   0x04
#define DISABLE_IOCHK  0x08

#define HLT_BYTES 1

static bool ring_grew;

/* The log may be written with any lock held: who reads it is told when a guest runs. */
static void ring_note(void)
{
    if (virq_is_heard(VIRQ_CON_RING) && !__atomic_exchange_n(&ring_grew, true, __ATOMIC_RELAXED))
        apic_wake_self();
}

/* What the NMI, or who wrote to the log, could not do: the vcpu may be blocked. */
static void wake(void *unused)
{
    (void)unused;
    if (__atomic_exchange_n(&ring_grew, false, __ATOMIC_RELAXED))
        virq_raise_global(VIRQ_CON_RING);
    if (dom0 && ACCESS_ONCE(dom0->vcpus[0]->work) & WORK_NMI)
        vcpu_kick(dom0->vcpus[0]);
}

void nmi_init(void)
{
    irq_set_handler(VECTOR_WAKE, wake, NULL);
    log_on_growth(ring_note);
}

static u64 nmi_reason(void)
{
    u8 status = inb(PIT_GATE), kept = status & STATUS_KEPT;

    if (status & STATUS_SERR) {
        outb(PIT_GATE, kept | DISABLE_SERR);
        return XEN_NMIREASON_pci_serr;
    }
    if (status & STATUS_IOCHECK) {
        outb(PIT_GATE, kept | DISABLE_IOCHK);
        return XEN_NMIREASON_io_error;
    }
    return XEN_NMIREASON_unknown;
}

void trap_nmi(struct cpu_user_regs *regs)
{
    smp_stop_here();
    this_cpu()->nmis++;
    if (regs->rip == (u64)idle_halt) /* whatever wakes it may come before it halts */
        regs->rip += HLT_BYTES;
    if (this_cpu()->id || !dom0)
        return; /* the machine's own reach the first CPU only: a late smp_stop_others() */
    __atomic_fetch_or(shared_nmi_reason(dom0), nmi_reason(), __ATOMIC_RELAXED);
    __atomic_fetch_or(&dom0->vcpus[0]->work, WORK_NMI, __ATOMIC_RELEASE);
    if (!(regs->cs & 3) || current != dom0->vcpus[0])
        apic_wake_self();
}

void nmi_deliver(struct vcpu *v, struct cpu_user_regs *regs)
{
    if (v->iret_careful & CAREFUL_NMI) {
        v->nmi_waits = true;
        return;
    }
    if (!trap_has_handler(v, EXCEPTION_NMI))
        return; /* the reason stays: whoever registers a handler later is called then */
    v->iret_careful |= CAREFUL_NMI;
    bounce_exception(regs, EXCEPTION_NMI, 0);
}

void nmi_end(struct vcpu *v)
{
    v->iret_careful &= (u8)~CAREFUL_NMI;
    if (v->nmi_waits)
        __atomic_fetch_or(&v->work, WORK_NMI, __ATOMIC_RELAXED);
    v->nmi_waits = false;
}
