// LINK: dom0/xenstore/path.c dom0/xenstore/content.c dom0/xenstore/account.c dom0/xenstore/tree.c
// LINK: dom0/xenstore/client.c dom0/xenstore/transaction.c dom0/xenstore/view.c
// LINK: dom0/xenstore/watch.c
// LINK: dom0/xenstore/operations.c dom0/xenstore/requests.c dom0/xenstore/requests_domain.c
// LINK: dom0/xenstore/ring.c dom0/xenstore/audit.c dom0/xenstore/store.c
// LINK: ioring/byte_ring.c ioring/xenstore_message.c tests/host/store_machine.c
// LINK: xen-like/lib/string.c xen-like/lib/fmt.c xen-like/lib/parse.c
/*
 * Change in the xenstore: who is told of it (watches), what is done at once or not at all
 * (transactions), and how much of it one guest may cause (quota).
 */
#include "tests/host/store_machine.h"

#include "dom0/xenstore/store.h"
#include "guest-kernel/time/clock.h"

static struct peer *a, *b;

#define ASK(peer, type, text, wanted) assert_string_equal(ask(peer, XS_##type, text), wanted)
#define EVENTS(peer, wanted)          assert_string_equal(peer_events(peer), wanted)

/* ---- Watches ----------------------------------------------------------------------------------
 */

static void a_watch_fires_at_once_and_for_what_is_below(void **state)
{
    (void)state;
    ASK(a, WATCH, "data|tok en|", "OK|");
    EVENTS(a, "data tok en\n");
    ASK(a, WRITE, "data/x/y|1", "OK|");
    EVENTS(a, "data/x/y tok en\n");
    ASK(a, WRITE, "data|1", "OK|");
    EVENTS(a, "data tok en\n");
    ASK(a, MKDIR, "data/x/y|", "OK|"); /* it is there: nothing has changed */
    EVENTS(a, "");
    ASK(a, WATCH, "data|tok en|", "!EEXIST");
    ASK(a, WATCH, "data|other|", "OK|");
    EVENTS(a, "data other\n");
    ASK(a, WATCH, "/local/domain/3/data/x|abs|", "OK|");
    EVENTS(a, "/local/domain/3/data/x abs\n");
    ASK(a, SET_PERMS, "data/x|r3|", "OK|");
    EVENTS(a, "/local/domain/3/data/x abs\ndata/x tok en\ndata/x other\n");
    ASK(a, UNWATCH, "data|nothing|", "!ENOENT");
    ASK(a, UNWATCH, "data|tok en|", "OK|");
    ASK(a, UNWATCH, "/local/domain/3/data|other|", "OK|");
    ASK(a, WRITE, "data/x/y|2", "OK|");
    EVENTS(a, "/local/domain/3/data/x/y abs\n");
    ASK(a, RESET_WATCHES, "|", "OK|");
    ASK(a, WRITE, "data/x/y|3", "OK|");
    EVENTS(a, "");
}

static void a_removal_is_told_to_who_watches_what_goes(void **state)
{
    (void)state;
    ask(a, XS_WRITE, "data/x/y/z|1");
    ask(a, XS_WATCH, "data|d|");
    ask(a, XS_WATCH, "data/x/y|y|");
    ask(a, XS_WATCH, "data/x/y/z/none|n|");
    peer_events(a);
    ASK(a, RM, "data/x|", "OK|");
    /* Once for the node that was named, and to the watches of just those below. */
    EVENTS(a, "data/x/y y\ndata/x d\n");
    ASK(a, RM, "data/x|", "OK|");
    EVENTS(a, "");
    ASK(a, WRITE, "data/x/y/z/none|1", "OK|");
    EVENTS(a, "data/x/y/z/none n\ndata/x/y/z/none y\ndata/x/y/z/none d\n");
}

static void only_who_may_read_is_told(void **state)
{
    (void)state;
    ask(a, XS_WRITE, "data/x|1");
    ASK(b, WATCH, "/local/domain/3/data/x|t|", "OK|");
    ASK(b, WATCH, "/|root|", "OK|");
    EVENTS(b, "/local/domain/3/data/x t\n/ root\n");
    ask(a, XS_WRITE, "data/x|2");
    EVENTS(b, "");
    ask(a, XS_SET_PERMS, "data/x|n3|r4|");
    EVENTS(b, "/local/domain/3/data/x t\n/local/domain/3/data/x root\n");
    ask(a, XS_WRITE, "data/x|3");
    EVENTS(b, "/local/domain/3/data/x t\n/local/domain/3/data/x root\n");
    ask(a, XS_WRITE, "data/x/below|3"); /* what it inherits can be read, too */
    EVENTS(b, "/local/domain/3/data/x/below t\n/local/domain/3/data/x/below root\n");
    ask(a, XS_SET_PERMS, "data/x|n3|"); /* it loses the node, and hears of that */
    EVENTS(b, "/local/domain/3/data/x t\n/local/domain/3/data/x root\n");
    ask(a, XS_WRITE, "data/x|4");
    EVENTS(b, "");
}

static void an_event_that_waits_is_not_told_twice(void **state)
{
    (void)state;
    ask(a, XS_WATCH, "data|t|");
    peer_events(a);
    for (int i = 0; i < 100; i++)
        assert_int_equal(store_write("/local/domain/3/data/x", "v"), 0);
    EVENTS(a, "data/x t\n");
}

static void domains_that_come_and_go_are_told_to_who_may_know(void **state)
{
    (void)state;
    struct peer *p = machine_privileged(9);

    ASK(p, WATCH, "@releaseDomain|r|", "OK|");
    ASK(a, WATCH, "@releaseDomain|r|", "OK|");
    ASK(b, WATCH, "@releaseDomain|r|", "OK|");
    ASK(b, WATCH, "@nonsense|r|", "OK|");
    ASK(p, SET_PERMS, "@releaseDomain|n0|r4|", "OK|");
    peer_events(a), peer_events(b), peer_events(p);
    machine_release(machine_guest(5));
    EVENTS(a, "");
    EVENTS(b, "@releaseDomain r\n");
    EVENTS(p, "@releaseDomain r\n");
}

/* ---- dom0's own -------------------------------------------------------------------------------
 */

static char fired[512];

static void note_fired(struct store_watch *watch, const char *path)
{
    (void)watch;
    strcat(strcat(fired, path), "\n");
}

static void unwatch_both(struct store_watch *watch, const char *path);
static struct store_watch first, second;

static void unwatch_both(struct store_watch *watch, const char *path)
{
    note_fired(watch, path);
    store_unwatch(&first);
    store_unwatch(&second);
    assert_int_equal(store_write("/a/b", "again"), 0);
}

static void dom0_is_called_back(void **state)
{
    char text[32], name[8];

    (void)state;
    fired[0] = '\0';
    assert_int_equal(store_watch(&first, "/a", note_fired), 0);
    assert_int_equal(store_watch(&second, "a b", note_fired), -XEN_EINVAL);
    assert_string_equal(fired, ""); /* never within */
    machine_work();
    assert_string_equal(fired, "/a\n");
    fired[0] = '\0';
    assert_int_equal(store_writef("/a/b", "%d", 17), 0);
    assert_int_equal(store_write("/b", "x"), 0);
    machine_work();
    assert_string_equal(fired, "/a/b\n");
    assert_int_equal(store_read_number("/a/b", 5), 17);
    assert_int_equal(store_read_number("/b", 5), 5);
    assert_int_equal(store_read_number("/c", 5), 5);
    assert_int_equal(store_read("/a/b", text, sizeof(text)), 2);
    assert_int_equal(store_read("/a/b", text, 2), -XEN_E2BIG);
    assert_int_equal(store_child("/a", 0, name, sizeof(name)), 0);
    assert_string_equal(name, "b");
    assert_int_equal(store_child("/a", 1, name, sizeof(name)), -XEN_ENOENT);
    assert_int_equal(store_permit("/a", 3, 4), 0);
    assert_true(store_permissions("/a/b", text, sizeof(text)) > 0);
    assert_string_equal(text, "n3,r4");
    assert_int_equal(store_permissions("/a/b", text, 3), -XEN_E2BIG);
    assert_int_equal(store_set_permissions("/a/b", "n3,r4,b5"), 0);
    assert_int_equal(store_set_permissions("/a/b", "n3,x4"), -XEN_EINVAL);
    assert_int_equal(store_set_permissions("/a/b", ""), -XEN_EINVAL);
    ASK(b, READ, "/a/b|", "17");
    ASK(a, WRITE, "/a/b|18", "OK|");
    machine_work();
    store_unwatch(&first);
    fired[0] = '\0';
    assert_int_equal(store_remove("/a"), 0);
    machine_work();
    assert_string_equal(fired, "");
    /* One that is called may take away those whose turn would come. */
    store_watch(&first, "/a", unwatch_both);
    store_watch(&second, "/a/b", unwatch_both);
    machine_work();
    assert_string_equal(fired, "/a\n");
    store_unwatch(&first);
}

/* ---- Transactions -----------------------------------------------------------------------------
 */

static void a_transaction_is_seen_when_it_has_ended(void **state)
{
    (void)state;
    ask(a, XS_WRITE, "data/x|1");
    ask(a, XS_WATCH, "data|w|");
    peer_events(a);

    u32 tx = ask_begin(a);

    assert_string_equal(ask_in(a, tx, XS_WRITE, "data/x|2"), "OK|");
    assert_string_equal(ask_in(a, tx, XS_WRITE, "data/new/y|2"), "OK|");
    assert_string_equal(ask_in(a, tx, XS_RM, "data/new/none|"), "OK|");
    assert_string_equal(ask_in(a, tx, XS_READ, "data/x|"), "2");
    assert_string_equal(ask_in(a, tx, XS_DIRECTORY, "data|"), "x|new|");
    ASK(a, READ, "data/x|", "1");
    ASK(a, DIRECTORY, "data|", "x|");
    EVENTS(a, "");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_START, "|"), "!EBUSY");
    assert_string_equal(ask_in(b, tx, XS_READ, "name|"), "!ENOENT"); /* it is not b's */
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "OK|");
    EVENTS(a, "data/x w\ndata/new/y w\n");
    ASK(a, READ, "data/x|", "2");
    ASK(a, DIRECTORY, "data|", "x|new|");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "!ENOENT");

    tx = ask_begin(a);
    assert_string_equal(ask_in(a, tx, XS_RM, "data/new|"), "OK|");
    assert_string_equal(ask_in(a, tx, XS_READ, "data/new/y|"), "!ENOENT");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "X|"), "!EINVAL");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "F|"), "OK|");
    EVENTS(a, "");
    ASK(a, READ, "data/new/y|", "2");

    tx = ask_begin(a);
    assert_string_equal(ask_in(a, tx, XS_RM, "data/new|"), "OK|");
    assert_string_equal(ask_in(a, tx, XS_WRITE, "data/new|n"), "OK|");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "OK|");
    ASK(a, DIRECTORY, "data/new|", "");
    EVENTS(a, "data/new w\n");
}

struct conflict {
    u32 in_type;
    const char *in; /* asked in the transaction */
    u32 type;
    const char *outside; /* asked meanwhile */
    const char *wanted;
};

static void what_was_seen_must_still_be_so(void **state)
{
    static const struct conflict rows[] = {
        {XS_READ, "data/x|", XS_READ, "data/x|", "OK|"},
        {XS_READ, "data/x|", XS_WRITE, "data/x|9", "!EAGAIN"},
        {XS_READ, "data/x|", XS_WRITE, "data/x|1", "!EAGAIN"}, /* the same value is a change */
        {XS_READ, "data/x|", XS_RM, "data/x|", "!EAGAIN"},
        {XS_READ, "data/x|", XS_SET_PERMS, "data/x|r3|", "!EAGAIN"},
        {XS_READ, "data/none|", XS_WRITE, "data/none|", "!EAGAIN"},
        {XS_READ, "data/x|", XS_WRITE, "data/y|9", "OK|"},
        {XS_READ, "data/x|", XS_WRITE, "data/x/below|9", "!EAGAIN"}, /* its children changed */
        {XS_READ, "data/x|", XS_WRITE, "data/y/below|9", "OK|"},
        {XS_WRITE, "data/x|2", XS_WRITE, "data/x|9", "!EAGAIN"},
        {XS_WRITE, "data/x|2", XS_WRITE, "data/y|9", "OK|"},
        {XS_WRITE, "data/new|2", XS_WRITE, "data/other|9", "!EAGAIN"}, /* of one parent */
        {XS_DIRECTORY, "data|", XS_RM, "data/y|", "!EAGAIN"},
        {XS_RM, "data/x|", XS_WRITE, "data/x/below|9", "!EAGAIN"},
        {XS_RM, "data/x|", XS_WRITE, "data/y|9", "OK|"},
        {XS_GET_PERMS, "data/x|", XS_SET_PERMS, "data/x|n3|", "!EAGAIN"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        u32 tx;
        const char *answer;

        ask(a, XS_RM, "data/none|"), ask(a, XS_RM, "data/new|"), ask(a, XS_RM, "data/other|");
        ask(a, XS_WRITE, "data/x|1"), ask(a, XS_WRITE, "data/y|1");
        tx = ask_begin(a);
        ask_in(a, tx, rows[i].in_type, rows[i].in);
        ask(a, rows[i].type, rows[i].outside);
        answer = ask_in(a, tx, XS_TRANSACTION_END, "T|");
        if (strcmp(answer, rows[i].wanted))
            fail_msg("row %zu (%s, %s): %s", i, rows[i].in, rows[i].outside, answer);
    }
}

static void two_transactions_do_not_mix(void **state)
{
    u32 one, two;

    (void)state;
    ask(a, XS_WRITE, "data/x|1");
    ask(a, XS_SET_PERMS, "data/x|b3|");
    one = ask_begin(a);
    two = ask_begin(b);
    assert_string_equal(ask_in(a, one, XS_WRITE, "data/x|one"), "OK|");
    assert_string_equal(ask_in(b, two, XS_WRITE, "/local/domain/3/data/x|two"), "OK|");
    assert_string_equal(ask_in(b, two, XS_READ, "/local/domain/3/data/x|"), "two");
    assert_string_equal(ask_in(a, one, XS_TRANSACTION_END, "T|"), "OK|");
    /* It goes on seeing what it has seen. */
    assert_string_equal(ask_in(b, two, XS_READ, "/local/domain/3/data/x|"), "two");
    assert_string_equal(ask_in(b, two, XS_TRANSACTION_END, "T|"), "!EAGAIN");
    ASK(b, READ, "/local/domain/3/data/x|", "one");
    one = ask_begin(a);
    assert_string_equal(ask_in(a, one, XS_READ, "data/x|"), "one");
    ask(b, XS_WRITE, "/local/domain/3/data/x|later");
    assert_string_equal(ask_in(a, one, XS_READ, "data/x|"), "one");
    ASK(a, RESET_WATCHES, "|", "OK|");
    assert_string_equal(ask_in(a, one, XS_TRANSACTION_END, "T|"), "!ENOENT");
}

/* ---- Quota ------------------------------------------------------------------------------------
 */

static u64 bytes_of(domid_t domain)
{
    struct store_usage usage;

    assert_int_equal(store_usage(domain, &usage), 0);
    return usage.bytes;
}

/* What it saw first it keeps, whatever becomes of the node: that is paid for until its end. */
static void a_transaction_pays_for_what_it_saw(void **state)
{
    char text[1100] = "data/x|";
    u64 bytes;
    u32 tx;

    (void)state;
    memset(text + strlen(text), 'v', 1000);
    ask(a, XS_WRITE, text);
    bytes = bytes_of(3);
    tx = ask_begin(a);
    assert_string_equal(ask_in(a, tx, XS_WRITE, "data/x|1"), "OK|");
    assert_true(bytes_of(3) > bytes + 1000);
    assert_string_equal(ask_in(a, tx, XS_RM, "data/x|"), "OK|");
    assert_true(bytes_of(3) > bytes + 1000);
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "F|"), "OK|");
    assert_int_equal(bytes_of(3), bytes);
}

/* What a transaction has seen of a node and of the one above need not go together. It cannot end
 * well, but until then it is answered. */
static void a_transaction_sees_what_never_was(void **state)
{
    u32 tx;

    (void)state;
    ask(a, XS_WRITE, "data/x/y|1");
    tx = ask_begin(a);
    assert_string_equal(ask_in(a, tx, XS_DIRECTORY, "data|"), "x|");
    ASK(a, WRITE, "data/late/below|1", "OK|");
    assert_string_equal(ask_in(a, tx, XS_RM, "data/late|"), "OK|"); /* not among data's children */
    assert_string_equal(ask_in(a, tx, XS_DIRECTORY, "data|"), "x|");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "!EAGAIN");
    ASK(a, READ, "data/late/below|", "1");
    tx = ask_begin(a);
    assert_string_equal(ask_in(a, tx, XS_READ, "data/later|"), "!ENOENT");
    ASK(a, WRITE, "data/later|1", "OK|");
    assert_string_equal(ask_in(a, tx, XS_WRITE, "data/later|2"), "OK|"); /* among them already */
    assert_string_equal(ask_in(a, tx, XS_RM, "data/later|"), "OK|");
    ask_in(a, tx, XS_RM, "data|");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "!EAGAIN");
    ASK(a, READ, "data/later|", "1");
}

static void nodes_are_counted(void **state)
{
    char text[64];
    struct store_usage usage;

    (void)state;
    for (u32 i = 0; i < 4; i++) { /* a directory's names must fit in a node */
        for (u32 j = 0; j < 300 && 2 + i * 301 + j < QUOTA_NODES; j++) {
            snprintf(text, sizeof(text), "data/%u/%u|", i, j);
            ASK(a, MKDIR, text, "OK|");
        }
    }
    store_usage(3, &usage);
    assert_int_equal(usage.nodes, QUOTA_NODES);
    ASK(a, MKDIR, "data/one|", "!ENOSPC");
    ASK(a, WRITE, "data/0/0/0/0|", "!ENOSPC");
    ASK(a, WRITE, "data/0/0|x", "OK|");
    assert_int_equal(store_write("/local/domain/3/data/dom0s", ""), 0); /* who is not bound */
    ASK(a, RM, "data/0|", "OK|");
    ASK(a, MKDIR, "data/one|", "OK|");

    u32 tx = ask_begin(a);

    for (u32 i = 0; i < 2; i++) {
        for (u32 j = 0; j < 200; j++) {
            snprintf(text, sizeof(text), "data/t%u/%u|", i, j);
            if (*ask_in(a, tx, XS_MKDIR, text) == '!')
                break;
        }
    }
    assert_string_equal(ask_in(a, tx, XS_MKDIR, "data/tt|"), "!ENOSPC");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "!ENOSPC");
    ASK(a, READ, "data/t0|", "!ENOENT");
}

static void nodes_are_measured(void **state)
{
    static char text[XENSTORE_PAYLOAD_MAX + 1];

    (void)state;
    strcpy(text, "data/x|");
    memset(text + 7, 'v', 2048 - 24 - 8 - 1);
    ASK(a, WRITE, text, "OK|");
    strcat(text, "v");
    ASK(a, WRITE, text, "!ENOSPC");
    assert_int_equal(strlen(ask(a, XS_READ, "data/x|")), 2048 - 24 - 8 - 1);

    u32 tx = ask_begin(a);

    assert_string_equal(ask_in(a, tx, XS_WRITE, text), "!ENOSPC");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "!ENOMEM"); /* as xenstored */
}

static void watches_and_transactions_are_counted(void **state)
{
    char text[64];

    (void)state;
    for (u32 i = 0; i <= QUOTA_WATCHES; i++) {
        snprintf(text, sizeof(text), "data|%u|", i);
        ASK(a, WATCH, text, "OK|");
        peer_events(a);
    }
    ASK(a, WATCH, "data|x|", "!E2BIG");
    ASK(a, UNWATCH, "data|0|", "OK|");
    ASK(a, WATCH, "data|x|", "OK|");
    for (u32 i = 0; i <= QUOTA_TRANSACTIONS; i++)
        assert_true(ask_begin(a) > 0);
    ASK(a, TRANSACTION_START, "|", "!ENOSPC");
    ASK(a, RESET_WATCHES, "|", "OK|");
    assert_true(ask_begin(a) > 0);
}

static void a_transaction_may_not_touch_everything(void **state)
{
    char text[64];
    u32 tx = ask_begin(a);

    (void)state;
    for (u32 i = 0; i < QUOTA_TOUCHED - 1; i++) { /* one is the parent */
        snprintf(text, sizeof(text), "data/%u|", i);
        assert_string_equal(ask_in(a, tx, XS_READ, text), "!ENOENT");
    }
    assert_string_equal(ask_in(a, tx, XS_READ, "data/x|"), "!ENOSPC");
    assert_string_equal(ask_in(a, tx, XS_TRANSACTION_END, "T|"), "!ENOMEM");
}

static void bytes_are_counted(void **state)
{
    static char text[XENSTORE_PAYLOAD_MAX + 1];
    struct store_usage usage;
    u32 i, tx = 0;

    (void)state;
    /* Eleven transactions, each with hundreds of large nodes, would be more than all nodes. */
    for (i = 0; i < 20000; i++) {
        if (i % 900 == 0)
            tx = ask_begin(a);
        snprintf(text, sizeof(text), "data/%u|", i % 400);
        memset(text + strlen(text), 'v', 1900);
        if (!strcmp(ask_in(a, tx, XS_WRITE, text), "!ENOMEM"))
            break;
    }
    assert_in_range(i, 2000, 6000);
    store_usage(3, &usage);
    assert_in_range(usage.bytes, QUOTA_BYTES - 8192, QUOTA_BYTES);
    ASK(b, WRITE, "data/x|1", "OK|");
    ASK(a, RESET_WATCHES, "|", "OK|");
    ASK(a, WRITE, "data/x|1", "OK|");
}

static u64 heap_before, usage_before;

static u64 usage_now(void)
{
    struct store_usage usage;

    store_usage(3, &usage);
    return usage.bytes;
}

/* What it has is counted, to the byte that the heap takes for it; but for a message in the middle.
 */
static void heap_check(void)
{
    u64 counted = usage_now() - usage_before;

    assert_in_range(heap_bytes - heap_before, 0, counted + heap_cost(sizeof(struct xs_message)));
    assert_in_range(usage_now(), 0, QUOTA_BYTES + 2 * heap_cost(sizeof(struct outgoing)));
}

static void small_things_take_no_more_memory_than_large_ones(void **state)
{
    char text[64];
    u32 i, tx = 0;

    (void)state;
    heap_before = heap_bytes;
    usage_before = usage_now();
    for (i = 0; i < QUOTA_NODES - 100; i++) {
        snprintf(text, sizeof(text), "data/%u|", i);
        ask(a, XS_WRITE, text);
    }
    heap_check();
    for (i = 0; i <= QUOTA_WATCHES; i++) {
        snprintf(text, sizeof(text), "data|%u|", i);
        assert_string_equal(ask(a, XS_WATCH, text), "OK|");
    }
    heap_check();
    for (i = 0; i <= QUOTA_TRANSACTIONS; i++) {
        tx = ask_begin(a);
        for (u32 k = 0; k < 300; k++) {
            snprintf(text, sizeof(text), "data/%u|x", i < 10 ? 1000 + k : k);
            ask_in(a, tx, i < 10 ? XS_READ : XS_WRITE, text);
        }
    }
    heap_check();
    /* One message makes an event for each watch and node: it does not take them. */
    peer_send(a, tx, XS_TRANSACTION_END, "T|");
    peer_serve(a);
    heap_check();
    assert_in_range(usage_now(), QUOTA_BYTES - (1u << 18),
                    UINT64_MAX); /* that transaction is over */
}

/* ---- Those who do not read --------------------------------------------------------------------
 */

static void who_takes_no_answers_is_not_heard(void **state)
{
    u32 sent = 0;

    (void)state;
    while (peer_send(a, 0, XS_READ, "data|"))
        sent++;
    assert_true(a->client.replies_count == QUOTA_REPLIES);
    assert_in_range(sent, QUOTA_REPLIES, 200);
    ASK(b, READ, "data|", "");
}

/* b watches what a writes, and takes no event. */
static void who_floods_another_is_not_heard(void **state)
{
    char text[64];
    u32 sent = 0;
    const char *answer;

    (void)state;
    ask(a, XS_SET_PERMS, "data|r3|");
    ASK(b, WATCH, "/local/domain/3/data|t|", "OK|");
    for (; sent < 2000; sent++) {
        snprintf(text, sizeof(text), "data/%u|", sent % 500);
        assert_true(peer_send(a, 0, sent % 1000 < 500 ? XS_MKDIR : XS_RM, text));
        if (!peer_take(a, &answer))
            break;
        if (sent % 50 == 0)
            peer_serve(b); /* its ring is full soon */
    }
    assert_int_equal(a->client.caused_count, QUOTA_CAUSED);
    assert_in_range(sent, QUOTA_CAUSED, QUOTA_CAUSED + 60);
    /* The patience with b ends, and a's request is answered. */
    machine_time += EVENT_PATIENCE_NS + 1;
    assert_true(peer_take(a, &answer));
    assert_string_equal(answer, "OK|");
    for (sent = 0; sent < 200; sent++) {
        snprintf(text, sizeof(text), "data/%u|again", sent);
        ASK(a, WRITE, text, "OK|");
        peer_events(b); /* it takes them now */
    }
    assert_int_equal(a->client.caused_count, 0);
    /* Who goes leaves nobody waiting. */
    for (sent = 0; sent < 100; sent++) {
        snprintf(text, sizeof(text), "data/%u|more", sent);
        ASK(a, WRITE, text, "OK|");
    }
    assert_true(a->client.caused_count > 0);
    machine_release(b);
    assert_int_equal(a->client.caused_count, 0);
}

static u32 heard;

static void count_fired(struct store_watch *watch, const char *path)
{
    (void)watch, (void)path;
    heard++;
}

/* Domain 0 watches, and has not come to its events: there are not ever more of them, and none is
 * lost. */
static void who_floods_domain_0_is_not_heard(void **state)
{
    static struct store_watch watch;
    const char *answer;
    char text[64];
    u32 sent = 0;

    (void)state;
    assert_int_equal(store_watch(&watch, "/local/domain/3/data", count_fired), 0);
    machine_work();
    heard = 0;
    for (; sent < 2000; sent++) {
        snprintf(text, sizeof(text), "data/%u|", sent);
        assert_true(peer_send(a, 0, XS_MKDIR, text));
        if (!peer_take(a, &answer))
            break;
        snprintf(text, sizeof(text), "data/%u|", sent);
        assert_true(peer_send(a, 0, XS_RM, text));
        if (!peer_take(a, &answer))
            break;
    }
    assert_int_equal(a->client.caused_count, QUOTA_CAUSED);
    /* Not even with time. */
    machine_time += EVENT_PATIENCE_NS + 1;
    assert_false(peer_take(a, &answer));
    assert_int_equal(a->client.caused_count, QUOTA_CAUSED);
    ASK(b, WRITE, "data/x|1", "OK|");
    machine_work();
    assert_true(peer_take(a, &answer));
    assert_string_equal(answer, "OK|");
    machine_work();
    assert_int_equal(a->client.caused_count, 0);
    assert_in_range(heard, QUOTA_CAUSED, QUOTA_CAUSED + 1);
    store_unwatch(&watch);
}

static void a_cause_may_go_before_its_events(void **state)
{
    (void)state;
    ask(a, XS_SET_PERMS, "data|r3|");
    ask(b, XS_WATCH, "/local/domain/3/data|t|");
    peer_events(b);
    ask(a, XS_MKDIR, "data/x|");
    machine_release(a);
    EVENTS(b, "/local/domain/3/data/x t\n/local/domain/3/data t\n");
}

/* ---- What a request costs ---------------------------------------------------------------------
 */

#define DEEP      900u
#define DEEP_PATH (4 + 2 * DEEP)

/* "data/d/d/d...", so many names deep. */
static const char *deep_path(u32 depth, const char *more)
{
    static char path[DEEP_PATH + 16];

    strcpy(path, "data");
    for (u32 i = 0; i < depth; i++)
        strcpy(path + 4 + 2 * i, "/d");
    strcat(path, more);
    return path;
}

/* How many bytes of paths were hashed for it. */
static u64 hashed_for(u32 tx, u32 type, const char *text)
{
    machine_hashed = 0;
    assert_string_equal(ask_in(a, tx, type, text), "OK|");
    return machine_hashed;
}

/* Above a node that is a thousand names deep are a thousand paths, and a change looks for each. */
static void a_deep_path_is_hashed_once(void **state)
{
    u32 tx;

    (void)state;
    ASK(a, WATCH, "data|t|", "OK|");
    assert_in_range(hashed_for(0, XS_MKDIR, deep_path(DEEP, "|")), 1, 8 * DEEP_PATH);
    assert_in_range(hashed_for(0, XS_WRITE, deep_path(DEEP, "|1")), 0, 8 * DEEP_PATH);
    peer_events(a);
    tx = ask_begin(a);
    for (u32 i = 1; i <= DEEP; i++)
        assert_in_range(hashed_for(tx, XS_WRITE, deep_path(i, "|2")), 0, 8 * DEEP_PATH);
    /* Each of them changes, and has an event. */
    assert_in_range(hashed_for(tx, XS_TRANSACTION_END, "T|"), 1, DEEP * 4 * DEEP_PATH);
    peer_events(a);
    assert_in_range(hashed_for(0, XS_RM, deep_path(1, "|")), 0, 8 * DEEP_PATH);
}

/* Messages that cost more have fewer in a turn. */
static void a_turn_ends_with_its_time(void **state)
{
    bool moved = false, more;

    (void)state;
    for (u32 i = 0; i < 3; i++) {
        struct xs_message m;

        xs_begin(&m, XS_READ, i, 0);
        xs_append_string(&m, "data");
        assert_int_equal(xs_send(&m, &a->ring.send), 1);
    }
    machine_tick = NS_PER_MILLISECOND;
    for (u32 i = 0; i < 3; i++) {
        u32 at = a->page.req_cons;

        assert_int_equal(client_serve(&a->client, &moved, &more), XENSTORE_ERROR_NONE);
        assert_int_equal(a->page.req_cons - at, sizeof(struct xsd_sockmsg) + sizeof("data"));
    }
}

/* ---- The ring ---------------------------------------------------------------------------------
 */

static void a_payload_that_is_too_long_ends_the_connection(void **state)
{
    struct xs_message m;

    (void)state;
    ask(a, XS_WATCH, "data|t|");
    xs_begin(&m, XS_READ, 1, 0);
    m.head.len = XENSTORE_PAYLOAD_MAX + 1;
    assert_int_equal(byte_ring_put(&a->ring.send, &m.head, sizeof(m.head)), sizeof(m.head));
    peer_serve(a);
    assert_int_equal(a->error, XENSTORE_ERROR_PROTO);
    ASK(b, READ, "data|", "");
}

static void wild_indices_end_the_connection(void **state)
{
    (void)state;
    a->page.req_prod += XENSTORE_RING_SIZE + 1;
    peer_serve(a);
    assert_int_equal(a->error, XENSTORE_ERROR_RINGIDX);
    ask(b, XS_WATCH, "data|t|");
    b->page.rsp_cons = 0x80000000u;
    store_write("/local/domain/4/data", "x");
    peer_serve(b);
    assert_int_equal(b->error, XENSTORE_ERROR_RINGIDX);
}

/* Its answer, whatever that is, when memory fails after so many calls, and is there again. */
static void ask_failing(u32 tx, u32 type, const char *text, long good)
{
    const char *answer;
    bool answered;

    assert_true(peer_send(a, tx, type, text));
    heap_good = good;
    answered = peer_take(a, &answer);
    heap_good = -1;
    assert_true(answered || peer_take(a, &answer));
}

static void memory_that_fails_at_any_call_leaves_the_store_whole(void **state)
{
    static const struct {
        u32 type;
        const char *text;
    } rows[] = {
        {XS_WRITE, "data/p/q/r|1"},      {XS_WRITE, "data/p|2"},         {XS_MKDIR, "data/s/t|"},
        {XS_SET_PERMS, "data/p|n3|r4|"}, {XS_WATCH, "data|w|"},          {XS_RM, "data/p|"},
        {XS_UNWATCH, "data|w|"},         {XS_TRANSACTION_START, "|"},    {XS_READ, "data|"},
        {XS_DIRECTORY, "data|"},         {XS_DIRECTORY_PART, "data|0|"},
    };

    (void)state;
    for (long good = 0; good < 12; good++) {
        ask(a, XS_RM, "data/p|"), ask(a, XS_RM, "data/s|"), ask(a, XS_RESET_WATCHES, "|");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
            ask_failing(0, rows[i].type, rows[i].text, good);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
            u32 tx;

            ask(a, XS_RESET_WATCHES, "|");
            tx = ask_begin(a);
            ask_failing(tx, rows[i].type, rows[i].text, good);
            ask_failing(tx, XS_TRANSACTION_END, "T|", good);
        }
    }
    ASK(a, WRITE, "data/x|1", "OK|");
}

static int begin(void **state)
{
    (void)state;
    machine_begin();
    a = machine_guest(3);
    b = machine_guest(4);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, machine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_pays_for_what_it_saw),
        TEST(a_transaction_sees_what_never_was),
        TEST(a_watch_fires_at_once_and_for_what_is_below),
        TEST(a_removal_is_told_to_who_watches_what_goes),
        TEST(only_who_may_read_is_told),
        TEST(an_event_that_waits_is_not_told_twice),
        TEST(domains_that_come_and_go_are_told_to_who_may_know),
        TEST(dom0_is_called_back),
        TEST(a_transaction_is_seen_when_it_has_ended),
        TEST(what_was_seen_must_still_be_so),
        TEST(two_transactions_do_not_mix),
        TEST(nodes_are_counted),
        TEST(nodes_are_measured),
        TEST(watches_and_transactions_are_counted),
        TEST(a_transaction_may_not_touch_everything),
        TEST(bytes_are_counted),
        TEST(small_things_take_no_more_memory_than_large_ones),
        TEST(who_takes_no_answers_is_not_heard),
        TEST(who_floods_another_is_not_heard),
        TEST(who_floods_domain_0_is_not_heard),
        TEST(a_cause_may_go_before_its_events),
        TEST(a_deep_path_is_hashed_once),
        TEST(a_turn_ends_with_its_time),
        TEST(a_payload_that_is_too_long_ends_the_connection),
        TEST(wild_indices_end_the_connection),
        TEST(memory_that_fails_at_any_call_leaves_the_store_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
