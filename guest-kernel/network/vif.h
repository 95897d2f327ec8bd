/*
 * A VIF: a netfront with its life, as the xenstore tells it (xen/io/xenbus.h, xen/io/netif.h). A
 * thread of its own follows the backend's state:
 *
 *   backend      us
 *   InitWait     make rings, write where they are, Connected
 *   Connected    the link is up
 *   Closing, Closed, gone       take all back, Closed
 *   InitWait again, later       begin again
 *
 * A backend that breaks the protocol is closed from our side, and stays so until it begins anew.
 */
#ifndef GUEST_KERNEL_NETWORK_VIF_H
#define GUEST_KERNEL_NETWORK_VIF_H

#include "guest-kernel/network/netfront.h"
#include "guest-kernel/xenbus/xenbus.h"

struct vif {
    struct netfront front;
    struct xenbus_device device;
    struct xenstore_watch watch;
    struct thread *thread;
    enum xenbus_state state; /* ours */
    long error;              /* why the last try to connect did not work; 0 */
    bool was_up;             /* since it was opened */
};

/*
 * Takes the index-th vif of this guest into use; v is zeroed and stays. After xenstore_init,
 * grant_init and network_start. -ENOENT: there is none; -EINVAL: it has no MAC address; -ENOMEM; or
 * the store's answer.
 */
long vif_start(struct vif *v, u32 index);

/* Waits until the link is up (or down), span nanoseconds at most; whether it is. */
bool vif_wait(struct vif *v, bool up, u64 span_ns);

#endif
