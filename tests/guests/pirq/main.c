/*
 * A driver's way to its interrupts: find a device, give its interrupt a number, bind that to a
 * port, and be told once, until it says that it is done. What must not happen is the second event
 * of an interrupt that is not done with (a line that stays up would else be a storm), nor a lost
 * one: an interrupt that comes meanwhile is told of afterwards.
 *
 * Instructions are counted (ICOUNT): Xen ends an interrupt by itself after a millisecond.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "tests/guests/pirq/edu.h"

#define SOON 2000u   /* turns of a loop in which an interrupt surely comes */
#define LONG 500000u /* and in which a millisecond goes by */

static volatile u32 events;

static void event_count(u32 port, void *data)
{
    (void)port;
    (void)data;
    events++;
}

static u32 events_soon(void)
{
    for (volatile u32 i = 0; i < SOON; i++)
        ;
    return events;
}

static void say_events(const char *name, u32 want)
{
    row_want(name, events_soon(), want);
}

static long op(unsigned int cmd, void *arg)
{
    return hypercall_physdev_op(cmd, (u64)arg);
}

static long end(u32 pirq)
{
    struct physdev_eoi eoi = {.irq = pirq};

    return op(PHYSDEVOP_eoi, &eoi);
}

static long unmap(u32 pirq)
{
    struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF, .pirq = (int)pirq};

    return op(PHYSDEVOP_unmap_pirq, &unmap);
}

static u32 bind(u32 pirq)
{
    long port = event_bind_pirq(pirq, BIND_PIRQ__WILL_SHARE, event_count, NULL);

    if (port < 0)
        guest_panic("the interrupt cannot be bound: %ld", port);
    return (u32)port;
}

static void ports_allow(void)
{
    struct physdev_set_iopl set = {.iopl = 1};

    op(PHYSDEVOP_set_iopl, &set);
}

static void line_rows(u32 line)
{
    struct physdev_map_pirq map = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = (int)line, .pirq = (int)line};
    struct physdev_setup_gsi setup = {.gsi = (int)line, .triggering = 1, .polarity = 0};

    row("line.map", op(PHYSDEVOP_map_pirq, &map));
    row("line.setup", op(PHYSDEVOP_setup_gsi, &setup));
    row("line.setup-again", op(PHYSDEVOP_setup_gsi, &setup));
}

/* Nothing, one, none before the end, again after it since the line is still up. */
static void level_rows(u32 line)
{
    u32 port = bind(line);

    events = 0;
    say_events("level.quiet", 0);
    edu_write(EDU_RAISE, 1);
    say_events("level.raised", 1);
    say_events("level.not-ended", 1);
    edu_write(EDU_RAISE, 2);
    say_events("level.raised-again", 1);
    row("level.end", end(line));
    say_events("level.still-up", 2);
    edu_write(EDU_LOWER, 3);
    say_events("level.lowered", 2);
    edu_write(EDU_RAISE, 4);
    say_events("level.up-before-end", 2);
    row("level.end-2", end(line));
    say_events("level.after-end", 3);
    edu_write(EDU_LOWER, 4);
    row("level.end-3", end(line));
    say_events("level.done", 3);
    row("level.end-nothing", end(line));
    row("level.close", event_close(port));
    row("level.end-closed", end(line));
}

/* The port's mask is another thing than the interrupt's. */
static void mask_rows(u32 line)
{
    u32 port = bind(line);

    events = 0;
    event_mask(port);
    edu_write(EDU_RAISE, 1);
    say_events("mask.masked", 0);
    row_want("mask.pending", event_is_pending(port), 1);
    edu_write(EDU_LOWER, 1);
    row("mask.end", end(line));
    say_events("mask.ended", 0);
    event_unmask(port);
    say_events("mask.unmasked", 1);
    event_mask(port);
    edu_write(EDU_RAISE, 1);
    say_events("mask.masked-again", 1);
    row("mask.notify", op(PHYSDEVOP_IRQ_UNMASK_NOTIFY, NULL));
    event_clear(port);
    events_soon();
    row_want("mask.notify-spares-masked", event_is_pending(port), 0);
    event_unmask(port);
    row("mask.notify-unmasked", op(PHYSDEVOP_IRQ_UNMASK_NOTIFY, NULL));
    say_events("mask.notified", 2);
    edu_write(EDU_LOWER, 1);
    row("mask.end-last", end(line));
    event_close(port);
}

/* Xen may lose the first event of a port that is only just being bound, until it ends the interrupt
 * itself. */
static bool event_comes(void)
{
    for (u32 i = 0; i < LONG / SOON && !events; i++)
        events_soon();
    return events;
}

/* What is up while nobody is bound waits; what is not ended when the port closes is. */
static void rebind_rows(u32 line)
{
    u32 port;

    events = 0;
    edu_write(EDU_RAISE, 1);
    row_want("rebind.nobody", event_comes(), 0);
    port = bind(line);
    row_want("rebind.bound", event_comes(), 1);
    event_close(port);
    events = 0;
    row_want("rebind.closed", event_comes(), 0);
    port = bind(line);
    row_want("rebind.again", event_comes(), 1);
    edu_write(EDU_LOWER, 1);
    event_close(port);
    events = 0;
    port = bind(line);
    row_want("rebind.quiet", event_comes(), 0);
    event_close(port);
}

static void page_rows(u32 line, bool unmasks)
{
    pfn_t pfn = frame_alloc_zeroed();
    const volatile u64 *page = pfn_to_virt(pfn);
    struct physdev_pirq_eoi_gmfn info = {.gmfn = pfn_to_mfn(pfn).n};
    u32 port;

    row("page.give", op(unmasks ? PHYSDEVOP_pirq_eoi_gmfn_v1 : PHYSDEVOP_pirq_eoi_gmfn_v2, &info));
    row("page.before", page[0] >> line & 1);
    port = bind(line);
    row("page.bound", page[0] >> line & 1);
    events = 0;
    event_mask(port);
    edu_write(EDU_RAISE, 1);
    events_soon();
    edu_write(EDU_LOWER, 1);
    row("page.end", end(line));
    row("page.events-after-end", events_soon());
    event_unmask(port);
    row("page.events-unmasked", events_soon());
    event_close(port);
    row("page.closed", page[0] >> line & 1);
}

/* Which CPU, and whether another would do, is the hypervisor's choice. */
static void say_msi(const char *group, u8 cap)
{
    row_hex(name_of(group, "control"), pci_read16(cap + MSI_CONTROL));
    row_hex(name_of(group, "address"), pci_read(cap + 4u) & ~0xff00cu);
    row_hex(name_of(group, "address-above"), pci_read(cap + 8u));
    row_hex(name_of(group, "command"), pci_read16(PCI_COMMAND));
}

/* Messages that cannot be masked: held back until the end. */
static void message_rows(void)
{
    struct physdev_pci_device_add add = {.devfn = (u8)edu_devfn};
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MSI,
                                   .index = -1,
                                   .pirq = -1,
                                   .devfn = (int)edu_devfn};
    u8 cap = pci_capability(PCI_CAP_MSI);
    u32 pirq, port;

    row("msi.map-unknown", op(PHYSDEVOP_map_pirq, &map));
    row("msi.add", op(PHYSDEVOP_pci_device_add, &add));
    row("msi.map", op(PHYSDEVOP_map_pirq, &map));
    row("msi.number", map.pirq);
    pirq = (u32)map.pirq;
    say_msi("msi-mapped", cap);
    port = bind(pirq);
    pci_write16(cap + MSI_CONTROL, pci_read16(cap + MSI_CONTROL) | 1);
    say_msi("msi-on", cap);
    events = 0;
    edu_write(EDU_RAISE, 1);
    say_events("msi.sent", 1);
    edu_write(EDU_RAISE, 1);
    say_events("msi.sent-before-end", 1);
    edu_write(EDU_RAISE, 1);
    say_events("msi.sent-a-third", 1);
    row("msi.end", end(pirq));
    say_events("msi.told-after-end", 2);
    row("msi.end-2", end(pirq));
    say_events("msi.merged", 2);
    row("msi.end-nothing", end(pirq));
    edu_write(EDU_RAISE, 1);
    say_events("msi.sent-4", 3);
    row("msi.unmap-bound", unmap(pirq));
    say_msi("msi-unmapped", cap);
    row("msi.close", event_close(port));
    edu_write(EDU_LOWER, 7);
    map.pirq = -1;
    row("msi.map-again", op(PHYSDEVOP_map_pirq, &map));
    row("msi.number-again", map.pirq);
    port = bind((u32)map.pirq);
    pci_write16(cap + MSI_CONTROL, pci_read16(cap + MSI_CONTROL) | 1);
    edu_write(EDU_RAISE, 1);
    say_events("msi.mapped-again", 4);
    pci_write16(cap + MSI_CONTROL, 0);
    pci_write(cap + 4u, 0);
    row("msi.end-again", end((u32)map.pirq));
    struct physdev_restore_msi restore = {.devfn = (u8)edu_devfn};

    row("msi.restore", op(PHYSDEVOP_restore_msi, &restore));
    say_msi("msi-restored", cap);
    edu_write(EDU_RAISE, 1);
    say_events("msi.restored", 5);
    row("msi.end-restored", end((u32)map.pirq));
    row("msi.close-again", event_close(port));
    row("msi.unmap", unmap((u32)map.pirq));
    edu_write(EDU_LOWER, 7);
}

void guest_main(void)
{
    u32 line;

    event_init(EVENT_TWO_LEVEL);
    ports_allow();
    pci_find(EDU_ID);
    edu_map();
    edu_write(EDU_LIVENESS, 0x12345678);
    row_want_hex("edu.alive", edu_read(EDU_LIVENESS), ~0x12345678u);
    line = pci_read(PCI_LINE) & 0xff;
    upcalls_unmask();
    line_rows(line);
    level_rows(line);
    mask_rows(line);
    rebind_rows(line);
    page_rows(line, cmdline_has("v1"));
    message_rows();
    guest_end();
}
