/*
 * The machine's interrupts, by Xen's numbers: 0 to 15 are the ISA lines, wherever ACPI leads them;
 * from 16 on lines of I/O APICs; from irqs_lines on messages of PCI devices, made as needed.
 *
 * A line can be masked where it comes from, and one that stays up until its device is served must
 * be: it would come again the moment it is acknowledged. A message comes once for each cause.
 */
#ifndef HYPERVISOR_CPU_IRQ_H
#define HYPERVISOR_CPU_IRQ_H

#include "hypervisor/cpu/spinlock.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/pci.h"

struct domain;

/* What is due between an interrupt and the next. */
enum irq_end {
    IRQ_END_NONE,   /* nothing: edges, and messages that can be masked */
    IRQ_END_UNMASK, /* a level: it is masked, and unmasked when the device was served */
    IRQ_END_TELL,   /* a message that nothing can mask: another one is told of afterwards */
};

struct irq {
    u8 vector;   /* 0: none yet */
    u8 end;      /* enum irq_end */
    bool kept;   /* the hypervisor's own */
    bool lost;   /* the control domain gave it back: it cannot map it again, as on Xen */
    bool set_up; /* it was said how it signals; that is said once */
    u32 gsi;     /* of a line, */
    u32 signals; /* how that signals: IOAPIC_LEVEL, IOAPIC_LOW_ACTIVE */
    struct pci_message message;
    struct domain *domain; /* who has it (event/pirq.h); NULL: nobody */
    u32 pirq;              /* under which number */
    evtchn_port_t port;    /* at which port; 0: at none */
    bool in_service;       /* its event was sent, its end is awaited */
    bool again;            /* and it came meanwhile */
};

extern struct spinlock irq_lock; /* guards these, domain.pirqs, and what msi.h has of devices */
extern struct irq *irqs;
extern u32 irqs_lines; /* how many are lines, */
extern u32 irqs_count; /* and how many there can be: Xen's figures, which guests see */

/* After apic_init(). */
void irqs_init(void);

/* All below with irq_lock held; errors are -XEN_E.... */

/* The line signals so from now on; masked. False: no I/O APIC has it. */
bool irq_signal(struct irq *irq, u32 signals);
void irq_mask(const struct irq *irq, bool masked);

/* Give it a vector, if it has none: @fn(irq) will be called. -ENOSPC. */
int irq_vector(struct irq *irq, void (*fn)(void *irq));

/* The number of a new message, which has a vector; or -EINVAL, as Xen answers. And its end. */
int irq_make(void (*fn)(void *irq));
void irq_free(struct irq *irq);

/*
 * Messages (xen-like/lib/pci.h), which the local APIC takes for interrupts (Intel SDM vol. 3,
 * section 11.11). As on Xen, the work is divided: the hypervisor writes message and mask, the
 * control domain's driver switches the capability on. Only segment 0 of PCI can be reached, by
 * ports.
 */
#define SBDF(seg, bus, devfn) ((u32)(seg) << 16 | (u32)((bus)&0xff) << 8 | ((devfn)&0xff))

/*
 * Make @irq a message of the device: written, masked if it can be. -ENODEV: that device is not
 * known or cannot do it; -EINVAL: it has no such entry; -EEXIST: @irq is that already; -ENXIO: its
 * memory is not switched on.
 */
int irq_set_message(struct irq *irq, u32 sbdf, bool x, u32 entry);

/* Devices are announced and taken back: -EOPNOTSUPP, another segment; -ENODEV, it was not. */
int pci_device_set(u32 sbdf, bool known);
bool pci_device_known(u32 sbdf);

/* Write again what a device lost in its sleep: -ENODEV, -ENXIO. And prepare_msix, release_msix:
 * -ENODEV, -EBUSY, -ENXIO. */
int pci_device_restore(u32 sbdf);
int pci_device_prepare(u32 sbdf);

/* An ISA line is the hypervisor's own from now on. False: there is no such line. Boot only. */
bool irq_keep_isa(u8 n, u8 vector);

#endif
