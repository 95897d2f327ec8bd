/*
 * The runtime's xenstore client and device states (guest-kernel/xenbus) against a store in the same
 * kernel: requests of several threads do not mix, watches fire though answers and events come in
 * any order, a transaction that met a conflict is done again as a whole, and a store that breaks
 * the protocol ends the talk, not the kernel.
 *
 * With `lone` on the command line the store is the one that the hypervisor has for a lone guest.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "tests/guests/fake_store.h"

#define SLICE    (2 * NS_PER_MILLISECOND)
#define THREADS  4
#define ROUNDS   50
#define A_SECOND NS_PER_SECOND

static void say_values(void)
{
    char value[FAKE_PATH], small[4], long_path[3000];

    row_want("write", xenstore_write("device/thing", "%u", 42u), 0);
    row_want("write.where", !strcmp(fake_get(FAKE_HOME "device/thing", value), "42"), true);
    row_want("read.length", xenstore_read("device/thing", value, sizeof(value)), 2);
    row_want_text("read.value", value, "42");
    row_want("read.number", (s64)xenstore_read_number("device/thing", 7), 42);
    row_want("read.too-small", xenstore_read(FAKE_HOME "device/thing", small, 2), -XEN_E2BIG);
    row_want("read.nothing", xenstore_read("nowhere", value, sizeof(value)), -XEN_ENOENT);
    row_want("read.no-number", (s64)xenstore_read_number("nowhere", 7), 7);
    xenstore_write("empty", "%s", "");
    row_want("read.empty", xenstore_read("empty", value, sizeof(value)), 0);
    xenstore_write("words", "12 o'clock");
    row_want("read.number-with-more", (s64)xenstore_read_number("words", 7), 7);
    xenstore_write("words", "18446744073709551616");
    row_want("read.number-too-large", (s64)xenstore_read_number("words", 7), 7);
    xenstore_write("device/other/state", "1");
    xenstore_write("device/other/id", "1");
    row_want("child.0", xenstore_child("device", 0, value, sizeof(value)), 0);
    row_want_text("child.0.name", value, "thing");
    row_want("child.1", xenstore_child("device", 1, value, sizeof(value)), 0);
    row_want_text("child.1.name", value, "other");
    row_want("child.2", xenstore_child("device", 2, value, sizeof(value)), -XEN_ENOENT);
    row_want("child.too-small", xenstore_child("device", 0, small, sizeof(small)), -XEN_E2BIG);
    row_want("remove", xenstore_remove("device/other"), 0);
    row_want("remove.again", xenstore_remove("device/other"), -XEN_ENOENT);
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = 0;
    row_want("write.value-too-long", xenstore_write("a", "%s", long_path), -XEN_E2BIG);
}

static u32 wrong;

static void own_key(void *number)
{
    char key[16];

    fmt_snprintf(key, sizeof(key), "key-%zu", (size_t)(uintptr_t)number);
    for (u64 i = 0; i < ROUNDS; i++) {
        xenstore_write(key, "%" F64 "u", (u64)(uintptr_t)number * ROUNDS + i);
        if (xenstore_read_number(key, 0) != (uintptr_t)number * ROUNDS + i)
            wrong++;
    }
}

static void say_threads(const char *name)
{
    struct thread *threads[THREADS];

    wrong = 0;
    for (u64 i = 0; i < THREADS; i++)
        threads[i] = thread_create(&vcpu_boot, own_key, (void *)(uintptr_t)i);
    for (u64 i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    row_want(name, wrong, 0);
}

/* ---- Watches --------------------------------------------------------------------------------- */

struct counted {
    struct xenstore_watch watch;
    const char *path;
    u32 fired;
    u64 seen; /* the value when it fired last */
};

static void on_change(struct xenstore_watch *watch)
{
    struct counted *counted = CONTAINER_OF(watch, struct counted, watch);

    counted->seen = xenstore_read_number(counted->path, 0);
    counted->fired++;
}

static void on_change_once(struct xenstore_watch *watch)
{
    struct counted *counted = CONTAINER_OF(watch, struct counted, watch);

    counted->fired++;
    xenstore_unwatch(watch, counted->path);
}

/* Waits until *what is at least `least`; false: not within a second. */
static bool comes(const volatile u64 *what, u64 value)
{
    u64 end = time_now_ns() + A_SECOND;

    while (*what != value && time_now_ns() < end)
        thread_sleep(NS_PER_MILLISECOND);
    return *what == value;
}

static bool fires(const volatile u32 *fired, u32 least)
{
    u64 end = time_now_ns() + A_SECOND;

    while (*fired < least && time_now_ns() < end)
        thread_sleep(NS_PER_MILLISECOND);
    return *fired >= least;
}

static void say_watches(void)
{
    static struct counted value = {.path = "watched"}, above = {.path = "up"},
                          once = {.path = "watched"};
    u32 before;

    fake_set("watched", "1");
    row_want("watch", xenstore_watch(&value.watch, value.path, on_change), 0);
    row_want("watch.first-event", fires(&value.fired, 1) && comes(&value.seen, 1), true);
    for (u32 i = 2; i < 30; i++)
        fake_set("watched", "%u", i);
    row_want("watch.the-last-value-is-seen", comes(&value.seen, 29), true);
    fake_set("watched/below", "x");
    before = value.fired;
    row_want("watch.below", fires(&value.fired, before), true);
    xenstore_watch(&above.watch, above.path, on_change);
    xenstore_watch(&once.watch, once.path, on_change_once);
    row_want("unwatch.within", fires(&once.fired, 1), true);
    xenstore_unwatch(&value.watch, value.path);
    before = value.fired;
    fake_set("watched", "99");
    fake_set("up", "5");
    row_want("watch.other", comes(&above.seen, 5), true);
    row_want("unwatch.fires-no-more", value.fired == before && once.fired == 1, true);
    fake.events_first = fake.strange_first = true;
    say_threads("watch.events-before-answers");
    fake.events_first = fake.strange_first = false;
    xenstore_unwatch(&above.watch, above.path);
}

/* ---- Transactions ---------------------------------------------------------------------------- */

static u32 attempts;

static long two_keys(void *arg)
{
    attempts++;
    xenstore_write("pair/a", "%u", *(u32 *)arg);
    xenstore_write("pair/b", "%u", *(u32 *)arg);
    return xenstore_read_number("pair/a", 0) == *(u32 *)arg ? 3 : -XEN_EINVAL;
}

static long fails(void *arg)
{
    xenstore_write("pair/a", "%u", *(u32 *)arg);
    return -XEN_EPERM;
}

static void say_transactions(void)
{
    u32 number = 11;

    row_want("transaction", xenstore_transact(two_keys, &number), 3);
    row_want("transaction.is-done", (s64)xenstore_read_number("pair/b", 0), 11);
    number = 12;
    fake.conflicts = 2;
    attempts = 0;
    row_want("conflict", xenstore_transact(two_keys, &number), 3);
    row_want("conflict.attempts", attempts, 3);
    number = 13;
    row_want("failed", xenstore_transact(fails, &number), -XEN_EPERM);
    row_want("failed.is-undone", (s64)xenstore_read_number("pair/a", 0), 12);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static struct xenbus_device device;

static void backend(void *arg)
{
    (void)arg;
    thread_sleep(5 * NS_PER_MILLISECOND);
    fake_set("/backend/vbd/0/51712/state", "%u", XenbusStateInitialising);
    thread_sleep(5 * NS_PER_MILLISECOND);
    fake_set("/backend/vbd/0/51712/state", "%u", XenbusStateInitWait);
}

static void backend_goes(void *arg)
{
    (void)arg;
    thread_sleep(5 * NS_PER_MILLISECOND);
    fake_remove("/backend/vbd/0/51712");
}

static void say_devices(void)
{
    struct thread *thread;

    row_want("device.none", xenbus_find(&device, "vbd", 0), -XEN_ENOENT);
    fake_set("device/vbd/51712/backend", "/backend/vbd/0/51712");
    row_want("device.backend-without-number", xenbus_find(&device, "vbd", 0), -XEN_ENOENT);
    fake_set("device/vbd/51712/backend-id", "5");
    row_want("device", xenbus_find(&device, "vbd", 0), 0);
    row_want_text("device.frontend", device.frontend, "device/vbd/51712");
    row_want_text("device.backend", device.backend, "/backend/vbd/0/51712");
    row_want("device.peer", device.peer, 5);
    row_want("device.no-second", xenbus_find(&device, "vbd", 1), -XEN_ENOENT);
    fake_set("/backend/vbd/0/51712/state", "%u", XenbusStateClosed);
    thread = thread_create(&vcpu_boot, backend, NULL);
    row_want("wait", xenbus_wait(&device, 1u << XenbusStateInitWait), XenbusStateInitWait);
    thread_join(thread);
    row_want("wait.in-vain",
             xenbus_wait_until(&device, 1u << XenbusStateClosed,
                               time_now_ns() + 20 * NS_PER_MILLISECOND),
             XenbusStateInitWait);
    xenbus_set_state(&device, XenbusStateConnected);
    row_want("state", (s64)xenstore_read_number("device/vbd/51712/state", 0), XenbusStateConnected);
    fake_set("/backend/vbd/0/51712/state", "900");
    row_want("state.not-one-of-them", xenbus_backend_state(&device), XenbusStateUnknown);
    fake_set("/backend/vbd/0/51712/state", "2");
    thread = thread_create(&vcpu_boot, backend_goes, NULL);
    row_want("wait.backend-goes", xenbus_wait(&device, 1u << XenbusStateConnected),
             XenbusStateUnknown);
    thread_join(thread);
}

static void say_control(void)
{
    char value[FAKE_PATH];

    row_want("control", control_watch(), 0);
    row_want("control.can-reboot", (s64)xenstore_read_number("control/feature-reboot", 0), 1);
    fake_set("control/shutdown", "suspend");
    thread_sleep(20 * NS_PER_MILLISECOND);
    row_want_text("control.suspend-is-not-taken", fake_get("control/shutdown", value), "suspend");
}

/* ---- The end --------------------------------------------------------------------------------- */

static void say_broken(void)
{
    struct xenstore_domain_interface *page =
        mfn_to_virt((mfn_t){((struct start_info *)start_info)->store_mfn});
    char value[8];

    mutex_take(&fake.mutex);
    page->rsp_prod += 2 * XENSTORE_RING_SIZE;
    event_send((u32)fake.port);
    mutex_release(&fake.mutex);
    row_want("broken.read", xenstore_read("watched", value, sizeof(value)), -XEN_EIO);
    row_want("broken.write", xenstore_write("watched", "1"), -XEN_EIO);
    row_want("broken.find", xenbus_find(&device, "vbd", 0), -XEN_EIO);
}

static void say_lone(void)
{
    struct counted watch = {.path = "name"};
    char value[64];
    u32 number = 1;

    row_want("init", xenstore_init(), 0);
    row_want("read", xenstore_read("name", value, sizeof(value)), 4);
    row_want_text("read.value", value, "lone");
    row_want("read.number", (s64)xenstore_read_number("domid", 0), 1);
    row_want("child", xenstore_child("memory", 0, value, sizeof(value)), 0);
    row_want("write", xenstore_write("name", "new"), -XEN_EACCES);
    row_want("transaction", xenstore_transact(two_keys, &number), -XEN_EINVAL);
    row_want("watch", xenstore_watch(&watch.watch, watch.path, on_change), 0);
    row_want("watch.first-event", fires(&watch.fired, 1), true);
    xenstore_unwatch(&watch.watch, watch.path);
    row_want("device.none", xenbus_find(&device, "vbd", 0), -XEN_ENOENT);
    row_want("control", control_watch(), 0);
}

static void say_all(void)
{
    say_values();
    say_threads("threads.answers-of-others");
    say_watches();
    say_transactions();
    say_devices();
    say_control();
    say_broken();
}

void guest_main(void)
{
    event_init(EVENT_TWO_LEVEL);
    threads_start(SLICE);
    if (cmdline_has("lone")) {
        say_lone();
    } else {
        row_want("init.no-store", xenstore_init(), -XEN_ENODEV);
        fake_store_start();
        row_want("init", xenstore_init(), 0);
        row_want("init.again", xenstore_init(), 0);
        say_all();
    }
    guest_end();
}
