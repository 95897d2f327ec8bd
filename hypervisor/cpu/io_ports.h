/* What a guest finds behind an I/O port. */
#ifndef HYPERVISOR_CPU_IO_PORTS_H
#define HYPERVISOR_CPU_IO_PORTS_H

#include "hypervisor/domain/domain.h"

/*
 * Read (or write @data to) the @bytes, 1, 2 or 4, at @port for @d. Nothing is refused: what @d may
 * not use reads as all ones and swallows what is written, like a port without a device. The answer
 * is what was read; it has no meaning for a write.
 */
u32 guest_port_access(struct domain *d, u32 port, unsigned bytes, bool write, u32 data);

/* PCI configuration: @bytes, as @port has them while @address is in the address port. */
u32 pci_config(u32 address, u32 port, unsigned bytes, bool write, u32 data);

#endif
