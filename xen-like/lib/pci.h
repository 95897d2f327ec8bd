/*
 * PCI configuration space as drivers and hypervisor need it (PCI Local Bus specification 3.0,
 * chapter 6): capabilities, where a device's memory is, and interrupts that are sent as messages: a
 * write of `data` to `address`. Where the two are written down is the difference: MSI has one place
 * in configuration space, MSI-X a table in the device's memory.
 *
 * How configuration space is reached is the caller's business: a function of his.
 */
#ifndef XEN_LIKE_LIB_PCI_H
#define XEN_LIKE_LIB_PCI_H

#include "xen-like/lib/types.h"

#define PCI_COMMAND         0x04
#define PCI_COMMAND_MEMORY  0x0002U
#define PCI_COMMAND_MASTER  0x0004U
#define PCI_COMMAND_NO_LINE 0x0400U
#define PCI_STATUS          0x06
#define PCI_STATUS_CAPS     0x0010U
#define PCI_BASE_ADDRESS(n) (0x10U + 4 * (n))
#define PCI_BASE_ADDRESSES  6
#define PCI_CAPABILITIES    0x34
#define PCI_LINE            0x3c
#define PCI_CAP_MSI         0x05
#define PCI_CAP_VENDOR      0x09
#define PCI_CAP_MSIX        0x11

/* 1, 2 or 4 @bytes at @reg, which is a multiple of that; the answer is what was read. */
typedef u32 (*pci_config_fn)(u16 bdf, u32 reg, unsigned bytes, bool write, u32 data);

/* The offset of a device's capability, or 0. */
u8 pci_capability(pci_config_fn config, u16 bdf, u8 id);
/* The next of the same id behind one, or 0. A list that is a circle never ends: count. */
u8 pci_capability_after(pci_config_fn config, u16 bdf, u8 after, u8 id);

/* Are its registers and tables in memory switched on? And where does base address @n say that they
 * are: 0, nowhere. */
bool pci_memory_is_on(pci_config_fn config, u16 bdf);
u64 pci_memory_at(pci_config_fn config, u16 bdf, u32 n);

/* A message of a device. */
struct pci_message {
    u16 bdf;
    u8 cap;             /* offset of the capability; 0: none */
    bool x;             /* MSI-X */
    bool wide;          /* MSI: the address has 64 bits */
    bool maskable;      /* MSI-X always */
    u32 count;          /* that the device can have */
    volatile u32 *slot; /* MSI-X: its entry of the table, for whoever writes it */
};

/* The device's MSI, or MSI-X: false if it has none. Reads only; slot is the caller's to find. */
bool pci_message_find(pci_config_fn config, struct pci_message *m, u16 bdf, bool x);

/* Where entry @n of the table lies, as a physical address; 0: nowhere. */
u64 pci_message_slot(pci_config_fn config, const struct pci_message *m, u32 n);

/* MSI: off, one message only, all of them masked: how it has to be before it is written. */
void pci_message_reset(pci_config_fn config, const struct pci_message *m);

/* Write it, and (where it can be) mask or unmask it. The slot is used only while the device's
 * memory is on, and the capability with it. */
void pci_message_write(pci_config_fn config, const struct pci_message *m, u64 address, u32 data);
void pci_message_mask(pci_config_fn config, const struct pci_message *m, bool masked);

/* Switch the capability on or off. */
void pci_message_enable(pci_config_fn config, const struct pci_message *m, bool on);

#endif
