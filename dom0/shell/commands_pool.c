/* Commands about pools of CPUs. */
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/toolstack/config.h"
#include "dom0/toolstack/pools.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

static const char *scheduler_name(u32 id)
{
    switch (id) {
    case XEN_SCHEDULER_CREDIT:
        return "credit";
    case XEN_SCHEDULER_CREDIT2:
        return "credit2";
    case XEN_SCHEDULER_RTDS:
        return "rtds";
    case XEN_SCHEDULER_NULL:
        return "null";
    default:
        return "unknown";
    }
}

static bool pool_known(const char *word, struct pool *p)
{
    if (pool_find(word, p))
        return true;
    terminal_print("'%s' does not identify a pool; see: cpupool-list\n", word);
    return false;
}

static bool pool_told(const char *pool, const char *what, int answer)
{
    const char *reason = answer == -XEN_ENODEV          ? "it is not free"
                         : answer == -XEN_EADDRNOTAVAIL ? "it is not in this pool"
                         : answer == -XEN_EADDRINUSE    ? "a vcpu is pinned to it"
                         : answer == -XEN_ENOENT        ? "there is none, or it has no CPU"
                                                        : control_reason(answer);

    if (answer)
        terminal_print("%s: %s: %s (error %d)\n", pool, what, reason, answer);
    return !answer;
}

static void pool_print(const struct pool *p, bool cpus)
{
    const char *between = "";

    terminal_print("%-19s", p->name);
    if (!cpus)
        terminal_print("%3u %9s       y       %4u", p->cpu_count, scheduler_name(p->scheduler),
                       p->domains);
    for (u32 cpu = 0; cpus && cpu < POOL_CPUS_MAX; cpu++) {
        if (!pool_has_cpu(p->cpus, cpu))
            continue;
        terminal_print("%s%u", between, cpu);
        between = ",";
    }
    terminal_print("\n");
}

bool command_cpupool_list(struct words *words)
{
    const char *name;
    bool cpus = false;
    struct pool p;
    char c;

    while ((c = words_option(words, "c"))) {
        if (c == '?')
            return false;
        cpus = true;
    }
    name = words_next(words);
    if (words_left(words))
        return false;
    if (name && !pool_known(name, &p))
        return true;
    terminal_print("%-19s%s\n", "Name",
                   cpus ? "CPU list" : "CPUs   Sched     Active   Domain count");
    if (name)
        pool_print(&p, cpus);
    for (u32 at = 0; !name && pool_next(&at, &p);)
        pool_print(&p, cpus);
    return true;
}

/* A list of CPUs that the machine has. */
static bool cpus_read(const char *text, u8 map[POOL_CPUS_MAX / 8])
{
    struct xen_sysctl_physinfo info;
    u32 cpus = machine_info(&info) ? 1 : MIN(info.max_cpu_id + 1, (u32)POOL_CPUS_MAX);

    if (config_cpus(text, map, cpus))
        return true;
    terminal_print("'%s' is no list of CPUs of this machine, which has %u (0-1,3, all, ^2)\n", text,
                   cpus);
    return false;
}

/* Each of the CPUs, until one is refused. */
static bool cpus_each(const struct pool *p, const u8 *map, int (*act)(u32 id, u32 cpu),
                      const char *what)
{
    char text[48];

    for (u32 cpu = 0; cpu < POOL_CPUS_MAX; cpu++) {
        if (!pool_has_cpu(map, cpu))
            continue;
        fmt_snprintf(text, sizeof(text), "CPU %u cannot be %s", cpu, what);
        if (!pool_told(p->name, text, act(p->id, cpu)))
            return false;
    }
    return true;
}

/* The CPUs of cpus=, which must be free, or the first that is. */
static bool cpus_choose(const char *text, u8 map[POOL_CPUS_MAX / 8])
{
    u8 free[POOL_CPUS_MAX / 8];
    u32 first = 0;

    if (pool_free_cpus(free) || (text && !cpus_read(text, map)))
        return false;
    for (u32 cpu = 0; text && cpu < POOL_CPUS_MAX; cpu++) {
        if (!pool_has_cpu(map, cpu) || pool_has_cpu(free, cpu))
            continue;
        terminal_print("cpu %u illegal or not free; see: cpupool-list -c, cpupool-cpu-remove\n",
                       cpu);
        return false;
    }
    while (!text && first < POOL_CPUS_MAX && !pool_has_cpu(free, first))
        first++;
    if (first == POOL_CPUS_MAX) {
        terminal_print("no free cpu found; make one: cpupool-cpu-remove Pool-0 CPU\n");
        return false;
    }
    if (!text)
        map[first / 8] |= (u8)(1U << first % 8);
    return true;
}

static void pool_make(const char *name, u32 scheduler, const char *cpus)
{
    u8 map[POOL_CPUS_MAX / 8] = {0};
    struct pool p;
    u32 id;

    if (pool_find(name, &p)) {
        terminal_print("cpupool %s already exists\n", name);
        return;
    }
    if (!cpus_choose(cpus, map) ||
        !pool_told(name, "cannot be made", pool_create(name, scheduler, &id)) ||
        !pool_find(name, &p))
        return;
    if (!cpus_each(&p, map, pool_cpu_add, "added")) {
        if (pool_find(name, &p))
            pool_destroy(&p);
        return;
    }
    pool_find(name, &p);
    terminal_print("cpupool name:   %s\nscheduler:      %s\nnumber of cpus: %u\n", name,
                   scheduler_name(scheduler), p.cpu_count);
}

static u32 scheduler_number(const char *name)
{
    for (u32 id = XEN_SCHEDULER_CREDIT; id <= XEN_SCHEDULER_NULL; id++)
        if (!strcmp(scheduler_name(id), name))
            return id;
    return 0;
}

bool command_cpupool_create(struct words *words)
{
    const char *word, *name = NULL, *cpus = NULL;
    u32 scheduler = 0;
    int answer = machine_scheduler(&scheduler);

    while ((word = words_next(words))) {
        if (str_starts_with(word, "name="))
            name = word + strlen("name=");
        else if (str_starts_with(word, "cpus="))
            cpus = word + strlen("cpus=");
        else if (str_starts_with(word, "sched="))
            scheduler = scheduler_number(word + strlen("sched="));
        else
            return false;
    }
    if (!name || !*name || strlen(name) >= POOL_NAME_SIZE)
        return false;
    if (pool_told(name, "cannot be made", answer))
        pool_make(name, scheduler, cpus);
    return true;
}

bool command_cpupool_destroy(struct words *words)
{
    const char *name = words_next(words);
    struct pool p;

    if (!name || words_left(words))
        return false;
    if (pool_known(name, &p))
        pool_told(name, "cannot be destroyed", pool_destroy(&p));
    return true;
}

static bool cpus_change(struct words *words, int (*act)(u32 id, u32 cpu), const char *what)
{
    const char *name = words_next(words), *list = words_next(words);
    u8 map[POOL_CPUS_MAX / 8] = {0};
    struct pool p;

    if (!list || words_left(words))
        return false;
    if (pool_known(name, &p) && cpus_read(list, map))
        cpus_each(&p, map, act, what);
    return true;
}

bool command_cpupool_cpu_add(struct words *words)
{
    return cpus_change(words, pool_cpu_add, "added");
}

bool command_cpupool_cpu_remove(struct words *words)
{
    return cpus_change(words, pool_cpu_remove, "removed");
}

bool command_cpupool_migrate(struct words *words)
{
    const char *name = words_next(words), *pool = words_next(words);
    domid_t domain;
    struct pool p;

    if (!pool || words_left(words))
        return false;
    if (domain_find(name, &domain) && pool_known(pool, &p))
        pool_told(name, "cannot be moved", pool_domain_move(p.id, domain));
    return true;
}
