/*
 * The specifications of a guest's disks and network cards, as xl.cfg's disk= and vif= have them and
 * block-attach and network-attach take them (xl-disk-configuration(5),
 * xl-network-configuration(5)).
 *
 *   disk   [TARGET[,FORMAT[,VDEV[,ACCESS]]]][,key=value]...     "vda2,raw,xvda,w"
 *   vif    [key=value[,key=value]...] "mac=00:16:3e:01:02:03,bridge=xenbr0"
 *
 * What only other machines have (qcow2, qemu as backend, scripts that set devices up) is refused;
 * what changes nothing here is read and passed over. The readers are pure: a result points into the
 * text, which must stay as long as it is used.
 */
#ifndef DOM0_TOOLSTACK_CONFIG_DEVICES_H
#define DOM0_TOOLSTACK_CONFIG_DEVICES_H

#include "xen-like/lib/types.h"

/* A part of a text. Printed with %.*s. */
struct slice {
    const char *at; /* NULL: it was not said */
    int length;
};

struct disk_spec {
    struct slice target; /* what it is on: a disk of dom0 (drivers/disk.h), without "/dev/" */
    struct slice vdev;   /* what the guest shall call it */
    u32 number;          /* the same, as the device's number */
    bool read_only, cdrom, discard;
};

struct vif_spec {
    bool has_mac;
    u8 mac[6];
    struct slice bridge, ip; /* as they are written to the store */
    u32 devid;               /* VIF_DEVID_ANY: the next that is free */
};

#define VIF_DEVID_ANY ~0u

/* NULL, or what is wrong with the specification. */
const char *disk_spec_read(const char *text, struct disk_spec *disk);
const char *vif_spec_read(const char *text, struct vif_spec *vif);

/*
 * The number that stands for a guest's disk: "xvda" 51712, "xvda1" 51713, "sda", "hdc", "d1p2", or
 * the number itself (vbd-interface(7)). False: it is none.
 */
bool vdev_number(struct slice name, u32 *number);

/* "00:16:3e:01:02:03" */
bool mac_read(struct slice text, u8 mac[6]);

#endif
