/* The I/O APICs: which vector a device's line raises. Lines have ACPI's numbers (GSI), counted
 * through all I/O APICs. */
#ifndef HYPERVISOR_CPU_IOAPIC_H
#define HYPERVISOR_CPU_IOAPIC_H

#include "xen-like/lib/types.h"

/* A pin's entry, lower word: a vector, and */
#define IOAPIC_MODE(e)    ((e) >> 8 & 7) /* 0: as it is; 1: to whoever has the least to do */
#define IOAPIC_LOW_ACTIVE (1U << 13)
#define IOAPIC_LEVEL      (1U << 15)
#define IOAPIC_MASKED     (1U << 16)

#define IOAPIC_REG_ENTRY(pin) (0x10 + 2 * (pin))

/* Map all that boot/madt.h found, and mask every pin. After apic_init(), once. */
void ioapics_init(void);

/* As many as there are pins, and at least up to the last one. */
u32 ioapic_lines(void);

/* From now on the line signals so, to the CPU that calls. False: no I/O APIC has that line. The
 * vector's handler must be there already, unless the entry is masked. One caller at a time. */
bool ioapic_set(u32 gsi, u32 entry);

/* The I/O APIC whose registers are at @phys, or IOAPICS_MAX; and one of them. */
u32 ioapic_find(u64 phys);
u32 ioapic_read(u32 i, u32 reg);

#endif
