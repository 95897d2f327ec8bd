/*
 * physdev_op: what a control domain needs to drive devices. Interrupts get numbers of the domain's
 * (hypervisor/event/pirq.h), lines are told how they signal (cpu/irq.h), PCI devices are announced
 * and send messages (cpu/msi.h); and a vcpu says by which I/O privilege level and bitmap it may use
 * ports. The CPU is never given either; an access to a port faults, and who emulates it
 * (hypervisor/cpu/emulate_io.c) looks at both.
 *
 * An operation is a structure that is read, and for some written back with the answer: which, and
 * which way, is in the table of sub-operations.
 */
#include "hypercalls/authority.h"
#include "hypercalls/hypercalls.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/cpu/ioapic.h"
#include "hypervisor/cpu/irq.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/uaccess.h"

#define IOPL_MAX       3U
#define PIN_IS_ITSELF  256U /* Xen's: from this line on, an entry's vector is no number */
#define DELIVERY_MODES 2U   /* those that an interrupt can have */
#define SEVERAL_MAX    32U  /* messages of one device, by MSI */

#define MEMBER(op, who, type, way, state, sentence) type a_##op;
union argument {
    XL_SUBOPS_physdev(MEMBER)
};

/* An operation that is absent has no bytes. */
#define SHAPE(op, who, type, way, state, sentence)                                                 \
    [op] = {SHAPE_##state * sizeof(type), LAYOUT_OF(*(type *)NULL), SHAPE_##who, SHAPE_##way},
#define SHAPE_IMPLEMENTED 1
#define SHAPE_ABSENT      0
#define SHAPE_CONTROL     true
#define SHAPE_ANY         false
#define SHAPE_INOUT       true
#define SHAPE_IN          false
static const struct {
    u8 bytes, layout;
    bool control, answers;
} shapes[] = {XL_SUBOPS_physdev(SHAPE)};

/* The value is kept even while no assist makes bounces show it, and is shown once one does. */
static long iopl_set(u32 level)
{
    struct vcpu *v = current;

    if (level > IOPL_MAX)
        return refuse(XEN_EINVAL, "there is no such privilege level");
    if (domain_assists(v->domain, VMASST_TYPE_architectural_iopl))
        v->iopl = level * IOPL_IN_RFLAGS;
    else
        v->iopl_hidden = level * IOPL_IN_RFLAGS;
    return 0;
}

static long io_bitmap_set(const struct physdev_set_iobitmap *set)
{
    if (!caller_range_ok((u64)set->bitmap.p, IO_PORTS / 8))
        return refuse(XEN_EINVAL, "the bitmap is not in guest memory");
    if (set->nr_ports > IO_PORTS)
        return refuse(XEN_EINVAL, "there are not so many ports");
    current->io_bitmap = (u64)set->bitmap.p;
    current->io_bitmap_ports = set->nr_ports;
    return 0;
}

/* It is never shared: an interrupt has one domain. */
static long status_query(struct physdev_irq_status_query *query)
{
    if (query->irq >= current->domain->pirqs.count)
        return refuse(XEN_EINVAL, "there is no such interrupt");
    query->flags = XENIRQSTAT_needs_eoi;
    return 0;
}

/*
 * An old kernel writes the lower word of a pin's entry: how the line signals and, for a vector, the
 * number that alloc_irq_vector gave it, which is the one that the interrupt then has.
 */
static long apic_write_entry(struct domain *d, u32 n, u32 entry)
{
    u32 pirq = n >= PIN_IS_ITSELF ? n : entry & 0xff;
    bool masked = entry & IOAPIC_MASKED;
    int ret = 0;

    if (IOAPIC_MODE(entry) >= DELIVERY_MODES)
        return refuse(XEN_EINVAL, "not a mode of delivery for interrupts");
    if (n >= irqs_lines || (!masked && pirq >= d->pirqs.count))
        return refuse(XEN_EINVAL, "there is no such line, or number");
    if (irqs[n].kept || irqs[n].port)
        return 0; /* it stays as it is */
    if (!masked && !irqs[n].domain)
        ret = pirq_map_line(d, n, (int)pirq);
    if (ret >= 0)
        irq_signal(&irqs[n], entry & (IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE));
    return MIN(ret, 0);
}

static long apic_access(struct domain *d, struct physdev_apic *a, bool write)
{
    u32 apic = ioapic_find(a->apic_physbase), pin = (a->reg - IOAPIC_REG_ENTRY(0)) / 2;

    if (apic == IOAPICS_MAX)
        return refuse(XEN_EINVAL, "there is no I/O APIC at this address");
    if (!write)
        a->value = ioapic_read(apic, a->reg);
    else if (a->reg >= IOAPIC_REG_ENTRY(0) && !(a->reg & 1))
        return apic_write_entry(d, madt.ioapic[apic].gsi + pin, a->value);
    return 0;
}

static long setup_gsi(const struct physdev_setup_gsi *setup)
{
    struct irq *irq = &irqs[setup->gsi];

    if ((u32)setup->gsi >= irqs_lines)
        return refuse(XEN_EINVAL, "there is no such line");
    if (irq->kept || irq->port || irq->set_up)
        return refuse(XEN_EEXIST, "the line is in use, or set up already");
    if (!irq_signal(irq, (setup->triggering & 1 ? IOAPIC_LEVEL : 0) |
                             (setup->polarity & 1 ? IOAPIC_LOW_ACTIVE : 0)))
        return refuse(XEN_EINVAL, "no I/O APIC has this line");
    irq->set_up = true;
    return 0;
}

/* The domain whose interrupts are mapped or unmapped, which only the control domain does: 0 or why
 * not. */
static long domain_to_map(u16 id, struct domain **d)
{
    return authorise_named(DEED_DEVICES, id, d);
}

/* A line is named by the caller's own number for it, if he has one. */
static long map_pirq(struct physdev_map_pirq *map)
{
    u32 segment = map->type == MAP_PIRQ_TYPE_MSI ? 0 : (u32)map->bus >> 16;
    bool several = map->type == MAP_PIRQ_TYPE_MULTI_MSI && !map->table_base;
    const struct irq *own = pirq_find(current->domain, (u32)map->index);
    struct domain *d;
    long n = domain_to_map(map->domid, &d);

    if (map->type == MAP_PIRQ_TYPE_MSI_SEG)
        map->type = MAP_PIRQ_TYPE_MSI; /* as Xen answers it */
    if (n)
        return n;
    if (several && map->entry_nr != 1)
        return refuse((u32)map->entry_nr - 1 >= SEVERAL_MAX ? XEN_EDOM : XEN_EOPNOTSUPP,
                      "several would need remapping of interrupts");
    if (map->type == MAP_PIRQ_TYPE_GSI && (u32)map->index < irqs_lines)
        n = pirq_map_line(d, own ? (u32)(own - irqs) : (u32)map->index, map->pirq);
    else if (map->type == MAP_PIRQ_TYPE_MSI || several)
        n = pirq_map_message(d, several ? -1 : map->index, map,
                             SBDF(segment, map->bus, map->devfn));
    else
        return refuse(XEN_EINVAL, "there is no such interrupt, or kind");
    map->pirq = n < 0 ? map->pirq : (int)n;
    return MIN(n, 0);
}

static long unmap_pirq(const struct physdev_unmap_pirq *unmap)
{
    struct domain *d;
    long ret = domain_to_map(unmap->domid, &d);

    return ret ? ret : pirq_unmap(d, (u32)unmap->pirq);
}

static long get_free_pirq(struct physdev_get_free_pirq *get)
{
    int n = pirq_reserve(current->domain, get->type == MAP_PIRQ_TYPE_GSI);

    get->pirq = n < 0 ? get->pirq : (u32)n;
    return MIN(n, 0);
}

/* The machine's tables of such areas are not read: devices are reached by ports. */
static long mmcfg_reserved(const struct physdev_pci_mmcfg_reserved *area)
{
    return area->flags & ~XEN_PCI_MMCFG_RESERVED ? refuse(XEN_EINVAL, "there is no such flag")
                                                 : refuse(XEN_ENODEV, "no such area is known");
}

#define ARG(op) (&a->a_PHYSDEVOP_##op)

/* The device of all operations that have one: old ones do not name its segment. */
static u32 device_of(unsigned cmd, const union argument *a)
{
    if (cmd >= PHYSDEVOP_pci_device_add && cmd != PHYSDEVOP_dbgp_op)
        return SBDF(ARG(pci_device_add)->seg, ARG(pci_device_add)->bus, ARG(pci_device_add)->devfn);
    return SBDF(0, ARG(manage_pci_add)->bus, ARG(manage_pci_add)->devfn);
}

/* With irq_lock held. */
static long operation_do(struct domain *d, unsigned cmd, union argument *a)
{
    u32 sbdf = device_of(cmd, a);

    switch (cmd) {
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
        return pirqs_set_page(d, ARG(pirq_eoi_gmfn_v1)->gmfn, cmd == PHYSDEVOP_pirq_eoi_gmfn_v1);
    case PHYSDEVOP_irq_status_query:
        return status_query(ARG(irq_status_query));
    case PHYSDEVOP_set_iopl:
        return iopl_set(ARG(set_iopl)->iopl);
    case PHYSDEVOP_set_iobitmap:
        return io_bitmap_set(ARG(set_iobitmap));
    case PHYSDEVOP_apic_read:
    case PHYSDEVOP_apic_write:
        return apic_access(d, ARG(apic_read), cmd == PHYSDEVOP_apic_write);
    case PHYSDEVOP_alloc_irq_vector: /* real ones are nobody's business */
        ARG(alloc_irq_vector)->vector = ARG(alloc_irq_vector)->irq;
        return 0;
    case PHYSDEVOP_map_pirq:
        return map_pirq(ARG(map_pirq));
    case PHYSDEVOP_unmap_pirq:
        return unmap_pirq(ARG(unmap_pirq));
    case PHYSDEVOP_setup_gsi:
        return setup_gsi(ARG(setup_gsi));
    case PHYSDEVOP_get_free_pirq:
        return get_free_pirq(ARG(get_free_pirq));
    case PHYSDEVOP_manage_pci_add_ext:
        if (ARG(manage_pci_add_ext)->is_extfn > 1 || ARG(manage_pci_add_ext)->is_virtfn > 1)
            return refuse(XEN_EINVAL, "neither yes nor no");
        /* fallthrough */
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_pci_device_add:
        return pci_device_set(sbdf, true);
    case PHYSDEVOP_manage_pci_remove:
    case PHYSDEVOP_pci_device_remove:
        return pci_device_set(sbdf, false);
    case PHYSDEVOP_restore_msi:
    case PHYSDEVOP_restore_msi_ext:
        return pci_device_restore(sbdf);
    case PHYSDEVOP_prepare_msix:
    case PHYSDEVOP_release_msix:
        return pci_device_prepare(sbdf);
    case PHYSDEVOP_pci_mmcfg_reserved:
        return mmcfg_reserved(ARG(pci_mmcfg_reserved));
    default: /* dbgp_op: no USB debug port is in use here */
        return 0;
    }
}

/* Two write their argument back when they are refused, too, as Xen does. */
static bool answers_always(unsigned cmd)
{
    return cmd == PHYSDEVOP_map_pirq || cmd == PHYSDEVOP_apic_read;
}

long hc_physdev_op(unsigned long command, unsigned long arg)
{
    struct domain *d = current->domain;
    unsigned cmd = (unsigned)command;
    union argument a;
    long ret;

    if (cmd == PHYSDEVOP_IRQ_UNMASK_NOTIFY) {
        pirqs_end_unmasked(d);
        return 0;
    }
    if (cmd >= ARRAY_SIZE(shapes) || !shapes[cmd].bytes)
        return refuse(XEN_ENOSYS, "no such operation on devices");
    if (struct_read(&a, arg, shapes[cmd].bytes, shapes[cmd].layout))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (shapes[cmd].control && !is_authorised(DEED_DEVICES, NULL))
        return refuse(XEN_EPERM, "only the control domain may");
    if (cmd == PHYSDEVOP_eoi)
        return pirq_end(d, a.a_PHYSDEVOP_eoi.irq);
    spin_lock(&irq_lock);
    ret = operation_do(d, cmd, &a);
    spin_unlock(&irq_lock);
    if (shapes[cmd].answers && (!ret || answers_always(cmd)) &&
        struct_write(arg, &a, shapes[cmd].bytes, shapes[cmd].layout))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return ret;
}

/* Before interface 0x00030202 the operation stood in front of its argument. */
long hc_physdev_op_compat(unsigned long arg)
{
    struct physdev_op op;

    if (STRUCT_READ(&op, arg))
        return refuse(XEN_EFAULT, "the operation cannot be read");
    return hc_physdev_op(op.cmd, arg + STRUCT_OFFSET(struct physdev_op, u.apic_op.apic_physbase));
}
