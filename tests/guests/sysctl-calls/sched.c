/* The scheduler's parameters, and pools of CPUs. Pool 0 always is; others come and go. */
#include "tests/guests/sysctl-calls/sysctl_calls.h"
#include "tests/guests/sysctl.h"

static u8 map[8];

static long params(u32 cmd, u32 pool, u32 id, u32 tslice, u32 ratelimit, u32 delay)
{
    sysctl_begin();
    op.u.scheduler_op.cmd = cmd;
    op.u.scheduler_op.cpupool_id = pool;
    op.u.scheduler_op.sched_id = id;
    op.u.scheduler_op.u.sched_credit.tslice_ms = tslice;
    op.u.scheduler_op.u.sched_credit.ratelimit_us = ratelimit;
    op.u.scheduler_op.u.sched_credit.vcpu_migr_delay_us = delay;
    return sysctl(XEN_SYSCTL_scheduler_op);
}

static void params_shown(const char *name)
{
    const struct xen_sysctl_credit_schedule *c = &op.u.scheduler_op.u.sched_credit;

    row(name_of(name, "tslice"), c->tslice_ms);
    row(name_of(name, "ratelimit"), c->ratelimit_us);
    row(name_of(name, "delay"), c->vcpu_migr_delay_us);
}

#define PUT XEN_SYSCTL_SCHEDOP_putinfo
#define GET XEN_SYSCTL_SCHEDOP_getinfo

static const struct {
    const char *what;
    u32 cmd, pool, id, tslice, ratelimit, delay;
} refusals[] = {
    {"no_operation", 2, 0, XEN_SCHEDULER_CREDIT, 0, 0, 0},
    {"no_pool", GET, 5, XEN_SCHEDULER_CREDIT, 0, 0, 0},
    {"another_scheduler", GET, 0, XEN_SCHEDULER_CREDIT2, 0, 0, 0},
    {"no_scheduler", GET, 0, 0, 0, 0, 0},
    {"no_slice", PUT, 0, XEN_SCHEDULER_CREDIT, 0, 0, 0},
    {"long_slice", PUT, 0, XEN_SCHEDULER_CREDIT, 1001, 0, 0},
    {"short_limit", PUT, 0, XEN_SCHEDULER_CREDIT, 30, 99, 0},
    {"long_limit", PUT, 0, XEN_SCHEDULER_CREDIT, 1000, 500001, 0},
    {"limit_beyond_slice", PUT, 0, XEN_SCHEDULER_CREDIT, 1, 1001, 0},
    {"long_delay", PUT, 0, XEN_SCHEDULER_CREDIT, 30, 0, 100001},
};

/* What they are at first is each policy's own. */
static void params_rows(void)
{
    struct xen_sysctl_credit_schedule first;

    row("sched.id_answer", (sysctl_begin(), sysctl(XEN_SYSCTL_sched_id)));
    row("sched.id", op.u.sched_id.sched_id);
    for (u32 i = 0; i < ARRAY_SIZE(refusals); i++)
        row(name_of("sched_refused", refusals[i].what),
            params(refusals[i].cmd, refusals[i].pool, refusals[i].id, refusals[i].tslice,
                   refusals[i].ratelimit, refusals[i].delay));
    row("sched.get", params(GET, 0, XEN_SCHEDULER_CREDIT, 0, 0, 0));
    first = op.u.scheduler_op.u.sched_credit;
    row("sched.put", params(PUT, 0, XEN_SCHEDULER_CREDIT, 10, 500, 7));
    params_shown("sched_put");
    row("sched.get_again", params(GET, 0, XEN_SCHEDULER_CREDIT, 0, 0, 0));
    params_shown("sched_second");
    row("sched.put_back", params(PUT, 0, XEN_SCHEDULER_CREDIT, first.tslice_ms, first.ratelimit_us,
                                 first.vcpu_migr_delay_us));
}

static long pool(u32 what, u32 id, u32 cpu)
{
    struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;

    sysctl_begin();
    memset(map, 0x7f, sizeof(map));
    p->op = what;
    p->cpupool_id = id;
    p->cpu = cpu;
    p->sched_id = XEN_SCHEDULER_CREDIT;
    p->cpumap.bitmap.p = map;
    p->cpumap.nr_bits = 12;
    return sysctl(XEN_SYSCTL_cpupool_op);
}

static void pool_shown(const char *name)
{
    const struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;

    row(name_of(name, "id"), p->cpupool_id);
    row(name_of(name, "sched"), p->sched_id);
    row(name_of(name, "domains"), p->n_dom);
    row(name_of(name, "bits"), p->cpumap.nr_bits);
    row(name_of(name, "map_0"), map[0]);
    row(name_of(name, "map_1"), map[1]);
    row(name_of(name, "map_2"), map[2]);
}

static void pool_move(const char *name, u32 id, u32 domid)
{
    sysctl_begin();
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN;
    op.u.cpupool_op.cpupool_id = id;
    op.u.cpupool_op.domid = domid;
    row(name_of("pool_move", name), sysctl(XEN_SYSCTL_cpupool_op));
}

static void pool_rows(void)
{
    row("pool.no_operation", pool(0, 0, 0));
    row("pool.no_operation_8", pool(8, 0, 0));
    row("pool.info", pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 0, 0));
    pool_shown("pool_zero");
    row("pool.info_next", pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0));
    row("pool.free", pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0));
    pool_shown("pool_free");
    row("pool.add_none_free", pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, XEN_SYSCTL_CPUPOOL_PAR_ANY));
    row("pool.add_to_nothing", pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 5, 0));
    row("pool.add_taken", pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, 0));
    row("pool.add_no_cpu", pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, 100));
    row("pool.add_beyond", pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 0, 1000));
    row("pool.remove_first", pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 0));
    row("pool.remove_from_nothing", pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 5, 0));
    row("pool.remove_no_cpu", pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 100));
    row("pool.remove_beyond", pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 1000));
    row("pool.destroy_zero", pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, 0));
    row("pool.destroy_nothing", pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 5, 0));
    row("pool.create_zero", pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 0, 0));
    pool_move("self", 0, DOMID_SELF);
    pool_move("own_number", 0, 0);
    pool_move("nobody", 0, 77);
    pool_move("beyond", 0, 0x10000);
    op.u.cpupool_op.cpumap.bitmap.p = NOWHERE;
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    op.u.cpupool_op.cpupool_id = 0;
    op.u.cpupool_op.cpumap.nr_bits = 8;
    row("pool.map_unwritable", sysctl(XEN_SYSCTL_cpupool_op));
}

void sched_rows(void)
{
    params_rows();
    pool_rows();
}
