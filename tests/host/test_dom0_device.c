// LINK: dom0/backend/device.c dom0/backend/device_class.c
// LINK: dom0/xenstore/path.c dom0/xenstore/content.c dom0/xenstore/account.c dom0/xenstore/tree.c
// LINK: dom0/xenstore/client.c dom0/xenstore/transaction.c dom0/xenstore/view.c
// LINK: dom0/xenstore/watch.c
// LINK: dom0/xenstore/operations.c dom0/xenstore/requests.c dom0/xenstore/requests_domain.c
// LINK: dom0/xenstore/ring.c dom0/xenstore/audit.c dom0/xenstore/store.c
// LINK: ioring/byte_ring.c ioring/xenstore_message.c tests/host/store_machine.c
// LINK: xen-like/lib/string.c xen-like/lib/fmt.c xen-like/lib/parse.c
/*
 * The states of a device, from both ends: a class that only notes what it was asked to do, and
 * frontends that behave as Linux's and Mini-OS's do, or not at all. The frontend writes by its
 * ring, so permissions hold for it.
 */
#include "tests/host/store_machine.h"

#include "dom0/backend/device.h"
#include "dom0/mm/heap.h"
#include "dom0/xenstore/store.h"

#define ID    7
#define FRONT "/local/domain/3/device/fake/7"
#define BACK  "/local/domain/0/backend/fake/3/7"

static char notes[256]; /* what the class was asked: P, C, D, R */
static int prepare_answer, connect_answer;
static bool fails_within;

static void note(const struct device *device, const char *what)
{
    assert_true(device->guest == 3);
    strcat(notes, what);
}

static int fake_prepare(struct device *device)
{
    note(device, "P");
    return prepare_answer ? prepare_answer : device_write(device, "feature", "%d", 1);
}

static int fake_connect(struct device *device)
{
    note(device, "C");
    assert_false(device->connected);
    return connect_answer;
}

static void fake_disconnect(struct device *device)
{
    note(device, "D");
    if (fails_within)
        device_fail(device, "again");
}

static void fake_remove(struct device *device)
{
    note(device, "R");
}

static const struct device_class fake = {"fake",       sizeof(struct device), fake_prepare,
                                         fake_connect, fake_disconnect,       fake_remove};

static struct peer *guest;

/* ---- The two ends -----------------------------------------------------------------------------
 */

static void attach(void)
{
    assert_int_equal(store_write(FRONT "/backend", BACK), 0);
    assert_int_equal(store_write(FRONT "/state", "1"), 0);
    assert_int_equal(store_permit(FRONT, 3, 0), 0);
    assert_int_equal(store_write(BACK "/frontend", FRONT), 0);
    assert_int_equal(store_write(BACK "/online", "1"), 0);
    assert_int_equal(store_write(BACK "/state", "1"), 0);
    assert_int_equal(store_permit(BACK, 0, 3), 0);
    machine_work();
}

static void frontend_is(enum xenbus_state state)
{
    char text[64];

    snprintf(text, sizeof(text), "device/fake/7/state|%d", state);
    assert_string_equal(ask(guest, XS_WRITE, text), "OK|");
    machine_work();
}

/* What has happened since, and what the frontend sees. */
static void expect_at(int line, const char *wanted_notes, enum xenbus_state state)
{
    char value[16] = "";

    if (store_read(BACK "/state", value, sizeof(value)) < 0)
        strcpy(value, "0");
    if (strcmp(notes, wanted_notes) || atoi(value) != (int)state)
        fail_msg("line %d: \"%s\" and %s, not \"%s\" and %s", line, notes,
                 device_state_name((enum xenbus_state)atoi(value)), wanted_notes,
                 device_state_name(state));
    notes[0] = '\0';
}
#define EXPECT(notes, state) expect_at(__LINE__, notes, XenbusState##state)

static void connect_both(void)
{
    attach();
    EXPECT("P", InitWait);
    frontend_is(XenbusStateInitialised);
    EXPECT("C", Connected);
    frontend_is(XenbusStateConnected);
    EXPECT("", Connected);
}

/* ---- What it shows ----------------------------------------------------------------------------
 */

static void a_device_connects_and_closes(void **state)
{
    (void)state;
    connect_both();
    assert_string_equal(ask(guest, XS_READ, BACK "/feature|"), "1");
    frontend_is(XenbusStateClosing);
    EXPECT("", Closing);
    frontend_is(XenbusStateClosed);
    EXPECT("D", Closed);
    frontend_is(XenbusStateClosed);
    EXPECT("", Closed);
}

static void a_kernel_that_is_booted_anew_connects_again(void **state)
{
    (void)state;
    connect_both();
    frontend_is(XenbusStateClosing);
    frontend_is(XenbusStateClosed);
    EXPECT("D", Closed);
    frontend_is(XenbusStateInitialising);
    EXPECT("P", InitWait);
    frontend_is(XenbusStateConnected); /* network cards go there at once */
    EXPECT("C", Connected);
    frontend_is(XenbusStateInitialising); /* it died without closing */
    EXPECT("DP", InitWait);
    frontend_is(XenbusStateInitialised);
    EXPECT("C", Connected);
}

static void the_toolstack_takes_a_device_away(void **state)
{
    (void)state;
    connect_both();
    assert_int_equal(store_write(BACK "/online", "0"), 0);
    assert_int_equal(store_write(BACK "/state", "5"), 0);
    machine_work();
    EXPECT("", Closing);
    frontend_is(XenbusStateClosing);
    EXPECT("", Closing);
    frontend_is(XenbusStateClosed);
    EXPECT("D", Closed);
    frontend_is(XenbusStateInitialising); /* it shall not come back */
    EXPECT("", Closed);
    assert_int_equal(store_remove(BACK), 0);
    assert_int_equal(store_remove(FRONT), 0);
    machine_work();
    EXPECT("R", Unknown);
    attach();
    EXPECT("P", InitWait);
}

static void closing_alone_is_enough(void **state)
{
    (void)state;
    connect_both();
    assert_int_equal(store_write(BACK "/state", "5"), 0);
    machine_work();
    EXPECT("", Closing);
    frontend_is(XenbusStateClosed);
    EXPECT("D", Closed);
    frontend_is(XenbusStateInitialising); /* it is online still */
    EXPECT("P", InitWait);
}

static void a_device_that_nobody_used_goes_at_once(void **state)
{
    (void)state;
    attach();
    EXPECT("P", InitWait);
    assert_int_equal(store_write(BACK "/online", "0"), 0);
    assert_int_equal(store_write(BACK "/state", "5"), 0);
    machine_work();
    EXPECT("", Closed);
}

static void directories_that_go_end_the_device(void **state)
{
    (void)state;
    connect_both();
    assert_int_equal(store_remove(FRONT), 0);
    machine_work();
    EXPECT("D", Closed);
    assert_int_equal(store_remove("/local/domain/0/backend/fake/3"), 0);
    machine_work();
    EXPECT("R", Unknown);
    connect_both();
    assert_int_equal(store_remove("/local/domain/0/backend"), 0);
    machine_work();
    EXPECT("DR", Unknown);
    assert_null(device_next(&fake, NULL));
}

static void a_guest_that_is_destroyed_lets_go(void **state)
{
    (void)state;
    connect_both();
    machine_release(guest);
    machine_work();
    EXPECT("D", Closed);
}

static void a_class_may_refuse(void **state)
{
    char why[64];

    (void)state;
    prepare_answer = -XEN_ENOENT;
    attach();
    EXPECT("P", Closed);
    assert_true(store_read(BACK "/error", why, sizeof(why)) > 0);
    frontend_is(XenbusStateInitialised);
    EXPECT("", Closed);
    frontend_is(XenbusStateInitWait); /* tried once more, not for ever */
    EXPECT("P", Closed);
    prepare_answer = 0;
    frontend_is(XenbusStateInitialising);
    EXPECT("P", InitWait);
    connect_answer = -XEN_EINVAL;
    frontend_is(XenbusStateInitialised);
    EXPECT("C", Closing);
    frontend_is(XenbusStateInitialised);
    EXPECT("", Closing);
    frontend_is(XenbusStateClosed);
    EXPECT("", Closed);
}

static void a_frontend_that_breaks_the_protocol_is_closed(void **state)
{
    (void)state;
    connect_both();
    fails_within = true;
    device_fail(device_next(&fake, NULL), "a wild index");
    machine_work();
    EXPECT("D", Closing);
    frontend_is(XenbusStateClosed);
    EXPECT("", Closed);
    frontend_is(XenbusStateInitialising);
    EXPECT("P", InitWait);
}

static void nonsense_of_the_frontend_changes_nothing(void **state)
{
    static const char *const words[] = {"9", "-1", "4294967300", "four", "", "44", "0x", "7", "8"};

    (void)state;
    connect_both();
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        char text[64];

        snprintf(text, sizeof(text), "device/fake/7/state|%s", words[i]);
        ask(guest, XS_WRITE, text);
        machine_work();
        frontend_is(XenbusStateClosed);
        frontend_is(XenbusStateInitialising);
        frontend_is(XenbusStateInitialised);
        assert_string_equal(notes + strlen(notes) - 2, "PC");
        EXPECT(i < 7 ? "DPC" : "DPC", Connected);
    }
    ask(guest, XS_RM, "device/fake/7/state|");
    machine_work();
    EXPECT("D", Closed);
}

static void a_backend_that_starts_anew_takes_devices_on(void **state)
{
    (void)state;
    connect_both();
    device_class_restart(&fake);
    machine_work();
    EXPECT("DRPC", Connected);
    frontend_is(XenbusStateClosing);
    EXPECT("", Closing);
    device_class_restart(&fake);
    machine_work();
    EXPECT("DR", Closing);
    frontend_is(XenbusStateClosed);
    EXPECT("", Closed);
    device_class_restart(&fake);
    machine_work();
    EXPECT("R", Closed);
    frontend_is(XenbusStateInitialising);
    EXPECT("P", InitWait);
}

static void a_hundred_devices_keep_apart(void **state)
{
    char path[64], front[64];
    u32 count = 0;

    (void)state;
    for (u32 i = 100; i < 200; i++) {
        snprintf(front, sizeof(front), "/local/domain/3/device/fake/%u/state", i);
        store_write(front, "1");
        strrchr(front, '/')[0] = '\0';
        snprintf(path, sizeof(path), "/local/domain/0/backend/fake/3/%u/frontend", i);
        store_write(path, front);
    }
    machine_work();
    for (struct device *d = NULL; (d = device_next(&fake, d)); count++)
        assert_int_equal(d->state, XenbusStateInitWait);
    assert_int_equal(count, 100);
    notes[0] = '\0';
    store_write("/local/domain/3/device/fake/150/state", "4");
    machine_work();
    assert_string_equal(notes, "C");
}

static int begin(void **state)
{
    static bool added;

    (void)state;
    machine_begin();
    if (!added)
        assert_int_equal(device_class_add(&fake), 0);
    added = true;
    machine_work();
    prepare_answer = connect_answer = 0;
    fails_within = false;
    notes[0] = '\0';
    guest = machine_guest(3);
    return 0;
}

static int end(void **state)
{
    (void)state;
    machine_end();
    assert_null(device_next(&fake, NULL));
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_connects_and_closes),
        TEST(a_kernel_that_is_booted_anew_connects_again),
        TEST(the_toolstack_takes_a_device_away),
        TEST(closing_alone_is_enough),
        TEST(a_device_that_nobody_used_goes_at_once),
        TEST(directories_that_go_end_the_device),
        TEST(a_guest_that_is_destroyed_lets_go),
        TEST(a_class_may_refuse),
        TEST(a_frontend_that_breaks_the_protocol_is_closed),
        TEST(nonsense_of_the_frontend_changes_nothing),
        TEST(a_backend_that_starts_anew_takes_devices_on),
        TEST(a_hundred_devices_keep_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
