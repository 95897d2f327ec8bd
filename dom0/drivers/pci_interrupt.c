/*
 * From a device's interrupt to a piece of work (docs/interrupts.md has the hypervisor's part). A
 * message comes once for each cause. A line stays up until the device is served: the hypervisor
 * keeps it masked from its event until PHYSDEVOP_eoi, which is said after all who share the line
 * have looked at their devices.
 */
#include "dom0/drivers/pci.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/core/hypercall.h"

#define ISA_PINS  16
#define MSIX_BASE 7U /* bits of the table's place: which base address */

/* A pirq and who is served by it. */
struct line {
    struct list link; /* among lines */
    struct work work;
    u32 pirq;
    bool has_end; /* the hypervisor waits for its end */
    struct list sharers;
};

static struct list lines = LIST_INIT(lines);

static long physdev(unsigned int command, void *argument)
{
    return hypercall_physdev_op(command, (uintptr_t)argument);
}

static void line_serve(struct work *work)
{
    struct line *line = CONTAINER_OF(work, struct line, work);
    struct physdev_eoi end = {.irq = line->pirq};

    LIST_FOR_EACH(link, &line->sharers)
    {
        struct pci_interrupt *interrupt = LIST_ENTRY(link, struct pci_interrupt, link);

        interrupt->served(interrupt);
    }
    if (line->has_end)
        physdev(PHYSDEVOP_eoi, &end);
}

static int line_new(u32 pirq, bool has_end, struct pci_interrupt *first)
{
    struct line *line = heap_alloc(sizeof(*line));
    long port;

    if (!line)
        return -XEN_ENOMEM;
    *line = (struct line){.pirq = pirq, .has_end = has_end};
    work_init(&line->work, line_serve);
    list_init(&line->sharers);
    list_add_tail(&line->sharers, &first->link);
    port = event_bind_pirq(pirq, BIND_PIRQ__WILL_SHARE, work_raise_on_event, &line->work);
    if (port < 0) {
        heap_free(line);
        return (int)port;
    }
    list_add_tail(&lines, &line->link);
    return 0;
}

/* The function must be known to the hypervisor before it may send messages. */
static int message_bind(const struct pci_message *m, u64 table, struct pci_interrupt *interrupt)
{
    struct physdev_pci_device_add add = {.bus = (u8)(m->bdf >> 8), .devfn = (u8)m->bdf};
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MSI_SEG,
                                   .index = -1,
                                   .pirq = -1,
                                   .bus = m->bdf >> 8,
                                   .devfn = m->bdf & 0xff,
                                   .table_base = table};
    long answer = physdev(PHYSDEVOP_pci_device_add, &add);
    struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF};

    if (!answer)
        answer = physdev(PHYSDEVOP_map_pirq, &map);
    if (answer)
        return (int)answer;
    answer = line_new((u32)map.pirq, !m->maskable, interrupt);
    unmap.pirq = map.pirq;
    if (answer)
        physdev(PHYSDEVOP_unmap_pirq, &unmap);
    else
        pci_message_enable(pci_config, m, true);
    return (int)answer;
}

/* What the firmware wrote down as its line is the I/O APIC's pin. PCI's lines are levels: low, but
 * high where the chipset leads them to pins of the old bus. */
static int line_bind(u16 bdf, struct pci_interrupt *interrupt)
{
    u32 pin = pci_config(bdf, PCI_LINE, 1, false, 0);
    struct physdev_map_pirq map = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = (int)pin, .pirq = (int)pin};
    struct physdev_setup_gsi setup = {
        .gsi = (int)pin, .triggering = 1, .polarity = pin >= ISA_PINS};
    long answer;

    LIST_FOR_EACH(link, &lines)
    {
        struct line *line = LIST_ENTRY(link, struct line, link);

        if (line->pirq == pin) {
            list_add_tail(&line->sharers, &interrupt->link);
            return 0;
        }
    }
    answer = physdev(PHYSDEVOP_map_pirq, &map);
    if (answer)
        return (int)answer;
    physdev(PHYSDEVOP_setup_gsi, &setup);
    return line_new(pin, true, interrupt);
}

int pci_interrupt_bind(u16 bdf, struct pci_interrupt *interrupt)
{
    struct pci_message m;
    int answer;

    if (pci_message_find(pci_config, &m, bdf, true)) {
        u32 table = pci_config(bdf, m.cap + 4u, 4, false, 0);

        if (!message_bind(&m, pci_memory_at(pci_config, bdf, table & MSIX_BASE), interrupt))
            return PCI_MSIX;
    }
    if (pci_message_find(pci_config, &m, bdf, false) && !message_bind(&m, 0, interrupt))
        return PCI_MSI;
    answer = line_bind(bdf, interrupt);
    return answer ? answer : PCI_LINE_INTERRUPT;
}
