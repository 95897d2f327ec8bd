/* Commands about vcpus and their share of the CPUs. */
#include "dom0/shell/columns.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/toolstack/config.h"
#include "dom0/toolstack/domain_store.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define CPUS_MAX      512 /* of a machine, in an affinity */
#define AFFINITY_TEXT 64

static unsigned int machine_cpus(void)
{
    struct xen_sysctl_physinfo info;

    return machine_info(&info) ? 1 : MIN(info.max_cpu_id + 1, (u32)CPUS_MAX);
}

/* ---- vcpu-list --------------------------------------------------------------------------------
 */

static void affinity_text(char *to, domid_t domain, unsigned int vcpu, unsigned int which)
{
    u8 map[CPUS_MAX / 8] = {0};

    if (domain_vcpu_affinity(domain, vcpu, which, false, map, CPUS_MAX))
        str_copy(to, "?", AFFINITY_TEXT);
    else
        column_cpus(to, AFFINITY_TEXT, map, machine_cpus());
}

static void vcpus_list(const struct xen_domctl_getdomaininfo *info)
{
    char line[128], hard[AFFINITY_TEXT], soft[AFFINITY_TEXT];

    for (u32 vcpu = 0; vcpu <= info->max_vcpu_id && info->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID;
         vcpu++) {
        struct xen_domctl_getvcpuinfo one;

        if (domain_vcpu_info(info->domain, vcpu, &one))
            continue; /* a number that no vcpu has */
        column_vcpu(line, sizeof(line), domain_name(info->domain), info->domain, &one);
        affinity_text(hard, info->domain, vcpu, XEN_VCPUAFFINITY_HARD);
        affinity_text(soft, info->domain, vcpu, XEN_VCPUAFFINITY_SOFT);
        terminal_print("%s%s / %s\n", line, hard, soft);
    }
}

bool command_vcpu_list(struct words *words)
{
    terminal_print("%s\n", COLUMNS_VCPU_HEAD);
    domains_each(words, vcpus_list);
    return true;
}

/* ---- vcpu-pin ---------------------------------------------------------------------------------
 */

static bool affinity_set(const struct xen_domctl_getdomaininfo *info, unsigned int vcpu,
                         unsigned int which, const char *text)
{
    u8 map[CPUS_MAX / 8] = {0};

    if (!text || !strcmp(text, "-"))
        return true;
    if (!config_cpus(text, map, machine_cpus())) {
        terminal_print("'%s' is no list of CPUs of this machine, which has %u (0-1,3, all, ^2)\n",
                       text, machine_cpus());
        return false;
    }
    return domain_told(domain_name(info->domain), "could not set affinity of a vcpu",
                       domain_vcpu_affinity(info->domain, vcpu, which, true, map, CPUS_MAX));
}

bool command_vcpu_pin(struct words *words)
{
    struct xen_domctl_getdomaininfo info;
    const char *name = words_next(words), *vcpu = words_next(words), *hard = words_next(words),
               *soft = words_next(words), *end = "";
    u64 first = 0, last;

    if (!hard || words_left(words))
        return false;
    if (!domain_find_info(name, &info))
        return true;
    last = info.max_vcpu_id;
    if (strcmp(vcpu, "all")) {
        if (!parse_unsigned(vcpu, &end, &first) || *end || first > last) {
            terminal_print("Error: Invalid argument %s as VCPU; %s has 0 to %" F64 "u, or: all.\n",
                           vcpu, domain_name(info.domain), last);
            return true;
        }
        last = first;
    }
    for (; first <= last; first++) {
        if (!affinity_set(&info, (u32)first, XEN_VCPUAFFINITY_HARD, hard) ||
            !affinity_set(&info, (u32)first, XEN_VCPUAFFINITY_SOFT, soft))
            break;
    }
    return true;
}

bool command_vcpu_set(struct words *words)
{
    struct xen_domctl_getdomaininfo info;
    const char *name, *text, *end;
    bool ignore_host = false;
    u64 count;
    char c;

    while ((c = words_option(words, "i"))) {
        if (c == '?')
            return false;
        ignore_host = true;
    }
    name = words_next(words);
    text = words_next(words);
    if (!text || words_left(words))
        return false;
    if (!domain_find_info(name, &info))
        return true;
    if (!parse_unsigned(text, &end, &count) || *end || !count)
        terminal_print("Error: Invalid argument.\n");
    else if (!ignore_host && count > info.nr_online_vcpus && count > machine_cpus())
        terminal_print("You are overcommmitting! You have %u physical CPUs and want %" F64
                       "u vCPUs! "
                       "Aborting, use -i to continue\n",
                       machine_cpus(), count);
    else if (count > info.max_vcpu_id + 1u)
        terminal_print("Requested %" F64 "u VCPUs, however maxcpus is %u!\n", count,
                       info.max_vcpu_id + 1u);
    else
        domain_told(name, "cannot be asked",
                    domain_store_set_vcpus(info.domain, info.max_vcpu_id + 1u, (u32)count));
    return true;
}

/* ---- sched-credit -----------------------------------------------------------------------------
 */

static void weight_list(const struct xen_domctl_getdomaininfo *info)
{
    u32 weight, cap;
    const char *name = domain_name(info->domain);

    if (domain_told(name, "has no weight", domain_schedule_get(info->domain, &weight, &cap)))
        terminal_print("%-33s %4u %6u %4u\n", name, info->domain, weight, cap);
}

/* What holds for all domains: the line that xl prints of the pool. */
static void schedule_print(void)
{
    struct xen_sysctl op = {.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo};
    struct xen_sysctl_scheduler_op *schedule = &op.u.scheduler_op;
    u32 id = 0;
    int answer = machine_scheduler(&id);

    schedule->sched_id = id;
    if (!answer)
        answer = control_sysctl(&op, XEN_SYSCTL_scheduler_op);
    if (answer)
        terminal_print("Cpupool Pool-0: [sched params unavailable]\n");
    else if (id == XEN_SCHEDULER_CREDIT2)
        terminal_print("Cpupool Pool-0: ratelimit=%uus\n", schedule->u.sched_credit2.ratelimit_us);
    else
        terminal_print("Cpupool Pool-0: tslice=%ums ratelimit=%uus migration-delay=%uus\n",
                       schedule->u.sched_credit.tslice_ms, schedule->u.sched_credit.ratelimit_us,
                       schedule->u.sched_credit.vcpu_migr_delay_us);
}

static bool number_read(const char *text, u32 *value)
{
    const char *end;
    u64 number;

    if (!parse_unsigned(text, &end, &number) || *end || number > UINT16_MAX) {
        terminal_print("'%s' is no number from 0 to 65535\n", text);
        return false;
    }
    *value = (u32)number;
    return true;
}

static void weight_change(domid_t domain, const char *weight_text, const char *cap_text)
{
    u32 weight, cap;
    int answer = domain_schedule_get(domain, &weight, &cap);

    if ((weight_text && !number_read(weight_text, &weight)) ||
        (cap_text && !number_read(cap_text, &cap)))
        return;
    domain_told(domain_name(domain), "its share cannot be set",
                answer ? answer : domain_schedule_set(domain, weight, cap));
}

bool command_sched_credit(struct words *words)
{
    const char *name = NULL, *weight = NULL, *cap = NULL;
    struct xen_domctl_getdomaininfo info;
    bool all = false;
    char c;

    while ((c = words_option(words, "d:w:c:s"))) {
        switch (c) {
        case 'd':
            name = words->value;
            break;
        case 'w':
            weight = words->value;
            break;
        case 'c':
            cap = words->value;
            break;
        case 's':
            all = true;
            break;
        default:
            return false;
        }
    }
    if (words_left(words))
        return false;
    if (!name && (weight || cap)) {
        terminal_print("Must specify a domain: -d Domain.\n");
    } else if (all) {
        schedule_print();
    } else if (!name) {
        schedule_print();
        terminal_print("%s\n", COLUMNS_WEIGHT_HEAD);
        domains_each(words, weight_list);
    } else if (!domain_find_info(name, &info)) {
        return true;
    } else if (weight || cap) {
        weight_change(info.domain, weight, cap);
    } else {
        terminal_print("%s\n", COLUMNS_WEIGHT_HEAD);
        weight_list(&info);
    }
    return true;
}
