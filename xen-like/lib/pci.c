/* PCI configuration space: see pci.h. Section 6.7 has the list of capabilities, 6.8 the two that
 * are about messages, 6.2.5 base addresses. */
#include "xen-like/lib/pci.h"

#define CAP_FIRST       0x40U
#define CAPS_MAX        48 /* as many as fit: the list of a broken device may be a circle */
#define CONTROL(m)      ((m)->cap + 2U)
#define MSI_ON          0x0001U
#define MSI_COUNT(c)    (1U << ((c) >> 1 & 7))
#define MSI_SEVERAL     0x0070U
#define MSI_WIDE        0x0080U
#define MSI_MASKABLE    0x0100U
#define MSI_ADDRESS(m)  ((m)->cap + 4U)
#define MSI_DATA(m)     ((m)->cap + ((m)->wide ? 12U : 8U))
#define MSI_MASK(m)     (MSI_DATA(m) + 4)
#define MSIX_ON         0x8000U
#define MSIX_MASK_ALL   0x4000U
#define MSIX_COUNT(c)   (((c)&0x7ff) + 1)
#define MSIX_TABLE(m)   ((m)->cap + 4U)
#define MSIX_BAR        7U /* bits of that: which base address */
#define MSIX_SLOT_BYTES 16U
#define BAR_PORTS       1U
#define BAR_WIDE        4U
#define BAR_BITS        15U

static u32 read(pci_config_fn config, u16 bdf, u32 reg, unsigned bytes)
{
    return config(bdf, reg, bytes, false, 0);
}

static void change(pci_config_fn config, u16 bdf, u32 reg, u32 clear, u32 set)
{
    config(bdf, reg, 2, true, (read(config, bdf, reg, 2) & ~clear) | set);
}

/* The first with that id, from @at on. */
static u8 capability_from(pci_config_fn config, u16 bdf, u32 at, u8 id)
{
    for (int n = 0; n < CAPS_MAX && at >= CAP_FIRST; n++) {
        u32 head = read(config, bdf, at, 2);

        if ((head & 0xff) == id)
            return (u8)at;
        at = head >> 8 & 0xfc;
    }
    return 0;
}

u8 pci_capability(pci_config_fn config, u16 bdf, u8 id)
{
    if (!(read(config, bdf, PCI_STATUS, 2) & PCI_STATUS_CAPS))
        return 0;
    return capability_from(config, bdf, read(config, bdf, PCI_CAPABILITIES, 1) & ~3U, id);
}

u8 pci_capability_after(pci_config_fn config, u16 bdf, u8 after, u8 id)
{
    return capability_from(config, bdf, read(config, bdf, after, 2) >> 8 & 0xfc, id);
}

bool pci_memory_is_on(pci_config_fn config, u16 bdf)
{
    return read(config, bdf, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY;
}

u64 pci_memory_at(pci_config_fn config, u16 bdf, u32 n)
{
    u32 low = n < PCI_BASE_ADDRESSES ? read(config, bdf, PCI_BASE_ADDRESS(n), 4) : BAR_PORTS;
    u64 high = 0;

    if (low & BAR_PORTS)
        return 0;
    if (low & BAR_WIDE && n + 1 < PCI_BASE_ADDRESSES)
        high = read(config, bdf, PCI_BASE_ADDRESS(n + 1), 4);
    return high << 32 | (low & ~BAR_BITS);
}

bool pci_message_find(pci_config_fn config, struct pci_message *m, u16 bdf, bool x)
{
    u32 control;

    *m = (struct pci_message){.bdf = bdf, .x = x};
    m->cap = pci_capability(config, bdf, x ? PCI_CAP_MSIX : PCI_CAP_MSI);
    if (!m->cap)
        return false;
    control = read(config, bdf, CONTROL(m), 2);
    m->wide = x || control & MSI_WIDE;
    m->maskable = x || control & MSI_MASKABLE;
    m->count = x ? MSIX_COUNT(control) : MSI_COUNT(control);
    return true;
}

u64 pci_message_slot(pci_config_fn config, const struct pci_message *m, u32 n)
{
    u32 table = read(config, m->bdf, MSIX_TABLE(m), 4);
    u64 at = pci_memory_at(config, m->bdf, table & MSIX_BAR);

    return at ? at + (table & ~MSIX_BAR) + n * MSIX_SLOT_BYTES : 0;
}

void pci_message_reset(pci_config_fn config, const struct pci_message *m)
{
    change(config, m->bdf, CONTROL(m), MSI_ON | MSI_SEVERAL, 0);
    if (m->maskable)
        config(m->bdf, MSI_MASK(m), 4, true,
               read(config, m->bdf, MSI_MASK(m), 4) | ~0U >> (32 - m->count));
}

/* Some devices have their table only while MSI-X is on: meanwhile nothing may come of it. Answers
 * the control word to go back to, or none. */
static u32 slot_open(pci_config_fn config, const struct pci_message *m)
{
    u32 control = read(config, m->bdf, CONTROL(m), 2);

    if (!(control & MSIX_ON))
        config(m->bdf, CONTROL(m), 2, true, control | MSIX_ON | MSIX_MASK_ALL);
    return control;
}

void pci_message_write(pci_config_fn config, const struct pci_message *m, u64 address, u32 data)
{
    if (!m->x) {
        config(m->bdf, MSI_ADDRESS(m), 4, true, (u32)address);
        if (m->wide)
            config(m->bdf, MSI_ADDRESS(m) + 4, 4, true, (u32)(address >> 32));
        config(m->bdf, MSI_DATA(m), 2, true, data);
    } else if (pci_memory_is_on(config, m->bdf)) {
        u32 control = slot_open(config, m);

        m->slot[0] = (u32)address;
        m->slot[1] = (u32)(address >> 32);
        m->slot[2] = data;
        config(m->bdf, CONTROL(m), 2, true, control);
    }
}

void pci_message_mask(pci_config_fn config, const struct pci_message *m, bool masked)
{
    if (m->x && pci_memory_is_on(config, m->bdf)) {
        u32 control = slot_open(config, m);

        m->slot[3] = masked;
        (void)m->slot[3]; /* now it has arrived */
        config(m->bdf, CONTROL(m), 2, true, control);
    } else if (!m->x && m->maskable) {
        config(m->bdf, MSI_MASK(m), 4, true, (read(config, m->bdf, MSI_MASK(m), 4) & ~1U) | masked);
    }
}

void pci_message_enable(pci_config_fn config, const struct pci_message *m, bool on)
{
    u32 bit = m->x ? MSIX_ON : MSI_ON;

    change(config, m->bdf, CONTROL(m), bit, on ? bit : 0);
}
