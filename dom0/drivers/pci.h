/*
 * PCI as drivers in dom0 use it: which functions there are, their registers mapped, their
 * interrupts as work of the loop. What is in configuration space: xen-like/lib/pci.h.
 */
#ifndef DOM0_DRIVERS_PCI_H
#define DOM0_DRIVERS_PCI_H

#include "dom0/loop.h"
#include "xen-like/lib/pci.h"

/* Configuration space by its ports: a pci_config_fn. */
u32 pci_config(u16 bdf, u32 reg, unsigned bytes, bool write, u32 data);

/* Calls found for each function behind the host bridge, in the order of their numbers. */
void pci_scan(void (*found)(u16 bdf, u16 vendor, u16 device));

/* Switches its memory and its access to ours on. */
void pci_enable(u16 bdf);

/* @bytes of a function's base address @bar, from @offset on, in our space, not cached. NULL: that
 * base address is none of memory, or it may not be mapped. Stays mapped. */
volatile void *pci_map(u16 bdf, u32 bar, u32 offset, u32 bytes);

/*
 * An interrupt of a function: a message (MSI-X, its first vector; or MSI), else its line. served is
 * called from the loop after it came, and has to look at the device; a line may be another's, too.
 * What comes while it is served is served again.
 */
struct pci_interrupt {
    void (*served)(struct pci_interrupt *interrupt);
    struct list link; /* of the line's sharers */
};

enum pci_interrupt_kind {
    PCI_LINE_INTERRUPT,
    PCI_MSI,
    PCI_MSIX,
};

/* How it comes, or a negative errno. */
int pci_interrupt_bind(u16 bdf, struct pci_interrupt *interrupt);

#endif
