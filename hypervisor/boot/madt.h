/* What ACPI says of interrupts: where the I/O APICs are, to which line an ISA device leads, how
 * many CPUs there are. */
#ifndef HYPERVISOR_BOOT_MADT_H
#define HYPERVISOR_BOOT_MADT_H

#include "hypervisor/boot/acpi.h"

#define ISA_IRQS    16
#define APIC_IDS    256
#define IOAPICS_MAX 128 /* the tables have room for no more: an APIC's identity has 8 bits */

#define MADT_ACTIVE_LOW(flags) (((flags)&3) == 3)
#define MADT_LEVEL(flags)      (((flags) >> 2 & 3) == 3)

struct madt {
    struct madt_line {
        u32 gsi; /* the line's number among those of all I/O APICs */
        u16 flags;
    } isa[ISA_IRQS];
    u8 processor[APIC_IDS]; /* the number that ACPI gives a CPU, by its APIC's */
    u32 cpus;               /* that are enabled, and */
    u8 apic[APIC_IDS];      /* their APICs', in ACPI's order */
    u32 ioapics;
    struct madt_ioapic {
        u32 phys;
        u32 gsi; /* of its first pin */
    } ioapic[IOAPICS_MAX];
};

extern struct madt madt; /* of this machine, after madt_read() */

/* Fill `madt` from the tables that `rsdp` leads to, as acpi_find_power() does. NULL, or what is
 * wrong in words; then there is no I/O APIC, and every ISA line is its own. */
const char *madt_read(u64 rsdp, acpi_map_fn map);

#endif
