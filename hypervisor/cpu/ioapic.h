/* The I/O APICs: which vector a device's line raises. */
#ifndef HYPERVISOR_CPU_IOAPIC_H
#define HYPERVISOR_CPU_IOAPIC_H

#include "xen-like/lib/types.h"

/* Map all that boot/madt.h found, and mask every pin. After apic_init(), once. */
void ioapics_init(void);

/*
 * From now on the line of ISA interrupt @irq raises @vector on this CPU. False: no I/O APIC has
 * that line. The vector's handler must be there already (irq_set_handler).
 */
bool ioapic_route_isa(u8 irq, u8 vector);

#endif
