/*
 * domctl: the share of a domain (weight and cap, as `xl sched-credit` sets them) and where its
 * vcpus may run (`xl vcpu-pin`). The domain is the caller itself, on a machine of two CPUs.
 */
#include "tests/guests/domctl.h"

#define SELF    0
#define NOBODY  77
#define NOWHERE ((void *)0x70000000)
#define BYTES   4

#define PUT XEN_DOMCTL_SCHEDOP_putinfo
#define GET XEN_DOMCTL_SCHEDOP_getinfo

static u8 hard[BYTES], soft[BYTES];

static long share(u32 cmd, u32 scheduler, u16 weight, u16 cap)
{
    domctl_begin();
    op.u.scheduler_op.sched_id = scheduler;
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.u.credit.weight = weight;
    op.u.scheduler_op.u.credit.cap = cap;
    return domctl(XEN_DOMCTL_scheduler_op, SELF);
}

static void share_shown(const char *name)
{
    row(name_of(name, "get"), share(GET, XEN_SCHEDULER_CREDIT, 7, 7));
    row(name_of(name, "weight"), op.u.scheduler_op.u.credit.weight);
    row(name_of(name, "cap"), op.u.scheduler_op.u.credit.cap);
}

static void share_rows(void)
{
    share_shown("share_first");
    row("share.put", share(PUT, XEN_SCHEDULER_CREDIT, 512, 50));
    share_shown("share_second");
    row("share.cap_only", share(PUT, XEN_SCHEDULER_CREDIT, 0, 80));
    share_shown("share_third");
    row("share.weight_only", share(PUT, XEN_SCHEDULER_CREDIT, 100, 0xffff));
    share_shown("share_fourth");
    row("share.largest", share(PUT, XEN_SCHEDULER_CREDIT, 0xffff, 0xffff));
    share_shown("share_fifth");
    row("share.no_cap", share(PUT, XEN_SCHEDULER_CREDIT, 256, 0));
    share_shown("share_last");
    row("share.another_scheduler", share(GET, XEN_SCHEDULER_CREDIT2, 0, 0));
    row("share.no_scheduler", share(GET, 0, 0, 0));
    row("share.operation", share(7, XEN_SCHEDULER_CREDIT, 0, 0));
    row("share.of_a_vcpu", share(XEN_DOMCTL_SCHEDOP_putvcpuinfo, XEN_SCHEDULER_CREDIT, 0, 0));
    row("share.ask_a_vcpu", share(XEN_DOMCTL_SCHEDOP_getvcpuinfo, XEN_SCHEDULER_CREDIT, 0, 0));
    domctl_begin();
    row("share.nobody", domctl(XEN_DOMCTL_scheduler_op, NOBODY));
}

static long place(u32 cmd, u32 vcpu, u32 flags, void *hard_at, void *soft_at)
{
    struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

    domctl_begin();
    a->vcpu = vcpu;
    a->flags = flags;
    a->cpumap_hard.bitmap.p = hard_at;
    a->cpumap_soft.bitmap.p = soft_at;
    a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = BYTES * 8;
    return domctl(cmd, SELF);
}

#define BOTH  (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)
#define SETS  XEN_DOMCTL_setvcpuaffinity
#define TELLS XEN_DOMCTL_getvcpuaffinity

static void places_shown(const char *name)
{
    memset(hard, 0x7f, BYTES);
    memset(soft, 0x7f, BYTES);
    row(name_of(name, "get"), place(TELLS, 0, BOTH, hard, soft));
    row(name_of(name, "hard"), hard[0]);
    row(name_of(name, "hard_rest"), hard[1]);
    row(name_of(name, "soft"), soft[0]);
    row(name_of(name, "flags"), op.u.vcpuaffinity.flags);
}

static void place_set(const char *name, u32 flags, u8 hard_bits, u8 soft_bits)
{
    memset(hard, 0, BYTES);
    memset(soft, 0, BYTES);
    hard[0] = hard_bits;
    soft[0] = soft_bits;
    row(name_of(name, "set"), place(SETS, 0, flags, hard, soft));
    row(name_of(name, "answers_hard"), hard[0]);
    row(name_of(name, "answers_soft"), soft[0]);
    places_shown(name);
}

static void place_rows(void)
{
    places_shown("place_first");
    place_set("place_one", XEN_VCPUAFFINITY_HARD, 1, 0);
    place_set("place_other", XEN_VCPUAFFINITY_HARD, 2, 0);
    place_set("place_absent", XEN_VCPUAFFINITY_HARD, 4, 0);
    place_set("place_none", XEN_VCPUAFFINITY_HARD, 0, 0);
    place_set("place_more", XEN_VCPUAFFINITY_HARD, 7, 0);
    place_set("place_soft", XEN_VCPUAFFINITY_SOFT, 0, 2);
    place_set("place_soft_absent", XEN_VCPUAFFINITY_SOFT, 0, 4);
    place_set("place_soft_none", XEN_VCPUAFFINITY_SOFT, 0, 0);
    place_set("place_both", BOTH, 1, 2);
    place_set("place_all", BOTH, 0xff, 0xff);
    row("place.no_flags", place(SETS, 0, 0, hard, soft));
    row("place.no_flags_get", place(TELLS, 0, 0, hard, soft));
    row("place.no_hard", place(SETS, 0, XEN_VCPUAFFINITY_HARD, NULL, soft));
    row("place.no_soft", place(TELLS, 0, BOTH, hard, NULL));
    row("place.no_vcpu", place(TELLS, 1000, BOTH, hard, soft));
    row("place.unreadable", place(SETS, 0, XEN_VCPUAFFINITY_HARD, NOWHERE, soft));
    row("place.unwritable", place(TELLS, 0, XEN_VCPUAFFINITY_HARD, NOWHERE, soft));
    row("place.forced", place(SETS, 0, XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_FORCE, hard, soft));
    row("place.only_forced", place(SETS, 0, XEN_VCPUAFFINITY_FORCE, hard, soft));
}

/* SCHEDOP_pin_override holds it on a CPU until that is taken back, or forced. */
static void pin_rows(void)
{
    struct sched_pin_override pin = {.pcpu = 1};

    row("pin.hold", call_sched_op(SCHEDOP_pin_override, &pin));
    place_set("pin_held", XEN_VCPUAFFINITY_HARD, 1, 0);
    place_set("pin_forced", XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_FORCE, 1, 0);
    pin.pcpu = -1;
    row("pin.let_go", call_sched_op(SCHEDOP_pin_override, &pin));
}

void guest_main(void)
{
    share_rows();
    place_rows();
    pin_rows();
    guest_end();
}
