/*
 * From an interrupt to an event: see pirq.h.
 *
 * The handler runs where every interrupt is taken, in place of a guest's next instruction, with no
 * lock held. It serves no device, it only notes: the port becomes pending, and what could come
 * again at once is stopped. A line that stays up is masked at its I/O APIC, and then acknowledged,
 * so that other interrupts are not held back while the guest makes up its mind; the guest's end
 * unmasks it, and if it is still up, it comes again. A message that cannot be masked comes again if
 * it likes: it is only remembered, and told of after the end. So a driver that never ends an
 * interrupt has had its last event, and nobody else is the poorer; and since nothing waits in the
 * local APIC, no end can be owed by the wrong CPU.
 */
#include "hypervisor/event/pirq.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/cpu/irq.h"
#include "hypervisor/cpu/vectors.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ptype.h"
#include "xen-like/lib/bitmap.h"

#define PIRQS_MAX       ((u32)PAGE_SIZE * 8) /* the page of ends has a bit for each */
#define GUEST_PIRQS     32                   /* beside the lines */
#define LINES_FREE_FROM 16

/* As many as on Xen: for the control domain, vectors of a CPU for each bit of their number. */
void pirqs_init(struct domain *d)
{
    u32 cpus = MIN(madt.cpus, d->max_vcpus), more = d->privileged ? 0 : GUEST_PIRQS;

    for (; d->privileged && cpus; cpus >>= 1)
        more += VECTORS_XEN;
    d->pirqs.count = MIN(MIN(irqs_lines + more, irqs_count), PIRQS_MAX);
}

static s32 pirq_value(const struct domain *d, u32 n)
{
    return d->pirqs.table && n < d->pirqs.count ? d->pirqs.table[n] : PIRQ_FREE;
}

struct irq *pirq_find(const struct domain *d, u32 n)
{
    s32 irq = pirq_value(d, n);

    return irq > 0 ? &irqs[irq] : NULL;
}

static void pirq_interrupt(void *data)
{
    struct irq *irq = data;
    struct domain *d;
    evtchn_port_t port = 0;

    spin_lock(&irq_lock);
    d = irq->domain;
    irq->again = irq->in_service;
    if (!irq->in_service) {
        port = irq->port;
        irq->in_service = port && irq->end != IRQ_END_NONE;
    }
    if (irq->end == IRQ_END_UNMASK)
        irq_mask(irq, true);
    spin_unlock(&irq_lock);
    if (port)
        event_pirq_raise(d, port);
}

static int irq_bind(struct domain *d, struct irq *irq, evtchn_port_t port)
{
    int ret;

    if (!irq)
        return refuse(XEN_EPERM, "nothing is mapped to this number");
    if (irq->port)
        return refuse(XEN_EEXIST, "it is bound already");
    if (irq->kept)
        return refuse(XEN_EBUSY, "the hypervisor uses it");
    ret = irq_vector(irq, pirq_interrupt);
    if (ret)
        return ret;
    irq->port = port;
    if (d->pirqs.ends)
        (irq->end ? bitmap_set_atomic : bitmap_clear_atomic)(d->pirqs.ends, irq->pirq);
    irq_mask(irq, false);
    return 0;
}

int pirq_bind(struct domain *d, u32 n, evtchn_port_t port)
{
    int ret;

    if (n >= d->pirqs.count)
        return refuse(XEN_EINVAL, "there is no such interrupt");
    spin_lock(&irq_lock);
    ret = irq_bind(d, pirq_find(d, n), port);
    spin_unlock(&irq_lock);
    return ret;
}

static void irq_unbind(struct irq *irq)
{
    irq_mask(irq, true);
    irq->port = 0;
    irq->in_service = irq->again = false;
}

void pirq_unbind(struct domain *d, u32 n)
{
    spin_lock(&irq_lock);
    if (pirq_find(d, n))
        irq_unbind(pirq_find(d, n));
    else
        d->pirqs.table[n] = PIRQ_FREE; /* it was unmapped meanwhile */
    spin_unlock(&irq_lock);
}

int pirq_end(struct domain *d, u32 n)
{
    evtchn_port_t again = 0;
    struct irq *irq;

    if (pirq_value(d, n) == PIRQ_FREE)
        return refuse(XEN_EINVAL, "nothing has this number");
    if (d->pirqs.end_unmasks && (irq = pirq_find(d, n)) && irq->port)
        event_unmask(d, irq->port);
    spin_lock(&irq_lock);
    irq = pirq_find(d, n); /* before this it may have become another domain's */
    if (irq && irq->in_service) {
        again = irq->again ? irq->port : 0;
        irq->in_service = irq->again;
        irq->again = false;
        if (!again)
            irq_mask(irq, false);
    }
    spin_unlock(&irq_lock);
    if (again)
        event_pirq_raise(d, again);
    return 0;
}

/* Who makes this call has the two-level ABI: it is the older one of the two. */
void pirqs_end_unmasked(struct domain *d)
{
    for (u32 n = 0; n < d->pirqs.count; n++) {
        const struct irq *irq = pirq_find(d, n);
        u32 port = irq ? ACCESS_ONCE(irq->port) : 0;

        /* While a port is bound the ABI in which it is looked at does not go. */
        if (port && port < two_level_ports(d) && !event_is_masked(d, port))
            pirq_end(d, n);
    }
}

/* The number for @irq if @wanted is asked for: the one it has; or one that is free, looked for
 * where Xen does. */
static int pirq_choose(struct domain *d, int wanted, const struct irq *irq, bool line)
{
    s32 *table = d->pirqs.table;

    if (!table)
        d->pirqs.table = table = pages_alloc(order_for(d->pirqs.count * sizeof(*table)));
    if (!table)
        return refuse(XEN_ENOMEM, "no memory for the table of interrupts");
    if (irq && irq->domain && (irq->domain != d || (wanted >= 0 && wanted != (int)irq->pirq)))
        return refuse(XEN_EEXIST, "it has another number");
    if (wanted >= 0 || (irq && irq->domain))
        return wanted >= 0 ? wanted : (int)irq->pirq;
    for (u32 n = LINES_FREE_FROM; line && n < irqs_lines; n++)
        if (table[n] == PIRQ_FREE)
            return (int)n;
    for (u32 n = d->pirqs.count; n-- > irqs_lines;)
        if (table[n] == PIRQ_FREE)
            return (int)n;
    return refuse(XEN_ENOSPC, "no number is free");
}

/* May @n, as chosen, stand for @irq? What has the number already keeps it, and on Xen that is no
 * error: 1. */
static int pirq_check(const struct domain *d, int n, const struct irq *irq)
{
    if (n < 0)
        return n;
    if (irq->lost || (irq >= irqs + irqs_lines && !irq->vector))
        return refuse(XEN_EPERM, "the interrupt may not be used");
    if ((u32)n >= d->pirqs.count)
        return refuse(XEN_EINVAL, "there is no such number");
    return d->pirqs.table[n] > 0 && d->pirqs.table[n] != irq - irqs;
}

static void pirq_assign(struct domain *d, u32 n, struct irq *irq)
{
    d->pirqs.table[n] = (s32)(irq - irqs);
    irq->domain = d;
    irq->pirq = n;
}

int pirq_map_line(struct domain *d, u32 number, int wanted)
{
    struct irq *irq = &irqs[number];
    int n = pirq_choose(d, wanted, irq, true), ret = pirq_check(d, n, irq);

    if (!ret)
        pirq_assign(d, (u32)n, irq);
    return ret < 0 ? ret : n;
}

int pirq_map_message(struct domain *d, int number, const struct physdev_map_pirq *map, u32 sbdf)
{
    bool make = number == -1;
    struct irq *irq;
    int n, ret;

    number = make ? irq_make(pirq_interrupt) : number;
    if ((u32)number - irqs_lines >= irqs_count - irqs_lines)
        return refuse(XEN_EINVAL, "there is no such message");
    irq = &irqs[number];
    n = pirq_choose(d, map->pirq, irq, false);
    ret = pirq_check(d, n, irq);
    if (!ret)
        ret = irq_set_message(irq, sbdf, map->table_base, (u32)map->entry_nr);
    if (!ret)
        pirq_assign(d, (u32)n, irq);
    else if (make)
        irq_free(irq);
    return ret < 0 ? ret : n;
}

/* A number that has a port keeps it, to nothing, until that is closed. */
int pirq_unmap(struct domain *d, u32 n)
{
    struct irq *irq = pirq_find(d, n);

    if (!irq)
        return refuse(XEN_EINVAL, "nothing is mapped to this number");
    d->pirqs.table[n] = irq->port ? PIRQ_RESERVED : PIRQ_FREE;
    irq_unbind(irq);
    irq->domain = NULL;
    irq->lost = d->privileged;
    if (irq->message.cap)
        irq_free(irq);
    return 0;
}

int pirq_reserve(struct domain *d, bool line)
{
    int n = pirq_choose(d, -1, NULL, line);

    if (n >= 0)
        d->pirqs.table[n] = PIRQ_RESERVED;
    return n;
}

int pirqs_set_page(struct domain *d, u64 mfn, bool end_unmasks)
{
    if (frame_get_and_type(MFN(mfn), d, FT_WRITABLE))
        return refuse(XEN_EINVAL, "not a page that the domain could write");
    if (d->pirqs.ends) {
        frame_put_and_type(mfn_to_frame(MFN(mfn)));
        return refuse(XEN_EBUSY, "there is such a page already");
    }
    d->pirqs.ends = mfn_to_virt(MFN(mfn));
    d->pirqs.end_unmasks = end_unmasks;
    return 0;
}

void pirqs_destroy(struct domain *d)
{
    spin_lock(&irq_lock);
    for (u32 n = 0; n < d->pirqs.count; n++)
        if (pirq_find(d, n))
            pirq_unmap(d, n);
    if (d->pirqs.table)
        pages_free(d->pirqs.table, order_for(d->pirqs.count * sizeof(*d->pirqs.table)));
    if (d->pirqs.ends)
        frame_put_and_type(mfn_to_frame(virt_to_mfn(d->pirqs.ends)));
    d->pirqs = (struct domain_pirqs){};
    spin_unlock(&irq_lock);
}
