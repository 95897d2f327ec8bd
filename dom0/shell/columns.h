/*
 * How xl prints: the columns of its tables, to the character, so that what reads xl's output reads
 * ours. Everything here makes one line, without its end, in @to[size].
 */
#ifndef DOM0_SHELL_COLUMNS_H
#define DOM0_SHELL_COLUMNS_H

#include "xen-like/abi/xen.h"
#include "xen-like/lib/types.h"

#define COLUMNS_LIST_HEAD                                                                          \
    "Name                                        ID   Mem VCPUs\tState\tTime(s)"
#define COLUMNS_UPTIME_HEAD "Name                                ID Uptime"
#define COLUMNS_WEIGHT_HEAD "Name                                ID Weight  Cap"
#define COLUMNS_VCPU_HEAD                                                                          \
    "Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)"

#define COLUMNS_BLOCK_HEAD "Vdev  BE  handle state evt-ch ring-ref BE-path                       "
#define COLUMNS_NETWORK_HEAD                                                                       \
    "Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref BE-path                      " \
    " "

struct device_state;

/* A line of `list`. */
void column_domain(char *to, size_t size, const char *name,
                   const struct xen_domctl_getdomaininfo *info);

/* A line of `vcpu-list`, without the affinities. */
void column_vcpu(char *to, size_t size, const char *name, domid_t domain,
                 const struct xen_domctl_getvcpuinfo *info);

/* A line of `block-list`, and of `network-list`. */
void column_block(char *to, size_t size, const struct device_state *device);
void column_network(char *to, size_t size, const struct device_state *device);

/* Which of the CPUs [0, cpus): "all", "none", "0-2,5". */
void column_cpus(char *to, size_t size, const u8 *map, unsigned int cpus);

/* A time since the beginning: "1 day,  2:03:04"; in short without the seconds. */
void column_uptime(char *to, size_t size, u64 seconds, bool in_short);

/* "128", "128m", "1g", "131072k": KiB; MiB without a letter. False: no size. */
bool memory_parse(const char *text, u64 *kib);

/* One of the letters of `list`'s State, and the whole of it: "r-----". */
void column_state(char state[7], u32 flags);

#endif
