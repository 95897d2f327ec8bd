/*
 * See device.h: the states. Nothing that fires is believed to say what has happened: the device is
 * looked at as it is now, and goes on from the state that it is in (device_look). So events that
 * come late, twice or as one do no harm.
 */
#include "dom0/backend/device_internal.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define VALUE_SIZE 512

/* ---- Directories ------------------------------------------------------------------------------
 */

const char *device_path(char path[DEVICE_PATH], const struct device *device, bool frontend,
                        const char *key)
{
    fmt_snprintf(path, DEVICE_PATH, "%s/%s", frontend ? device->frontend : device->backend, key);
    return path;
}

long device_read(const struct device *device, bool frontend, const char *key, char *to, size_t size)
{
    char path[DEVICE_PATH];

    return store_read(device_path(path, device, frontend, key), to, size);
}

u64 device_read_number(const struct device *device, bool frontend, const char *key, u64 fallback)
{
    char path[DEVICE_PATH];

    return store_read_number(device_path(path, device, frontend, key), fallback);
}

int device_write(const struct device *device, const char *key, const char *format, ...)
{
    char path[DEVICE_PATH], value[VALUE_SIZE];
    va_list args;
    size_t length;

    va_start(args, format);
    length = fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    if (length >= sizeof(value))
        return -XEN_E2BIG;
    return store_write(device_path(path, device, false, key), value);
}

const char *device_state_name(enum xenbus_state state)
{
    static const char *const names[] = {
        "Unknown", "Initialising", "InitWait",      "Initialised",  "Connected",
        "Closing", "Closed",       "Reconfiguring", "Reconfigured",
    };

    return (unsigned int)state < ARRAY_SIZE(names) ? names[state] : "?";
}

static enum xenbus_state state_of(const struct device *device, bool frontend)
{
    u64 state = device_read_number(device, frontend, "state", XenbusStateUnknown);

    return state <= XenbusStateReconfigured ? (enum xenbus_state)state : XenbusStateUnknown;
}

static void state_set(struct device *device, enum xenbus_state state)
{
    device->state = state;
    device_write(device, "state", "%d", state);
}

/* ---- The state machine ------------------------------------------------------------------------
 */

void device_disconnect(struct device *device)
{
    if (!device->connected)
        return;
    device->connected = false;
    device->class->disconnect(device);
}

void device_fail(struct device *device, const char *why)
{
    device_write(device, "error", "%s", why);
    device_disconnect(device);
    if (device->state != XenbusStateClosed)
        state_set(device, XenbusStateClosing);
}

static void close_now(struct device *device)
{
    device_disconnect(device);
    state_set(device, XenbusStateClosed);
}

static void prepare(struct device *device)
{
    int answer = device->class->prepare(device);

    if (!answer) {
        state_set(device, XenbusStateInitWait);
        return;
    }
    device_write(device, "error", "%d it cannot be prepared", answer);
    close_now(device);
}

static void connect(struct device *device)
{
    int answer = device->class->connect(device);

    if (answer) {
        device_write(device, "error", "%d what the frontend wrote is of no use", answer);
        state_set(device, XenbusStateClosing);
        return;
    }
    device->connected = true;
    state_set(device, XenbusStateConnected);
}

/* Whether it shall go: somebody has written that it is not online any more, or Closing in our
 * place. */
static bool is_unwanted(const struct device *device)
{
    return !device_read_number(device, false, "online", 1) ||
           (state_of(device, false) == XenbusStateClosing && device->state < XenbusStateClosing);
}

/* A frontend that has nothing to close: none was ever there, or it is gone or closed. */
static bool is_idle(enum xenbus_state theirs)
{
    return theirs <= XenbusStateInitWait || theirs == XenbusStateClosed;
}

static void look_unwanted(struct device *device, enum xenbus_state theirs)
{
    if (device->state == XenbusStateClosed) {
        if (state_of(device, false) != XenbusStateClosed)
            state_set(device, XenbusStateClosed);
    } else if (is_idle(theirs) && !device->connected) {
        close_now(device);
    } else if (theirs == XenbusStateClosed || theirs == XenbusStateUnknown) {
        close_now(device);
    } else if (device->state != XenbusStateClosing) {
        state_set(device, XenbusStateClosing);
    }
}

/* The frontend begins, or begins anew. One that was refused must first go on: it has not been told
 * yet, and our own writing of it brings us here. */
static void look_initialising(struct device *device, enum xenbus_state theirs)
{
    if (device->state == XenbusStateInitWait ||
        (device->theirs == theirs && device->state != XenbusStateInitialising))
        return;
    device_disconnect(device);
    prepare(device);
}

static void look_wanted(struct device *device, enum xenbus_state theirs)
{
    switch (theirs) {
    case XenbusStateInitialising:
    case XenbusStateInitWait:
        look_initialising(device, theirs);
        return;
    case XenbusStateInitialised:
    case XenbusStateConnected:
        if (device->state == XenbusStateInitialising)
            prepare(device);
        if (device->state == XenbusStateInitWait)
            connect(device);
        return;
    case XenbusStateClosing:
        if (device->state < XenbusStateClosing)
            state_set(device, XenbusStateClosing);
        return;
    case XenbusStateClosed:
    case XenbusStateUnknown:
        if (device->state != XenbusStateClosed)
            close_now(device);
        return;
    default: /* Reconfiguring: nobody here asks for it */
        return;
    }
}

void device_look(struct device *device)
{
    char value[4];
    enum xenbus_state theirs = state_of(device, true);

    if (device_read(device, false, "frontend", value, sizeof(value)) == -XEN_ENOENT) {
        device_free(device);
        return;
    }
    if (is_unwanted(device))
        look_unwanted(device, theirs);
    else
        look_wanted(device, theirs);
    device->theirs = theirs;
}
