// LINK: dom0/toolstack/devices.c dom0/toolstack/devices_remove.c dom0/toolstack/config_fields.c
// LINK: dom0/toolstack/config_disk.c dom0/toolstack/config_vif.c dom0/shell/columns.c
// LINK: dom0/xenstore/path.c dom0/xenstore/content.c dom0/xenstore/account.c dom0/xenstore/tree.c
// LINK: dom0/xenstore/client.c dom0/xenstore/transaction.c dom0/xenstore/view.c
// LINK: dom0/xenstore/watch.c
// LINK: dom0/xenstore/operations.c dom0/xenstore/requests.c dom0/xenstore/requests_domain.c
// LINK: dom0/xenstore/ring.c dom0/xenstore/audit.c dom0/xenstore/store.c
// LINK: ioring/byte_ring.c ioring/xenstore_message.c tests/host/store_machine.c
// LINK: xen-like/lib/string.c xen-like/lib/fmt.c xen-like/lib/parse.c
/*
 * Directories of devices in a real xenstore: what a guest and a backend find in them, who may write
 * what, that a disk is not written by two, and every way in which a device goes.
 */
#include "tests/host/store_machine.h"

#include "dom0/drivers/disk.h"
#include "dom0/shell/columns.h"
#include "dom0/toolstack/devices.h"

#define GUEST 7

static struct disk vda = {.name = "vda", .sectors = 100, .whole = &vda};
static struct disk vda1 = {.name = "vda1", .sectors = 10, .whole = &vda, .start = 10};
static struct disk vda2 = {.name = "vda2", .sectors = 10, .whole = &vda, .start = 20};
static struct alarm *alarm_under_way;
static char told[64], why[BUILD_REASON_SIZE];

/* ---- What is not linked -----------------------------------------------------------------------
 */

struct disk *disk_find(const char *name)
{
    struct disk *const all[] = {&vda, &vda1, &vda2};

    for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
        if (!strcmp(all[i]->name, name))
            return all[i];
    }
    return NULL;
}

void work_drop(struct work *work)
{
    if (!list_is_empty(&work->link))
        list_remove(&work->link);
}

void alarm_init(struct alarm *alarm, void (*ring)(struct alarm *alarm))
{
    alarm->ring = ring;
}

void alarm_set(struct alarm *alarm, u64 at)
{
    alarm->at = at;
    alarm_under_way = alarm;
}

void alarm_drop(struct alarm *alarm)
{
    if (alarm == alarm_under_way)
        alarm_under_way = NULL;
}

static void on_detached(domid_t domain, const char *type, u32 id, bool gone)
{
    snprintf(told, sizeof(told), "%s %u of %u %s", type, id, domain, gone ? "gone" : "stays");
}

/* ---- Helpers ----------------------------------------------------------------------------------
 */

static int attach_disk(domid_t domain, const char *text)
{
    struct disk_spec disk;

    assert_null(disk_spec_read(text, &disk));
    return disk_attach(domain, &disk, why);
}

static int attach_card(domid_t domain, const char *text)
{
    struct vif_spec vif;

    assert_null(vif_spec_read(text, &vif));
    return network_attach(domain, "web", &vif, why);
}

static void value_is(const char *folder, const char *key, const char *wanted)
{
    char path[128], value[128] = "";

    snprintf(path, sizeof(path), "%s/%s", folder, key);
    assert_true(store_read(path, value, sizeof(value)) >= 0);
    assert_string_equal(value, wanted);
}

static unsigned int devices_count(domid_t domain, const char *type)
{
    struct device_state state;
    unsigned int count = 0;

    while (device_at(domain, type, count, &state))
        count++;
    return count;
}

static int begin(void **state)
{
    (void)state;
    machine_begin();
    told[0] = '\0';
    detach_told = on_detached;
    return 0;
}

static int end(void **state)
{
    (void)state;
    devices_remove(GUEST);
    devices_remove(GUEST + 1);
    machine_end();
    return 0;
}

#define BACKEND  "/local/domain/0/backend/vbd/7/51712"
#define FRONTEND "/local/domain/7/device/vbd/51712"

/* ---- Tests ------------------------------------------------------------------------------------
 */

static void both_ends_find_what_they_need(void **state)
{
    (void)state;
    assert_int_equal(attach_disk(GUEST, "/dev/vda1,raw,xvda,w"), 0);
    value_is(BACKEND, "frontend", FRONTEND);
    value_is(BACKEND, "frontend-id", "7");
    value_is(BACKEND, "online", "1");
    value_is(BACKEND, "state", "1");
    value_is(BACKEND, "params", "vda1");
    value_is(BACKEND, "dev", "xvda");
    value_is(BACKEND, "mode", "w");
    value_is(BACKEND, "device-type", "disk");
    value_is(BACKEND, "discard-enable", "1");
    value_is(FRONTEND, "backend", BACKEND);
    value_is(FRONTEND, "backend-id", "0");
    value_is(FRONTEND, "state", "1");
    value_is(FRONTEND, "virtual-device", "51712");
    value_is(FRONTEND, "device-type", "disk");
    assert_int_equal(attach_card(GUEST, "mac=00:16:3e:01:02:03,ip=10.0.2.15,bridge=br1"), 0);
    value_is("/local/domain/0/backend/vif/7/0", "mac", "00:16:3e:01:02:03");
    value_is("/local/domain/0/backend/vif/7/0", "bridge", "br1");
    value_is("/local/domain/0/backend/vif/7/0", "ip", "10.0.2.15");
    value_is("/local/domain/0/backend/vif/7/0", "handle", "0");
    value_is("/local/domain/7/device/vif/0", "mac", "00:16:3e:01:02:03");
    value_is("/local/domain/7/device/vif/0", "handle", "0");
}

static void each_end_writes_its_own_and_reads_the_other(void **state)
{
    struct peer *guest = machine_guest(GUEST), *other = machine_guest(GUEST + 1);

    (void)state;
    assert_int_equal(attach_disk(GUEST, "vda1,raw,xvda,r"), 0);
    assert_string_equal(ask(guest, XS_WRITE, "device/vbd/51712/ring-ref|8"), "OK|");
    assert_string_equal(ask(guest, XS_READ, BACKEND "/mode|"), "r");
    assert_string_equal(ask(guest, XS_WRITE, BACKEND "/mode|w"), "!EACCES");
    assert_string_equal(ask(other, XS_READ, BACKEND "/mode|"), "!EACCES");
    assert_string_equal(ask(other, XS_WRITE, FRONTEND "/state|6"), "!EACCES");
    devices_remove(GUEST);
    machine_release(other);
    machine_release(guest);
}

static void a_disk_is_written_by_one(void **state)
{
    (void)state;
    assert_int_equal(attach_disk(GUEST, "vda1,raw,xvda,w"), 0);
    assert_int_equal(attach_disk(GUEST + 1, "vda1,raw,xvda,r"), -XEN_EBUSY);
    assert_string_equal(why, "vda1: domain 7 uses it, and one of both would write");
    assert_int_equal(attach_disk(GUEST + 1, "vda,raw,xvda,r"), -XEN_EBUSY);
    assert_int_equal(attach_disk(GUEST + 1, "vda2,raw,xvda,r"), 0);
    assert_int_equal(attach_disk(GUEST, "vda2,raw,xvdb,r"), 0);
    assert_int_equal(attach_disk(GUEST, "vda2,raw,xvdc,w"), -XEN_EBUSY);
    assert_int_equal(attach_disk(GUEST, "vda2,raw,xvdb,r"), -XEN_EEXIST);
    assert_string_equal(why, "domain 7 has a disk xvdb already");
    assert_int_equal(attach_disk(GUEST, "vdb,raw,xvdb,r"), -XEN_ENODEV);
    assert_string_equal(why, "vdb: the control domain has no such disk");
}

static void addresses_are_made_of_names(void **state)
{
    char first[18], again[18];

    (void)state;
    assert_int_equal(attach_card(GUEST, ""), 0);
    assert_int_equal(attach_card(GUEST, ""), 0);
    assert_int_equal(store_read("/local/domain/7/device/vif/0/mac", first, sizeof(first)), 17);
    store_read("/local/domain/7/device/vif/1/mac", again, sizeof(again));
    assert_memory_equal(first, "00:16:3e:", 9);
    assert_string_not_equal(first, again);
    devices_remove(GUEST);
    assert_int_equal(attach_card(GUEST, ""), 0);
    store_read("/local/domain/7/device/vif/0/mac", again, sizeof(again));
    assert_string_equal(first, again);
    value_is("/local/domain/0/backend/vif/7/0", "bridge", BRIDGE_DEFAULT);
    assert_int_equal(attach_card(GUEST, "devid=0"), -XEN_EEXIST);
}

static void a_configuration_is_made_whole_or_not_at_all(void **state)
{
    struct domain_config config = {
        .name = "web", .disk = {"vda1,raw,xvda,w\0vda2,raw,xvdb,r", 2}, .vif = {"\0bridge=br1", 2}};

    (void)state;
    assert_int_equal(devices_make(GUEST, &config, why), 0);
    assert_int_equal(devices_count(GUEST, DEVICE_DISK), 2);
    assert_int_equal(devices_count(GUEST, DEVICE_NETWORK), 2);
    assert_int_equal(devices_make(GUEST + 1, &config, why), -XEN_EBUSY);
    assert_int_equal(devices_count(GUEST + 1, DEVICE_DISK), 0);
    devices_remove(GUEST);
    assert_int_equal(devices_count(GUEST, DEVICE_DISK) + devices_count(GUEST, DEVICE_NETWORK), 0);
}

static void lists_are_those_of_xl(void **state)
{
    struct device_state device;
    char line[160], wanted[160];

    (void)state;
    attach_disk(GUEST, "vda1,raw,xvda,w");
    attach_card(GUEST, "mac=00:16:3e:01:02:03");
    assert_true(device_at(GUEST, DEVICE_DISK, 0, &device));
    column_block(line, sizeof(line), &device);
    snprintf(wanted, sizeof(wanted), "%-5d %-3d %-6d %-5d %-6d %-8d %-30s", 51712, 0, 51712, 1, -1,
             -1, BACKEND);
    assert_string_equal(line, wanted);
    snprintf(wanted, sizeof(wanted), "%-5s %-3s %-6s %-5s %-6s %-8s %-30s", "Vdev", "BE", "handle",
             "state", "evt-ch", "ring-ref", "BE-path");
    assert_string_equal(COLUMNS_BLOCK_HEAD, wanted);
    store_write("/local/domain/7/device/vif/0/tx-ring-ref", "768");
    store_write("/local/domain/7/device/vif/0/event-channel", "12");
    assert_true(device_at(GUEST, DEVICE_NETWORK, 0, &device));
    column_network(line, sizeof(line), &device);
    snprintf(wanted, sizeof(wanted), "%-3d %-2d %s %6d %5d %6d %5d/%-11d %-30s", 0, 0,
             "00:16:3e:01:02:03", 0, 1, 12, 768, -1, "/local/domain/0/backend/vif/7/0");
    assert_string_equal(line, wanted);
    snprintf(wanted, sizeof(wanted), "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s", "Idx", "BE",
             "Mac Addr.", "handle", "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
    assert_string_equal(COLUMNS_NETWORK_HEAD, wanted);
}

static void a_card_is_found_by_number_or_address(void **state)
{
    u32 id;

    (void)state;
    attach_card(GUEST, "");
    attach_card(GUEST, "mac=00:16:3e:0a:0b:0c,devid=5");
    assert_true(network_find(GUEST, "5", &id) && id == 5);
    assert_true(network_find(GUEST, "00:16:3E:0A:0b:0c", &id) && id == 5);
    assert_true(network_find(GUEST, "0", &id) && id == 0);
    assert_false(network_find(GUEST, "1", &id) || network_find(GUEST, "x", &id) ||
                 network_find(GUEST, "00:16:3e:0a:0b:0d", &id));
}

static void a_device_goes_when_its_backend_has_closed(void **state)
{
    (void)state;
    attach_disk(GUEST, "vda1,raw,xvda,w");
    store_write(BACKEND "/state", "4");
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, false), 0);
    value_is(BACKEND, "state", "5");
    value_is(BACKEND, "online", "0");
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, false), -XEN_EBUSY);
    machine_work();
    assert_int_equal(devices_count(GUEST, DEVICE_DISK), 1);
    assert_string_equal(told, "");
    store_write(BACKEND "/state", "6");
    machine_work();
    assert_string_equal(told, "vbd 51712 of 7 gone");
    assert_int_equal(devices_count(GUEST, DEVICE_DISK), 0);
    assert_int_equal(store_read_number(FRONTEND "/state", 99), 99);
    assert_null(alarm_under_way);
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, false), -XEN_ENODEV);
}

static void a_guest_that_does_not_let_go_is_told_of(void **state)
{
    (void)state;
    attach_disk(GUEST, "vda1,raw,xvda,w");
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, false), 0);
    machine_work();
    alarm_under_way->ring(alarm_under_way);
    assert_string_equal(told, "vbd 51712 of 7 stays");
    assert_int_equal(devices_count(GUEST, DEVICE_DISK), 1);
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, true), 0);
    assert_int_equal(devices_count(GUEST, DEVICE_DISK), 0);
}

static void force_and_the_guests_end_do_not_wait(void **state)
{
    (void)state;
    attach_disk(GUEST, "vda1,raw,xvda,w");
    attach_card(GUEST, "");
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, false), 0);
    assert_int_equal(device_detach(GUEST, DEVICE_DISK, 51712, true), 0);
    assert_null(alarm_under_way);
    assert_int_equal(device_detach(GUEST, DEVICE_NETWORK, 0, false), 0);
    devices_remove(GUEST);
    assert_null(alarm_under_way);
    machine_work();
    assert_string_equal(told, "");
}

static void without_memory_nothing_begins(void **state)
{
    (void)state;
    attach_disk(GUEST + 1, "vda2,raw,xvda,w"); /* the nodes above stay */
    for (long good = 0;; good++) {
        int answer;

        heap_good = good;
        answer = attach_disk(GUEST, "vda1,raw,xvda,w");
        heap_good = -1;
        assert_int_equal(store_read_number(BACKEND "/state", 99), answer ? 99 : 1);
        if (!answer)
            break;
        assert_string_equal(why, "vda1: cannot be entered in the xenstore");
        assert_true(good < 1000);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_ends_find_what_they_need),
        TEST(each_end_writes_its_own_and_reads_the_other),
        TEST(a_disk_is_written_by_one),
        TEST(addresses_are_made_of_names),
        TEST(a_configuration_is_made_whole_or_not_at_all),
        TEST(lists_are_those_of_xl),
        TEST(a_card_is_found_by_number_or_address),
        TEST(a_device_goes_when_its_backend_has_closed),
        TEST(a_guest_that_does_not_let_go_is_told_of),
        TEST(force_and_the_guests_end_do_not_wait),
        TEST(without_memory_nothing_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
