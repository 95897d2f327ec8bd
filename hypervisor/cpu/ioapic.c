/*
 * An I/O APIC has two registers in memory: one selects, the other is what was selected. Each pin
 * has an entry of two words that says which vector goes to which CPU, and how the line signals.
 * Layouts: Intel 82093AA data sheet, section 3.2.
 */
#include "hypervisor/cpu/ioapic.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/smp.h"

#define IOAPIC_BYTES    0x20
#define IOAPIC_SELECT   0 /* index of a u32 */
#define IOAPIC_WINDOW   4
#define REG_VERSION     1
#define VERSION_PINS(v) (((v) >> 16 & 0xff) + 1)
#define ENTRY_CPU(id)   ((id) << 24) /* in the upper word */

static struct {
    volatile u32 *regs;
    u32 pins;
} ioapics[IOAPICS_MAX];

u32 ioapic_read(u32 i, u32 reg)
{
    ioapics[i].regs[IOAPIC_SELECT] = reg;
    return ioapics[i].regs[IOAPIC_WINDOW];
}

static void ioapic_write(u32 i, u32 reg, u32 v)
{
    ioapics[i].regs[IOAPIC_SELECT] = reg;
    ioapics[i].regs[IOAPIC_WINDOW] = v;
}

void ioapics_init(void)
{
    for (u32 i = 0; i < madt.ioapics; i++) {
        ioapics[i].regs = hv_map_mmio(madt.ioapic[i].phys, IOAPIC_BYTES, 0);
        ioapics[i].pins = VERSION_PINS(ioapic_read(i, REG_VERSION));
        for (u32 pin = 0; pin < ioapics[i].pins; pin++)
            ioapic_write(i, IOAPIC_REG_ENTRY(pin), IOAPIC_MASKED);
    }
}

u32 ioapic_lines(void)
{
    u32 pins = 0, end = 0;

    for (u32 i = 0; i < madt.ioapics; i++) {
        pins += ioapics[i].pins;
        end = MAX(end, madt.ioapic[i].gsi + ioapics[i].pins);
    }
    return MAX(pins, end);
}

bool ioapic_set(u32 gsi, u32 entry)
{
    for (u32 i = 0; i < madt.ioapics; i++) {
        u32 pin = gsi - madt.ioapic[i].gsi;

        if (pin >= ioapics[i].pins)
            continue;
        ioapic_write(i, IOAPIC_REG_ENTRY(pin) + 1, ENTRY_CPU(smp_apic_id(0)));
        ioapic_write(i, IOAPIC_REG_ENTRY(pin), entry);
        return true;
    }
    return false;
}

u32 ioapic_find(u64 phys)
{
    for (u32 i = 0; i < madt.ioapics; i++)
        if (madt.ioapic[i].phys == phys)
            return i;
    return IOAPICS_MAX;
}
