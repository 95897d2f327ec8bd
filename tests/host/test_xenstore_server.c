// LINK: dom0/xenstore/path.c dom0/xenstore/content.c dom0/xenstore/account.c dom0/xenstore/tree.c
// LINK: dom0/xenstore/client.c dom0/xenstore/transaction.c dom0/xenstore/view.c
// LINK: dom0/xenstore/watch.c
// LINK: dom0/xenstore/operations.c dom0/xenstore/requests.c dom0/xenstore/requests_domain.c
// LINK: dom0/xenstore/ring.c dom0/xenstore/audit.c dom0/xenstore/store.c dom0/xenstore/server.c
// LINK: ioring/byte_ring.c ioring/xenstore_message.c tests/host/store_machine.c
// LINK: xen-like/lib/string.c xen-like/lib/fmt.c xen-like/lib/parse.c
/*
 * The server's side of a guest's page: taken and let go of, broken by the guest and begun anew, and
 * what is done when domains end. The hypervisor is played here.
 */
#include "tests/host/store_machine.h"

#include "dom0/loop.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/foreign.h"
#include "dom0/xenstore/audit.h"
#include "dom0/xenstore/store.h"
#include "guest-kernel/event/event.h"

#define DOMAINS 8

static struct xenstore_domain_interface pages[DOMAINS];
static u32 mapped, ports, sends[DOMAINS], flags[DOMAINS];
static bool gone[DOMAINS], refuse_map, refuse_port;
static event_handler *handlers[DOMAINS];
static void *handler_data[DOMAINS];

int foreign_map(struct foreign *f, domid_t domain, const xen_pfn_t *frames, u64 count,
                bool writable)
{
    assert_true(count == 1 && writable && *frames == 100u + domain);
    if (refuse_map)
        return -XEN_EINVAL;
    mapped++;
    *f = (struct foreign){.at = &pages[domain], .pages = 1};
    return 0;
}

void foreign_unmap(struct foreign *f)
{
    mapped -= f->at != NULL;
    f->at = NULL;
}

/* Our port is the domain's number. */
long event_bind_interdomain(domid_t domain, u32 remote, event_handler *fn, void *data)
{
    if (refuse_port)
        return -XEN_EINVAL;
    assert_int_equal(remote, 200 + domain);
    handlers[domain] = fn;
    handler_data[domain] = data;
    ports++;
    return domain;
}

void work_close_port(struct work *work, u32 port)
{
    assert_ptr_equal(handler_data[port], work);
    handlers[port] = NULL;
    ports--;
}

long event_send(u32 port)
{
    assert_non_null(handlers[port]);
    sends[port]++;
    return 0;
}

void work_raise_on_event(u32 port, void *data)
{
    (void)port;
    work_raise(data);
}

void work_drop(struct work *work)
{
    list_remove(&work->link);
}

void alarm_init(struct alarm *alarm, void (*ring)(struct alarm *alarm))
{
    alarm->ring = ring;
}

static struct alarm *set;

void alarm_set(struct alarm *alarm, u64 at)
{
    alarm->at = at;
    set = alarm;
}

void alarm_drop(struct alarm *alarm)
{
    if (set == alarm)
        set = NULL;
}

int domain_info(domid_t domain, struct xen_domctl_getdomaininfo *info)
{
    info->flags = flags[domain];
    return gone[domain] ? -XEN_ESRCH : 0;
}

/* ---- A guest ----------------------------------------------------------------------------------
 */

static struct byte_channel rings[DOMAINS];
static char released[64];

static void note_release(struct store_watch *watch, const char *path)
{
    (void)watch, (void)path;
    strcat(released, "r");
}

static void guest_new(domid_t domain)
{
    char path[64];

    memset(&pages[domain], 0, sizeof(pages[domain]));
    snprintf(path, sizeof(path), "/local/domain/%u", domain);
    store_write(path, "home");
    store_permit(path, domain, DOMID_INVALID);
    assert_int_equal(store_introduce(domain, 100u + domain, 200u + domain), 0);
    xenstore_attach_client(&rings[domain], &pages[domain]);
}

static const char *guest_ask(domid_t domain, u32 type, const char *path)
{
    static struct xs_message m;

    xs_begin(&m, type, 1, 0);
    xs_append_string(&m, path);
    assert_int_equal(xs_send(&m, &rings[domain].send), 1);
    handlers[domain](domain, handler_data[domain]);
    machine_work();
    assert_null(store_audit());
    m.moved = 0;
    return xs_receive(&m, &rings[domain].receive) > 0 ? m.payload : NULL;
}

static void a_guest_is_served_and_released(void **state)
{
    (void)state;
    guest_new(3);
    assert_true(mapped == 1 && ports == 1);
    assert_true(pages[3].server_features & XENSTORE_SERVER_FEATURE_RECONNECTION);
    sends[3] = 0;
    assert_string_equal(guest_ask(3, XS_READ, "/local/domain/3"), "home");
    assert_int_equal(sends[3], 1);
    handlers[3](3, handler_data[3]); /* for nothing */
    machine_work();
    assert_int_equal(sends[3], 1);
    released[0] = '\0';
    store_release(3);
    store_release(3);
    machine_work();
    assert_true(!mapped && !ports);
    assert_string_equal(released, "r");
    assert_int_equal(store_read("/local/domain/3", released, 8), -XEN_ENOENT);
}

static void an_introduction_that_fails_leaves_nothing(void **state)
{
    (void)state;
    refuse_map = true;
    assert_int_equal(store_introduce(3, 103, 203), -XEN_EINVAL);
    refuse_map = false;
    refuse_port = true;
    assert_int_equal(store_introduce(3, 103, 203), -XEN_EINVAL);
    refuse_port = false;
    assert_true(!mapped && !ports);
    for (long good = 0; good < 10; good++) {
        heap_good = good;
        if (!store_introduce(3, 103, 203))
            break;
        heap_good = -1;
        assert_true(!mapped && !ports);
    }
    heap_good = -1;
    assert_true(mapped == 1 && ports == 1);
}

static void a_ring_that_was_broken_begins_anew(void **state)
{
    (void)state;
    guest_new(3);
    guest_new(4);
    assert_non_null(guest_ask(3, XS_READ, "/local/domain/3"));
    pages[3].req_prod += XENSTORE_RING_SIZE + 1;
    handlers[3](3, handler_data[3]);
    machine_work();
    assert_int_equal(pages[3].error, XENSTORE_ERROR_RINGIDX);
    pages[3].req_prod -= XENSTORE_RING_SIZE + 1;
    assert_null(guest_ask(3, XS_READ, "/local/domain/3")); /* nobody listens */
    assert_string_equal(guest_ask(4, XS_READ, "/local/domain/4"), "home");
    sends[3] = 0;
    pages[3].connection = XENSTORE_RECONNECT;
    handlers[3](3, handler_data[3]);
    machine_work();
    assert_true(pages[3].connection == XENSTORE_CONNECTED && !pages[3].error && sends[3] == 1);
    xenstore_attach_client(&rings[3], &pages[3]);
    assert_string_equal(guest_ask(3, XS_READ, "/local/domain/3"), "home");
}

static void an_introduction_may_come_again(void **state)
{
    (void)state;
    guest_new(3);
    assert_non_null(guest_ask(3, XS_READ, "/local/domain/3"));
    guest_new(3);
    assert_true(mapped == 1 && ports == 1);
    assert_string_equal(guest_ask(3, XS_READ, "/local/domain/3"), "home");
}

static void domains_that_end_are_noticed(void **state)
{
    (void)state;
    guest_new(3);
    guest_new(4);
    guest_new(5);
    machine_work();
    released[0] = '\0';
    store_look_at_ends();
    machine_work();
    assert_string_equal(released, "");
    flags[3] = XEN_DOMINF_shutdown;
    store_look_at_ends();
    machine_work();
    assert_string_equal(released, "r");
    store_look_at_ends(); /* it is no news any more */
    machine_work();
    assert_string_equal(released, "r");
    assert_true(mapped == 3);
    flags[4] = XEN_DOMINF_dying;
    gone[5] = true;
    store_look_at_ends();
    machine_work();
    assert_true(mapped == 1);
    assert_string_equal(released, "rr"); /* two that were waiting are told as one */
}

static int begin(void **state)
{
    static struct store_watch watch;
    static bool watching;

    (void)state;
    machine_begin();
    memset(flags, 0, sizeof(flags));
    memset(gone, 0, sizeof(gone));
    if (!watching)
        assert_int_equal(store_watch(&watch, "@releaseDomain", note_release), 0);
    watching = true;
    machine_work();
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (domid_t i = 1; i < DOMAINS; i++)
        store_release(i);
    machine_end();
    assert_true(!mapped && !ports && !set);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_is_served_and_released),     TEST(an_introduction_that_fails_leaves_nothing),
        TEST(a_ring_that_was_broken_begins_anew), TEST(an_introduction_may_come_again),
        TEST(domains_that_end_are_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
