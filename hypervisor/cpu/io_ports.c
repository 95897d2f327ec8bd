/*
 * I/O ports of a guest: those of the machine where the domain is allowed them, and a few that the
 * hypervisor stands in front of, because two ports that work as a pair (index, then data) must not
 * be interleaved with another user's, or because only a part of a port is the guest's.
 *
 *   0x42, 0x43, 0x61  the timer chip: dom0 has channel 2 and the speaker, nobody the other channels
 *   0x70, 0x71        CMOS and clock: each domain has an index of its own
 *   0xcf8, 0xcfc      PCI configuration: each domain has an address of its own, dom0 the data
 *
 * An access that is not the machine's as a whole is taken apart, and each part has its own answer.
 * The rules are Xen's, by which kernels probe.
 */
#include "hypervisor/cpu/io_ports.h"

#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/domain/ports.h"
#include "xen-like/lib/insn.h"

#define NOTHING (~0U) /* what a port without a device reads as */

#define PIT_SELECT           0xc0U /* of a command: the channel, or to read back */
#define PIT_SELECT_2         0x80U
#define PIT_READ_BACK        0xc0U
#define PIT_READ_BACK_2      0x08U
#define PIT_READ_BACK_OTHERS 0x07U /* channels 0 and 1, and a bit that must be 0 */
#define PIT_GATE_CHOICE      0x03U
#define CMOS_INDEX_BITS      0x7f /* the eighth masks NMIs */

/* Guards the pairs of ports of CMOS and PCI configuration. */
static struct spinlock pair_lock = SPINLOCK(LOCK_PORTS);

static u32 machine_port(u32 port, unsigned bytes, bool write, u32 data)
{
    if (!write)
        return bytes == 1 ? inb((u16)port) : bytes == 2 ? inw((u16)port) : inl((u16)port);
    if (bytes == 1)
        outb((u16)port, (u8)data);
    else if (bytes == 2)
        outw((u16)port, (u16)data);
    else
        outl((u16)port, data);
    return 0;
}

/* The command port cannot be read. */
static u32 timer_port(u32 port, bool write, u32 data)
{
    if (port == PIT_COMMAND) {
        if (!write || (data & PIT_SELECT) < PIT_SELECT_2)
            return 0;
        if ((data & PIT_SELECT) == PIT_READ_BACK)
            data &= data & PIT_READ_BACK_2 ? ~PIT_READ_BACK_OTHERS : 0;
        if (!data)
            return 0;
    } else if (port == PIT_GATE && write) {
        data = (inb(PIT_GATE) & ~PIT_GATE_CHOICE) | (data & PIT_GATE_CHOICE);
    }
    return machine_port(port, 1, write, data);
}

static u32 cmos_data(u8 index, bool write, u32 data)
{
    u32 value;

    spin_lock(&pair_lock);
    outb(CMOS_INDEX, index & CMOS_INDEX_BITS);
    value = machine_port(CMOS_DATA, 1, write, data);
    spin_unlock(&pair_lock);
    return value;
}

u32 pci_config(u32 address, u32 port, unsigned bytes, bool write, u32 data)
{
    u32 value;

    spin_lock(&pair_lock);
    outl(PCI_CONFIG_ADDRESS, address);
    value = machine_port(port, bytes, write, data);
    spin_unlock(&pair_lock);
    return value;
}

/* The beginning of an access: *@bytes are asked for, and in the end those that this did. */
static u32 part_access(struct domain *d, u32 port, unsigned *bytes, bool write, u32 data)
{
    unsigned asked = *bytes;

    *bytes = 1;
    switch (port) {
    case PIT_CHANNEL2 ... PIT_COMMAND:
    case PIT_GATE:
        return d->privileged ? timer_port(port, write, data) : NOTHING;
    case CMOS_INDEX:
        return write ? (d->cmos_index = (u8)data) : d->cmos_index;
    case CMOS_DATA:
        return ports_allowed(d, CMOS_INDEX, 2) ? cmos_data(d->cmos_index, write, data) : NOTHING;
    case PCI_CONFIG_ADDRESS:
        if (asked < 4)
            break;
        *bytes = 4;
        return write ? (d->pci_address = data) : d->pci_address;
    case PCI_CONFIG_DATA ... PCI_CONFIG_DATA + 3:
        *bytes = MIN(asked, PCI_CONFIG_DATA + 4 - port);
        *bytes -= *bytes == 3;
        return d->privileged ? pci_config(d->pci_address, port, *bytes, write, data) : NOTHING;
    default:
        break;
    }
    if (!ports_allowed(d, port, 1))
        return NOTHING;
    if (asked > 1 && !(port & 1) && ports_allowed(d, port, 2))
        *bytes = 2;
    return machine_port(port, *bytes, write, data);
}

/* Is the access the machine's as it is? The address of PCI configuration is only there for 4 bytes
 * at once: others reach what the chipset has at those ports. */
static bool access_is_direct(const struct domain *d, u32 port, unsigned bytes)
{
    bool cmos = port <= CMOS_DATA && port + bytes > CMOS_INDEX;

    return !cmos && !(port == PCI_CONFIG_ADDRESS && bytes == 4) && ports_allowed(d, port, bytes);
}

u32 guest_port_access(struct domain *d, u32 port, unsigned bytes, bool write, u32 data)
{
    u64 answer = 0;

    if (access_is_direct(d, port, bytes))
        return machine_port(port, bytes, write, data);
    for (unsigned done = 0, n; done < bytes; done += n) {
        u32 part;

        n = bytes - done;
        part = part_access(d, port + done, &n, write, data >> 8 * done);
        answer |= (part & insn_width_mask(n)) << 8 * done;
    }
    return (u32)answer;
}
