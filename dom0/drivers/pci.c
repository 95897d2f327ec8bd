/*
 * Configuration space is reached by a pair of ports: a function's number and a register go to the
 * first, the second is then a window on that register (PCI Local Bus specification 3.0, section
 * 3.2.2.3.2). Dom0 runs in ring 3 and may use ports all the same: the hypervisor lets it, or does
 * it for it. One loop, no threads: nothing comes between the two ports.
 *
 * The firmware has given each function its addresses; here they are only read.
 */
#include "dom0/drivers/pci.h"

#include "dom0/mm/area.h"
#include "guest-kernel/core/hypercall.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ON      (1U << 31)

#define PCI_IDENTITY      0x00
#define PCI_HEADER        0x0e
#define PCI_HEADER_TYPE   0x7fU
#define PCI_HEADER_MANY   0x80U
#define PCI_HEADER_BRIDGE 1U
#define PCI_BUS_BEHIND    0x19
#define PCI_NOBODY        0xffffU

#define BUS_FUNCTIONS 256
#define PTE_REGISTERS (PTE_KERNEL_READ_WRITE | PTE_NX | 0x18ull) /* no cache, written through */

static u32 port_read(u16 port, unsigned bytes)
{
    u32 value;

    if (bytes == 1)
        asm volatile("xorl %0, %0; inb %1, %b0" : "=&a"(value) : "Nd"(port));
    else if (bytes == 2)
        asm volatile("xorl %0, %0; inw %1, %w0" : "=&a"(value) : "Nd"(port));
    else
        asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void port_write(u16 port, unsigned bytes, u32 value)
{
    if (bytes == 1)
        asm volatile("outb %b0, %1" : : "a"(value), "Nd"(port));
    else if (bytes == 2)
        asm volatile("outw %w0, %1" : : "a"(value), "Nd"(port));
    else
        asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* Level 1 of four: the kernel, in ring 3, is above user programs. Asked for once. */
static void ports_allow(void)
{
    static bool allowed;
    struct physdev_set_iopl set = {.iopl = 1};

    if (!allowed && hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)&set))
        guest_panic("dom0 may not use ports");
    allowed = true;
}

u32 pci_config(u16 bdf, u32 reg, unsigned bytes, bool write, u32 data)
{
    u16 window = (u16)(CONFIG_DATA + reg % 4);

    ports_allow();
    port_write(CONFIG_ADDRESS, 4, CONFIG_ON | (u32)bdf << 8 | (reg & ~3U));
    if (write)
        port_write(window, bytes, data);
    return write ? data : port_read(window, bytes);
}

static u32 config_read(u16 bdf, u32 reg, unsigned bytes)
{
    return pci_config(bdf, reg, bytes, false, 0);
}

/* A bridge's second bus has a higher number than its first: this ends. */
static void bus_scan(u32 bus, void (*found)(u16 bdf, u16 vendor, u16 device))
{
    for (u32 n = 0; n < BUS_FUNCTIONS; n++) {
        u16 bdf = (u16)(bus << 8 | n);
        u32 identity = config_read(bdf, PCI_IDENTITY, 4), header, behind;

        if ((identity & PCI_NOBODY) == PCI_NOBODY) {
            n |= n % 8 ? 0 : 7; /* without the first function there are no others */
            continue;
        }
        header = config_read(bdf, PCI_HEADER, 1);
        behind = config_read(bdf, PCI_BUS_BEHIND, 1);
        if ((header & PCI_HEADER_TYPE) != PCI_HEADER_BRIDGE)
            found(bdf, (u16)identity, (u16)(identity >> 16));
        else if (behind > bus)
            bus_scan(behind, found);
        if (!(n % 8) && !(header & PCI_HEADER_MANY))
            n |= 7;
    }
}

void pci_scan(void (*found)(u16 bdf, u16 vendor, u16 device))
{
    bus_scan(0, found);
}

void pci_enable(u16 bdf)
{
    u32 command = config_read(bdf, PCI_COMMAND, 2);

    pci_config(bdf, PCI_COMMAND, 2, true, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

volatile void *pci_map(u16 bdf, u32 bar, u32 offset, u32 bytes)
{
    u64 start = pci_memory_at(pci_config, bdf, bar), first, pages;
    struct area *area;

    if (!start || !bytes)
        return NULL;
    start += offset;
    first = start >> PAGE_SHIFT;
    pages = ((start + bytes - 1) >> PAGE_SHIFT) - first + 1;
    area = area_reserve(pages);
    for (u64 n = 0; area && n < pages; n++) {
        xen_pfn_t frame = first + n;

        if (!area_map(area, n, &frame, 1, PTE_REGISTERS, DOMID_IO))
            continue;
        area_unmap(area, 0, n);
        area_release(area);
        return NULL;
    }
    return area ? (volatile u8 *)area_page(area, 0) + start % PAGE_SIZE : NULL;
}
