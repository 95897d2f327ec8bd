/* Virtio over PCI: see virtio.h. Numbers in comments are sections of the specification. */
#include "dom0/drivers/virtio.h"

#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "xen-like/abi/xen.h"

#define FEATURE_VERSION_1 (1ull << 32)

#define STATUS_ACKNOWLEDGED 1U
#define STATUS_DRIVER       2U
#define STATUS_DRIVER_OK    4U
#define STATUS_FEATURES_OK  8U
#define STATUS_FAILED       128U

#define NO_VECTOR    0xffffU
#define RESET_ROUNDS 1000000

/* 4.1.4.3: 64-bit addresses are written in halves. */
struct virtio_registers {
    u32 device_features_select, device_features;
    u32 driver_features_select, driver_features;
    u16 config_vector, queues;
    u8 status, config_generation;
    u16 queue_select, queue_size, queue_vector, queue_enable, queue_doorbell;
    u32 queue_descriptors[2], queue_available[2], queue_used[2];
};

_Static_assert(offsetof(struct virtio_registers, queue_used) == 48, "4.1.4.3");

/* 4.1.4: a capability of the vendor's. */
enum virtio_part {
    PART_REGISTERS = 1,
    PART_DOORBELLS,
    PART_INTERRUPT_STATUS,
    PART_CONFIG,
};

#define CAP_PART   3U
#define CAP_BAR    4U
#define CAP_OFFSET 8U
#define CAP_LENGTH 12U
#define CAP_APART  16U
#define CAPS_MAX   48

static u32 cap_read(const struct virtio *v, u8 cap, u32 offset, unsigned bytes)
{
    return pci_config(v->bdf, cap + offset, bytes, false, 0);
}

static volatile void *part_map(const struct virtio *v, u8 cap)
{
    return pci_map(v->bdf, cap_read(v, cap, CAP_BAR, 1), cap_read(v, cap, CAP_OFFSET, 4),
                   cap_read(v, cap, CAP_LENGTH, 4));
}

/* The first of a kind is the one to use. */
static void part_found(struct virtio *v, u8 cap)
{
    u32 part = cap_read(v, cap, CAP_PART, 1);

    if (part == PART_REGISTERS && !v->registers)
        v->registers = part_map(v, cap);
    if (part == PART_INTERRUPT_STATUS && !v->interrupt_status)
        v->interrupt_status = part_map(v, cap);
    if (part == PART_CONFIG && !v->config)
        v->config = part_map(v, cap);
    if (part == PART_DOORBELLS && !v->doorbells) {
        v->doorbells = part_map(v, cap);
        v->doorbells_apart = cap_read(v, cap, CAP_APART, 4);
    }
}

static bool parts_find(struct virtio *v)
{
    u8 cap = pci_capability(pci_config, v->bdf, PCI_CAP_VENDOR);

    for (int n = 0; n < CAPS_MAX && cap; n++) {
        part_found(v, cap);
        cap = pci_capability_after(pci_config, v->bdf, cap, PCI_CAP_VENDOR);
    }
    return v->registers && v->interrupt_status && v->config && v->doorbells;
}

static void status_add(struct virtio *v, u8 bits)
{
    v->registers->status |= bits;
}

void virtio_reset(struct virtio *v)
{
    v->registers->status = 0;
    for (int n = 0; n < RESET_ROUNDS && v->registers->status; n++)
        ;
}

static u64 features_offered(struct virtio *v)
{
    u64 features;

    v->registers->device_features_select = 1;
    features = (u64)v->registers->device_features << 32;
    v->registers->device_features_select = 0;
    return features | v->registers->device_features;
}

static void features_choose(struct virtio *v, u64 features)
{
    v->features = features;
    v->registers->driver_features_select = 0;
    v->registers->driver_features = (u32)features;
    v->registers->driver_features_select = 1;
    v->registers->driver_features = (u32)(features >> 32);
}

/* 3.1.1, steps 1 to 6. */
static bool features_agree(struct virtio *v, u64 wanted)
{
    virtio_reset(v);
    status_add(v, STATUS_ACKNOWLEDGED);
    status_add(v, STATUS_DRIVER);
    wanted |= FEATURE_VERSION_1 | VIRTIO_INDIRECT | VIRTIO_EVENT_INDEX;
    features_choose(v, features_offered(v) & wanted);
    if (v->features & FEATURE_VERSION_1)
        status_add(v, STATUS_FEATURES_OK);
    return v->registers->status & STATUS_FEATURES_OK;
}

int virtio_open(struct virtio *v, u16 bdf, u64 wanted,
                void (*served)(struct pci_interrupt *interrupt))
{
    int kind;

    *v = (struct virtio){.bdf = bdf, .interrupt.served = served};
    pci_enable(bdf);
    if (!parts_find(v))
        return -XEN_ENODEV;
    if (!features_agree(v, wanted)) {
        status_add(v, STATUS_FAILED);
        return -XEN_ENODEV;
    }
    kind = pci_interrupt_bind(bdf, &v->interrupt);
    v->messages = kind == PCI_MSIX;
    v->registers->config_vector = NO_VECTOR;
    return MIN(kind, 0);
}

static void address_write(volatile u32 *halves, u64 address)
{
    halves[0] = (u32)address;
    halves[1] = (u32)(address >> 32);
}

static u16 queue_size(const struct virtio *v)
{
    u16 size = v->registers->queue_size;

    return (u16)MIN(size, (u16)VIRTQ_MAX);
}

int virtio_queue(struct virtio *v, u16 n, struct virtq *q)
{
    volatile struct virtio_registers *r = v->registers;
    u64 at;
    pfn_t frame;

    r->queue_select = n;
    if (n >= r->queues || !r->queue_size)
        return -XEN_ENODEV;
    frame = frame_alloc_zeroed();
    virtq_init(q, pfn_to_virt(frame), queue_size(v), v->features & VIRTIO_EVENT_INDEX);
    at = mfn_to_address(pfn_to_mfn(frame));
    r->queue_size = q->size;
    address_write(r->queue_descriptors, at + offsetof(struct virtq_page, descriptors));
    address_write(r->queue_available, at + offsetof(struct virtq_page, available));
    address_write(r->queue_used, at + offsetof(struct virtq_page, used));
    r->queue_vector = v->messages ? 0 : NO_VECTOR;
    q->number = n;
    q->doorbell = (volatile u16 *)(v->doorbells + r->queue_doorbell * v->doorbells_apart);
    r->queue_enable = 1;
    return 0;
}

void virtio_begin(struct virtio *v)
{
    status_add(v, STATUS_DRIVER_OK);
}

/* Reading it takes the line down (4.1.4.5). */
bool virtio_interrupted(struct virtio *v)
{
    return v->messages || *v->interrupt_status;
}

u64 virtio_config(const struct virtio *v, u32 offset, unsigned bytes)
{
    const volatile u8 *at = v->config + offset;

    switch (bytes) {
    case 1:
        return *at;
    case 2:
        return *(const volatile u16 *)at;
    case 4:
        return *(const volatile u32 *)at;
    default:
        return virtio_config(v, offset + 4, 4) << 32 | virtio_config(v, offset, 4);
    }
}
