/*
 * Pools of CPUs as people call them. The hypervisor knows numbers; names are in the xenstore, where
 * libxl has them: /local/pool/ID/name. The first is Pool-0.
 */
#ifndef DOM0_TOOLSTACK_POOLS_H
#define DOM0_TOOLSTACK_POOLS_H

#include "dom0/toolstack/control.h"

#define POOL_CPUS_MAX  512 /* of a machine */
#define POOL_NAME_SIZE 32

struct pool {
    u32 id, scheduler, domains, cpu_count;
    u8 cpus[POOL_CPUS_MAX / 8]; /* a bit for each */
    char name[POOL_NAME_SIZE];
};

static inline bool pool_has_cpu(const u8 *cpus, u32 cpu)
{
    return cpus[cpu / 8] >> cpu % 8 & 1;
}

/*
 * Steps through all pools: *at begins at 0; false: no more.
 *     for (u32 at = 0; pool_next(&at, &p);)
 */
bool pool_next(u32 *at, struct pool *p);

/* By name or number. */
bool pool_find(const char *word, struct pool *p);

/* CPUs in no pool. */
int pool_free_cpus(u8 cpus[POOL_CPUS_MAX / 8]);

/* All answer 0 or a negative errno of xen/errno.h: what they mean stands in xen/sysctl.h. */
int pool_create(const char *name, u32 scheduler, u32 *id);
int pool_destroy(const struct pool *p); /* its CPUs are free afterwards */
int pool_cpu_add(u32 id, u32 cpu);
int pool_cpu_remove(u32 id, u32 cpu);
int pool_domain_move(u32 id, domid_t domain);

#endif
