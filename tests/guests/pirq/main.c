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
    return hypercall_physdev_op(cmd, (uintptr_t)arg);
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
    u64 before, quiet;

    events = 0;
    say_events("level.quiet", 0);
    before = __builtin_ia32_rdtsc();
    events_soon();
    quiet = __builtin_ia32_rdtsc() - before;
    before += quiet;
    edu_write(EDU_RAISE, 1);
    events_soon();
    /* Taken over and over, it would be ten thousand times: then the emulator has enough of it. */
    row_want("level.no-storm", __builtin_ia32_rdtsc() - before < 3 * quiet, 1);
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

/*
 * A network card (Intel 82574) raises "other" causes by itself when it is told to, and sends them
 * as the message that IVAR says. Its table is in the memory of its fourth base address.
 */
#define CARD_ID          0x10d38086u
#define CARD_CAUSES      0xc0
#define CARD_RAISE       0xc8
#define CARD_LISTEN      0xd0
#define CARD_MESSAGES    0xe4
#define CARD_OTHER       (1u << 24)
#define CARD_OTHER_TO(n) ((8u | (n)) << 16)
#define CARD_TABLE_BAR   0x1c
#define PCI_CAP_MSIX     0x11
#define MSIX_ON          0x8000u

static long table_map(u64 table, u32 entry, u32 *pirq)
{
    struct physdev_map_pirq map = {.domid = DOMID_SELF,
                                   .type = MAP_PIRQ_TYPE_MSI_SEG,
                                   .index = -1,
                                   .pirq = -1,
                                   .devfn = (int)edu_devfn,
                                   .entry_nr = (int)entry,
                                   .table_base = table};
    long answer = op(PHYSDEVOP_map_pirq, &map);

    *pirq = (u32)map.pirq;
    return answer;
}

/* The card sends no two messages within 128 microseconds. */
static void say_later(const char *name, u32 want)
{
    for (u32 i = 0; i < LONG / SOON; i++)
        events_soon();
    row_want(name, events, want);
}

static void card_raise(void)
{
    edu_write(CARD_CAUSES, ~0u);
    edu_write(CARD_RAISE, CARD_OTHER);
}

static void card_rows(void)
{
    struct physdev_pci_device_add add = {.devfn = (u8)edu_devfn};
    struct physdev_pci_device device = {.devfn = (u8)edu_devfn};
    u64 table = pci_read(CARD_TABLE_BAR) & ~0xfull;
    u8 cap = pci_capability(PCI_CAP_MSIX);
    u16 command = pci_read16(PCI_COMMAND);
    u32 first, pirq, port;

    row("msix.map-unknown", table_map(table, 0, &pirq));
    row("msix.add", op(PHYSDEVOP_pci_device_add, &add));
    pci_write16(PCI_COMMAND, 0);
    row("msix.map-without-memory", table_map(table, 0, &pirq));
    row("msix.prepare-without-memory", op(PHYSDEVOP_prepare_msix, &device));
    pci_write16(PCI_COMMAND, command);
    row("msix.prepare", op(PHYSDEVOP_prepare_msix, &device));
    row("msix.release", op(PHYSDEVOP_release_msix, &device));
    row("msix.map-0", table_map(table, 0, &first));
    row("msix.number-0", first);
    row("msix.map-3", table_map(table, 3, &pirq));
    row("msix.number-3", pirq);
    row("msix.map-5", table_map(table, 5, &port));
    row("msix.prepare-in-use", op(PHYSDEVOP_prepare_msix, &device));
    row_hex("msix.control", pci_read16(cap + MSI_CONTROL));
    port = bind(pirq);
    pci_write16(cap + MSI_CONTROL, pci_read16(cap + MSI_CONTROL) | MSIX_ON);
    row_hex("msix.control-on", pci_read16(cap + MSI_CONTROL));
    events = 0;
    edu_write(CARD_MESSAGES, CARD_OTHER_TO(3));
    edu_write(CARD_LISTEN, CARD_OTHER);
    say_later("msix.quiet", 0);
    card_raise();
    say_later("msix.sent", 1);
    card_raise();
    say_later("msix.sent-before-end", 2); /* it can be masked, so no end is needed */
    row("msix.end", end(pirq));
    edu_write(CARD_MESSAGES, CARD_OTHER_TO(0));
    card_raise();
    say_later("msix.not-bound", 2);
    row("msix.close", event_close(port));
    events = 0;
    port = bind(first);
    say_later("msix.came-before", 1);
    card_raise();
    say_later("msix.bound", 2);
    row("msix.restore", op(PHYSDEVOP_restore_msi_ext, &device));
    card_raise();
    say_later("msix.restored", 3);
    row("msix.unmap", unmap(first));
    row("msix.close-unmapped", event_close(port));
    row("msix.unmap-3", unmap(pirq));
    row("msix.prepare-after", op(PHYSDEVOP_prepare_msix, &device));
}

static void card_main(void)
{
    pci_find(CARD_ID);
    edu_map();
    upcalls_unmask();
    card_rows();
    guest_end();
}

void guest_main(void)
{
    u32 line;

    event_init(EVENT_TWO_LEVEL);
    ports_allow();
    if (cmdline_has("msix"))
        card_main();
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
