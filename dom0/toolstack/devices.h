/*
 * THE DEVICES OF GUESTS, the toolstack's side: a device is made by writing its two directories into
 * the xenstore, and goes when they do; what moves its data is the backend's (backend/device.h).
 *
 *   /local/domain/0/backend/TYPE/DOMAIN/ID   ours: the backend reads what it shall serve
 *   /local/domain/DOMAIN/device/TYPE/ID      the guest's: its driver finds the backend's path
 *
 * The keys are those of xen/io/blkif.h and netif.h, written as libxl writes them. TYPE is "vbd" for
 * a disk, "vif" for a network card; ID is the disk's number or the card's.
 */
#ifndef DOM0_TOOLSTACK_DEVICES_H
#define DOM0_TOOLSTACK_DEVICES_H

#include "dom0/toolstack/build.h"
#include "dom0/toolstack/config_devices.h"
#include "dom0/xenstore/store.h"

#define DEVICE_DISK    "vbd"
#define DEVICE_NETWORK "vif"
#define BRIDGE_DEFAULT "xenbr0"

/* Makes all that a configuration asks for, before its domain runs. A negative errno, message says
 * why, and there is none. */
int devices_make(domid_t domain, const struct domain_config *config,
                 char message[BUILD_REASON_SIZE]);

/* All of a domain's devices go at once, whatever its drivers do; harmless if there are none. */
void devices_remove(domid_t domain);

/* One more, for a domain that may run. -EEXIST, -ENODEV, -EBUSY (somebody else writes to it). */
int disk_attach(domid_t domain, const struct disk_spec *disk, char message[BUILD_REASON_SIZE]);
/* @name: of the guest; a card without an address gets one that is made of it, the same each time.
 */
int network_attach(domid_t domain, const char *name, const struct vif_spec *vif,
                   char message[BUILD_REASON_SIZE]);

/*
 * Asks the guest to let go of a device, which is then removed: detach_told says so, or that the
 * guest has not done it in time. With force it is removed now. -ENODEV; -EBUSY: that was asked
 * already.
 */
int device_detach(domid_t domain, const char *type, u32 id, bool force);
extern void (*detach_told)(domid_t domain, const char *type, u32 id, bool gone);

/* What is to be known of a device; numbers that the guest has not written are -1. */
struct device_state {
    u32 id;
    s64 handle, state, port, ring, ring_receive; /* state: the frontend's */
    char mac[18];
    char backend[64]; /* path */
};

/* The @index-th device; false: there are no more. */
bool device_at(domid_t domain, const char *type, u32 index, struct device_state *state);

/* The card that has that number or that address. */
bool network_find(domid_t domain, const char *word, u32 *id);

#endif
