/*
 * The table of debug keys, by character, and the keys of what has no better place. They interrupt a
 * guest, never the hypervisor, so they may walk whatever they like; what they show of a running
 * guest is true at this moment.
 */
#include "hypervisor/debug/keys.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/report.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/audit.h"
#include "hypervisor/sched/sched.h"
#include "hypervisor/mm/tlb.h"

#define PAGES_TO_KIB(n) ((n) << (PAGE_SHIFT - 10))

static void keys_list(void);

/* Others were held where a guest's registers are complete, as they are here. */
static void registers_show(void)
{
    u64 tables = read_cr3();

    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        const struct percpu *c = percpu_of(cpu);

        const struct vcpu *v = c->running;

        if (!v || vcpu_is_idle(v))
            continue;
        tlb_load_root(MFN((v->kernel_mode ? v->cr3_kernel : v->cr3_user) >> PAGE_SHIFT));
        report_guest(v, &c->regs);
    }
    tlb_load_root(MFN(tables >> PAGE_SHIFT));
}

static void audit_show(void)
{
    for (const struct domain *d = domains; d; d = d->next)
        audit_report(d);
}

static void memory_show(void)
{
    log_always("memory: %lu of %lu KiB free", PAGES_TO_KIB(frames_free_count()),
               PAGES_TO_KIB(memory_ram_frames()));
}

static void nmis_show(void)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        log_always("NMIs on CPU %u: %u", cpu, percpu_of(cpu)->nmis);
}

static void vcpu_show(const struct vcpu *v)
{
    log_always(" vcpu %u: %s, in its %s, upcalls %s, tables %lx and %lx%s%s", v->id,
               v->sched.runstate.state == RUNSTATE_running ? "running" : "waiting",
               v->kernel_mode ? "kernel" : "user space",
               v->info->evtchn_upcall_mask ? "masked" : "open", v->cr3_kernel, v->cr3_user,
               v->iret_careful & CAREFUL_NMI ? ", in an NMI" : "",
               v->nmi_waits ? ", NMI waits" : "");
}

static void domain_show(const struct domain *d)
{
    log_always("domain %u: %lu pages, at most %lu; assists %lx%s", d->id, d->tot_pages,
               d->max_pages, d->vm_assist, d->dying ? ", dying" : "");
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i]) {
            vcpu_show(d->vcpus[i]);
            virq_raise(d->vcpus[i], VIRQ_DEBUG); /* perhaps it has something to say itself */
        }
}

static void domains_show(void)
{
    for (const struct domain *d = domains; d; d = d->next)
        domain_show(d);
}

static struct key {
    const char *text;
    void (*fn)(void);
} keys[] = {
    ['R'] = {"reboot the machine", machine_reboot},
    ['d'] = {"what the guests on all CPUs are doing", registers_show},
    ['e'] = {"event channels", events_show},
    ['f'] = {"audit: count all references to frames again", audit_show},
    ['g'] = {"grants in use", grants_show},
    ['h'] = {"this list", keys_list},
    ['m'] = {"memory", memory_show},
    ['n'] = {"NMIs", nmis_show},
    ['r'] = {"run queues", sched_report},
    ['q'] = {"domains and their vcpus", domains_show},
    [127] = {NULL, NULL},
};

static void keys_list(void)
{
    for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
        if (keys[i].fn)
            log_always(" %c  %s", (char)i, keys[i].text);
}

void key_add(char key, const char *text, void (*fn)(void))
{
    BUG_ON((u8)key >= ARRAY_SIZE(keys) || keys[(u8)key].fn);
    keys[(u8)key] = (struct key){text, fn};
}

void key_press(char key)
{
    if ((u8)key >= ARRAY_SIZE(keys) || !keys[(u8)key].fn)
        return;
    log_always("key '%c': %s", key, keys[(u8)key].text);
    smp_hold_others(); /* who is shown stands still */
    keys[(u8)key].fn();
    smp_let_others_go();
}
