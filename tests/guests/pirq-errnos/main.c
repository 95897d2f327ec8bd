/*
 * What a control domain may ask about physical interrupts, and what it is told: each operation with
 * a good argument, with each part of it wrong, and in the wrong order. A kernel finds out by these
 * answers what there is: Linux takes -EEXIST of setup_gsi for "somebody has done it already".
 */
#include "tests/guests/common.h"

#define NOWHERE ((void *)0x70000000)
#define BRIDGE  0x00 /* devfn of the host bridge: there always, without any capability */
#define ABSENT  0xf0 /* no device there */

static const u32 numbers[] = {0,   1,   2,   3,   4,   8,     9,     14,  15,
                              16,  20,  23,  24,  31,  191,   192,   206, 207,
                              208, 209, 231, 232, 256, 32767, 32768, ~0u, 1u << 31};

static long op(unsigned int cmd, void *arg)
{
    return hypercall_physdev_op(cmd, (uintptr_t)arg);
}

static void unreadable_rows(void)
{
    for (unsigned int cmd = 0; cmd < 40; cmd++) {
        if (cmd == PHYSDEVOP_IRQ_UNMASK_NOTIFY)
            continue;
        row(name_nth("unreadable", "op", cmd), op(cmd, NOWHERE));
        row(name_nth("null", "op", cmd), op(cmd, NULL));
    }
    row("unmask-notify", op(PHYSDEVOP_IRQ_UNMASK_NOTIFY, NULL));
}

static void status_rows(const char *group)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
        struct physdev_irq_status_query query = {.irq = numbers[i], .flags = 0xff00};
        struct physdev_eoi eoi = {.irq = numbers[i]};

        row(name_nth(group, "status", numbers[i]), op(PHYSDEVOP_irq_status_query, &query));
        row_hex(name_nth(group, "flags", numbers[i]), query.flags);
        row(name_nth(group, "eoi", numbers[i]), op(PHYSDEVOP_eoi, &eoi));
    }
}

static long bind(u32 pirq, u32 flags, u32 *port)
{
    struct evtchn_bind_pirq bind = {.pirq = pirq, .flags = flags};
    long answer = hypercall_event_channel_op(EVTCHNOP_bind_pirq, (uintptr_t)&bind);

    *port = bind.port;
    return answer;
}

static long close(u32 port)
{
    struct evtchn_close close = {.port = port};

    return hypercall_event_channel_op(EVTCHNOP_close, (uintptr_t)&close);
}

static long map(domid_t domid, int type, int index, int *pirq)
{
    struct physdev_map_pirq map = {.domid = domid, .type = type, .index = index, .pirq = *pirq};
    long answer = op(PHYSDEVOP_map_pirq, &map);

    *pirq = map.pirq;
    return answer;
}

static long unmap(domid_t domid, int pirq)
{
    struct physdev_unmap_pirq unmap = {.domid = domid, .pirq = pirq};

    return op(PHYSDEVOP_unmap_pirq, &unmap);
}

static void say_map(const char *name, domid_t domid, int type, int index, int pirq)
{
    row(name_of("map", name), map(domid, type, index, &pirq));
    row(name_of("mapped", name), pirq);
}

static void say_bind(const char *name, u32 pirq, u32 flags)
{
    u32 port;

    row(name_of("bind", name), bind(pirq, flags, &port));
}

static void unmapped_rows(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
        u32 port;

        row(name_nth("unmapped", "bind", numbers[i]), bind(numbers[i], 0, &port));
        row(name_nth("unmapped", "unmap", numbers[i]), unmap(DOMID_SELF, (int)numbers[i]));
    }
}

static void map_rows(void)
{
    const int gsi = MAP_PIRQ_TYPE_GSI;

    say_map("line-16", DOMID_SELF, gsi, 16, 16);
    say_map("again", DOMID_SELF, gsi, 16, 16);
    say_map("again-any", DOMID_SELF, gsi, 16, -1);
    say_map("other-number", DOMID_SELF, gsi, 16, 17);
    say_map("other-line", DOMID_SELF, gsi, 17, 16);
    say_map("line-0", DOMID_SELF, gsi, 0, 0);
    say_map("line-0-any", DOMID_SELF, gsi, 0, -1);
    say_map("line-23", DOMID_SELF, gsi, 23, -1);
    say_map("line-24", DOMID_SELF, gsi, 24, 24);
    say_map("line-negative", DOMID_SELF, gsi, -1, 16);
    say_map("line-5-at-40", DOMID_SELF, gsi, 5, 40);
    say_map("line-6-at-207", DOMID_SELF, gsi, 6, 207);
    say_map("line-7-at-208", DOMID_SELF, gsi, 7, 208);
    say_map("line-7-at-huge", DOMID_SELF, gsi, 7, 1 << 30);
    say_map("line-7-at-0", DOMID_SELF, gsi, 7, 0);
    say_map("by-number-0", 0, gsi, 10, 10);
    say_map("nobody", 1, gsi, 11, 11);
    say_map("nobody-io", DOMID_IO, gsi, 11, 11);
    say_map("nobody-xen", DOMID_XEN, gsi, 11, 11);
    say_map("nobody-idle", DOMID_IDLE, gsi, 11, 11);
    say_map("type-unknown", DOMID_SELF, MAP_PIRQ_TYPE_UNKNOWN, 11, 11);
    say_map("type-5", DOMID_SELF, 5, 11, 11);
    say_map("type-negative", DOMID_SELF, -1, 11, 11);
    say_map("console", DOMID_SELF, gsi, 4, 4);
}

static void bind_rows(void)
{
    u32 port, other;

    row("bind.16", bind(16, BIND_PIRQ__WILL_SHARE, &port));
    row("bind.16-again", bind(16, BIND_PIRQ__WILL_SHARE, &other));
    row("bind.16-alone", bind(16, 0, &other));
    row("close.16", close(port));
    row("bind.16-after", bind(16, 0, &port));
    row("unmap.bound", unmap(DOMID_SELF, 16));
    row("unmap.bound-again", unmap(DOMID_SELF, 16));
    say_bind("16-unmapped", 16, 0);
    say_map("17-at-16", DOMID_SELF, MAP_PIRQ_TYPE_GSI, 17, 16);
    row("close.unmapped", close(port));
    say_map("16-after-unmap", DOMID_SELF, MAP_PIRQ_TYPE_GSI, 16, 16);
    say_bind("console", 4, 0);
    say_bind("console-shared", 4, BIND_PIRQ__WILL_SHARE);
    say_bind("flags", 10, ~0u);
    row("unmap.40", unmap(DOMID_SELF, 40));
    row("unmap.40-again", unmap(DOMID_SELF, 40));
    row("unmap.negative", unmap(DOMID_SELF, -1));
    row("unmap.208", unmap(DOMID_SELF, 208));
    row("unmap.nobody", unmap(1, 40));
    row("unmap.by-number", unmap(0, 207));
    say_map("line-5-after-unmap", DOMID_SELF, MAP_PIRQ_TYPE_GSI, 5, 5);
}

static long setup(int gsi, u8 triggering, u8 polarity)
{
    struct physdev_setup_gsi setup = {.gsi = gsi, .triggering = triggering, .polarity = polarity};

    return op(PHYSDEVOP_setup_gsi, &setup);
}

static void setup_rows(void)
{
    static const int lines[] = {0, 1, 3, 4, 8, 9, 10, 16, 19, 23, 24, 208, -1};

    for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
        row(name_nth("setup", "line", (u32)lines[i]), setup(lines[i], 1, 1));
        row(name_nth("setup", "again", (u32)lines[i]), setup(lines[i], 0, 0));
    }
    row("setup.odd", setup(21, 0xff, 0xff));
}

static void free_rows(void)
{
    static const int types[] = {MAP_PIRQ_TYPE_MSI,
                                MAP_PIRQ_TYPE_GSI,
                                MAP_PIRQ_TYPE_UNKNOWN,
                                MAP_PIRQ_TYPE_MSI_SEG,
                                MAP_PIRQ_TYPE_MULTI_MSI,
                                5,
                                -1};

    for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
        for (unsigned int n = 0; n < 2; n++) {
            struct physdev_get_free_pirq get = {.type = types[i], .pirq = 7};

            row(name_nth("free", n ? "again" : "type", (u32)types[i]),
                op(PHYSDEVOP_get_free_pirq, &get));
            row(name_nth("free", n ? "again-got" : "got", (u32)types[i]), get.pirq);
            if (n) {
                struct physdev_eoi eoi = {.irq = get.pirq};

                row(name_nth("free", "eoi", (u32)types[i]), op(PHYSDEVOP_eoi, &eoi));
                row(name_nth("free", "unmap", (u32)types[i]), unmap(DOMID_SELF, (int)get.pirq));
                say_map(name_nth("free", "map", (u32)types[i]), DOMID_SELF, MAP_PIRQ_TYPE_GSI, 18,
                        (int)get.pirq);
            }
        }
}

static void apic_rows(void)
{
    static const u64 bases[] = {0xfec00000, 0xfec00010, 0xfec01000, 0, ~0ul, 0xfee00000};

    for (unsigned int i = 0; i < ARRAY_SIZE(bases); i++) {
        struct physdev_apic apic = {.apic_physbase = bases[i], .reg = 1, .value = 0x5555};

        row(name_nth("apic", "read", i), op(PHYSDEVOP_apic_read, &apic));
        row_hex(name_nth("apic", "value", i), apic.value);
        apic.reg = 2;
        row(name_nth("apic", "write", i), op(PHYSDEVOP_apic_write, &apic));
    }
    for (u32 reg = 0x10; reg < 0x10 + 2 * 26; reg += 2) {
        struct physdev_apic apic = {.apic_physbase = 0xfec00000, .reg = reg + 1, .value = 0};
        u32 n = (reg - 0x10) / 2;

        if (n == 0 || n == 2 || n == 12 || n == 22 || n >= 24)
            continue; /* the timer's, and those of page_rows */
        row(name_nth("apic", "upper", n), op(PHYSDEVOP_apic_write, &apic));
        apic.reg = reg;
        apic.value = 0x10000 | 0xa000;
        row(name_nth("apic", "level-masked", n), op(PHYSDEVOP_apic_write, &apic));
        apic.value = 0x10700;
        row(name_nth("apic", "extint", n), op(PHYSDEVOP_apic_write, &apic));
        apic.value = 0x10200;
        row(name_nth("apic", "smi", n), op(PHYSDEVOP_apic_write, &apic));
        apic.value = 0xa100 | n;
        row(name_nth("apic", "lowest", n), op(PHYSDEVOP_apic_write, &apic));
        apic.value = 0xa0ff;
        row(name_nth("apic", "vector-255", n), op(PHYSDEVOP_apic_write, &apic));
        apic.reg = reg;
        apic.value = 0;
        op(PHYSDEVOP_apic_read, &apic);
        row_hex(name_nth("apic", "entry", n), apic.value & 0x1e000);
    }
}

static void vector_rows(void)
{
    static const u32 lines[] = {0, 1, 16, 24, 255, 256, 1000, ~0u};

    for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
        struct physdev_irq irq = {.irq = lines[i], .vector = 77};

        row(name_nth("vector", "alloc", lines[i]), op(PHYSDEVOP_alloc_irq_vector, &irq));
        row(name_nth("vector", "got", lines[i]), irq.vector);
        row(name_nth("vector", "free", lines[i]), op(PHYSDEVOP_free_irq_vector, &irq));
    }
}

static void pci_rows(void)
{
    struct physdev_manage_pci pci = {.bus = 0, .devfn = BRIDGE};
    struct physdev_manage_pci_ext ext = {.bus = 0, .devfn = ABSENT};
    struct physdev_pci_device device = {.seg = 0, .bus = 0, .devfn = BRIDGE};
    struct {
        struct physdev_pci_device_add add;
        u32 more[2];
    } add = {.add = {.devfn = BRIDGE}};
    struct physdev_restore_msi restore = {.devfn = BRIDGE};

    row("pci.remove-unknown", op(PHYSDEVOP_manage_pci_remove, &pci));
    row("pci.remove-device-unknown", op(PHYSDEVOP_pci_device_remove, &device));
    row("pci.restore-unknown", op(PHYSDEVOP_restore_msi, &restore));
    row("pci.restore-ext-unknown", op(PHYSDEVOP_restore_msi_ext, &device));
    row("pci.prepare-unknown", op(PHYSDEVOP_prepare_msix, &device));
    row("pci.release-unknown", op(PHYSDEVOP_release_msix, &device));
    row("pci.add", op(PHYSDEVOP_manage_pci_add, &pci));
    row("pci.add-again", op(PHYSDEVOP_manage_pci_add, &pci));
    row("pci.restore", op(PHYSDEVOP_restore_msi, &restore));
    row("pci.restore-ext", op(PHYSDEVOP_restore_msi_ext, &device));
    row("pci.remove", op(PHYSDEVOP_manage_pci_remove, &pci));
    row("pci.remove-again", op(PHYSDEVOP_manage_pci_remove, &pci));
    row("pci.add-device", op(PHYSDEVOP_pci_device_add, &add));
    add.add.flags = XEN_PCI_DEV_PXM;
    row("pci.add-device-near", op(PHYSDEVOP_pci_device_add, &add));
    add.add.flags = ~0u;
    add.add.devfn = ABSENT;
    row("pci.add-device-all-flags", op(PHYSDEVOP_pci_device_add, &add));
    row("pci.remove-device", op(PHYSDEVOP_pci_device_remove, &device));
    row("pci.remove-device-again", op(PHYSDEVOP_pci_device_remove, &device));
    row("pci.add-ext", op(PHYSDEVOP_manage_pci_add_ext, &ext));
    ext.is_extfn = 2;
    row("pci.add-ext-odd", op(PHYSDEVOP_manage_pci_add_ext, &ext));
    ext.is_extfn = 1;
    ext.is_virtfn = 2;
    row("pci.add-ext-odd-virtual", op(PHYSDEVOP_manage_pci_add_ext, &ext));
    device.devfn = ABSENT;
    row("pci.remove-absent", op(PHYSDEVOP_pci_device_remove, &device));
    device.seg = 7;
    row("pci.remove-segment", op(PHYSDEVOP_pci_device_remove, &device));
}

static void msi_rows(void)
{
    struct physdev_pci_device_add add = {.devfn = BRIDGE};
    static const struct {
        const char *what;
        struct physdev_map_pirq map;
    } asks[] = {
        {"unknown-device", {.type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = -1, .devfn = ABSENT}},
        {"no-capability", {.type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = -1, .devfn = BRIDGE}},
        {"at-100", {.type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = 100, .devfn = BRIDGE}},
        {"at-10", {.type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = 10, .devfn = BRIDGE}},
        {"at-208", {.type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = 208, .devfn = BRIDGE}},
        {"index-0", {.type = MAP_PIRQ_TYPE_MSI, .index = 0, .pirq = -1, .devfn = BRIDGE}},
        {"index-30", {.type = MAP_PIRQ_TYPE_MSI, .index = 30, .pirq = -1, .devfn = BRIDGE}},
        {"index-208", {.type = MAP_PIRQ_TYPE_MSI, .index = 208, .pirq = -1, .devfn = BRIDGE}},
        {"index-2", {.type = MAP_PIRQ_TYPE_MSI, .index = -2, .pirq = -1, .devfn = BRIDGE}},
        {"segment", {.type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1, .pirq = -1, .bus = 1 << 16}},
        {"segment-0", {.type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1, .pirq = -1}},
        {"table", {.type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = -1, .table_base = 0x1000}},
        {"table-segment",
         {.type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1, .pirq = -1, .table_base = 0x1000}},
        {"multi-0", {.type = MAP_PIRQ_TYPE_MULTI_MSI, .index = -1, .pirq = -1}},
        {"multi-1", {.type = MAP_PIRQ_TYPE_MULTI_MSI, .index = -1, .pirq = -1, .entry_nr = 1}},
        {"multi-2", {.type = MAP_PIRQ_TYPE_MULTI_MSI, .index = -1, .pirq = -1, .entry_nr = 2}},
        {"multi-33", {.type = MAP_PIRQ_TYPE_MULTI_MSI, .index = -1, .pirq = -1, .entry_nr = 33}},
        {"multi-table",
         {.type = MAP_PIRQ_TYPE_MULTI_MSI, .index = -1, .pirq = -1, .table_base = 1}},
        {"nobody", {.domid = 1, .type = MAP_PIRQ_TYPE_MSI, .index = -1, .pirq = -1}},
    };

    row("msi.add", op(PHYSDEVOP_pci_device_add, &add));
    for (unsigned int i = 0; i < ARRAY_SIZE(asks); i++) {
        struct physdev_map_pirq map = asks[i].map;

        row(name_of("msi", asks[i].what), op(PHYSDEVOP_map_pirq, &map));
        row_hex(name_of("msi-type", asks[i].what), (u32)map.type);
        row_hex(name_of("msi-index", asks[i].what), (u32)map.index);
        row_hex(name_of("msi-pirq", asks[i].what), (u32)map.pirq);
        row_hex(name_of("msi-entry", asks[i].what), (u32)map.entry_nr);
    }
}

static void page_rows(unsigned int version)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 *page = pfn_to_virt(pfn);
    struct physdev_pirq_eoi_gmfn info = {.gmfn = ~0ul};
    u32 port;

    row("page.no-frame", op(version, &info));
    info.gmfn = 0xfec00;
    row("page.io", op(version, &info));
    info.gmfn = table_boot_root().n;
    row("page.table", op(version, &info));
    info.gmfn = pfn_to_mfn(pfn).n;
    row("page.given", op(version, &info));
    row("page.again", op(version, &info));
    row("page.other-version", op(version == PHYSDEVOP_pirq_eoi_gmfn_v1 ? PHYSDEVOP_pirq_eoi_gmfn_v2
                                                                       : PHYSDEVOP_pirq_eoi_gmfn_v1,
                                 &info));
    page[0] = 0xffff;
    say_map("page-edge", DOMID_SELF, MAP_PIRQ_TYPE_GSI, 12, 12);
    row("page.bind-edge", bind(12, 0, &port));
    row_hex("page.edge", page[0]);
    row("page.setup", setup(22, 1, 1));
    say_map("page-level", DOMID_SELF, MAP_PIRQ_TYPE_GSI, 22, 22);
    row("page.bind-level", bind(22, 0, &port));
    row_hex("page.level", page[0]);
    row("page.close", close(port));
    row_hex("page.closed", page[0]);
}

static void other_rows(void)
{
    struct physdev_pci_mmcfg_reserved reserved = {.address = 0xb0000000, .end_bus = 255};
    struct physdev_dbgp_op dbgp = {.op = PHYSDEVOP_DBGP_RESET_PREPARE};

    row("mmcfg.none", op(PHYSDEVOP_pci_mmcfg_reserved, &reserved));
    reserved.flags = XEN_PCI_MMCFG_RESERVED;
    row("mmcfg.reserved", op(PHYSDEVOP_pci_mmcfg_reserved, &reserved));
    reserved.flags = 2;
    row("mmcfg.flags", op(PHYSDEVOP_pci_mmcfg_reserved, &reserved));
    row("dbgp.prepare", op(PHYSDEVOP_dbgp_op, &dbgp));
    dbgp.op = 9;
    row("dbgp.odd", op(PHYSDEVOP_dbgp_op, &dbgp));
    dbgp.bus = 9;
    row("dbgp.odd-bus", op(PHYSDEVOP_dbgp_op, &dbgp));
}

static void compat_rows(void)
{
    struct physdev_op old = {.cmd = PHYSDEVOP_irq_status_query};

    old.u.irq_status_query.irq = 16;
    row("compat.status", hypercall_physdev_op_compat((uintptr_t)&old));
    row_hex("compat.flags", old.u.irq_status_query.flags);
    old.u.irq_status_query.irq = 1000;
    row("compat.status-huge", hypercall_physdev_op_compat((uintptr_t)&old));
    old.cmd = PHYSDEVOP_get_free_pirq;
    row("compat.free", hypercall_physdev_op_compat((uintptr_t)&old));
    old.cmd = 99;
    row("compat.unknown", hypercall_physdev_op_compat((uintptr_t)&old));
    row("compat.unreadable", hypercall_physdev_op_compat((uintptr_t)NOWHERE));
}

void guest_main(void)
{
    unreadable_rows();
    status_rows("first");
    unmapped_rows();
    map_rows();
    status_rows("mapped");
    bind_rows();
    status_rows("bound");
    setup_rows();
    free_rows();
    apic_rows();
    status_rows("written");
    vector_rows();
    pci_rows();
    msi_rows();
    other_rows();
    compat_rows();
    page_rows(cmdline_has("v1") ? PHYSDEVOP_pirq_eoi_gmfn_v1 : PHYSDEVOP_pirq_eoi_gmfn_v2);
    guest_end();
}
