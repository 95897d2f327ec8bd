/* Guests by name: their making and their end by command; guests.h. */
#include "dom0/toolstack/guests.h"

#include "dom0/mm/heap.h"
#include "dom0/toolstack/bundled.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/devices.h"
#include "dom0/toolstack/domain_store.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

struct list guests = LIST_INIT(guests);
void (*guest_built)(struct guest *g);
void (*guest_going)(struct guest *g);
void (*guests_tell)(const char *line);
struct blob guests_files;

static const struct {
    const char *name;
    const unsigned char *bytes;
    const unsigned int *size;
} bundled[] = {
    {"mini-kernel", mini_kernel, &mini_kernel_len},
    {"mini-kernel-32", mini_kernel_32, &mini_kernel_32_len},
    {"tiny", tiny, &tiny_len},
    {"tiny-32", tiny_32, &tiny_32_len},
};

struct blob guests_file(const char *name)
{
    struct blob found = archive_find(guests_files, name);

    for (size_t i = 0; !found.bytes && i < ARRAY_SIZE(bundled); i++)
        if (!strcmp(name, bundled[i].name))
            found = (struct blob){bundled[i].bytes, *bundled[i].size};
    return found;
}

struct guest *guest_find(const char *name)
{
    LIST_FOR_EACH(link, &guests)
    {
        struct guest *g = LIST_ENTRY(link, struct guest, link);

        if (!strcmp(g->name, name))
            return g;
    }
    return NULL;
}

struct guest *guest_find_id(domid_t domain)
{
    LIST_FOR_EACH(link, &guests)
    {
        struct guest *g = LIST_ENTRY(link, struct guest, link);

        if (g->domain.domid == domain)
            return g;
    }
    return NULL;
}

static int file_take(const char *name, struct blob *file, char *message)
{
    *file = (struct blob){0};
    if (name)
        *file = guests_file(name);
    if (!name || file->bytes)
        return 0;
    fmt_snprintf(message, BUILD_REASON_SIZE, "%s: no such file was given to the control domain",
                 name);
    return -XEN_ENOENT;
}

void guest_leave(struct guest *g)
{
    if (guest_going)
        guest_going(g);
    devices_remove(g->domain.domid);
}

/* The domain goes. -ESRCH is fine: somebody else has ended it. */
static int guest_end(struct guest *g)
{
    int answer;

    guest_leave(g);
    domain_store_remove(g->domain.domid);
    answer = domain_destroy(g->domain.domid);
    return answer == -XEN_ESRCH ? 0 : answer;
}

/* A domain that is built is entered in the xenstore, known to who serves its rings, gets its
 * devices, and runs. */
static int guest_let_run(struct guest *g, bool paused, char *message)
{
    int answer = domain_store_make(g);

    if (answer) {
        fmt_snprintf(message, BUILD_REASON_SIZE, "%s: cannot be entered in the xenstore: %s",
                     g->name, control_reason(answer));
        return answer;
    }
    if (guest_built)
        guest_built(g);
    answer = devices_make(g->domain.domid, &g->config, message);
    if (answer || paused)
        return answer;
    answer = domain_unpause(g->domain.domid);
    if (answer)
        fmt_snprintf(message, BUILD_REASON_SIZE, "%s: cannot be started: %s", g->name,
                     control_reason(answer));
    return answer;
}

/* Builds the guest's domain, and lets it run. */
static int guest_start(struct guest *g, bool paused, char *message)
{
    int answer = file_take(g->config.kernel, &g->kernel, message);

    if (!answer)
        answer = file_take(g->config.ramdisk, &g->ramdisk, message);
    if (!answer)
        answer = domain_build(&g->domain, &g->config, g->kernel, g->ramdisk, message);
    if (answer)
        return answer;
    answer = guest_let_run(g, paused, message);
    if (!answer)
        return 0;
    guest_end(g);
    return answer;
}

static void guest_forget(struct guest *g)
{
    list_remove(&g->link);
    heap_free(g->texts);
    heap_free(g->name);
    heap_free(g);
}

static struct guest *guest_new(u64 room)
{
    struct guest *g = heap_alloc(sizeof(*g));

    if (!g)
        return NULL;
    list_init(&g->link);
    g->texts = heap_alloc(room);
    if (g->texts)
        return g;
    heap_free(g);
    return NULL;
}

/* The first line of message that is worth more than what the configuration's reader had to say. */
static int guest_make(struct guest *g, bool paused, char *message)
{
    char reason[BUILD_REASON_SIZE];
    int answer;

    if (guest_find(g->config.name)) {
        fmt_snprintf(message, BUILD_REASON_SIZE, "there is a guest %s already", g->config.name);
        return -XEN_EEXIST;
    }
    g->name = heap_text(g->config.name);
    if (!g->name) {
        str_copy(message, "there is no memory in the control domain", BUILD_REASON_SIZE);
        return -XEN_ENOMEM;
    }
    answer = guest_start(g, paused, reason);
    if (answer)
        str_copy(message, reason, BUILD_REASON_SIZE);
    return answer;
}

struct guest *guest_create_text(const char *file, const char *text, u64 size, bool paused,
                                char message[BUILD_REASON_SIZE])
{
    struct guest *g = guest_new(config_room(text, size));

    _Static_assert(CONFIG_LINE_SIZE <= BUILD_REASON_SIZE, "one line serves both");
    if (!g) {
        str_copy(message, "there is no memory in the control domain", BUILD_REASON_SIZE);
        return NULL;
    }
    if (!config_read(&g->config, file, text, size, g->texts, message) ||
        guest_make(g, paused, message)) {
        guest_forget(g);
        return NULL;
    }
    list_add_tail(&guests, &g->link);
    return g;
}

struct guest *guest_create(const char *file, bool paused, char message[BUILD_REASON_SIZE])
{
    struct blob text;

    if (file_take(file, &text, message))
        return NULL;
    return guest_create_text(file, text.bytes, text.size, paused, message);
}

int guest_destroy(struct guest *g)
{
    int answer = guest_end(g);

    if (!answer)
        guest_forget(g);
    return answer;
}

int guest_rebuild(struct guest *g, char message[BUILD_REASON_SIZE])
{
    int answer = guest_start(g, false, message);

    g->restarts++;
    g->kept = false;
    if (answer)
        guest_forget(g);
    return answer;
}

int guest_restart(struct guest *g, char message[BUILD_REASON_SIZE])
{
    int answer;

    if (!g->texts) {
        fmt_snprintf(message, BUILD_REASON_SIZE, "%s was renamed: its name's new owner restarts",
                     g->name);
        return -XEN_EINVAL;
    }
    answer = guest_end(g);
    if (!answer)
        return guest_rebuild(g, message);
    fmt_snprintf(message, BUILD_REASON_SIZE, "%s: cannot be destroyed: %s", g->name,
                 control_reason(answer));
    return answer;
}
