/* The beginning of domains and vcpus: made by the boot (dom0), or for a controller. */
#include "hypervisor/domain/life.h"

#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/domain/list.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/domain/vnuma.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/time/wallclock.h"
#include "xen-like/lib/string.h"

#define TRAPS_BYTES (256 * sizeof(struct trap_info))

struct vcpu_info vcpu_info_none;

/* A 32-bit guest is told its address in 32 bits; which width @d gets is not known yet. */
static bool shared_info_make(struct domain *d)
{
    d->shared = page_alloc_low();
    if (!d->shared)
        return false;
    d->shared_mfn = virt_to_mfn(d->shared);
    frame_share(d->shared_mfn, d, true);
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        d->shared->vcpu_info[i].evtchn_upcall_mask = 1;
    return true;
}

/* Numbers that frames carry (mm/frame.h). They are not used twice: those past the last one get
 * none, and their memory is always cleared. */
static u16 trace_next(void)
{
    static u32 last;
    u32 trace = __atomic_load_n(&last, __ATOMIC_RELAXED);

    while (trace + 1 < LEFT_CLEAN)
        if (__atomic_compare_exchange_n(&last, &trace, trace + 1, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return (u16)(trace + 1);
    return LEFT_ANYTHING;
}

static bool parts_make(struct domain *d, const struct domain_config *c)
{
    d->vcpus_order = (u8)order_for(c->max_vcpus * sizeof(struct vcpu *));
    d->vcpus = c->max_vcpus > VCPUS_FEW ? pages_alloc(d->vcpus_order) : d->vcpus_few;
    return d->vcpus && events_init(d, c->ports) &&
           grants_init(d, c->grants.version ? &c->grants : &grants_options.max) &&
           shared_info_make(d);
}

/* What nobody has found yet, or nobody can find any more. */
void domain_free(struct domain *d)
{
    while (!events_free(d) || !grants_free(d))
        ;
    ranges_free(d->io_frames);
    if (d->policy)
        pages_free(d->policy, 0);
    if (d->vnuma)
        vnuma_free(d->vnuma);
    if (d->ports)
        pages_free(d->ports, order_for(IO_PORTS / 8));
    if (d->map_entries > MAP_FEW)
        pages_free(d->memory_map, order_for(d->map_entries * MEMORY_MAP_ENTRY));
    if (d->vcpus && d->max_vcpus > VCPUS_FEW)
        pages_free(d->vcpus, d->vcpus_order);
    pages_free(d, 0);
}

int domain_create(u16 id, const struct domain_config *c, struct domain **made)
{
    struct domain *d;
    int rc = domain_number_take(&id, c->privileged);

    _Static_assert(sizeof(struct domain) <= PAGE_SIZE, "a domain is a page");
    if (rc)
        return rc;
    d = pages_alloc(0);
    if (!d) {
        domain_number_return(id);
        return refuse(XEN_ENOMEM, "no memory for a domain");
    }
    *d = (struct domain){
        .id = id,
        .trace = trace_next(),
        .privileged = c->privileged,
        .created = c->runs,
        .pauses = !c->runs,
        .max_vcpus = c->max_vcpus,
        .max_pages = c->max_pages,
        .flags = c->flags,
        .ssidref = c->ssidref,
        .shutdown_code = SHUTDOWN_CODE_NONE,
        .vcpus_lock = SPINLOCK(LOCK_VCPUS),
        .page_lock = SPINLOCK(LOCK_DOMAIN_PAGES),
        .page_list = FRAME_NIL,
        .held_list = FRAME_NIL,
    };
    memcpy(d->handle, c->handle, sizeof(d->handle));
    domain_shutdown_init(d);
    if (!parts_make(d, c)) {
        domain_number_return(id);
        domain_free(d);
        return refuse(XEN_ENOMEM, "no memory for a domain");
    }
    sched_domain_init(d, c->pool);
    trace(sched_dom_add, id);
    domain_link(d);
    trace(dom_add, id);
    wallclock_publish(d);
    *made = d;
    return 0;
}

void vcpu_free(struct vcpu *v)
{
    if (v->xstate.area && (u8 *)v->xstate.area != v->room)
        xstate_free(v);
    if (v->domain && v->domain->is_32bit)
        pae_root_drop(v);
    if (v->traps)
        pages_free(v->traps, order_for(TRAPS_BYTES));
    pages_free(v, 0);
}

static bool xstate_make(struct vcpu *v)
{
    if (sizeof(*v) + xstate_limits.bytes > PAGE_SIZE)
        return xstate_alloc(v);
    v->xstate.area = (struct xstate_area *)v->room;
    xstate_reset(v, NULL);
    return true;
}

/* Is a vcpu of this number to be as it was before the pause, or its end, that is going on? */
static bool pause_is_to_come(const struct domain *d, u32 id)
{
    return d->walk.by && id >= d->walk.next &&
           (d->walk.fn == vcpu_freeze || d->walk.fn == vcpu_thaw);
}

static bool vcpu_add(struct domain *d, u32 id, struct vcpu *v)
{
    bool may;

    spin_lock(&d->vcpus_lock);
    may = id < d->max_vcpus && !d->vcpus[id] && !d->dying;
    if (may && !d->pauses == pause_is_to_come(d, id)) /* life.c */
        vcpu_freeze(v);
    if (may)
        __atomic_store_n(&d->vcpus[id], v, __ATOMIC_RELEASE);
    spin_unlock(&d->vcpus_lock);
    return may;
}

struct vcpu *vcpu_create(struct domain *d, u32 id)
{
    struct vcpu *v = d->dying ? NULL : pages_alloc(0);

    _Static_assert(sizeof(struct vcpu) <= PAGE_SIZE, "a vcpu is a page");
    if (!v)
        return NULL;
    v->domain = d;
    v->id = id;
    v->traps = pages_alloc(order_for(TRAPS_BYTES));
    if (!v->traps || !xstate_make(v) || (d->is_32bit && pae_root_make(v))) {
        vcpu_free(v);
        return NULL;
    }
    memset(v->calls.number, CALL_NONE, sizeof(v->calls.number));
    sched_vcpu_init(v);
    v->kernel_mode = 1;
    vcpu_info_place(v, id < XEN_LEGACY_MAX_VCPUS ? &d->shared->vcpu_info[id] : &vcpu_info_none);
    vcpu_time_init(v);
    v->machine_checks[MC_CAPABILITIES] = machine_checks_capabilities();
    v->ctrl_cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
    v->debug = (struct debug_regs){.status = DR6_DEFAULT, .control = DR7_DEFAULT};
    if (vcpu_add(d, id, v))
        return v;
    vcpu_free(v);
    return NULL;
}
