/* See columns.h. The formats are those of xl's printf calls; %8.1f is written out, for want of
 * floating point. */
#include "dom0/shell/columns.h"

#include "dom0/toolstack/devices.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define NS_PER_TENTH 100000000ull

/* Seconds with one digit behind the point, rounded. */
static void tenths_print(char *to, size_t size, u64 ns)
{
    u64 tenths = (ns + NS_PER_TENTH / 2) / NS_PER_TENTH;

    fmt_snprintf(to, size, "%" F64 "u.%" F64 "u", tenths / 10, tenths % 10);
}

static char reason_letter(u32 flags)
{
    static const char letters[] = "-rscwS"; /* xl's, by SHUTDOWN_* */
    unsigned int reason = flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

    if (!(flags & XEN_DOMINF_shutdown))
        return '-';
    return reason < sizeof(letters) - 1 ? letters[reason] : '?';
}

void column_state(char state[7], u32 flags)
{
    fmt_snprintf(state, 7, "%c%c%c%c%c%c", flags & XEN_DOMINF_running ? 'r' : '-',
                 flags & XEN_DOMINF_blocked ? 'b' : '-', flags & XEN_DOMINF_paused ? 'p' : '-',
                 flags & XEN_DOMINF_shutdown ? 's' : '-', reason_letter(flags),
                 flags & XEN_DOMINF_dying ? 'd' : '-');
}

void column_domain(char *to, size_t size, const char *name,
                   const struct xen_domctl_getdomaininfo *info)
{
    char state[7], time[24];

    column_state(state, info->flags);
    tenths_print(time, sizeof(time), info->cpu_time);
    fmt_snprintf(to, size, "%-40s %5u %5" F64 "u %5u     %s  %8s", name, info->domain,
                 (info->tot_pages + info->outstanding_pages) / (MIB(1) / PAGE_SIZE),
                 info->nr_online_vcpus, state, time);
}

void column_vcpu(char *to, size_t size, const char *name, domid_t domain,
                 const struct xen_domctl_getvcpuinfo *info)
{
    char time[24], cpu[12] = "-", state[4] = "--p";

    if (info->online) {
        fmt_snprintf(cpu, sizeof(cpu), "%u", info->cpu);
        fmt_snprintf(state, sizeof(state), "%c%c-", info->running ? 'r' : '-',
                     info->blocked ? 'b' : '-');
    }
    tenths_print(time, sizeof(time), info->cpu_time);
    fmt_snprintf(to, size, "%-32s %5u %5u%5s   %s %9s  ", name, domain, info->vcpu, cpu, state,
                 time);
}

void column_uptime(char *to, size_t size, u64 seconds, bool in_short)
{
    u64 days = seconds / 86400, minutes = seconds / 60 % 60;
    char day[32] = "", second[8] = "";

    if (days)
        fmt_snprintf(day, sizeof(day), "%" F64 "u day%s, ", days, days > 1 ? "s" : "");
    if (!in_short)
        fmt_snprintf(second, sizeof(second), ":%02" F64 "u", seconds % 60);
    fmt_snprintf(to, size, "%s%2" F64 "u:%02" F64 "u%s", day, seconds / 3600 % 24, minutes, second);
}

/* ---- CPUs, memory ------------------------------------------------------------------------------
 */

static bool cpu_is_in(const u8 *map, unsigned int cpu, unsigned int cpus)
{
    return cpu < cpus && map[cpu / 8] & 1 << cpu % 8;
}

void column_cpus(char *to, size_t size, const u8 *map, unsigned int cpus)
{
    size_t length = str_copy(to, "none", size);
    const char *comma = "";

    for (unsigned int first = 0, end; first < cpus; first = end) {
        for (end = first; cpu_is_in(map, end, cpus);)
            end++;
        if (end - first == cpus) {
            str_copy(to, "all", size);
        } else if (end > first) {
            length = *comma ? length : 0;
            length += fmt_snprintf(to + length, size - MIN(length, size), "%s%u", comma, first);
            if (end - first > 1)
                length += fmt_snprintf(to + length, size - MIN(length, size), "-%u", end - 1);
            comma = ",";
        }
        end += end == first;
    }
}

bool memory_parse(const char *text, u64 *kib)
{
    static const char letters[] = "kmgt";
    u64 number;
    const char *letter;

    if (!parse_unsigned(text, &text, &number))
        return false;
    letter = *text ? strchr(letters, *text | 0x20) : letters + 1; /* 0x20: in lower case */
    if (*text && text[1])
        return false;
    if (!letter) {
        *kib = number / 1024;
        return (*text | 0x20) == 'b';
    }
    *kib = number << 10 * (letter - letters);
    return *kib >> 10 * (letter - letters) == number;
}

void column_block(char *to, size_t size, const struct device_state *d)
{
    fmt_snprintf(to, size, "%-5u %-3d %-6d %-5d %-6d %-8d %-30s", d->id, 0, (int)d->handle,
                 (int)d->state, (int)d->port, (int)d->ring, d->backend);
}

void column_network(char *to, size_t size, const struct device_state *d)
{
    fmt_snprintf(to, size, "%-3u %-2d %17s %6d %5d %6d %5d/%-11d %-30s", d->id, 0, d->mac,
                 (int)d->handle, (int)d->state, (int)d->port, (int)d->ring, (int)d->ring_receive,
                 d->backend);
}
