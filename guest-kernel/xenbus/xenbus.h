/*
 * XENBUS, a guest's side: the xenstore over its ring, and the states of devices. For threads
 * (sched/thread.h): each call waits for its answer, others run meanwhile; watches fire in a thread
 * of their own.
 *
 * Relative paths are below /local/domain/<this domain>. Answers: 0 or a negative errno, of the
 * store's answer; -EIO: the store broke the protocol, and nobody talks to it any more.
 */
#ifndef GUEST_KERNEL_XENBUS_XENBUS_H
#define GUEST_KERNEL_XENBUS_XENBUS_H

#include "guest-kernel/core/vcpu.h"
#include "xen-like/abi/io.h"

/* After threads_start. -ENODEV: there is no store, or nobody serves it. Called again, it does
 * nothing. */
long xenstore_init(void);

/* The value's length, with a NUL behind it; -E2BIG. */
long xenstore_read(const char *path, char *to, size_t size);
u64 xenstore_read_number(const char *path, u64 fallback);
/* At most 255 bytes; -E2BIG. */
PRINTF_LIKE(2, 3) long xenstore_write(const char *path, const char *format, ...);
long xenstore_remove(const char *path);
/* The index-th child's name; -ENOENT: there are no more. */
long xenstore_child(const char *path, u32 index, char *to, size_t size);

/*
 * What body reads and writes, in this thread, is done as a whole or not at all: seen by others at
 * once, and done again from the beginning if something else changed it meanwhile. A negative answer
 * of body undoes it, and is the answer. No watches, and no other transaction, within.
 */
long xenstore_transact(long (*body)(void *arg), void *arg);

/*
 * A watch: fired is called in the thread of watches once soon after it was set, and at least once
 * after each change of the node, of one below it, and of one above that took it along. Several
 * changes may be one call: look what is there. It may use all of this header.
 */
struct xenstore_watch {
    void (*fired)(struct xenstore_watch *watch);
    struct list link; /* this and below are the store's */
    u32 token;
    bool due;
};

/* The watch's memory is the caller's, until xenstore_unwatch has returned: it does not run then. */
long xenstore_watch(struct xenstore_watch *watch, const char *path,
                    void (*fired)(struct xenstore_watch *watch));
void xenstore_unwatch(struct xenstore_watch *watch, const char *path);

/* It will be called once more, as if something had changed. May be called from handlers of events.
 */
void xenstore_watch_look(struct xenstore_watch *watch);

/* A device of this guest, found below device/TYPE/ID. */
struct xenbus_device {
    char frontend[64], backend[128]; /* paths */
    domid_t peer;                    /* the backend's domain */
};

/* -ENOENT: there is no such device. */
long xenbus_find(struct xenbus_device *device, const char *type, u32 index);
/* Reads anew who the backend of the device is: it may have been detached, and attached to another.
 */
long xenbus_find_again(struct xenbus_device *device);
long xenbus_set_state(const struct xenbus_device *device, enum xenbus_state state);
/* XenbusStateUnknown: its directory went. */
enum xenbus_state xenbus_backend_state(const struct xenbus_device *device);
/* Waits until the backend's state is one of the bits (1 << XenbusStateX); answers the state, or
 * XenbusStateUnknown when its directory went. */
enum xenbus_state xenbus_wait(struct xenbus_device *device, u32 states);
/* The same until that system time (ns) at most: then the answer is the state, whatever it is. */
enum xenbus_state xenbus_wait_until(struct xenbus_device *device, u32 states, u64 until);

/* A key in the device's own directory, or in the backend's. */
PRINTF_LIKE(3, 4)
long xenbus_write(const struct xenbus_device *device, const char *key, const char *format, ...);
u64 xenbus_read_number(const struct xenbus_device *device, const char *key, u64 fallback);

/*
 * From now on the guest does what the toolstack asks of it in control/shutdown: it powers off or
 * reboots. It cannot be suspended, and does not say that it could. Called again, it does nothing.
 */
long control_watch(void);

/* From now on it has the memory that memory/target says, as far as it can, and the vcpus that
 * cpu/N/availability says are online. Called again, it does nothing. */
long resources_watch(void);

#endif
