/* A guest as guests are: what it finds in its home, what it may and may not; a watch that leads it;
 * transactions that meet those of its likes; and it ends when it is asked to. */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "tests/guests/xenstore/roles.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define SLICE (2 * NS_PER_MILLISECOND)

static volatile bool go;

static void tell(const char *row, s64 value)
{
    char path[64];

    fmt_snprintf(path, sizeof(path), "data/rows/%s", row);
    xenstore_write(path, "%" F64 "d", value);
}

static void tell_home(void)
{
    char value[64], path[64];
    u64 domain = xenstore_read_number("domid", 0);

    tell("name-length", xenstore_read("name", value, sizeof(value)));
    tell("has-number", domain > 0);
    tell("target", (s64)xenstore_read_number("memory/target", 0));
    tell("cpu", xenstore_read("cpu/0/availability", value, sizeof(value)));
    tell("cpu-is-online", !strcmp(value, "online"));
    tell("vm", xenstore_read("vm", path, sizeof(path)) > 0);
    tell("vm-uuid", xenstore_child(path, 0, value, sizeof(value)));
    tell("write-name", xenstore_write("name", "other"));
    tell("write-home", xenstore_write("new", "x"));
    tell("read-nothing", xenstore_read("nothing", value, sizeof(value)));
    tell("read-dom0", xenstore_read("/local/domain/0/name", value, sizeof(value)));
    tell("read-root", xenstore_child("/", 0, value, sizeof(value)));
    tell("write-own", xenstore_write("data/own", "%" F64 "u", domain));
    tell("read-own", xenstore_read_number("data/own", 0) == domain);
    tell("remove-own", xenstore_remove("data/own"));
    tell("remove-control", xenstore_remove("control"));
}

static void on_go(struct xenstore_watch *watch)
{
    char value[8];

    (void)watch;
    if (xenstore_read(WANTED, value, sizeof(value)) > 0)
        go = true;
}

static long count_one(void *arg)
{
    (void)arg;
    return xenstore_write(COUNTER, "%" F64 "u", xenstore_read_number(COUNTER, 0) + 1);
}

void client_main(void)
{
    static struct xenstore_watch watch;
    u32 counted = 0;

    event_init(EVENT_TWO_LEVEL);
    threads_start(SLICE);
    if (xenstore_init())
        guest_panic("no xenstore");
    tell_home();
    xenstore_watch(&watch, WANTED, on_go);
    xenstore_write("data/waits", "1");
    while (!go)
        thread_sleep(NS_PER_MILLISECOND);
    for (u32 i = 0; i < ROUNDS; i++)
        counted += xenstore_transact(count_one, NULL) == 0;
    tell("counted", counted);
    tell("control", control_watch());
    xenstore_write("data/ready", "1");
    for (;;)
        thread_sleep(NS_PER_SECOND);
}
