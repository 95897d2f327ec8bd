/* See edu.h. Configuration space by its two ports. */
#include "tests/guests/pirq/edu.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

u32 edu_devfn;

static volatile u32 *registers;

static u32 in32(u16 port)
{
    u32 value;

    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void out32(u16 port, u32 value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static u32 address_of(u32 devfn, u32 reg)
{
    return 1u << 31 | devfn << 8 | (reg & ~3u);
}

u32 pci_read(u32 reg)
{
    out32(CONFIG_ADDRESS, address_of(edu_devfn, reg));
    return in32(CONFIG_DATA);
}

void pci_write(u32 reg, u32 value)
{
    out32(CONFIG_ADDRESS, address_of(edu_devfn, reg));
    out32(CONFIG_DATA, value);
}

u16 pci_read16(u32 reg)
{
    return (u16)(pci_read(reg) >> (reg & 2) * 8);
}

void pci_write16(u32 reg, u16 value)
{
    u16 port = (u16)(CONFIG_DATA + (reg & 2));

    out32(CONFIG_ADDRESS, address_of(edu_devfn, reg));
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

void pci_find(u32 id)
{
    for (edu_devfn = 0; edu_devfn < 256; edu_devfn++)
        if (pci_read(0) == id)
            return;
    guest_panic("the machine has no device %x", id);
}

u8 pci_capability(u8 id)
{
    u8 at = (u8)pci_read(PCI_CAPABILITIES);

    while (at && (pci_read(at) & 0xff) != id)
        at = (u8)(pci_read(at) >> 8);
    return at;
}

void edu_map(void)
{
    u64 at = pci_read(PCI_BAR0) & ~0xfull;

    pci_write(PCI_COMMAND, pci_read(PCI_COMMAND) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    scratch_entry(1);
    registers = scratch_page(0);
    if (map_page((void *)registers,
                 at | PTE_PRESENT | PTE_USER | PTE_WRITE | PTE_NO_CACHE | PTE_WRITE_THROUGH))
        guest_panic("the device's registers cannot be mapped");
}

u32 edu_read(u32 reg)
{
    return registers[reg / sizeof(u32)];
}

void edu_write(u32 reg, u32 value)
{
    registers[reg / sizeof(u32)] = value;
}
