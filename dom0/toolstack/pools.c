/* Pools of CPUs, by sysctl: see pools.h. */
#include "dom0/toolstack/pools.h"

#include "dom0/xenstore/store.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define NODE_SIZE 40

static int pool_op(struct xen_sysctl *op, u32 what)
{
    op->u.cpupool_op.op = what;
    return control_sysctl(op, XEN_SYSCTL_cpupool_op);
}

static void node_name(char to[NODE_SIZE], u32 id, const char *child)
{
    fmt_snprintf(to, NODE_SIZE, "/local/pool/%u%s", id, child);
}

bool pool_next(u32 *at, struct pool *p)
{
    struct xen_sysctl op = {.u.cpupool_op.cpupool_id = *at};
    struct xen_sysctl_cpupool_op *info = &op.u.cpupool_op;
    char node[NODE_SIZE];

    *p = (struct pool){0};
    set_xen_guest_handle(info->cpumap.bitmap, p->cpus);
    info->cpumap.nr_bits = POOL_CPUS_MAX;
    if (*at == XEN_SYSCTL_CPUPOOL_PAR_ANY || pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_INFO))
        return false;
    p->id = info->cpupool_id;
    p->scheduler = info->sched_id;
    p->domains = info->n_dom;
    for (u32 cpu = 0; cpu < POOL_CPUS_MAX; cpu++)
        p->cpu_count += pool_has_cpu(p->cpus, cpu);
    node_name(node, p->id, "/name");
    if (store_read(node, p->name, sizeof(p->name)) < 0)
        fmt_snprintf(p->name, sizeof(p->name), "Pool-%u", p->id);
    *at = p->id + 1;
    return true;
}

bool pool_find(const char *word, struct pool *p)
{
    const char *end;
    u64 number;

    for (u32 at = 0; pool_next(&at, p);)
        if (!strcmp(p->name, word))
            return true;
    if (!parse_unsigned(word, &end, &number) || *end)
        return false;
    for (u32 at = 0; pool_next(&at, p);)
        if (p->id == number)
            return true;
    return false;
}

int pool_free_cpus(u8 cpus[POOL_CPUS_MAX / 8])
{
    struct xen_sysctl op = {.u.cpupool_op.cpumap.nr_bits = POOL_CPUS_MAX};

    memset(cpus, 0, POOL_CPUS_MAX / 8);
    set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, cpus);
    return pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_FREEINFO);
}

int pool_create(const char *name, u32 scheduler, u32 *id)
{
    struct xen_sysctl op = {
        .u.cpupool_op = {.cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY, .sched_id = scheduler}};
    char node[NODE_SIZE];
    int answer = pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_CREATE);

    *id = op.u.cpupool_op.cpupool_id;
    if (answer)
        return answer;
    node_name(node, *id, "/name");
    answer = store_write(node, name);
    if (answer)
        pool_destroy(&(struct pool){.id = *id});
    return answer;
}

/* What was not done at the end is undone. */
int pool_destroy(const struct pool *p)
{
    struct xen_sysctl op = {.u.cpupool_op.cpupool_id = p->id};
    char node[NODE_SIZE];
    int answer = p->domains ? -XEN_EBUSY : 0;

    for (u32 cpu = 0; !answer && cpu < POOL_CPUS_MAX; cpu++)
        if (pool_has_cpu(p->cpus, cpu))
            answer = pool_cpu_remove(p->id, cpu);
    if (!answer)
        answer = pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_DESTROY);
    if (answer) {
        for (u32 cpu = 0; cpu < POOL_CPUS_MAX; cpu++)
            if (pool_has_cpu(p->cpus, cpu))
                pool_cpu_add(p->id, cpu); /* refused if it is there */
        return answer;
    }
    node_name(node, p->id, "");
    store_remove(node);
    return 0;
}

static int cpu_op(u32 what, u32 id, u32 cpu)
{
    struct xen_sysctl op = {.u.cpupool_op = {.cpupool_id = id, .cpu = cpu}};

    return pool_op(&op, what);
}

int pool_cpu_add(u32 id, u32 cpu)
{
    return cpu_op(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu);
}

int pool_cpu_remove(u32 id, u32 cpu)
{
    return cpu_op(XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu);
}

int pool_domain_move(u32 id, domid_t domain)
{
    struct xen_sysctl op = {.u.cpupool_op = {.cpupool_id = id, .domid = domain}};

    return pool_op(&op, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN);
}
