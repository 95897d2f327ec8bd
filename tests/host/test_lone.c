// LINK: hypervisor/lone/lone.c hypervisor/lone/xenstore.c ioring/byte_ring.c
// LINK: ioring/xenstore_message.c xen-like/lib/string.c xen-like/lib/fmt.c
/*
 * The hypervisor's ends of a lone guest's rings, with the guest played by the test: what it writes
 * is shown, what is typed it reads, its xenstore has the few values that kernels look for, and a
 * guest that breaks the rules of its rings is no longer listened to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypervisor/debug/console.h"
#include "hypervisor/debug/input.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/lone/lone.h"
#include "hypervisor/mm/alloc.h"
#include "ioring/xenstore_message.h"
#include "xen-like/lib/string.h"

#define MEMORY_PAGES 1000

struct frame *frame_table;
u64 host_directmap, frames_max;
struct percpu host_percpu;

#define CONSOLE_MFN 0
#define STORE_MFN   1

/* The guest's first channel is its console's, the second its xenstore's. */
#define CONSOLE_PORT 1
#define STORE_PORT   2

static struct domain guest = {.id = LONE_DOMID, .max_vcpus = 2};
static void (*look[3])(void *);
static void (*typed)(void *);
static unsigned ports, events[3], warnings;
static char shown[8192], typing[4096];
static u32 shown_bytes, typing_bytes;

void *pages_alloc(unsigned order)
{
    static char pages[4 * PAGE_SIZE];

    assert_in_range(order, 0, 2);
    memset(pages, 0x55, sizeof(pages));
    return pages;
}

int event_hypervisor_bind(struct domain *d, void (*notified)(void *), void *data)
{
    assert_ptr_equal(d, &guest);
    assert_ptr_equal(data, &guest);
    look[++ports] = notified;
    return (int)ports;
}

void event_hypervisor_send(struct domain *d, evtchn_port_t port)
{
    assert_ptr_equal(d, &guest);
    events[port]++;
}

int frame_get_and_type(mfn_t m, struct domain *d, u64 type)
{
    assert_in_range(m.n, CONSOLE_MFN, STORE_MFN);
    assert_ptr_equal(d, &guest);
    assert_int_equal(type, FT_WRITABLE);
    return 0;
}

static void notify(unsigned port)
{
    look[port](&guest);
}

void console_write_guest(const char *s, size_t n)
{
    assert_true(shown_bytes + n < sizeof(shown));
    memcpy(shown + shown_bytes, s, n);
    shown_bytes += (u32)n;
    shown[shown_bytes] = '\0';
}

void input_listen(void (*arrived)(void *), void *data)
{
    assert_ptr_equal(data, &guest);
    typed = arrived;
}

u32 input_peek(char *to, u32 max)
{
    u32 n = MIN(max, typing_bytes);

    memcpy(to, typing, n);
    return n;
}

void input_take(u32 n)
{
    memmove(typing, typing + n, typing_bytes - n);
    typing_bytes -= n;
}

void log_guest_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    warnings++;
}

NORETURN void bug_at(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

/* Two pages of the guest, which is all the memory there is; a guest that begins. */
static u8 *memory;
static struct xencons_interface *console;
static struct xenstore_domain_interface *store;
static struct byte_channel front, client;
static struct xs_message request, reply;

static int guest_start(void **state)
{
    (void)state;
    if (!memory)
        memory = aligned_alloc(PAGE_SIZE, 2 * PAGE_SIZE);
    memset(memory, 0, 2 * PAGE_SIZE);
    host_directmap = (u64)memory;
    console = (void *)memory;
    store = (void *)(memory + PAGE_SIZE);
    ports = shown_bytes = typing_bytes = 0;
    memset(events, 0, sizeof(events));
    assert_true(lone_serve(&guest, MFN(CONSOLE_MFN), MFN(STORE_MFN), MEMORY_PAGES));
    assert_int_equal(guest.console.port, CONSOLE_PORT);
    assert_int_equal(guest.store.port, STORE_PORT);
    assert_int_equal(guest.store.page.n, STORE_MFN);
    console_attach_frontend(&front, console);
    xenstore_attach_client(&client, store);
    return 0;
}

/* ---- Console ---- */

static void type(const char *text)
{
    memcpy(typing + typing_bytes, text, strlen(text));
    typing_bytes += (u32)strlen(text);
    typed(&guest);
}

static void what_the_guest_writes_is_shown(void **state)
{
    char line[64];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof(line), "line number %d, and more of it\n", i);
        assert_int_equal(byte_ring_put(&front.send, line, (u32)strlen(line)), strlen(line));
        shown_bytes = 0;
        notify(CONSOLE_PORT);
        assert_string_equal(shown, line);
        assert_int_equal(events[CONSOLE_PORT], i + 1);
    }
    memset(line, 'x', sizeof(line));
    shown_bytes = 0;
    while (byte_ring_put(&front.send, line, sizeof(line)) > 0)
        ;
    notify(CONSOLE_PORT); /* all that a ring can hold, at once */
    assert_int_equal(shown_bytes, sizeof(console->out));
    notify(CONSOLE_PORT);
    assert_int_equal(events[CONSOLE_PORT], 101); /* nothing was moved: nobody is told */
}

static void what_is_typed_waits_for_room(void **state)
{
    char got[2000];
    s32 n;

    (void)state;
    type("abc");
    assert_int_equal(events[CONSOLE_PORT], 1);
    assert_int_equal(byte_ring_take(&front.receive, got, sizeof(got)), 3);
    assert_memory_equal(got, "abc", 3);
    for (int i = 0; i < 130; i++)
        type("0123456789");
    assert_int_equal(typing_bytes, 1300 - sizeof(console->in));
    n = byte_ring_take(&front.receive, got, sizeof(got));
    assert_int_equal(n, sizeof(console->in));
    notify(CONSOLE_PORT);
    n += byte_ring_take(&front.receive, got + n, sizeof(got) - (u32)n);
    assert_int_equal(n, 1300);
    for (int i = 0; i < 1300; i++)
        assert_int_equal(got[i], '0' + i % 10);
}

static void a_console_ring_that_lies_shows_nothing(void **state)
{
    (void)state;
    console->out_prod = 5000;
    console->in_cons = 70000;
    type("x");
    notify(CONSOLE_PORT);
    assert_int_equal(shown_bytes, 0);
    assert_int_equal(events[CONSOLE_PORT], 0);
    console->out_prod = 5; /* it may think better of it */
    notify(CONSOLE_PORT);
    assert_int_equal(shown_bytes, 5);
}

/* ---- Xenstore ---- */

/* Waits for a message, telling the other end after each piece that there is room again. */
static void receive(void)
{
    reply.moved = 0;
    for (int i = 0; !xs_receive(&reply, &client.receive); i++) {
        assert_in_range(i, 0, 10);
        notify(STORE_PORT);
    }
    notify(STORE_PORT);
}

static void ask(u32 kind, const char *payload, u32 length)
{
    xs_begin(&request, kind, 42, 5);
    assert_true(xs_append(&request, payload, length));
    while (!xs_send(&request, &client.send))
        notify(STORE_PORT);
    notify(STORE_PORT);
    receive();
    assert_int_equal(reply.head.req_id, 42);
    assert_int_equal(reply.head.tx_id, 5);
}

#define ASK(kind, text) ask(kind, text, sizeof(text))

/* The payload of the answer, of that many bytes, is this. */
static void expect(u32 kind, const char *payload, u32 length)
{
    assert_int_equal(reply.head.type, kind);
    if (reply.head.len != length)
        fail_msg("%u bytes, wanted %u: %s", reply.head.len, length, reply.payload);
    assert_memory_equal(reply.payload, payload, length);
}

#define EXPECT(kind, text)       expect(kind, text, sizeof(text))     /* with its NUL */
#define EXPECT_VALUE(kind, text) expect(kind, text, sizeof(text) - 1) /* without */

static void the_values_that_kernels_look_for_are_there(void **state)
{
    (void)state;
    ASK(XS_READ, "domid");
    EXPECT_VALUE(XS_READ, "1");
    ASK(XS_READ, "/local/domain/1/name");
    EXPECT_VALUE(XS_READ, "lone");
    ASK(XS_READ, "memory/target");
    EXPECT_VALUE(XS_READ, "4000");
    ASK(XS_READ, "control/shutdown");
    EXPECT_VALUE(XS_READ, "");
    ASK(XS_READ, "memory");
    EXPECT_VALUE(XS_READ, "");
    ASK(XS_READ, "cpu/1/availability");
    EXPECT_VALUE(XS_READ, "online");
    ASK(XS_GET_DOMAIN_PATH, "1");
    EXPECT(XS_GET_DOMAIN_PATH, "/local/domain/1");
}

static void directories_list_each_name_once(void **state)
{
    (void)state;
    ASK(XS_DIRECTORY, "");
    EXPECT(XS_DIRECTORY, "domid\0name\0device\0control\0memory\0cpu");
    ASK(XS_DIRECTORY, "/local/domain/1");
    EXPECT(XS_DIRECTORY, "domid\0name\0device\0control\0memory\0cpu");
    ASK(XS_DIRECTORY, "memory");
    EXPECT(XS_DIRECTORY, "target\0static-max");
    ASK(XS_DIRECTORY, "cpu");
    EXPECT(XS_DIRECTORY, "0\0"
                         "1");
    ASK(XS_DIRECTORY, "domid");
    EXPECT_VALUE(XS_DIRECTORY, "");
}

static void what_is_not_there_is_said_so(void **state)
{
    static const char *const paths[] = {"device/vif",
                                        "dom",
                                        "domid/x",
                                        "domids",
                                        "memory/targets",
                                        "/",
                                        "/local/domain/2/domid",
                                        "/local/domain/11",
                                        "domid=1",
                                        "memory/target=4000",
                                        "cpu/2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        ask(XS_READ, paths[i], (u32)strlen(paths[i]) + 1);
        EXPECT(XS_ERROR, "ENOENT");
        ask(XS_DIRECTORY, paths[i], (u32)strlen(paths[i]) + 1);
        EXPECT(XS_ERROR, "ENOENT");
    }
    ask(XS_READ, "domid", 5); /* a string without its end */
    EXPECT(XS_ERROR, "ENOENT");
    ask(XS_READ, "", 0);
    EXPECT(XS_ERROR, "ENOENT");
}

static void a_watch_fires_once_when_it_is_set(void **state)
{
    (void)state;
    ASK(XS_WATCH, "control/shutdown\0token 17");
    EXPECT(XS_WATCH, "OK");
    receive();
    EXPECT(XS_WATCH_EVENT, "control/shutdown\0token 17");
    assert_int_equal(reply.head.req_id, 0);
    ASK(XS_UNWATCH, "control/shutdown\0token 17");
    EXPECT(XS_UNWATCH, "OK");
    ASK(XS_WATCH, "without a token");
    EXPECT(XS_ERROR, "EINVAL");
    ASK(XS_RESET_WATCHES, "");
    EXPECT(XS_RESET_WATCHES, "OK");
}

static void transactions_begin_and_end_and_nothing_is_written(void **state)
{
    static const u32 writes[] = {XS_WRITE, XS_MKDIR, XS_RM, XS_SET_PERMS, XS_CONTROL};

    (void)state;
    ASK(XS_TRANSACTION_START, "");
    EXPECT(XS_TRANSACTION_START, "1");
    for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
        ASK(writes[i], "name\0other");
        EXPECT(XS_ERROR, "EACCES");
    }
    ASK(XS_TRANSACTION_END, "T");
    EXPECT(XS_TRANSACTION_END, "OK");
    ASK(XS_READ, "name");
    EXPECT_VALUE(XS_READ, "lone");
    ASK(999, "");
    EXPECT(XS_ERROR, "ENOSYS");
}

/* Many requests before any answer is read: all are answered, in order, as room comes. */
static void answers_wait_for_room(void **state)
{
    u32 asked = 0, answered = 0;

    (void)state;
    while (answered < 200) {
        while (asked < 200) {
            xs_begin(&request, XS_WATCH, asked, 0);
            xs_append_string(&request, "a path that is watched");
            xs_append_string(&request, "token");
            if ((u32)byte_ring_room(&client.send) < sizeof(request.head) + request.head.len)
                break;
            assert_int_equal(xs_send(&request, &client.send), 1);
            asked++;
        }
        notify(STORE_PORT);
        receive();
        assert_int_equal(reply.head.type, XS_WATCH);
        assert_int_equal(reply.head.req_id, answered++);
        receive();
        assert_int_equal(reply.head.type, XS_WATCH_EVENT);
    }
}

/* Last: nothing is answered after it. */
static void a_guest_that_breaks_the_protocol_is_not_listened_to(void **state)
{
    (void)state;
    warnings = 0;
    xs_begin(&request, XS_READ, 1, 0);
    request.head.len = XENSTORE_PAYLOAD_MAX + 1;
    byte_ring_put(&client.send, &request.head, sizeof(request.head));
    notify(STORE_PORT);
    assert_int_equal(warnings, 1);
    store->req_prod = 12345;
    notify(STORE_PORT);
    assert_int_equal(warnings, 1);
    assert_int_equal(store->rsp_prod - store->rsp_cons, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_the_guest_writes_is_shown, guest_start),
        cmocka_unit_test_setup(what_is_typed_waits_for_room, guest_start),
        cmocka_unit_test_setup(a_console_ring_that_lies_shows_nothing, guest_start),
        cmocka_unit_test_setup(the_values_that_kernels_look_for_are_there, guest_start),
        cmocka_unit_test_setup(directories_list_each_name_once, guest_start),
        cmocka_unit_test_setup(what_is_not_there_is_said_so, guest_start),
        cmocka_unit_test_setup(a_watch_fires_once_when_it_is_set, guest_start),
        cmocka_unit_test_setup(transactions_begin_and_end_and_nothing_is_written, guest_start),
        cmocka_unit_test_setup(answers_wait_for_room, guest_start),
        cmocka_unit_test_setup(a_guest_that_breaks_the_protocol_is_not_listened_to, guest_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
