/*
 * Pools of CPUs, as `xl cpupool-...` makes and fills them. The control domain has one vcpu, in pool
 * 0; other domains are tiny ones, which tick ten times a second: that one goes on where it was
 * moved is seen by its ticks. What is asked in the wrong order must be refused as Xen refuses it,
 * for toolstacks undo half-made pools by that.
 */
#include "tests/guests/tinies.h"

#define INFO    XEN_SYSCTL_CPUPOOL_OP_INFO
#define FREE    XEN_SYSCTL_CPUPOOL_OP_FREEINFO
#define CREATE  XEN_SYSCTL_CPUPOOL_OP_CREATE
#define DESTROY XEN_SYSCTL_CPUPOOL_OP_DESTROY
#define ADD     XEN_SYSCTL_CPUPOOL_OP_ADDCPU
#define REMOVE  XEN_SYSCTL_CPUPOOL_OP_RMCPU
#define MOVE    XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN
#define ANY     XEN_SYSCTL_CPUPOOL_PAR_ANY

static u32 cpus;
static u8 map[8];
static struct xen_sysctl op;
static struct xen_sysctl_cpupool_op *const p = &op.u.cpupool_op;

static long pool(u32 what, u32 id, u32 cpu, u32 domid)
{
    memset(&op, 0, sizeof(op));
    memset(map, 0, sizeof(map));
    p->op = what;
    p->cpupool_id = id;
    p->cpu = cpu;
    p->domid = domid;
    p->sched_id = XEN_SCHEDULER_CREDIT;
    p->cpumap.bitmap.p = map;
    p->cpumap.nr_bits = 8;
    return control_sysctl(&op, XEN_SYSCTL_cpupool_op);
}

static void row_pool(const char *name, u32 what, u32 id, u32 cpu)
{
    row(name, pool(what, id, cpu, 0));
}

/* All pools, and what is free. */
static void shown(const char *group)
{
    u32 id = 0;

    for (; !pool(INFO, id, 0, 0); id = p->cpupool_id + 1)
        console_printf("ROW %s.pool_%u = CPUs %x, %u domains, scheduler %u\n", group, p->cpupool_id,
                       map[0], p->n_dom, p->sched_id);
    row(name_of(group, "free_answer"), pool(FREE, 0, 0, 0));
    row(name_of(group, "free"), map[0]);
}

static void affinity(const char *group, domid_t domain)
{
    u8 hard[4] = {0}, soft[4] = {0};

    row(name_of(group, "hard_answer"),
        domain_vcpu_affinity(domain, 0, XEN_VCPUAFFINITY_HARD, false, hard, 32));
    row(name_of(group, "soft_answer"),
        domain_vcpu_affinity(domain, 0, XEN_VCPUAFFINITY_SOFT, false, soft, 32));
    row(name_of(group, "hard"), hard[0] & ((1U << cpus) - 1));
    row(name_of(group, "soft"), soft[0] & ((1U << cpus) - 1));
}

static void affinity_set(const char *name, domid_t domain, u32 which, u8 bits)
{
    u8 set[4] = {bits};

    row(name, domain_vcpu_affinity(domain, 0, which, true, set, 32));
    row(name_of(name, "answers"), set[0]);
}

static const struct tiny *ticking;
static u64 ticks_wanted;

static bool has_ticked(void)
{
    return tiny_report(ticking).ticks >= ticks_wanted;
}

/* It runs, on CPU @cpu if that is one: what getvcpuinfo says once it has run for a while. */
static void goes_on(const char *group, const struct tiny *t, u32 cpu)
{
    struct xen_domctl_getvcpuinfo info;

    ticking = t;
    ticks_wanted = tiny_report(t).ticks + 2;
    row(name_of(group, "ticks"), serve_until(has_ticked, 20000));
    domain_vcpu_info(t->domain.domid, 0, &info);
    if (cpu != ANY)
        row(name_of(group, "cpu"), info.cpu);
}

static u32 pool_of(domid_t domain)
{
    struct xen_domctl_getdomaininfo info;

    return domain_info(domain, &info) ? ANY : info.cpupool;
}

static void begin_rows(void)
{
    shown("begin");
    row_pool("create.zero", CREATE, 0, 0);
    row_pool("create.five", CREATE, 5, 0);
    row("create.five_is", p->cpupool_id);
    row_pool("create.five_again", CREATE, 5, 0);
    row_pool("create.any", CREATE, ANY, 0);
    row("create.any_is", p->cpupool_id);
    row_pool("create.two", CREATE, 2, 0);
    row_pool("create.highest", CREATE, ANY - 1, 0);
    shown("created");
    row_pool("destroy.two", DESTROY, 2, 0);
    row_pool("destroy.two_again", DESTROY, 2, 0);
    row_pool("destroy.six", DESTROY, 6, 0);
    if (cpus > 2) { /* five pools are too many for two CPUs */
        row_pool("create.gap", CREATE, ANY, 0);
        row("create.gap_is", p->cpupool_id);
        row_pool("destroy.gap", DESTROY, p->cpupool_id, 0);
    }
    row_pool("destroy.highest", DESTROY, ANY - 1, 0);
    row_pool("destroy.zero", DESTROY, 0, 0);
    shown("one_more");
}

/* With pool 5, which is empty. */
static void cpu_rows(void)
{
    row_pool("add.any_none_free", ADD, 5, ANY);
    row_pool("add.taken", ADD, 5, 1);
    row_pool("add.to_its_own", ADD, 0, 1);
    row_pool("remove.not_in", REMOVE, 5, 1);
    row_pool("remove.zero_of_five", REMOVE, 5, 0);
    row_pool("remove.any_of_none", REMOVE, 5, ANY);
    row_pool("remove.first", REMOVE, 0, 0);
    row_pool("remove.last", REMOVE, 0, cpus - 1);
    shown("removed");
    row_pool("remove.twice", REMOVE, 0, cpus - 1);
    row_pool("add.any", ADD, 5, ANY);
    shown("added");
    row_pool("add.twice", ADD, 5, cpus - 1);
    row_pool("destroy.with_cpu", DESTROY, 5, 0);
    row_pool("remove.any", REMOVE, 5, ANY);
    row_pool("remove.again", REMOVE, 5, ANY);
    row_pool("add.back", ADD, 0, cpus - 1);
    shown("back");
    if (cpus == 2)
        return;
    row_pool("any.remove_last", REMOVE, 0, cpus - 1);
    row_pool("any.remove_before", REMOVE, 0, cpus - 2);
    row_pool("any.add", ADD, 5, ANY); /* which of two? */
    shown("any_added");
    row_pool("any.remove", REMOVE, 5, ANY);
    row_pool("any.back", ADD, 0, cpus - 1);
    row_pool("any.back_before", ADD, 0, cpus - 2);
    shown("any_back");
}

static void row_move(const char *name, u32 id, u32 domid)
{
    row(name, pool(MOVE, id, 0, domid));
}

/* A domain goes to pool 5, which has the last CPU, and comes back. */
static void move_rows(struct tiny *t)
{
    domid_t domid = t->domain.domid;

    affinity_set("move.affinity", domid, XEN_VCPUAFFINITY_HARD, 1);
    affinity_set("move.wish", domid, XEN_VCPUAFFINITY_SOFT, 1);
    row_move("move.empty", 5, domid);
    row_move("move.nowhere", 77, domid);
    row_move("move.nobody", 5, 77);
    row_move("move.self", 5, 0);
    row_move("move.same", 0, domid);
    affinity("move_same", domid);
    row_pool("move.remove", REMOVE, 0, cpus - 1);
    row_pool("move.add", ADD, 5, cpus - 1);
    goes_on("before_move", t, ANY);
    row_move("move.there", 5, domid);
    row("move.pool", pool_of(domid));
    shown("moved");
    affinity("moved", domid);
    goes_on("moved", t, cpus - 1);
    affinity_set("moved.elsewhere", domid, XEN_VCPUAFFINITY_HARD, 1);
    affinity_set("moved.also_elsewhere", domid, XEN_VCPUAFFINITY_HARD, 0xff);
    affinity_set("moved.wish", domid, XEN_VCPUAFFINITY_SOFT, 1);
    affinity("moved_then", domid);
    row_pool("moved.remove_last", REMOVE, 5, ANY);
    row_pool("moved.destroy", DESTROY, 5, 0);
}

/* A domain that has ended is in pool 0, where Xen counts it as long as any CPU may look at it,
 * which is longer than anybody finds it. */
static bool pool_0_has_one_domain(void)
{
    return !pool(INFO, 0, 0, 0) && p->n_dom == 1;
}

/* A domain that is made in it, and ends in it. */
static void made_in_rows(void)
{
    struct xen_domctl new = {
        .u.createdomain = {.max_vcpus = 1,
                           .max_evtchn_port = 1023,
                           .max_grant_frames = 64,
                           .max_maptrack_frames = 1024,
                           .grant_opts = XEN_DOMCTL_GRANT_version(2),
                           .cpupool_id = 5},
    };
    u32 domid;

    row("made.answer", control_domctl(&new, XEN_DOMCTL_createdomain, 0));
    domid = new.domain;
    row("made.pool", pool_of((domid_t)domid));
    shown("made");
    row("made.destroy", domain_destroy((domid_t)domid));
    row("made.has_ended", serve_until(pool_0_has_one_domain, 20000));
    row_pool("made.create", CREATE, 8, 0);
    memset(&new, 0, sizeof(new));
    new.u.createdomain.max_vcpus = 1;
    new.u.createdomain.max_grant_frames = 64;
    new.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
    new.u.createdomain.cpupool_id = 8;
    row("made.in_an_empty_one", control_domctl(&new, XEN_DOMCTL_createdomain, 0));
    new.u.createdomain.cpupool_id = 9;
    row("made.in_none", control_domctl(&new, XEN_DOMCTL_createdomain, 0));
    row_pool("made.gone", DESTROY, 8, 0);
}

static void back_rows(struct tiny *t)
{
    row_move("back.move", 0, t->domain.domid);
    affinity("back", t->domain.domid);
    affinity_set("back.affinity", t->domain.domid, XEN_VCPUAFFINITY_HARD, 1);
    affinity_set("back.all", t->domain.domid, XEN_VCPUAFFINITY_HARD, 0xff);
    goes_on("back", t, cpus == 2 ? 0 : ANY);
    row_pool("back.remove", REMOVE, 5, ANY);
    row_pool("back.add", ADD, 0, cpus - 1);
    row_pool("back.destroy", DESTROY, 5, 0);
    shown("back_all");
}

/* A vcpu that could run on one CPU only, which leaves. */
static void broken_rows(struct tiny *t)
{
    domid_t domid = t->domain.domid;

    affinity_set("broken.set_hard", domid, XEN_VCPUAFFINITY_HARD, (u8)(1U << (cpus - 1)));
    affinity_set("broken.set_soft", domid, XEN_VCPUAFFINITY_SOFT, (u8)(1U << (cpus - 1)));
    goes_on("broken_before", t, cpus - 1);
    row_pool("broken.remove", REMOVE, 0, ANY);
    goes_on("broken", t, cpus == 2 ? 0 : ANY);
    affinity("broken", domid);
    row_pool("broken.back", ADD, 0, ANY);
    affinity("broken_back", domid);
}

/* SCHEDOP_pin_override holds nobody outside of his pool. */
static void hold_rows(void)
{
    struct sched_pin_override pin = {.pcpu = (s32)cpus - 1};

    row_pool("hold.create", CREATE, 3, 0);
    row_pool("hold.remove", REMOVE, 0, cpus - 1);
    row("hold.free", call_sched_op(SCHEDOP_pin_override, &pin));
    row_pool("hold.add", ADD, 3, cpus - 1);
    row("hold.elsewhere", call_sched_op(SCHEDOP_pin_override, &pin));
    row_pool("hold.undo", REMOVE, 3, ANY);
    row_pool("hold.back", ADD, 0, ANY);
    row_pool("hold.destroy", DESTROY, 3, 0);
}

/* Xen forgets a domain some time after its end. */
static bool is_alone(void)
{
    return !pool(INFO, 0, 0, 0) && p->n_dom == 1;
}

static void want(const char *name, u32 what, u32 id, u32 cpu, long wanted)
{
    row_want(name, pool(what, id, cpu, 0), wanted);
}

/* The CPU that leaves is where it holds the control domain's vcpu. What is wanted is what Xen's
 * source says; Xen itself falls (a general protection fault in its credit scheduler). */
static void pinned_rows(void)
{
    struct sched_pin_override pin = {.pcpu = (s32)cpus - 1};

    want("pinned.create", CREATE, 3, 0, 0);
    row_want("pinned.hold", call_sched_op(SCHEDOP_pin_override, &pin), 0);
    want("pinned.remove", REMOVE, 0, cpus - 1, -XEN_EADDRINUSE);
    want("pinned.remove_again", REMOVE, 0, cpus - 1, -XEN_EADDRINUSE);
    want("pinned.add_elsewhere", ADD, 3, cpus - 1, -XEN_EADDRNOTAVAIL);
    want("pinned.remove_another", REMOVE, 0, 1, -XEN_EADDRNOTAVAIL);
    want("pinned.free", FREE, 0, 0, 0);
    row_want("pinned.is_free", map[0], 1L << (cpus - 1));
    want("pinned.repair", ADD, 0, cpus - 1, 0);
    want("pinned.repaired", FREE, 0, 0, 0);
    row_want("pinned.is_not_free", map[0], 0);
    want("pinned.remove_another_then", REMOVE, 0, 1, 0); /* none is leaving any more */
    want("pinned.add_another", ADD, 0, 1, 0);
    want("pinned.remove_once_more", REMOVE, 0, cpus - 1, -XEN_EADDRINUSE);
    pin.pcpu = -1;
    row_want("pinned.let_go", call_sched_op(SCHEDOP_pin_override, &pin), 0);
    want("pinned.remove_then", REMOVE, 0, cpus - 1, 0);
    want("pinned.add", ADD, 3, cpus - 1, 0);
    guest_end();
}

static void params_rows(void)
{
    struct xen_sysctl_scheduler_op *s = &op.u.scheduler_op;
    static const u32 ids[] = {0, 3, 4};

    row_pool("params.create", CREATE, 3, 0);
    for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
        u32 id = ids[i];

        memset(&op, 0, sizeof(op));
        s->cpupool_id = id;
        s->sched_id = XEN_SCHEDULER_CREDIT;
        s->cmd = XEN_SYSCTL_SCHEDOP_putinfo;
        s->u.sched_credit.tslice_ms = 20 + id;
        console_printf("ROW params.put_%u = %ld\n", id,
                       (long)control_sysctl(&op, XEN_SYSCTL_scheduler_op));
    }
    for (u32 id = 0; id <= 3; id += 3) {
        s->cpupool_id = id;
        s->cmd = XEN_SYSCTL_SCHEDOP_getinfo;
        control_sysctl(&op, XEN_SYSCTL_scheduler_op);
        console_printf("ROW params.slice_%u = %u\n", id, s->u.sched_credit.tslice_ms);
    }
    row_pool("params.create_later", CREATE, 4, 0);
    memset(&op, 0, sizeof(op));
    s->cpupool_id = 4;
    s->sched_id = XEN_SCHEDULER_CREDIT;
    s->cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    row("params.later_answer", control_sysctl(&op, XEN_SYSCTL_scheduler_op));
    row("params.later_is_as_pool_0_was_set", s->u.sched_credit.tslice_ms == 20);
    row_pool("params.destroy_later", DESTROY, 4, 0);
    row_pool("params.destroy", DESTROY, 3, 0);
}

/* Twice as many as CPUs, and no more; whether the number is taken is asked later. */
static void many_rows(void)
{
    long rc = 0;

    for (u32 n = 1; !rc && n < 100; n++)
        rc = pool(CREATE, 100 + n, 0, 0);
    row("many.answer", rc);
    row("many.last", p->cpupool_id);
    row_pool("many.zero", CREATE, 0, 0);
    for (u32 n = 1; n < 100; n++)
        pool(DESTROY, 100 + n, 0, 0);
    shown("end");
}

void guest_main(void)
{
    struct xen_sysctl_physinfo info;
    struct tiny t;

    toolstack_begin();
    cpus = machine_info(&info) ? 1 : info.nr_cpus;
    row("machine.cpus", cpus);
    if (text_holds((const char *)start_info->cmd_line, "pinned"))
        pinned_rows();
    begin_rows();
    cpu_rows();
    if (tiny_build(&t) || tiny_watch(&t) || domain_unpause(t.domain.domid))
        guest_panic("there is no tiny guest");
    move_rows(&t);
    made_in_rows();
    back_rows(&t);
    broken_rows(&t);
    tiny_leave(&t);
    domain_destroy(t.domain.domid);
    row("end.forgotten", serve_until(is_alone, 5000));
    row("end.not_counted", serve_until(pool_0_has_one_domain, 20000));
    hold_rows();
    params_rows();
    many_rows();
    guest_end();
}
