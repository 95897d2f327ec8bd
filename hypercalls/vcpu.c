/*
 * vcpu_op: the life of the caller's vcpus, and what each registers of its own.
 *
 * A vcpu is made with its domain and is down. It begins with the state that `initialise` gives it,
 * once, and runs from `up` to `down`, any number of times. Another kernel thread may be doing the
 * same: all of this is under the domain's vcpus_lock, guest memory apart.
 */
#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"
#include "hypercalls/vcpu_context.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/clock.h"

#define PERIOD_MIN 1000000UL /* ns */
#define PERIOD_MAX (~0UL >> 2)

static long initialise(struct vcpu *v, u64 arg)
{
    struct vcpu_guest_context c; /* a third of the stack: nothing above it is large */
    int rc;

    if (v->info == &vcpu_info_none)
        return refuse(XEN_EINVAL, "a vcpu that has no vcpu_info yet");
    rc = context_read(v->domain, &c, arg);
    if (rc)
        return rc;
    spin_lock(&v->domain->vcpus_lock);
    rc = v->initialised ? refuse(XEN_EEXIST, "a vcpu that has begun") : vcpu_context_set(v, &c);
    spin_unlock(&v->domain->vcpus_lock);
    if (rc == RESTART)
        return call_continue(__HYPERVISOR_vcpu_op, VCPUOP_initialise, v->id, arg, 0);
    return rc;
}

static long up(struct vcpu *v)
{
    int rc = 0;

    spin_lock(&v->domain->vcpus_lock);
    if (v->initialised)
        vcpu_go(v, STOP_DOWN);
    else
        rc = refuse(XEN_EINVAL, "a vcpu that has no state to begin with");
    spin_unlock(&v->domain->vcpus_lock);
    return rc;
}

static bool is_up(const struct vcpu *v)
{
    return !(ACCESS_ONCE(v->sched.stopped) & STOP_DOWN);
}

static bool others_up(const struct vcpu *v)
{
    const struct domain *d = v->domain;

    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i] && d->vcpus[i] != v && is_up(d->vcpus[i]))
            return true;
    return false;
}

/* A domain whose last vcpu goes down ends. */
static long down(struct vcpu *v)
{
    spin_lock(&v->domain->vcpus_lock);
    if (others_up(v))
        vcpu_stop(v, STOP_DOWN);
    else
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
    spin_unlock(&v->domain->vcpus_lock);
    return 0;
}

static long runstate_get(struct vcpu *v, u64 arg)
{
    struct vcpu_runstate_info r;

    vcpu_runstate(v, &r);
    return STRUCT_WRITE(arg, &r);
}

/* The address of an area of @bytes: of a union of an address and 64 bits a 32-bit guest fills the
 * former. Whether it can be written is nobody's concern but the guest's. */
static int area_read(u64 *area, u64 arg, u64 bytes)
{
    int rc = word_read(area, arg, 0);

    if (!rc && !caller_range_ok(*area, caller_is_32bit() ? bytes : 1))
        rc = refuse(XEN_EFAULT, "an area in the hypervisor's range");
    return rc;
}

static long runstate_area(struct vcpu *v, u64 arg)
{
    struct vcpu_runstate_info r;
    u64 area;

    if (area_read(&area, arg, STRUCT_BYTES(struct vcpu_runstate_info)))
        return -XEN_EFAULT;
    v->sched.runstate_area = area;
    if (v == current) {
        vcpu_runstate_publish(v);
    } else {
        vcpu_runstate(v, &r);
        (void)STRUCT_WRITE(area, &r);
    }
    return 0;
}

static long info_move(struct vcpu *v, u64 arg)
{
    struct vcpu_register_vcpu_info where;
    int rc;

    if (guest_read(&where, arg, sizeof(where)))
        return -XEN_EFAULT;
    spin_lock(&v->domain->vcpus_lock);
    rc = vcpu_info_move(v, MFN(where.mfn), where.offset);
    spin_unlock(&v->domain->vcpus_lock);
    vcpu_time_publish(v);
    return rc;
}

static long time_area(struct vcpu *v, u64 arg)
{
    u64 area;

    if (area_read(&area, arg, sizeof(struct vcpu_time_info)))
        return -XEN_EFAULT;
    v->time.area = area;
    vcpu_time_publish(v);
    return 0;
}

static long period_set(struct vcpu *v, u64 arg)
{
    struct vcpu_set_periodic_timer set;

    if (guest_read(&set, arg, sizeof(set)))
        return -XEN_EFAULT;
    if (set.period_ns < PERIOD_MIN || set.period_ns > PERIOD_MAX)
        return refuse(XEN_EINVAL, "a period of less than a millisecond, or of centuries");
    vcpu_time_set_period(v, set.period_ns);
    return 0;
}

/* A time that has passed, or is negative, is no error, and a flag to make it one means nothing: as
 * on Xen. */
static long oneshot_set(struct vcpu *v, u64 arg)
{
    struct vcpu_set_singleshot_timer set;

    /* A 32-bit guest's argument is translated before anything is looked at. */
    if ((v == current || caller_is_32bit()) && STRUCT_READ(&set, arg))
        return -XEN_EFAULT;
    if (v != current)
        return refuse(XEN_EINVAL, "the single-shot timer of another vcpu");
    if ((s64)set.timeout_abs_ns >= (s64)now_ns()) {
        timer_set(&v->time.oneshot, set.timeout_abs_ns);
    } else {
        timer_stop(&v->time.oneshot);
        virq_raise(v, VIRQ_TIMER);
    }
    return 0;
}

static long oneshot_stop(struct vcpu *v)
{
    if (v != current)
        return refuse(XEN_EINVAL, "the single-shot timer of another vcpu");
    timer_stop(&v->time.oneshot);
    return 0;
}

static long nmi_send(struct vcpu *v, u64 arg)
{
    if (arg)
        return refuse(XEN_EINVAL, "an NMI has no argument");
    __atomic_fetch_or(&v->work, WORK_NMI, __ATOMIC_RELEASE);
    vcpu_kick(v);
    return 0;
}

/* On which CPU a vcpu of the control domain is, if it may be on one only, as when there is but one.
 * Xen has the CPU of the vcpu's number in mind. */
static long physid_get(const struct vcpu *v, u64 arg)
{
    struct vcpu_get_physid id = {.phys_id = ~0UL};

    if (!v->domain->privileged || !vcpu_is_pinned(v))
        return refuse(XEN_EINVAL, "a vcpu that is not pinned to a CPU");
    if (v->id < cpus_online)
        id.phys_id = smp_apic_id(v->id) | (u64)madt.processor[smp_apic_id(v->id)] << 32;
    return guest_write(arg, &id, sizeof(id));
}

long hc_vcpu_op(unsigned long cmd, unsigned long id, unsigned long arg)
{
    struct vcpu *v = domain_vcpu(current->domain, (u32)id);

    if (!v)
        return refuse(XEN_ENOENT, "no such vcpu");
    switch ((u32)cmd) {
    case VCPUOP_initialise:
        return initialise(v, arg);
    case VCPUOP_up:
        return up(v);
    case VCPUOP_down:
        return down(v);
    case VCPUOP_is_up:
        return is_up(v);
    case VCPUOP_get_runstate_info:
        return runstate_get(v, arg);
    case VCPUOP_register_runstate_memory_area:
        return runstate_area(v, arg);
    case VCPUOP_set_periodic_timer:
        return period_set(v, arg);
    case VCPUOP_stop_periodic_timer:
        vcpu_time_set_period(v, 0);
        return 0;
    case VCPUOP_set_singleshot_timer:
        return oneshot_set(v, arg);
    case VCPUOP_stop_singleshot_timer:
        return oneshot_stop(v);
    case VCPUOP_register_vcpu_time_memory_area:
        return time_area(v, arg);
    case VCPUOP_register_vcpu_info:
        return info_move(v, arg);
    case VCPUOP_send_nmi:
        return nmi_send(v, arg);
    case VCPUOP_get_physid:
        return physid_get(v, arg);
    default:
        return refuse(XEN_ENOSYS, "no such operation on a vcpu");
    }
}
