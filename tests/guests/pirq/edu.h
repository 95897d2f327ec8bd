/*
 * QEMU's `edu` device (docs/specs/edu.txt of QEMU): a PCI function whose interrupt goes up when a
 * number is written to a register, and down when the same number is written to another. With MSI
 * on, each number written is a message.
 */
#ifndef TESTS_GUESTS_PIRQ_EDU_H
#define TESTS_GUESTS_PIRQ_EDU_H

#include "tests/guests/common.h"

#define EDU_ID       0x11e81234u
#define EDU_LIVENESS 0x04
#define EDU_STATUS   0x24
#define EDU_RAISE    0x60
#define EDU_LOWER    0x64

#define PCI_COMMAND        0x04
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_BAR0           0x10
#define PCI_CAPABILITIES   0x34
#define PCI_LINE           0x3c
#define PCI_CAP_MSI        5u
#define MSI_CONTROL        2

extern u32 edu_devfn;

/* Finds the device with this identity (vendor below, device above) on bus 0, or ends the guest.
 * Ports must be allowed. */
void pci_find(u32 id);
u32 pci_read(u32 reg);
void pci_write(u32 reg, u32 value);
u16 pci_read16(u32 reg);
void pci_write16(u32 reg, u16 value);
u8 pci_capability(u8 id);

/* Switches memory and mastering on and maps its registers. */
void edu_map(void);
u32 edu_read(u32 reg);
void edu_write(u32 reg, u32 value);

#endif
