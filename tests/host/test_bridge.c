// LINK: dom0/bridge/mac_table.c dom0/bridge/frame.c xen-like/lib/string.c tests/host/no_guests.c
/*
 * What the bridge knows of addresses, and the checksums that it fills in, without any guest.
 */
#include "tests/host/no_guests.h"

#include "dom0/bridge/frame.h"
#include "dom0/bridge/mac_table.h"
#include "xen-like/lib/string.h"

static struct mac_table table;

static const u8 *mac_of(u32 number)
{
    static u8 mac[6];

    mac[0] = 2;
    mac[4] = (u8)(number >> 8);
    mac[5] = (u8)number;
    return mac;
}

static void addresses_age(void **state)
{
    struct mac_set a, b;

    (void)state;
    mac_table_init(&table);
    mac_set_init(&a, 10);
    mac_set_init(&b, 10);
    assert_null(mac_find(&table, mac_of(1), 0));
    mac_learn(&table, &a, mac_of(1), 0);
    mac_learn(&table, &b, mac_of(2), 0);
    assert_ptr_equal(mac_find(&table, mac_of(1), MAC_AGE_NS), &a);
    mac_learn(&table, &a, mac_of(1), MAC_AGE_NS);
    assert_null(mac_find(&table, mac_of(2), MAC_AGE_NS + 1));
    assert_ptr_equal(mac_find(&table, mac_of(1), 2 * MAC_AGE_NS), &a);
    assert_null(mac_find(&table, mac_of(1), 2 * MAC_AGE_NS + 1));
    assert_int_equal(a.count + b.count, 0);
    assert_int_equal(heap_blocks, 0);
}

static void an_address_moves(void **state)
{
    struct mac_set a, b;

    (void)state;
    mac_table_init(&table);
    mac_set_init(&a, 10);
    mac_set_init(&b, 10);
    mac_learn(&table, &a, mac_of(1), 0);
    mac_learn(&table, &b, mac_of(1), 1);
    assert_ptr_equal(mac_find(&table, mac_of(1), 2), &b);
    assert_int_equal(a.count, 0);
    mac_forget(&b);
    assert_null(mac_find(&table, mac_of(1), 2));
    assert_int_equal(heap_blocks, 0);
}

/* One port invents addresses without end: only its own oldest are forgotten. */
static void a_port_has_its_share(void **state)
{
    struct mac_set liar, honest;

    (void)state;
    mac_table_init(&table);
    mac_set_init(&liar, 64);
    mac_set_init(&honest, 64);
    mac_learn(&table, &honest, mac_of(60000), 0);
    mac_learn(&table, &liar, mac_of(1), 1);
    for (u32 i = 0; i < 50000; i++) {
        mac_learn(&table, &liar, mac_of(i + 100), i + 2);
        mac_learn(&table, &liar, mac_of(1), i + 2); /* which it goes on using */
    }
    assert_int_equal(liar.count, 64);
    assert_int_equal(heap_blocks, 65);
    assert_ptr_equal(mac_find(&table, mac_of(60000), 60000), &honest);
    assert_ptr_equal(mac_find(&table, mac_of(1), 60000), &liar);
    assert_ptr_equal(mac_find(&table, mac_of(50099), 60000), &liar);
    assert_null(mac_find(&table, mac_of(40000), 60000));
    mac_forget(&liar);
    mac_forget(&honest);
    assert_int_equal(heap_blocks, 0);
}

static void multicast_is_nobodys(void **state)
{
    static const u8 all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct mac_set a;

    (void)state;
    mac_table_init(&table);
    mac_set_init(&a, 64);
    mac_learn(&table, &a, all, 0);
    assert_null(mac_find(&table, all, 0));
    assert_int_equal(a.count, 0);
}

static void checksums_have_their_place(void **state)
{
    static const struct {
        const char *what;
        u16 type, inner; /* inner: behind a VLAN's tag */
        u8 first, protocol;
        u32 length;
        bool found;
        u32 start, offset;
    } cases[] = {
        {"tcp", 0x0800, 0, 0x45, 6, 100, true, 34, 16},
        {"udp", 0x0800, 0, 0x45, 17, 100, true, 34, 6},
        {"options", 0x0800, 0, 0x4f, 6, 100, true, 74, 16},
        {"options, cut", 0x0800, 0, 0x4f, 6, 80, false, 0, 0},
        {"icmp", 0x0800, 0, 0x45, 1, 100, false, 0, 0},
        {"vlan", 0x8100, 0x0800, 0x45, 6, 100, true, 38, 16},
        {"vlan of ipv6", 0x8100, 0x86dd, 0x60, 17, 100, true, 58, 6},
        {"ipv6", 0x86dd, 0, 0x60, 6, 100, true, 54, 16},
        {"arp", 0x0806, 0, 0, 6, 100, false, 0, 0},
        {"an acknowledgement", 0x0800, 0, 0x45, 6, 54, true, 34, 16},
        {"udp without data", 0x0800, 0, 0x45, 17, 42, true, 34, 6},
        {"tcp, cut before its checksum", 0x0800, 0, 0x45, 6, 51, false, 0, 0},
        {"ipv4, cut", 0x0800, 0, 0x45, 6, 33, false, 0, 0},
        {"ipv6, cut", 0x86dd, 0, 0x60, 6, 53, false, 0, 0},
    };

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
        u8 *bytes = calloc(1, cases[i].length), *ip = bytes + (cases[i].inner ? 18 : 14);
        struct frame f = {.head = bytes, .head_bytes = cases[i].length, .bytes = cases[i].length};
        u32 start = 0, offset = 0, type = cases[i].inner ? cases[i].inner : cases[i].type;

        bytes[12] = (u8)(cases[i].type >> 8), bytes[13] = (u8)cases[i].type;
        bytes[16] = (u8)(cases[i].inner >> 8), bytes[17] = (u8)cases[i].inner;
        ip[0] = cases[i].first;
        ip[type == 0x86dd ? 6 : 9] = cases[i].protocol;
        if (frame_checksum_place(&f, &start, &offset) != cases[i].found)
            fail_msg("%s", cases[i].what);
        if (cases[i].found) {
            assert_int_equal(start, cases[i].start);
            assert_int_equal(offset, cases[i].offset);
        }
        free(bytes);
    }
}

/* The example of RFC 1071, section 3; an odd byte counts as the high one; 0 is written as ffff. */
static void checksums_are_the_internets(void **state)
{
    u8 example[] = {0, 0, 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0};
    u8 odd[] = {0, 0, 0x12};
    u8 zero[] = {0, 0, 0xff, 0xff};

    (void)state;
    frame_checksum_fill(example, sizeof(example), 2, 8);
    assert_int_equal(example[10], 0x22); /* ~0xddf2 */
    assert_int_equal(example[11], 0x0d);
    frame_checksum_fill(odd, sizeof(odd), 0, 0);
    assert_int_equal(odd[0], 0xed);
    assert_int_equal(odd[1], 0xff);
    frame_checksum_fill(zero, sizeof(zero), 0, 0);
    assert_int_equal(zero[0] & zero[1], 0xff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_age),
        cmocka_unit_test(an_address_moves),
        cmocka_unit_test(a_port_has_its_share),
        cmocka_unit_test(multicast_is_nobodys),
        cmocka_unit_test(checksums_have_their_place),
        cmocka_unit_test(checksums_are_the_internets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
