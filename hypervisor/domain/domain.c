/* The life of a domain: made by the boot (dom0), ended by itself or by the rule it broke. */
#include "hypervisor/domain/domain.h"

#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/time/wallclock.h"

struct domain *dom0, *domains;
struct vcpu_info vcpu_info_none;

struct domain *domain_find(u16 id)
{
    struct domain *d = domains;

    while (d && d->id != id)
        d = d->next;
    return d;
}

static bool shared_info_make(struct domain *d)
{
    d->shared = pages_alloc(0);
    if (!d->shared)
        return false;
    d->shared_mfn = virt_to_mfn(d->shared);
    frame_share(d->shared_mfn, d, true);
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
    return true;
}

static void watchdog_strike(void *domain)
{
    struct domain *d = domain;

    log_always("Watchdog timer fired for domain %u", d->id);
    domain_shutdown(d, SHUTDOWN_watchdog);
}

struct domain *domain_create(u16 id, u32 max_vcpus, u64 max_pages, bool privileged)
{
    struct domain *d = pages_alloc(0);

    _Static_assert(sizeof(struct domain) <= PAGE_SIZE, "a domain is a page");
    if (!d)
        return NULL;
    frames_forget(id);
    *d = (struct domain){
        .id = id,
        .privileged = privileged,
        .max_vcpus = max_vcpus,
        .max_pages = max_pages,
        .shutdown_code = SHUTDOWN_CODE_NONE,
        .vcpus_lock = SPINLOCK(LOCK_VCPUS),
        .page_lock = SPINLOCK(LOCK_DOMAIN_PAGES),
        .page_list = FRAME_NIL,
        .vcpus_order = (u8)order_for(max_vcpus * sizeof(struct vcpu *)),
    };
    d->vcpus = pages_alloc(d->vcpus_order);
    if (!d->vcpus || !events_init(d) || !shared_info_make(d)) {
        if (d->vcpus)
            pages_free(d->vcpus, d->vcpus_order);
        events_destroy(d);
        pages_free(d, 0);
        return NULL;
    }
    wallclock_publish(d);
    for (u32 i = 0; i < WATCHDOGS; i++)
        timer_init(&d->watchdogs[i], watchdog_strike, d);
    d->next = domains;
    domains = d;
    return d;
}

struct vcpu *vcpu_create(struct domain *d, u32 id)
{
    struct vcpu *v;

    _Static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "a vcpu is a page");
    if (id >= d->max_vcpus || d->vcpus[id])
        return NULL;
    v = pages_alloc(0);
    if (!v)
        return NULL;
    v->traps = pages_alloc(order_for(256 * sizeof(struct trap_info)));
    if (!v->traps || !xstate_alloc(v)) {
        if (v->traps)
            pages_free(v->traps, order_for(256 * sizeof(struct trap_info)));
        pages_free(v, 0);
        return NULL;
    }
    v->domain = d;
    v->id = id;
    sched_vcpu_init(v);
    v->kernel_mode = 1;
    v->info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared->vcpu_info[id] : &vcpu_info_none;
    vcpu_time_init(v);
    v->ctrl_cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
    v->debug = (struct debug_regs){.status = DR6_DEFAULT, .control = DR7_DEFAULT};
    d->vcpus[id] = v;
    return v;
}

static void domain_stop(struct domain *d)
{
    d->shutdown = true;
    for (u32 i = 0; i < d->max_vcpus; i++) {
        if (!d->vcpus[i])
            continue;
        __atomic_fetch_or(&d->vcpus[i]->work, WORK_DEAD, __ATOMIC_RELEASE);
        vcpu_kick(d->vcpus[i]); /* to its end: exit.c */
    }
}

void domain_shutdown_code(struct domain *d, u32 code)
{
    u32 none = SHUTDOWN_CODE_NONE;

    __atomic_compare_exchange_n(&d->shutdown_code, &none, code, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
}

void domain_shutdown(struct domain *d, u32 code)
{
    if (d->shutdown)
        return;
    domain_shutdown_code(d, code);
    domain_stop(d);
}

void domain_crash_at(struct domain *d, const char *rule, const char *file, u32 line)
{
    if (d->shutdown)
        return; /* the first reason is the one that matters */
    d->crash_rule = rule;
    d->crash_file = file;
    d->crash_line = line;
    domain_shutdown(d, SHUTDOWN_crash);
}
