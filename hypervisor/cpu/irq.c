/* The machine's interrupts: see irq.h. */
#include "hypervisor/cpu/irq.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/io_ports.h"
#include "hypervisor/cpu/ioapic.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/lib/bitmap.h"

#define LINES_MAX       4096 /* Xen's */
#define COUNT_BY_LINE   8
#define DEVICES         0x10000U
#define MESSAGE_TO(cpu) (0xfee00000U | (cpu) << 12)

struct spinlock irq_lock = SPINLOCK(LOCK_IRQS);
struct irq *irqs;
u32 irqs_lines, irqs_count;
static unsigned long known[DEVICES / 64]; /* devices of PCI that were announced */

void irqs_init(void)
{
    ioapics_init();
    irqs_lines = MIN(MAX(ioapic_lines(), ISA_IRQS), LINES_MAX);
    irqs_count = MAX(madt.cpus * VECTORS_XEN, irqs_lines * COUNT_BY_LINE);
    irqs = pages_alloc(order_for(irqs_count * sizeof(*irqs)));
    if (!irqs)
        panic("no memory for %u interrupts", irqs_count);
    for (u32 n = 0; n < irqs_lines; n++) {
        u32 flags = n < ISA_IRQS ? madt.isa[n].flags : 0;

        irqs[n].gsi = n < ISA_IRQS ? madt.isa[n].gsi : n;
        irq_signal(&irqs[n], (MADT_ACTIVE_LOW(flags) ? IOAPIC_LOW_ACTIVE : 0) |
                                 (MADT_LEVEL(flags) ? IOAPIC_LEVEL : 0));
    }
    irqs[0].kept = irqs[0].lost = true; /* the timer chip's */
}

static u32 config(u16 bdf, u32 reg, unsigned bytes, bool write, u32 data)
{
    return pci_config(PCI_CONFIG_ENABLE | (u32)bdf << 8 | (reg & ~3U), PCI_CONFIG_DATA + (reg & 3),
                      bytes, write, data);
}

void irq_mask(const struct irq *irq, bool masked)
{
    if (irq->message.cap)
        pci_message_mask(config, &irq->message, masked);
    else
        ioapic_set(irq->gsi, irq->vector | irq->signals | (masked ? IOAPIC_MASKED : 0));
}

bool irq_signal(struct irq *irq, u32 signals)
{
    irq->signals = signals;
    irq->end = signals & IOAPIC_LEVEL ? IRQ_END_UNMASK : IRQ_END_NONE;
    return ioapic_set(irq->gsi, signals | IOAPIC_MASKED);
}

int irq_vector(struct irq *irq, void (*fn)(void *irq))
{
    int vector = irq->vector ? irq->vector : vector_alloc(fn, irq);

    if (vector < 0)
        return vector;
    irq->vector = (u8)vector;
    return 0;
}

int irq_make(void (*fn)(void *irq))
{
    u32 n = irqs_lines;

    while (n < irqs_count && irqs[n].vector)
        n++;
    if (n == irqs_count || irq_vector(&irqs[n], fn))
        return refuse(XEN_EINVAL, "no number is free for a message, or no vector");
    return (int)n;
}

static void message_end(const struct irq *irq)
{
    irq_mask(irq, true);
    if (!irq->message.x)
        pci_message_enable(config, &irq->message, false);
}

void irq_free(struct irq *irq)
{
    if (irq->message.cap)
        message_end(irq);
    vector_free(irq->vector);
    *irq = (struct irq){};
}

bool irq_keep_isa(u8 n, u8 vector)
{
    if (n >= ISA_IRQS)
        return false;
    irqs[n].kept = true;
    irqs[n].vector = vector;
    return ioapic_set(irqs[n].gsi, vector | irqs[n].signals);
}

static struct irq *message_next(u32 sbdf, struct irq *irq)
{
    while (++irq < irqs + irqs_count)
        if (irq->message.cap && irq->message.bdf == sbdf)
            return irq;
    return NULL;
}

bool pci_device_known(u32 sbdf)
{
    return sbdf < DEVICES && bitmap_test(known, sbdf);
}

int pci_device_set(u32 sbdf, bool is_known)
{
    if (is_known && sbdf >= DEVICES)
        return refuse(XEN_EOPNOTSUPP, "only segment 0 can be reached");
    if (!is_known && !pci_device_known(sbdf))
        return refuse(XEN_ENODEV, "the device was not announced");
    for (struct irq *irq = irqs; !is_known && (irq = message_next(sbdf, irq));)
        message_end(irq);
    (is_known ? bitmap_set : bitmap_clear)(known, sbdf);
    return 0;
}

static void message_write(const struct irq *irq)
{
    pci_message_write(config, &irq->message, MESSAGE_TO(smp_apic_id(0)), irq->vector);
    irq_mask(irq, !irq->port);
}

/* The device's message, and for MSI-X its slot. */
static int message_find(struct pci_message *m, u32 sbdf, bool x, u32 entry)
{
    u64 phys;

    if (!pci_device_known(sbdf) || !pci_message_find(config, m, (u16)sbdf, x))
        return refuse(XEN_ENODEV, "the device was not announced, or has no such capability");
    if (!x)
        return 0;
    if (entry >= m->count)
        return refuse(XEN_EINVAL, "the device has not so many messages");
    phys = pci_message_slot(config, m, entry);
    if (!phys || !pci_memory_is_on(config, m->bdf))
        return refuse(XEN_ENXIO, "the device's memory is not there");
    m->slot = hv_map_mmio(phys, sizeof(u32), 0);
    return 0;
}

int irq_set_message(struct irq *irq, u32 sbdf, bool x, u32 entry)
{
    struct pci_message m;
    int ret = message_find(&m, sbdf, x, entry);

    if (ret)
        return ret;
    if (irq->message.cap)
        return refuse(XEN_EEXIST, "this is a message already");
    if (!x)
        pci_message_reset(config, &m);
    irq->message = m;
    irq->end = m.maskable ? IRQ_END_NONE : IRQ_END_TELL;
    message_write(irq);
    return 0;
}

int pci_device_restore(u32 sbdf)
{
    if (!pci_device_known(sbdf))
        return refuse(XEN_ENODEV, "the device was not announced");
    for (struct irq *irq = irqs; (irq = message_next(sbdf, irq));) {
        if (irq->message.x && !pci_memory_is_on(config, (u16)sbdf))
            return refuse(XEN_ENXIO, "the device's memory is not switched on");
        message_write(irq);
        pci_message_enable(config, &irq->message, true);
    }
    return 0;
}

/* There is nothing to be made ready: the table is looked for when an entry is used. */
int pci_device_prepare(u32 sbdf)
{
    struct pci_message m;
    int ret = message_find(&m, sbdf, true, 0);

    return !ret && message_next(sbdf, irqs) ? refuse(XEN_EBUSY, "its messages are in use") : ret;
}
