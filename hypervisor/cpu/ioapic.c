/*
 * An I/O APIC has two registers in memory: one selects, the other is what was selected. Each pin
 * has an entry of two words that says which vector goes to which CPU, and how the line signals.
 * Layouts: Intel 82093AA data sheet, section 3.2.
 */
#include "hypervisor/cpu/ioapic.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/apic.h"

#define IOAPIC_BYTES     0x20
#define IOAPIC_SELECT    0 /* index of a u32 */
#define IOAPIC_WINDOW    4
#define REG_VERSION      1
#define REG_ENTRY(pin)   (0x10 + 2 * (pin))
#define VERSION_PINS(v)  (((v) >> 16 & 0xff) + 1)
#define ENTRY_LOW_ACTIVE (1U << 13)
#define ENTRY_LEVEL      (1U << 15)
#define ENTRY_MASKED     (1U << 16)
#define ENTRY_CPU(id)    ((id) << 24) /* in the upper word */

static volatile u32 *ioapics[IOAPICS_MAX];

static u32 ioapic_read(u32 i, u32 reg)
{
    ioapics[i][IOAPIC_SELECT] = reg;
    return ioapics[i][IOAPIC_WINDOW];
}

static void ioapic_write(u32 i, u32 reg, u32 v)
{
    ioapics[i][IOAPIC_SELECT] = reg;
    ioapics[i][IOAPIC_WINDOW] = v;
}

static u32 ioapic_pins(u32 i)
{
    return VERSION_PINS(ioapic_read(i, REG_VERSION));
}

void ioapics_init(void)
{
    for (u32 i = 0; i < madt.ioapics; i++) {
        ioapics[i] = hv_map_mmio(madt.ioapic[i].phys, IOAPIC_BYTES, 0);
        for (u32 pin = 0; pin < ioapic_pins(i); pin++)
            ioapic_write(i, REG_ENTRY(pin), ENTRY_MASKED);
    }
}

bool ioapic_route_isa(u8 irq, u8 vector)
{
    for (u32 i = 0; irq < ISA_IRQS && i < madt.ioapics; i++) {
        u32 pin = madt.isa[irq].gsi - madt.ioapic[i].gsi;

        if (pin >= ioapic_pins(i))
            continue;
        ioapic_write(i, REG_ENTRY(pin) + 1, ENTRY_CPU(apic_id()));
        ioapic_write(i, REG_ENTRY(pin),
                     vector | (MADT_ACTIVE_LOW(madt.isa[irq].flags) ? ENTRY_LOW_ACTIVE : 0) |
                         (MADT_LEVEL(madt.isa[irq].flags) ? ENTRY_LEVEL : 0));
        return true;
    }
    return false;
}
