// LINK: xen-like/lib/pci.c
/*
 * PCI configuration space against a device made of bytes: lists of capabilities that are circles or
 * lead nowhere, base addresses of each kind, and what is written where for a message of each kind.
 * A device that is not there reads as ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "xen-like/lib/pci.h"

#define DEVICE 0x1234

static u8 space[256];
static unsigned writes;

static u32 config(u16 bdf, u32 reg, unsigned bytes, bool write, u32 data)
{
    u32 value = 0;

    assert_true((bytes == 1 || bytes == 2 || bytes == 4) && reg + bytes <= sizeof(space));
    assert_int_equal(reg % bytes, 0);
    if (bdf != DEVICE)
        return ~0u >> (32 - 8 * bytes);
    if (write) {
        writes++;
        memcpy(&space[reg], &data, bytes);
        return 0;
    }
    memcpy(&value, &space[reg], bytes);
    return value;
}

static void put(u32 reg, unsigned bytes, u32 value)
{
    memcpy(&space[reg], &value, bytes);
}

static u32 get(u32 reg, unsigned bytes)
{
    u32 value = 0;

    memcpy(&value, &space[reg], bytes);
    return value;
}

static int empty(void **state)
{
    (void)state;
    memset(space, 0, sizeof(space));
    writes = 0;
    put(PCI_STATUS, 2, PCI_STATUS_CAPS);
    return 0;
}

static void capabilities_are_found_wherever_the_list_leads(void **state)
{
    (void)state;
    assert_int_equal(pci_capability(config, DEVICE, PCI_CAP_MSI), 0);
    put(PCI_CAPABILITIES, 1, 0x53); /* the two lowest bits mean nothing */
    put(0x50, 2, 0x9001);
    put(0x90, 2, 0x4000 | PCI_CAP_MSI);
    put(0x40, 2, PCI_CAP_MSIX);
    assert_int_equal(pci_capability(config, DEVICE, 1), 0x50);
    assert_int_equal(pci_capability(config, DEVICE, PCI_CAP_MSI), 0x90);
    assert_int_equal(pci_capability(config, DEVICE, PCI_CAP_MSIX), 0x40);
    assert_int_equal(pci_capability(config, DEVICE, 0x20), 0);
    put(PCI_STATUS, 2, 0);
    assert_int_equal(pci_capability(config, DEVICE, 1), 0);
    assert_int_equal(writes, 0);
}

static void broken_lists_end(void **state)
{
    (void)state;
    put(PCI_CAPABILITIES, 1, 0x50);
    put(0x50, 2, 0x6001);
    put(0x60, 2, 0x5002);
    assert_int_equal(pci_capability(config, DEVICE, PCI_CAP_MSI), 0);
    put(0x60, 2, 0x2002); /* into the header */
    assert_int_equal(pci_capability(config, DEVICE, PCI_CAP_MSI), 0);
    assert_int_equal(pci_capability(config, DEVICE + 1, PCI_CAP_MSI), 0);
}

static void base_addresses_are_of_memory_or_nothing(void **state)
{
    (void)state;
    put(PCI_BASE_ADDRESS(0), 4, 0xfebf0000);
    put(PCI_BASE_ADDRESS(1), 4, 0xc001);
    put(PCI_BASE_ADDRESS(2), 4, 0xf000000c);
    put(PCI_BASE_ADDRESS(3), 4, 0x12);
    put(PCI_BASE_ADDRESS(5), 4, 0xfe000004);
    assert_int_equal(pci_memory_at(config, DEVICE, 0), 0xfebf0000);
    assert_int_equal(pci_memory_at(config, DEVICE, 1), 0);
    assert_int_equal(pci_memory_at(config, DEVICE, 2), 0x12f0000000);
    assert_int_equal(pci_memory_at(config, DEVICE, 4), 0);
    assert_int_equal(pci_memory_at(config, DEVICE, 5), 0xfe000000); /* no room for its upper half */
    assert_int_equal(pci_memory_at(config, DEVICE, 6), 0);
    assert_int_equal(pci_memory_at(config, DEVICE, ~0u), 0);
    assert_false(pci_memory_is_on(config, DEVICE));
    put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    assert_true(pci_memory_is_on(config, DEVICE));
}

/* wide, maskable: where the data and the masks are. */
static void a_message_lies_where_its_form_says(void **state)
{
    static const struct {
        u16 control;
        u8 data, mask; /* from the capability; 0: there is none */
    } forms[] = {{0, 8, 0}, {0x80, 12, 0}, {0x100, 8, 12}, {0x180, 12, 16}};

    for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
        struct pci_message m;

        empty(state);
        put(PCI_CAPABILITIES, 1, 0x60);
        put(0x60, 2, PCI_CAP_MSI);
        put(0x62, 2, forms[i].control | 0x4 | 0x20 | 1); /* up to 4, 4 of them, on */
        put(0x60 + forms[i].data + 2u, 2, 0xabcd);
        assert_true(pci_message_find(config, &m, DEVICE, false));
        assert_int_equal(m.count, 4);
        assert_int_equal(m.maskable, forms[i].mask != 0);
        assert_int_equal(writes, 0);
        pci_message_reset(config, &m);
        assert_int_equal(get(0x62, 2), forms[i].control | 0x4);
        if (forms[i].mask)
            assert_int_equal(get(0x60 + forms[i].mask, 4), 0xf);
        pci_message_write(config, &m, 0x1fee00000, 0x41);
        assert_int_equal(get(0x64, 4), 0xfee00000);
        if (forms[i].control & 0x80)
            assert_int_equal(get(0x68, 4), 1);
        assert_int_equal(get(0x60 + forms[i].data, 2), 0x41);
        assert_int_equal(get(0x60 + forms[i].data + 2u, 2), 0xabcd);
        pci_message_mask(config, &m, false);
        if (forms[i].mask)
            assert_int_equal(get(0x60 + forms[i].mask, 4), 0xe);
        pci_message_mask(config, &m, true);
        if (forms[i].mask)
            assert_int_equal(get(0x60 + forms[i].mask, 4), 0xf);
        pci_message_enable(config, &m, true);
        assert_int_equal(get(0x62, 2), forms[i].control | 0x4 | 1);
        pci_message_enable(config, &m, false);
        assert_int_equal(get(0x62, 2), forms[i].control | 0x4);
    }
}

static void a_table_is_touched_only_while_the_device_has_it(void **state)
{
    u32 slot[4] = {9, 9, 9, 9};
    struct pci_message m;

    (void)state;
    put(PCI_CAPABILITIES, 1, 0x70);
    put(0x70, 2, PCI_CAP_MSIX);
    put(0x72, 2, 7);          /* eight, off */
    put(0x74, 4, 0x2000 | 3); /* in the memory of the fourth */
    put(PCI_BASE_ADDRESS(3), 4, 0xfeb80000);
    assert_false(pci_message_find(config, &m, DEVICE, false));
    assert_true(pci_message_find(config, &m, DEVICE, true));
    assert_int_equal(m.count, 8);
    assert_true(m.maskable);
    assert_int_equal(pci_message_slot(config, &m, 5), 0xfeb82050);
    m.slot = slot;
    pci_message_write(config, &m, 0x1fee00000, 0x41);
    pci_message_mask(config, &m, true);
    assert_int_equal(slot[0] + slot[1] + slot[2] + slot[3], 4 * 9);
    put(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    pci_message_write(config, &m, 0x1fee00000, 0x41);
    assert_int_equal(slot[0], 0xfee00000);
    assert_int_equal(slot[1], 1);
    assert_int_equal(slot[2], 0x41);
    assert_int_equal(slot[3], 9);
    pci_message_mask(config, &m, true);
    assert_int_equal(slot[3], 1);
    pci_message_mask(config, &m, false);
    assert_int_equal(slot[3], 0);
    assert_int_equal(get(0x72, 2), 7); /* it was switched on meanwhile, and off again */
    pci_message_enable(config, &m, true);
    assert_int_equal(get(0x72, 2), 0x8007);
    put(0x74, 4, 0x2000 | 1); /* no memory there */
    put(PCI_BASE_ADDRESS(1), 4, 1);
    assert_int_equal(pci_message_slot(config, &m, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(capabilities_are_found_wherever_the_list_leads, empty),
        cmocka_unit_test_setup(broken_lists_end, empty),
        cmocka_unit_test_setup(base_addresses_are_of_memory_or_nothing, empty),
        cmocka_unit_test_setup(a_message_lies_where_its_form_says, empty),
        cmocka_unit_test_setup(a_table_is_touched_only_while_the_device_has_it, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
