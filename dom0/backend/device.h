/*
 * BACKENDS, what they have in common. A device is two directories of the xenstore, one of the guest
 * (frontend), one of ours (backend), each with a `state` that only its end writes
 * (xen/io/xenbus.h):
 *
 *   ours       Initialising -> InitWait ------------------> Connected -> Closing -> Closed
 *   theirs     Initialising ---------> Initialised/Connected ----------> Closing -> Closed
 *
 * The toolstack makes both directories (toolstack/devices.h). This file watches both states of each
 * device and calls its class: what the frontend wrote is read by the class, believed in nothing.
 * A frontend that goes back to Initialising (its kernel was booted anew) finds a fresh InitWait; a
 * directory that goes away ends the device. All calls come from dom0's loop.
 *
 * Who wants a device away (the toolstack) writes `online` 0, or Closing into our `state`: the
 * frontend is given the time to close, and Closed then stays. Directories that are there already
 * are taken on like new ones; with a frontend that is connected, `prepare` and `connect` follow at
 * once.
 */
#ifndef DOM0_BACKEND_DEVICE_H
#define DOM0_BACKEND_DEVICE_H

#include "dom0/xenstore/store.h"
#include "xen-like/lib/list.h"

struct device {
    struct list link;
    const struct device_class *class;
    domid_t guest;
    u32 id;                         /* of the device: 51712 for xvda, 0 for the first vif */
    char frontend[64], backend[64]; /* paths of the two directories */
    enum xenbus_state state;        /* ours */
    enum xenbus_state theirs;       /* as it was seen last */
    bool connected;                 /* between connect and disconnect */
    struct store_watch watch;       /* of the frontend's state */
};

struct device_class {
    const char *type; /* "vbd" */
    u32 size;         /* of the class's own structure, which begins with a struct device */
    /* Writes what the frontend must know before InitWait. A negative errno: the device is refused
     * (`error` in its directory says so, and it is Closed). */
    int (*prepare)(struct device *device);
    /* The frontend has written rings and ports: map, bind, write what is left before Connected. */
    int (*connect)(struct device *device);
    /* Gives all of the frontend's back; requests under way end later and must not touch it. */
    void (*disconnect)(struct device *device);
    /* It goes for good, after disconnect. May be NULL. */
    void (*remove)(struct device *device);
};

/* In words what stands in a `state`: "Connected". */
const char *device_state_name(enum xenbus_state state);

/* At any time; directories of the type that are there already are looked at soon. 0 or -ENOMEM. */
int device_class_add(const struct device_class *class);

/* As if dom0 had been started anew: all devices of the type are let go of, and taken on again as
 * their directories say. */
void device_class_restart(const struct device_class *class);
/* By name; false: there is no such class. */
bool device_type_restart(const char *type);

/* The first device of a class, and the next after one; NULL: no more. */
struct device *device_next(const struct device_class *class, const struct device *after);

/* The frontend broke the protocol: disconnects, Closing; why stands in `error`. */
void device_fail(struct device *device, const char *why);

/* Reads from the frontend's or our directory, as store_read. */
long device_read(const struct device *device, bool frontend, const char *key, char *to,
                 size_t size);
u64 device_read_number(const struct device *device, bool frontend, const char *key, u64 fallback);
PRINTF_LIKE(3, 4)
int device_write(const struct device *device, const char *key, const char *format, ...);

#endif
