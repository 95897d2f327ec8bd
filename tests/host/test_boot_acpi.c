// LINK: hypervisor/boot/acpi.c hypervisor/boot/madt.c xen-like/lib/string.c
/*
 * ACPI tables as firmware gives them, and as it should not: every table cut short, every signature
 * and checksum wrong, addresses that lead nowhere, AML that ends in the middle of \_S5_. The fake
 * memory hands out, for each request, a copy that ends where the request does, so that the address
 * sanitizer sees a read past what was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/boot/acpi.h"
#include "hypervisor/boot/madt.h"

#define WORLD_BYTES 0x110000UL
#define RSDP        0xf5a00UL /* where a scan finds it */
#define RSDT        0x1000UL
#define XSDT        0x2000UL
#define FADT        0x3000UL
#define DSDT        0x4000UL
#define FADT_BYTES  244

static u8 *world;

/* Copies live until the test ends; they are chained through their first word. */
struct copy {
    struct copy *next;
    u8 bytes[];
};
static struct copy *copies;

static const void *fake_map(u64 phys, u64 length)
{
    struct copy *c;

    if (phys >= WORLD_BYTES || length > WORLD_BYTES - phys)
        return NULL;
    c = malloc(sizeof(*c) + length);
    memcpy(c->bytes, world + phys, length);
    c->next = copies;
    copies = c;
    return c->bytes;
}

static void put32(u64 at, u32 v)
{
    memcpy(world + at, &v, sizeof(v));
}

static void put64(u64 at, u64 v)
{
    memcpy(world + at, &v, sizeof(v));
}

/* Make the bytes sum to zero by the one at `sum`. */
static void seal(u64 at, u32 length, u64 sum)
{
    u8 total = 0;

    world[sum] = 0;
    for (u32 i = 0; i < length; i++)
        total += world[at + i];
    world[sum] = -total;
}

static void seal_table(u64 at)
{
    u32 length;

    memcpy(&length, world + at + 4, sizeof(length));
    if (length >= 36 && length <= 0x1000)
        seal(at, length, at + 9);
}

static void put_table(u64 at, const char *signature, u32 length)
{
    memcpy(world + at, signature, 4);
    put32(at + 4, length);
}

static const u8 s5_aml[] = {0x10, 0x20, 0x08, '_',  'S',  '5',  '_',  0x12, 0x0a,
                            0x04, 0x0a, 0x05, 0x0a, 0x03, 0x00, 0x00, 0xa4, 0x00};

static void put_aml(const void *aml, u32 n)
{
    put_table(DSDT, "DSDT", 36 + n);
    memcpy(world + DSDT + 36, aml, n);
    seal_table(DSDT);
}

/* A whole, good set: the XSDT is the newer way in, the RSDT leads to the same. */
static int set_up(void **state)
{
    (void)state;
    world = calloc(1, WORLD_BYTES);
    memcpy(world + RSDP, "RSD PTR ", 8);
    world[RSDP + 15] = 2;
    put32(RSDP + 16, RSDT);
    put32(RSDP + 20, 36);
    put64(RSDP + 24, XSDT);
    seal(RSDP, 20, RSDP + 8);
    put_table(RSDT, "RSDT", 36 + 8);
    put32(RSDT + 36, 0xfffffff0); /* leads nowhere: passed over */
    put32(RSDT + 40, FADT);
    seal_table(RSDT);
    put_table(XSDT, "XSDT", 36 + 8);
    put64(XSDT + 36, FADT);
    seal_table(XSDT);
    put_table(FADT, "FACP", FADT_BYTES);
    put32(FADT + 40, DSDT);
    put32(FADT + 48, 0xb2);
    world[FADT + 52] = 0xf1;
    put32(FADT + 64, 0x604);
    put32(FADT + 76, 0x608);
    put32(FADT + 112, 1 << 10);
    world[FADT + 116] = ACPI_SPACE_IO;
    put64(FADT + 120, 0xcf9);
    world[FADT + 128] = 0x0f;
    seal_table(FADT);
    put_aml(s5_aml, sizeof(s5_aml));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    while (copies) {
        struct copy *next = copies->next;

        free(copies);
        copies = next;
    }
    free(world);
    return 0;
}

static void expect_good(u64 rsdp)
{
    struct acpi_power power;

    assert_null(acpi_find_power(&power, rsdp, fake_map));
    assert_true(power.can_off);
    assert_int_equal(power.pm1a, 0x604);
    assert_int_equal(power.pm1b, 0);
    assert_int_equal(power.timer, 0x608);
    assert_int_equal(power.type_a, 5);
    assert_int_equal(power.type_b, 3);
    assert_int_equal(power.smi_command, 0xb2);
    assert_int_equal(power.acpi_enable, 0xf1);
    assert_true(power.can_reset);
    assert_int_equal(power.reset_space, ACPI_SPACE_IO);
    assert_int_equal(power.reset_address, 0xcf9);
    assert_int_equal(power.reset_value, 0x0f);
}

static void expect_wrong(const char *wanted)
{
    struct acpi_power power;
    const char *wrong = acpi_find_power(&power, RSDP, fake_map);

    assert_non_null(wrong);
    assert_string_equal(wrong, wanted);
    assert_false(power.can_off);
}

static void good_tables_are_found_given_or_by_scan(void **state)
{
    (void)state;
    expect_good(RSDP);
    expect_good(0);
}

static void the_rsdt_serves_where_the_xsdt_does_not(void **state)
{
    (void)state;
    world[XSDT + 36]++; /* its sum is wrong now */
    expect_good(RSDP);
    world[RSDP + 15] = 0; /* an old RSDP knows no XSDT */
    seal(RSDP, 20, RSDP + 8);
    expect_good(RSDP);
}

static void each_broken_link_of_the_chain_is_named(void **state)
{
    (void)state;
    world[RSDP + 10] ^= 1;
    expect_wrong("no valid RSDP");
    world[RSDP + 10] ^= 1;
    world[FADT + 200] ^= 1;
    expect_wrong("no valid FADT");
    world[FADT + 200] ^= 1;
    world[DSDT + 40] ^= 1;
    expect_wrong("no valid DSDT");
    world[DSDT + 40] ^= 1;
    put32(FADT + 64, 0);
    seal_table(FADT);
    expect_wrong("no PM1 control register");
    put32(FADT + 64, 0x10604);
    seal_table(FADT);
    expect_wrong("no PM1 control register");
}

static void a_table_of_any_false_length_is_refused(void **state)
{
    static const u64 tables[] = {RSDT, XSDT, FADT, DSDT};
    static const u32 lengths[] = {0, 1, 35, 0x200000, 0xffffffff};

    (void)state;
    for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
            struct acpi_power power;
            u32 good;

            memcpy(&good, world + tables[t] + 4, sizeof(good));
            put32(tables[t] + 4, lengths[i]);
            acpi_find_power(&power, RSDP, fake_map);
            assert_int_equal(power.can_off, tables[t] == RSDT || tables[t] == XSDT);
            put32(tables[t] + 4, good);
        }
    }
    expect_good(RSDP);
}

/* Fields past its end read as zero: a FADT of ACPI 1.0 has no reset register. */
static void an_old_short_fadt_still_switches_off(void **state)
{
    struct acpi_power power;

    (void)state;
    put32(FADT + 4, 116);
    seal_table(FADT);
    assert_null(acpi_find_power(&power, RSDP, fake_map));
    assert_true(power.can_off);
    assert_false(power.can_reset);
    for (u32 length = 36; length < 116; length++) {
        put32(FADT + 4, length);
        seal_table(FADT);
        assert_non_null(acpi_find_power(&power, RSDP, fake_map));
    }
}

static void only_whole_s5_packages_are_believed(void **state)
{
    static const struct {
        u8 aml[16];
        u32 n;
        int type_a; /* -1: not found */
        int type_b;
    } rows[] = {
        {{0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00}, 12, 0, 0},
        {{0x08, 0x5c, '_', 'S', '5', '_', 0x12, 0x06, 0x02, 0x01, 0x01}, 11, 1, 1},
        {{0x08, '_', 'S', '5', '_', 0x12, 0x46, 0x00, 0x02, 0x0a, 0x07, 0x0a, 0x06}, 13, 7, 6},
        {{0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x01, 0x0b, 0x05, 0x00}, 11, 5, 0},
        {{0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x02, 0x0a, 0x08, 0x00}, 11, -1, 0}, /* no type */
        {{0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x00, 0x00, 0x00}, 10, -1, 0},       /* empty */
        {{0x08, '_', 'S', '5', '_', 0x14, 0x06, 0x02, 0x00, 0x00}, 10, -1, 0},       /* a method */
        {{0x10, '_', 'S', '5', '_', 0x12, 0x06, 0x02, 0x00, 0x00}, 10, -1, 0},       /* no Name */
        {{0x08, '_', 'S', '4', '_', 0x12, 0x06, 0x02, 0x00, 0x00}, 10, -1, 0},
        {{0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x02, 0x0a}, 9, -1, 0}, /* cut */
        {{0x08, '_', 'S', '5', '_', 0x12, 0xc6, 0x02}, 8, -1, 0},
        {{0x08, '_', 'S', '5', '_', 0x12}, 6, -1, 0},
        {{0x08, '_', 'S', '5', '_'}, 5, -1, 0},
        {{0x08, '_', 'S', '5'}, 4, -1, 0},
        {{0x08}, 1, -1, 0},
        {{0}, 0, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct acpi_power power;
        const char *wrong;

        put_aml(rows[i].aml, rows[i].n);
        wrong = acpi_find_power(&power, RSDP, fake_map);
        if (rows[i].type_a < 0) {
            assert_non_null(wrong);
            assert_string_equal(wrong, "no \\_S5_ in the DSDT");
        } else {
            assert_null(wrong);
            assert_int_equal(power.type_a, rows[i].type_a);
            assert_int_equal(power.type_b, rows[i].type_b);
        }
    }
}

static void a_reset_register_that_we_cannot_write_is_none(void **state)
{
    static const struct {
        u8 space;
        u64 address;
        bool good;
    } rows[] = {
        {ACPI_SPACE_IO, 0xcf9, true},
        {ACPI_SPACE_IO, 0x10000, false},
        {ACPI_SPACE_IO, 0, false},
        {ACPI_SPACE_MEMORY, 0xfed00000, true},
        {ACPI_SPACE_PCI, 0x1f000000ac, true},
        {3, 0x10, false},
        {0x7f, 0x10, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct acpi_power power;

        world[FADT + 116] = rows[i].space;
        put64(FADT + 120, rows[i].address);
        seal_table(FADT);
        assert_null(acpi_find_power(&power, RSDP, fake_map));
        assert_int_equal(power.can_reset, rows[i].good);
    }
}

/* In place of the FADT, which then is not found: whatever table comes last. */
static void put_only(const char *signature, const void *body, u32 bytes)
{
    put_table(FADT, signature, 36 + bytes);
    memcpy(world + FADT + 36, body, bytes);
    seal_table(FADT);
}

static void the_wiring_of_interrupts_is_read_up_to_the_first_broken_entry(void **state)
{
    static const u8 table[] = {
        0, 0,  0xe0, 0xfe, 1,  0,    0,    0,                 /* local APIC, flags */
        0, 8,  0,    0,    1,  0,    0,    0,                 /* a CPU */
        1, 12, 0,    0,    0,  0,    0xc0, 0xfe, 0,  0, 0, 0, /* an I/O APIC */
        2, 10, 0,    0,    2,  0,    0,    0,    0,  0,       /* line 0 on pin 2 */
        1, 12, 1,    0,    0,  0x10, 0xc0, 0xfe, 24, 0, 0, 0, /* another */
        2, 10, 0,    9,    20, 0,    0,    0,    15, 0,       /* line 9, level and active low */
        2, 10, 0,    16,   3,  0,    0,    0,    0,  0,       /* no such line */
        1, 8,  1,    0,    0,  0x20, 0xc0, 0xfe,              /* too short for one */
        1, 13, 1,    0,    0,  0x30, 0xc0, 0xfe, 24, 0, 0, 0, /* longer than the table */
    };

    (void)state;
    assert_non_null(madt_read(RSDP, fake_map));
    assert_int_equal(madt.isa[7].gsi, 7);
    for (u32 bytes = 0; bytes <= sizeof(table); bytes++) {
        put_only("APIC", table, bytes);
        madt_read(bytes & 1 ? RSDP : 0, fake_map);
        assert_int_equal(madt.ioapics, (bytes >= 28) + (bytes >= 50));
        assert_int_equal(madt.isa[0].gsi, bytes >= 38 ? 2 : 0);
        assert_int_equal(madt.isa[9].gsi, bytes >= 60 ? 20 : 9);
    }
    assert_int_equal(madt.ioapic[0].phys, 0xfec00000);
    assert_int_equal(madt.ioapic[1].phys, 0xfec01000);
    assert_int_equal(madt.ioapic[1].gsi, 24);
    assert_int_equal(madt.isa[4].gsi, 4);
    assert_false(MADT_LEVEL(madt.isa[0].flags) || MADT_ACTIVE_LOW(madt.isa[0].flags));
    assert_true(MADT_LEVEL(madt.isa[9].flags) && MADT_ACTIVE_LOW(madt.isa[9].flags));
    memset(world + FADT + 36 + 8, 0, 2); /* an entry of no length */
    seal_table(FADT);
    madt_read(RSDP, fake_map);
    assert_int_equal(madt.ioapics, 0);
}

static void the_hpet_is_found_where_it_is_memory(void **state)
{
    u8 hpet[20] = {[4] = ACPI_SPACE_MEMORY, [8] = 0, 0, 0xd0, 0xfe};

    (void)state;
    for (u32 bytes = 0; bytes <= sizeof(hpet); bytes++) {
        put_only("HPET", hpet, bytes);
        assert_int_equal(acpi_find_hpet(RSDP, fake_map), bytes == sizeof(hpet) ? 0xfed00000 : 0);
    }
    hpet[4] = ACPI_SPACE_IO;
    put_only("HPET", hpet, sizeof(hpet));
    assert_int_equal(acpi_find_hpet(RSDP, fake_map), 0);
    assert_int_equal(acpi_find_hpet(RSDP + 16, fake_map), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(good_tables_are_found_given_or_by_scan),
        TEST(the_rsdt_serves_where_the_xsdt_does_not),
        TEST(each_broken_link_of_the_chain_is_named),
        TEST(a_table_of_any_false_length_is_refused),
        TEST(an_old_short_fadt_still_switches_off),
        TEST(only_whole_s5_packages_are_believed),
        TEST(a_reset_register_that_we_cannot_write_is_none),
        TEST(the_wiring_of_interrupts_is_read_up_to_the_first_broken_entry),
        TEST(the_hpet_is_found_where_it_is_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
