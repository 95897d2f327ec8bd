/*
 * Devices as the store shows them: two directories that name each other. Of the backend's nothing
 * is believed before it is looked at: paths have a length, its domain is a number.
 */
#include "guest-kernel/xenbus/xenbus.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define KEY_SIZE 192
#define FOR_EVER (~0ull)

static bool key_of(char key[KEY_SIZE], const char *directory, const char *name)
{
    return fmt_snprintf(key, KEY_SIZE, "%s/%s", directory, name) < KEY_SIZE;
}

long xenbus_find_again(struct xenbus_device *device)
{
    struct xenbus_device found = *device;
    char key[KEY_SIZE];
    long answer;

    key_of(key, found.frontend, "backend");
    answer = xenstore_read(key, found.backend, sizeof(found.backend));
    if (answer < 0)
        return answer;
    key_of(key, found.frontend, "backend-id");
    found.peer = (domid_t)xenstore_read_number(key, DOMID_INVALID);
    if (found.peer >= DOMID_FIRST_RESERVED)
        return -XEN_ENOENT;
    *device = found;
    return 0;
}

long xenbus_find(struct xenbus_device *device, const char *type, u32 index)
{
    char key[KEY_SIZE], id[16];
    struct xenbus_device found = {0};
    long answer;

    fmt_snprintf(key, sizeof(key), "device/%s", type);
    answer = xenstore_child(key, index, id, sizeof(id));
    if (answer)
        return answer;
    fmt_snprintf(found.frontend, sizeof(found.frontend), "device/%s/%s", type, id);
    answer = xenbus_find_again(&found);
    if (!answer)
        *device = found;
    return answer;
}

long xenbus_write(const struct xenbus_device *device, const char *key, const char *format, ...)
{
    char path[KEY_SIZE], value[KEY_SIZE];
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    return key_of(path, device->frontend, key) ? xenstore_write(path, "%s", value) : -XEN_E2BIG;
}

u64 xenbus_read_number(const struct xenbus_device *device, const char *key, u64 fallback)
{
    char path[KEY_SIZE];

    return key_of(path, device->backend, key) ? xenstore_read_number(path, fallback) : fallback;
}

long xenbus_set_state(const struct xenbus_device *device, enum xenbus_state state)
{
    return xenbus_write(device, "state", "%u", state);
}

enum xenbus_state xenbus_backend_state(const struct xenbus_device *device)
{
    u64 state = xenbus_read_number(device, "state", XenbusStateUnknown);

    return state <= XenbusStateReconfigured ? (enum xenbus_state)state : XenbusStateUnknown;
}

struct state_watch {
    struct xenstore_watch watch;
    struct thread *waiter;
    bool changed;
};

static void on_state(struct xenstore_watch *watch)
{
    struct state_watch *state = CONTAINER_OF(watch, struct state_watch, watch);

    __atomic_store_n(&state->changed, true, __ATOMIC_RELEASE);
    thread_wake(state->waiter);
}

enum xenbus_state xenbus_wait_until(struct xenbus_device *device, u32 states, u64 until)
{
    struct state_watch on = {.waiter = thread_self()};
    enum xenbus_state state;
    char key[KEY_SIZE];

    if (!key_of(key, device->backend, "state") || xenstore_watch(&on.watch, key, on_state))
        return XenbusStateUnknown;
    for (;;) {
        __atomic_store_n(&on.changed, false, __ATOMIC_RELEASE);
        state = xenbus_backend_state(device);
        if (state == XenbusStateUnknown || states & 1u << state)
            break;
        while (!__atomic_load_n(&on.changed, __ATOMIC_ACQUIRE) && time_now_ns() < until)
            thread_wait_until(until);
        if (!on.changed)
            break;
    }
    xenstore_unwatch(&on.watch, key);
    return state;
}

enum xenbus_state xenbus_wait(struct xenbus_device *device, u32 states)
{
    return xenbus_wait_until(device, states, FOR_EVER);
}
