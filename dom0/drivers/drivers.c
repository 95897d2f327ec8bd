/* Which driver is for which function of the PCI bus. */
#include "dom0/drivers/drivers.h"

#include "dom0/drivers/virtio.h"
#include "dom0/drivers/virtio_blk.h"
#include "dom0/drivers/virtio_net.h"

static const struct {
    u16 vendor, device;
    void (*start)(u16 bdf);
} drivers[] = {
    {VIRTIO_VENDOR, VIRTIO_DEVICE_BASE + VIRTIO_BLK_TYPE, virtio_blk_start},
    {VIRTIO_VENDOR, VIRTIO_DEVICE_BASE + VIRTIO_NET_TYPE, virtio_net_start},
};

static void function_found(u16 bdf, u16 vendor, u16 device)
{
    for (u32 n = 0; n < ARRAY_SIZE(drivers); n++) {
        if (drivers[n].vendor == vendor && drivers[n].device == device)
            drivers[n].start(bdf);
    }
}

void drivers_start(void)
{
    pci_scan(function_found);
}
