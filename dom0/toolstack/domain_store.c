/* See domain_store.h. The names and permissions are those that libxl writes for a PV domain. */
#include "dom0/toolstack/domain_store.h"

#include "dom0/toolstack/control.h"
#include "dom0/xenstore/store.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define PATH_SIZE     128
#define VALUE_SIZE    64
#define CONSOLE_LIMIT 1048576
#define UUID_FORMAT   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x"

/* Who may do what with a node of a home. */
enum access {
    READ_ONLY, /* dom0's; the domain may read it */
    ITS_OWN,
};

static const struct {
    const char *key;
    enum access access;
} directories[] = {
    {"", READ_ONLY},
    {"cpu", READ_ONLY},
    {"memory", READ_ONLY},
    {"device", READ_ONLY},
    {"device/suspend/event-channel", ITS_OWN},
    {"control", READ_ONLY},
    {"control/shutdown", ITS_OWN},
    {"control/feature-poweroff", ITS_OWN},
    {"control/feature-reboot", ITS_OWN},
    {"control/feature-suspend", ITS_OWN},
    {"control/sysrq", ITS_OWN},
    {"data", ITS_OWN},
    {"drivers", ITS_OWN},
    {"feature", ITS_OWN},
    {"attr", ITS_OWN},
    {"error", ITS_OWN},
};

static const char *home_path(char path[PATH_SIZE], domid_t domain, const char *key)
{
    fmt_snprintf(path, PATH_SIZE, "/local/domain/%u%s%s", domain, *key ? "/" : "", key);
    return path;
}

int domain_store_write(domid_t domain, const char *key, const char *format, ...)
{
    char path[PATH_SIZE], value[VALUE_SIZE];
    va_list args;
    size_t length;

    va_start(args, format);
    length = fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    return length < sizeof(value) ? store_write(home_path(path, domain, key), value) : -XEN_E2BIG;
}

u64 domain_store_number(domid_t domain, const char *key, u64 fallback)
{
    char path[PATH_SIZE];

    return store_read_number(home_path(path, domain, key), fallback);
}

/* ---- Making it --------------------------------------------------------------------------------
 */

static int directories_make(domid_t domain)
{
    char path[PATH_SIZE];
    int answer = 0;

    for (u32 i = 0; i < ARRAY_SIZE(directories) && !answer; i++) {
        bool own = directories[i].access == ITS_OWN;

        home_path(path, domain, directories[i].key);
        answer = store_write(path, "");
        if (!answer)
            answer = store_permit(path, own ? domain : 0, own ? DOMID_INVALID : domain);
    }
    return answer;
}

/* Each writes several nodes; the first errno is the answer. */
#define WRITE(key, ...)                                                                            \
    do {                                                                                           \
        if (!answer)                                                                               \
            answer = domain_store_write(domain, key, __VA_ARGS__);                                 \
    } while (0)

static int vcpus_write(domid_t domain, u32 vcpus, u32 up)
{
    char key[VALUE_SIZE];
    int answer = 0;

    for (u32 i = 0; i < vcpus; i++) {
        fmt_snprintf(key, sizeof(key), "cpu/%u/availability", i);
        WRITE(key, i < up ? "online" : "offline");
    }
    return answer;
}

static int values_write(const struct guest *g)
{
    const struct domain_config *config = &g->config;
    const struct built_domain *built = &g->domain;
    domid_t domain = built->domid;
    int answer =
        vcpus_write(domain, config->maxvcpus ? config->maxvcpus : config->vcpus, config->vcpus);

    WRITE("memory/static-max", "%" F64 "u",
          config->maxmem_kib ? config->maxmem_kib : config->memory_kib);
    WRITE("memory/target", "%" F64 "u", config->memory_kib);
    WRITE("memory/videoram", "0");
    WRITE("control/platform-feature-multiprocessor-suspend", "1");
    WRITE("control/platform-feature-xs_reset_watches", "1");
    WRITE("domid", "%u", domain);
    WRITE("store/port", "%u", built->store_port);
    WRITE("store/ring-ref", "%lu", built->store_frame);
    WRITE("console/backend-id", "0");
    WRITE("console/limit", "%u", CONSOLE_LIMIT);
    WRITE("console/type", "xenconsoled");
    WRITE("console/output", "pty");
    WRITE("console/tty", "%s", "");
    WRITE("console/port", "%u", built->console_port);
    WRITE("console/ring-ref", "%lu", built->console_frame);
    return answer;
}

/* Where the domain is known by its UUID. One that has none in its configuration gets its number for
 * one; so does a second one of the same. */
static void vm_path(const struct guest *g, char path[PATH_SIZE])
{
    static const u8 none[16];
    u8 own[16] = {
        [6] = 0x40, [8] = 0x80, [14] = (u8)(g->domain.domid >> 8), [15] = (u8)g->domain.domid};
    const u8 *u = g->config.uuid;

    for (u32 i = 0; i < 2; i++, u = own) {
        char value[2];

        if (!memcmp(u, none, sizeof(none)))
            continue;
        fmt_snprintf(path, PATH_SIZE, "/vm/" UUID_FORMAT, u[0], u[1], u[2], u[3], u[4], u[5], u[6],
                     u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
        if (store_read(path, value, sizeof(value)) == -XEN_ENOENT)
            return;
    }
}

static int vm_write(const struct guest *g)
{
    char vm[PATH_SIZE], path[PATH_SIZE];
    domid_t domain = g->domain.domid;
    int answer;

    vm_path(g, vm);
    answer = store_write(vm, "");
    if (!answer)
        answer = store_permit(vm, 0, domain);
    if (!answer)
        answer = store_write(home_path(path, domain, "vm"), vm);
    fmt_snprintf(path, sizeof(path), "%s/uuid", vm);
    if (!answer)
        answer = store_write(path, vm + sizeof("/vm/") - 1);
    fmt_snprintf(path, sizeof(path), "%s/start_time", vm);
    if (!answer)
        answer = store_writef(path, "%" F64 "u.00", (u64)(time_wall_ns() / NS_PER_SECOND));
    fmt_snprintf(path, sizeof(path), "%s/image/kernel", vm);
    if (!answer)
        answer = store_write(path, g->config.kernel);
    fmt_snprintf(path, sizeof(path), "/libxl/%u/type", domain);
    return answer ? answer : store_write(path, "pv");
}

/* The name stands in two places. */
int domain_store_rename(const struct guest *g)
{
    char path[PATH_SIZE], vm[PATH_SIZE];
    int answer = store_write(home_path(path, g->domain.domid, "name"), g->name);

    if (!answer && store_read(home_path(path, g->domain.domid, "vm"), vm, sizeof(vm)) > 0) {
        fmt_snprintf(path, sizeof(path), "%s/name", vm);
        answer = store_write(path, g->name);
    }
    return answer;
}

int domain_store_make(const struct guest *g)
{
    domid_t domain = g->domain.domid;
    int answer;

    domain_store_remove(domain); /* what an earlier one of that number has left */
    answer = directories_make(domain);
    if (!answer)
        answer = vm_write(g);
    if (!answer)
        answer = domain_store_rename(g);
    if (!answer)
        answer = values_write(g);
    if (!answer)
        answer = store_introduce(domain, g->domain.store_frame, g->domain.store_port);
    if (answer)
        domain_store_remove(domain);
    return answer;
}

void domain_store_remove(domid_t domain)
{
    char path[PATH_SIZE], vm[PATH_SIZE];

    if (store_read(home_path(path, domain, "vm"), vm, sizeof(vm)) > 0)
        store_remove(vm);
    store_release(domain);
    store_remove(home_path(path, domain, ""));
    fmt_snprintf(path, sizeof(path), "/libxl/%u", domain);
    store_remove(path);
}

int domain_store_dom0(void)
{
    domid_t domain = 0;
    int answer = 0;

    WRITE("name", "Domain-0");
    WRITE("domid", "0");
    return answer ? answer : store_write("/tool/xenstored", "");
}

/* ---- Asking a domain --------------------------------------------------------------------------
 */

bool domain_store_asked(domid_t domain, char *to, size_t size)
{
    char path[PATH_SIZE];

    return store_read(home_path(path, domain, "control/shutdown"), to, size) > 0;
}

int domain_store_set_vcpus(domid_t domain, u32 vcpus, u32 count)
{
    return vcpus_write(domain, vcpus, count);
}
