/* See summary.h. */
#include "dom0/shell/summary.h"

#include "dom0/backend/block.h"
#include "dom0/backend/network.h"
#include "dom0/drivers/disk.h"

#include "xen-like/lib/fmt.h"

static void disks_figure(struct device_figures *f, domid_t domain)
{
    struct device *device = NULL;

    while ((device = device_next(&block_class, device))) {
        const struct block_statistics *s = block_statistics(device);

        if (device->guest != domain)
            continue;
        f->disks++;
        f->requests += s->requests;
        f->reads += s->reads;
        f->writes += s->writes;
        f->sectors_read += s->sectors_read;
        f->sectors_written += s->sectors_written;
    }
}

static void cards_figure(struct device_figures *f, domid_t domain)
{
    struct vif *vif = NULL;

    while ((vif = vif_next(vif))) {
        if (vif->device.guest != domain)
            continue;
        f->cards++;
        f->frames_sent += vif->port.in.frames;
        f->bytes_sent += vif->port.in.bytes;
        f->frames_received += vif->port.out.frames;
        f->bytes_received += vif->port.out.bytes;
    }
}

void devices_figure(struct device_figures *f, domid_t domain)
{
    *f = (struct device_figures){0};
    disks_figure(f, domain);
    cards_figure(f, domain);
}

void summary_devices(char *to, size_t size, domid_t domain)
{
    struct device_figures f;
    size_t used = 0;

    devices_figure(&f, domain);
    to[0] = '\0';
    if (f.disks)
        used = fmt_snprintf(
            to, size, "; %" F64 "u requests to its disk, %" F64 "u KiB read, %" F64 "u KiB written",
            f.requests, f.sectors_read * SECTOR_SIZE / 1024,
            f.sectors_written * SECTOR_SIZE / 1024);
    if (f.cards && used < size)
        fmt_snprintf(to + used, size - used, "; %" F64 "u frames sent, %" F64 "u received",
                     f.frames_sent, f.frames_received);
}
