/*
 * A VIRTIO DEVICE on the PCI bus (Virtual I/O Device specification 1.0, section 4.1; "modern" only:
 * devices of before 1.0 are not driven). Its registers lie in memory; vendor capabilities say
 * where. virtq.h is what carries the data.
 *
 *   virtio_open, virtio_queue for each, virtio_begin; then virtq_*; served when it interrupts
 */
#ifndef DOM0_DRIVERS_VIRTIO_H
#define DOM0_DRIVERS_VIRTIO_H

#include "dom0/drivers/pci.h"
#include "dom0/drivers/virtq.h"

#define VIRTIO_VENDOR 0x1af4

/* A device's number in configuration space: this and its type (2: block, 1: network). */
#define VIRTIO_DEVICE_BASE 0x1040

#define VIRTIO_INDIRECT    (1ull << 28)
#define VIRTIO_EVENT_INDEX (1ull << 29)

struct virtio_registers;

struct virtio {
    u16 bdf;
    u64 features; /* that both sides have */
    volatile struct virtio_registers *registers;
    volatile u8 *interrupt_status, *config, *doorbells;
    u32 doorbells_apart;
    bool messages; /* interrupts say by themselves whose they are */
    struct pci_interrupt interrupt;
};

/* Finds its registers, resets it and agrees on features: what it has of @wanted (VERSION_1 and the
 * two above are wanted always). served as in pci.h. 0 or a negative errno: it is left alone. */
int virtio_open(struct virtio *v, u16 bdf, u64 wanted,
                void (*served)(struct pci_interrupt *interrupt));

/* Makes queue @n; of q nothing needs to be set. -ENODEV: the device has no such queue. */
int virtio_queue(struct virtio *v, u16 n, struct virtq *q);

/* From now on the device takes what it is given. */
void virtio_begin(struct virtio *v);

/* The device forgets everything and touches no memory any more. */
void virtio_reset(struct virtio *v);

/* First thing in served: whether the interrupt is this device's; a line goes down by it. */
bool virtio_interrupted(struct virtio *v);

/* The device's own configuration: 1, 2, 4 or 8 bytes. */
u64 virtio_config(const struct virtio *v, u32 offset, unsigned bytes);

#endif
