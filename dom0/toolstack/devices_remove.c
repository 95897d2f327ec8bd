/*
 * The end of a device. In good order the toolstack writes `online` 0 and the state Closing into the
 * backend's directory, as libxl does; both ends then go through their states, and when the backend
 * is Closed nothing of the guest is in use any more and the directories go. A guest that does not
 * take part is waited for, not for ever. By force the directories just go: the backend sees that,
 * too.
 */
#include "dom0/mm/heap.h"
#include "dom0/loop.h"
#include "dom0/toolstack/devices.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define PATIENCE_NS (10ull * 1000 * 1000 * 1000) /* libxl's, too */

/* A device on its way out. */
struct closing {
    struct list link;
    struct store_watch watch; /* of the backend's state */
    struct work work;
    struct alarm alarm;
    domid_t domain;
    u32 id;
    char type[8];
    char backend[64], frontend[64];
};

void (*detach_told)(domid_t domain, const char *type, u32 id, bool gone);

static struct list closings = LIST_INIT(closings);

static void closing_end(struct closing *c)
{
    store_unwatch(&c->watch);
    work_drop(&c->work);
    alarm_drop(&c->alarm);
    list_remove(&c->link);
    heap_free(c);
}

static void closing_told(struct closing *c, bool gone)
{
    struct closing copy = *c;

    if (gone) {
        store_remove(c->frontend);
        store_remove(c->backend);
    }
    closing_end(c);
    if (detach_told)
        detach_told(copy.domain, copy.type, copy.id, gone);
}

static u64 backend_state(const char *backend)
{
    char path[96];

    fmt_snprintf(path, sizeof(path), "%s/state", backend);
    return store_read_number(path, XenbusStateUnknown);
}

static void closing_look(struct work *work)
{
    struct closing *c = CONTAINER_OF(work, struct closing, work);
    u64 state = backend_state(c->backend);

    if (state == XenbusStateClosed || state == XenbusStateUnknown)
        closing_told(c, true);
}

static void state_changed(struct store_watch *watch, const char *path)
{
    (void)path;
    work_raise(&CONTAINER_OF(watch, struct closing, watch)->work);
}

static void patience_ends(struct alarm *alarm)
{
    closing_told(CONTAINER_OF(alarm, struct closing, alarm), false);
}

static int closing_begin(struct closing *c)
{
    char path[96];
    int answer;

    fmt_snprintf(path, sizeof(path), "%s/state", c->backend);
    work_init(&c->work, closing_look);
    alarm_init(&c->alarm, patience_ends);
    answer = store_watch(&c->watch, path, state_changed);
    if (answer) {
        heap_free(c);
        return answer;
    }
    list_add_tail(&closings, &c->link);
    alarm_set(&c->alarm, time_now_ns() + PATIENCE_NS);
    store_writef(path, "%u", XenbusStateClosing);
    fmt_snprintf(path, sizeof(path), "%s/online", c->backend);
    return store_write(path, "0");
}

/* Of all of a domain's, or with a type of one device. */
static struct closing *closing_find(domid_t domain, const char *type, u32 id)
{
    LIST_FOR_EACH(link, &closings)
    {
        struct closing *c = LIST_ENTRY(link, struct closing, link);

        if (c->domain == domain && (!type || (!strcmp(c->type, type) && c->id == id)))
            return c;
    }
    return NULL;
}

int device_detach(domid_t domain, const char *type, u32 id, bool force)
{
    struct closing *c = closing_find(domain, type, id), made = {.domain = domain, .id = id};

    str_copy(made.type, type, sizeof(made.type));
    fmt_snprintf(made.backend, sizeof(made.backend), "/local/domain/0/backend/%s/%u/%u", type,
                 domain, id);
    fmt_snprintf(made.frontend, sizeof(made.frontend), "/local/domain/%u/device/%s/%u", domain,
                 type, id);
    if (backend_state(made.backend) == XenbusStateUnknown)
        return -XEN_ENODEV;
    if (force) {
        if (c)
            closing_end(c);
        store_remove(made.frontend);
        return store_remove(made.backend);
    }
    if (c)
        return -XEN_EBUSY;
    c = heap_alloc(sizeof(*c));
    if (!c)
        return -XEN_ENOMEM;
    *c = made;
    return closing_begin(c);
}

static void type_remove(domid_t domain, const char *type)
{
    char path[64];

    fmt_snprintf(path, sizeof(path), "/local/domain/%u/device/%s", domain, type);
    store_remove(path);
    fmt_snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", type, domain);
    store_remove(path);
}

void devices_remove(domid_t domain)
{
    struct closing *c;

    while ((c = closing_find(domain, NULL, 0)))
        closing_end(c);
    type_remove(domain, DEVICE_DISK);
    type_remove(domain, DEVICE_NETWORK);
}
