/*
 * Which I/O ports dom0 gets: all, since it drives the devices, but those by which the hypervisor
 * drives its own (the list is Xen's). Some of these are emulated: cpu/io_ports.c.
 */
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/domain/ports.h"

#define PM_TIMER_PORTS 4
#define SERIAL_PORTS   8

static const struct {
    u16 first, count;
} kept[] = {
    {PIC_MASTER, 2}, {PIC_SLAVE, 2}, {PIT_CHANNEL0, 4}, {PIT_GATE, 1}, {PCI_CONFIG_DATA, 4},
};

bool dom0_ports_grant(struct domain *d)
{
    if (!ports_allow(d, 0, IO_PORTS))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
        ports_deny(d, kept[i].first, kept[i].count);
    if (power_timer_port())
        ports_deny(d, power_timer_port(), PM_TIMER_PORTS);
    for (unsigned i = 0; i < 2; i++)
        if (console_serial_base(i))
            ports_deny(d, console_serial_base(i), SERIAL_PORTS);
    return true;
}
