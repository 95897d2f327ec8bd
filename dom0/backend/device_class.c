/*
 * See device.h: the directories. All of a class are under one watch; a watch of its own looks at
 * the state of each frontend.
 */
#include "dom0/backend/device_internal.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define ROOT      "/local/domain/0/backend/"
#define NAME_SIZE 32

struct class_watch {
    struct list link;
    struct store_watch watch; /* of the class's directory */
    const struct device_class *class;
    struct list devices;
};

static struct list classes = LIST_INIT(classes);

/* ---- Finding devices --------------------------------------------------------------------------
 */

static void frontend_changed(struct store_watch *watch, const char *path)
{
    (void)path;
    device_look(CONTAINER_OF(watch, struct device, watch));
}

void device_free(struct device *device)
{
    device_disconnect(device);
    if (device->class->remove)
        device->class->remove(device);
    store_unwatch(&device->watch);
    list_remove(&device->link);
    heap_free(device);
}

static struct device *device_find(const struct class_watch *c, domid_t guest, u32 id)
{
    LIST_FOR_EACH(link, &c->devices)
    {
        struct device *device = LIST_ENTRY(link, struct device, link);

        if (device->guest == guest && device->id == id)
            return device;
    }
    return NULL;
}

/* Takes on a directory, if it says already where its frontend is. */
static struct device *device_new(struct class_watch *c, domid_t guest, u32 id)
{
    struct device *device = heap_alloc(c->class->size);
    char path[DEVICE_PATH];

    if (!device)
        return NULL;
    list_init(&device->link);
    device->class = c->class;
    device->guest = guest;
    device->id = id;
    device->state = XenbusStateInitialising;
    fmt_snprintf(device->backend, sizeof(device->backend), ROOT "%s/%u/%u", c->class->type, guest,
                 id);
    if (device_read(device, false, "frontend", device->frontend, sizeof(device->frontend)) <= 0 ||
        store_watch(&device->watch, device_path(path, device, true, "state"), frontend_changed)) {
        heap_free(device);
        return NULL;
    }
    list_add_tail(&c->devices, &device->link);
    return device;
}

static void look_at(struct class_watch *c, domid_t guest, u32 id)
{
    struct device *device = device_find(c, guest, id);

    if (!device)
        device = device_new(c, guest, id);
    if (device)
        device_look(device);
}

/* A name that is a number: the next part of a path. False: it is none. */
static bool number_next(const char **path, u32 *number)
{
    u64 value;

    if (**path == '/')
        ++*path;
    if (!parse_unsigned(*path, path, &value) || (**path && **path != '/'))
        return false;
    *number = (u32)value;
    return true;
}

/* Something is new in a guest's directory, but it is not known in which device's. */
static void look_at_guest(struct class_watch *c, u32 guest)
{
    char path[DEVICE_PATH], name[NAME_SIZE];

    fmt_snprintf(path, sizeof(path), ROOT "%s/%u", c->class->type, guest);
    LIST_FOR_EACH_SAFE(link, after, &c->devices)
    {
        struct device *device = LIST_ENTRY(link, struct device, link);

        if (device->guest == guest)
            device_look(device);
    }
    for (u32 i = 0; !store_child(path, i, name, sizeof(name)); i++) {
        const char *at = name;
        u32 id;

        if (number_next(&at, &id) && !device_find(c, (domid_t)guest, id))
            look_at(c, (domid_t)guest, id);
    }
}

static void look_at_all(struct class_watch *c)
{
    char path[DEVICE_PATH], name[NAME_SIZE];

    LIST_FOR_EACH_SAFE(link, after, &c->devices)
    {
        device_look(LIST_ENTRY(link, struct device, link));
    }
    fmt_snprintf(path, sizeof(path), ROOT "%s", c->class->type);
    for (u32 i = 0; !store_child(path, i, name, sizeof(name)); i++) {
        const char *at = name;
        u32 guest;

        if (number_next(&at, &guest))
            look_at_guest(c, guest);
    }
}

/* The path may be of the class, of a guest, of a device or of a node of one. Of a device's nodes
 * only those matter that are not written by its class. */
static void directory_changed(struct store_watch *watch, const char *path)
{
    struct class_watch *c = CONTAINER_OF(watch, struct class_watch, watch);
    const char *at = path + sizeof(ROOT) - 1;
    u32 guest, id;

    if (strlen(path) < sizeof(ROOT) + strlen(c->class->type))
        return look_at_all(c);
    at += strlen(c->class->type);
    if (!number_next(&at, &guest))
        return;
    if (!*at)
        look_at_guest(c, guest);
    else if (number_next(&at, &id) &&
             (!*at || !strcmp(at, "/state") || !strcmp(at, "/online") || !strcmp(at, "/frontend")))
        look_at(c, (domid_t)guest, id);
}

/* ---- Classes ----------------------------------------------------------------------------------
 */

int device_class_add(const struct device_class *class)
{
    struct class_watch *c = heap_alloc(sizeof(*c));
    char path[DEVICE_PATH];
    int answer;

    if (!c)
        return -XEN_ENOMEM;
    c->class = class;
    list_init(&c->devices);
    list_add_tail(&classes, &c->link);
    fmt_snprintf(path, sizeof(path), ROOT "%s", class->type);
    answer = store_watch(&c->watch, path, directory_changed);
    if (!answer)
        return 0;
    list_remove(&c->link);
    heap_free(c);
    return answer;
}

static struct class_watch *class_find(const struct device_class *class)
{
    LIST_FOR_EACH(link, &classes)
    {
        struct class_watch *c = LIST_ENTRY(link, struct class_watch, link);

        if (c->class == class)
            return c;
    }
    return NULL;
}

void device_class_restart(const struct device_class *class)
{
    struct class_watch *c = class_find(class);

    if (!c)
        return;
    LIST_FOR_EACH_SAFE(link, after, &c->devices)
    {
        device_free(LIST_ENTRY(link, struct device, link));
    }
    look_at_all(c);
}

bool device_type_restart(const char *type)
{
    LIST_FOR_EACH(link, &classes)
    {
        struct class_watch *c = LIST_ENTRY(link, struct class_watch, link);

        if (strcmp(c->class->type, type) == 0) {
            device_class_restart(c->class);
            return true;
        }
    }
    return false;
}

struct device *device_next(const struct device_class *class, const struct device *after)
{
    struct class_watch *c = class_find(class);
    struct list *next = c ? after ? after->link.next : c->devices.next : NULL;

    return !c || next == &c->devices ? NULL : LIST_ENTRY(next, struct device, link);
}
