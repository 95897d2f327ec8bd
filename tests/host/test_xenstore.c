// LINK: dom0/xenstore/path.c dom0/xenstore/content.c dom0/xenstore/account.c dom0/xenstore/tree.c
// LINK: dom0/xenstore/client.c dom0/xenstore/transaction.c dom0/xenstore/view.c
// LINK: dom0/xenstore/watch.c
// LINK: dom0/xenstore/operations.c dom0/xenstore/requests.c dom0/xenstore/requests_domain.c
// LINK: dom0/xenstore/ring.c dom0/xenstore/audit.c dom0/xenstore/store.c
// LINK: ioring/byte_ring.c ioring/xenstore_message.c tests/host/store_machine.c
// LINK: xen-like/lib/string.c xen-like/lib/fmt.c xen-like/lib/parse.c
/*
 * The store as its clients meet it, over real rings: what each request answers, by xenstored's
 * rules (docs/misc/xenstore.txt and the daemon's own order of checks), and that nothing of it is
 * left when they go.
 */
#include "tests/host/store_machine.h"

#include "dom0/xenstore/store.h"

struct row {
    u32 type;
    const char *request, *wanted;
};

static void ask_all(struct peer *peer, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *answer = ask(peer, rows[i].type, rows[i].request);

        if (strcmp(answer, rows[i].wanted))
            fail_msg("row %zu, %u \"%s\": \"%s\", not \"%s\"", i, rows[i].type, rows[i].request,
                     answer, rows[i].wanted);
    }
}

#define ASK_ALL(peer, ...)                                                                         \
    do {                                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                            \
        ask_all(peer, rows, ARRAY_SIZE(rows));                                                     \
    } while (0)

static void a_guest_reads_and_writes_what_is_its_own(void **state)
{
    struct peer *a = machine_guest(3);

    (void)state;
    assert_int_equal(store_write("/local/domain/3/name", "web"), 0);
    ASK_ALL(a, {XS_READ, "name|", "web"}, {XS_READ, "/local/domain/3/name|", "web"},
            {XS_WRITE, "data/x/y|value", "OK|"}, {XS_READ, "data/x/y|", "value"},
            {XS_READ, "data/x|", ""}, {XS_WRITE, "data/x/y|with|zeros|", "OK|"},
            {XS_READ, "data/x/y|", "with|zeros|"}, {XS_WRITE, "data/x/y|", "OK|"},
            {XS_READ, "data/x/y|", ""}, {XS_MKDIR, "data/z|", "OK|"}, {XS_MKDIR, "data/z|", "OK|"},
            {XS_DIRECTORY, "data|", "x|z|"}, {XS_DIRECTORY, "data/z|", ""},
            {XS_RM, "data/x|", "OK|"}, {XS_RM, "data/x|", "OK|"}, {XS_DIRECTORY, "data|", "z|"},
            {XS_READ, "data/x|", "!ENOENT"}, {XS_READ, "data/x/y|", "!ENOENT"},
            {XS_DIRECTORY, "data/x|", "!ENOENT"}, {XS_RM, "data/x/y|", "!ENOENT"},
            {XS_GET_DOMAIN_PATH, "12|", "/local/domain/12|"});
}

static void what_is_not_its_own_is_refused(void **state)
{
    struct peer *a = machine_guest(3);

    (void)state;
    machine_guest(4);
    assert_int_equal(store_write("/local/domain/3/name", "web"), 0);
    assert_int_equal(store_write("/local/domain/4/secret", "x"), 0);
    ASK_ALL(a, {XS_READ, "/local/domain/4/secret|", "!EACCES"},
            {XS_READ, "/local/domain/4/nothing|", "!EACCES"},
            {XS_READ, "/local/domain/4/nothing|", "!EACCES"}, {XS_READ, "/|", "!EACCES"},
            {XS_DIRECTORY, "/local|", "!EACCES"}, {XS_WRITE, "name|other", "!EACCES"},
            {XS_WRITE, "new|", "!EACCES"}, {XS_MKDIR, "new|", "!EACCES"},
            {XS_RM, "name|", "!EACCES"}, {XS_RM, "new|", "!EACCES"}, {XS_RM, "/|", "!EACCES"},
            {XS_READ, "new|", "!ENOENT"}, {XS_MKDIR, "name|", "!EACCES"},
            {XS_SET_PERMS, "name|n3|", "!EACCES"}, {XS_SET_PERMS, "data|n0|", "!EPERM"},
            {XS_GET_PERMS, "/|", "!EACCES"}, {XS_INTRODUCE, "77|5|9|", "!EACCES"},
            {XS_RELEASE, "4|", "!EACCES"}, {XS_RESUME, "4|", "!EACCES"},
            {XS_SET_TARGET, "3|4|", "!EACCES"}, {XS_IS_DOMAIN_INTRODUCED, "4|", "!EACCES"},
            {XS_CONTROL, "check|", "!EACCES"}, {XS_SET_PERMS, "@releaseDomain|r3|", "!EACCES"},
            {XS_SET_PERMS, "@other|r3|", "!EINVAL"});
}

static void messages_that_make_no_sense_are_refused(void **state)
{
    struct peer *a = machine_guest(3);

    (void)state;
    ASK_ALL(a, {XS_READ, "", "!EINVAL"}, {XS_READ, "name", "!EINVAL"},
            {XS_READ, "name|more|", "!EINVAL"}, {XS_READ, "data|x", "!EINVAL"},
            {XS_READ, "|", "!EINVAL"}, {XS_READ, "data/|", "!EINVAL"},
            {XS_READ, "data//x|", "!EINVAL"}, {XS_READ, "da ta|", "!EINVAL"},
            {XS_READ, "d\xc3\xa4ta|", "!EINVAL"}, {XS_READ, "@releaseDomain|", "!EINVAL"},
            {XS_READ, "//|", "!EINVAL"}, {XS_WRITE, "data", "!EINVAL"}, {XS_WRITE, "", "!EINVAL"},
            {XS_WRITE, "data/a.b|x", "!EINVAL"}, {XS_MKDIR, "data/a", "!EINVAL"},
            {XS_RM, "", "!EINVAL"}, {XS_DIRECTORY_PART, "data|", "!EINVAL"},
            {XS_DIRECTORY_PART, "data|0|0|", "!EINVAL"}, {XS_GET_PERMS, "data", "!EINVAL"},
            {XS_SET_PERMS, "data|", "!EINVAL"}, {XS_SET_PERMS, "data|x3|", "!EINVAL"},
            {XS_SET_PERMS, "data|n|", "!EINVAL"}, {XS_SET_PERMS, "data|n3x|", "!EINVAL"},
            {XS_SET_PERMS, "data||", "!EINVAL"}, {XS_SET_PERMS, "data|n99|", "!ENOENT"},
            {XS_SET_PERMS, "data|n3|r3|r3|r3|r3|r3|", "!ENOSPC"}, {XS_WATCH, "data|", "!EINVAL"},
            {XS_WATCH, "data|t|1|", "!EINVAL"}, {XS_WATCH, "da ta|t|", "!EINVAL"},
            {XS_UNWATCH, "data|t|", "!ENOENT"}, {XS_UNWATCH, "data|", "!EINVAL"},
            {XS_TRANSACTION_END, "T|", "!ENOENT"}, {XS_TRANSACTION_END, "|", "!EINVAL"},
            {XS_GET_DOMAIN_PATH, "", "!EINVAL"}, {XS_WATCH_EVENT, "data|t|", "!ENOSYS"},
            {XS_ERROR, "EINVAL|", "!ENOSYS"}, {20, "|", "!ENOSYS"}, {XS_TYPE_COUNT, "|", "!ENOSYS"},
            {XS_INVALID, "|", "!ENOSYS"}, {0xffffffff, "", "!ENOSYS"}, {XS_READ, "data|", ""});
    assert_string_equal(ask_in(a, 5, XS_READ, "data|"), "!ENOENT");
    assert_string_equal(ask_in(a, 5, XS_TRANSACTION_START, "|"), "!ENOENT");
    assert_string_equal(ask_in(a, 5, XS_TRANSACTION_END, "T|"), "!ENOENT");
    assert_string_equal(ask_in(a, 5, XS_WATCH, "data|t|"), "OK|");
}

static void permissions_say_who_may_what(void **state)
{
    struct peer *a = machine_guest(3), *b = machine_guest(4), *c = machine_guest(5);

    (void)state;
    ASK_ALL(a, {XS_GET_PERMS, "data|", "n3|"}, {XS_GET_PERMS, "/local/domain/3|", "n0|r3|"},
            {XS_WRITE, "data/x|1", "OK|"}, {XS_SET_PERMS, "data/x|n3|b4|", "OK|"},
            {XS_GET_PERMS, "data/x|", "n3|b4|"}, {XS_WRITE, "data/y|1", "OK|"},
            {XS_SET_PERMS, "data/y|r3|w4|n5|", "OK|"}, {XS_MKDIR, "data/x/below|", "OK|"},
            {XS_GET_PERMS, "data/x/below|", "n3|b4|"});
    ASK_ALL(b, {XS_READ, "/local/domain/3/data/x|", "1"},
            {XS_WRITE, "/local/domain/3/data/x|2", "OK|"},
            {XS_READ, "/local/domain/3/data/y|", "!EACCES"},
            {XS_WRITE, "/local/domain/3/data/y|2", "OK|"},
            {XS_SET_PERMS, "/local/domain/3/data/x|n3|", "!EACCES"},
            {XS_WRITE, "/local/domain/3/data/x/new|n", "OK|"},
            {XS_GET_PERMS, "/local/domain/3/data/x/new|", "n4|b4|"},
            {XS_READ, "/local/domain/3/data/x/nothing|", "!ENOENT"});
    ASK_ALL(c, {XS_READ, "/local/domain/3/data/x|", "!EACCES"},
            {XS_READ, "/local/domain/3/data/y|", "!EACCES"});
    machine_guest(6);
    assert_string_equal(ask(machine_guest(7), XS_READ, "/local/domain/3/data/y|"), "2");
    /* Who removes a node removes all below it, whoever owns that. */
    assert_string_equal(ask(b, XS_RM, "/local/domain/3/data/x|"), "OK|");
    assert_string_equal(ask(a, XS_DIRECTORY, "data|"), "y|");
}

static void a_permission_is_not_for_the_next_of_that_number(void **state)
{
    struct peer *a = machine_guest(3), *b = machine_guest(4);

    (void)state;
    ask(a, XS_WRITE, "data/x|1");
    assert_string_equal(ask(a, XS_SET_PERMS, "data/x|n3|r4|"), "OK|");
    assert_string_equal(ask(b, XS_READ, "/local/domain/3/data/x|"), "1");
    machine_release(b);
    b = machine_guest(4);
    assert_string_equal(ask(b, XS_READ, "/local/domain/3/data/x|"), "!EACCES");
    /* Nor when the node has changed since. */
    ask(a, XS_WRITE, "data/x|2");
    assert_string_equal(ask(b, XS_READ, "/local/domain/3/data/x|"), "!EACCES");
    assert_string_equal(ask(a, XS_GET_PERMS, "data/x|"), "n3|r4|");
    assert_string_equal(ask(a, XS_SET_PERMS, "data/x|n3|r4|"), "OK|");
    assert_string_equal(ask(b, XS_READ, "/local/domain/3/data/x|"), "2");
    /* One that was permitted before there was such a domain. */
    assert_string_equal(ask(a, XS_SET_PERMS, "data/x|n3|r9|"), "OK|");
    assert_string_equal(ask(machine_guest(9), XS_READ, "/local/domain/3/data/x|"), "!EACCES");
}

static void what_a_domain_owned_goes_with_it(void **state)
{
    struct peer *a = machine_guest(3);
    char value[8];

    (void)state;
    ask(a, XS_WRITE, "data/x/y|1");
    assert_int_equal(store_read("/local/domain/3/data/x/y", value, sizeof(value)), 1);
    machine_release(a);
    assert_int_equal(store_read("/local/domain/3/data", value, sizeof(value)), -XEN_ENOENT);
    assert_int_equal(store_read("/local/domain/3", value, sizeof(value)), 0);
}

static void long_paths_end_where_they_may(void **state)
{
    struct peer *a = machine_guest(3);
    char path[XENSTORE_PAYLOAD_MAX] = "data/";

    (void)state;
    memset(path + 5, 'x', XENSTORE_REL_PATH_MAX - 5);
    strcpy(path + XENSTORE_REL_PATH_MAX, "|");
    /* Valid, but such a name does not fit in what its parent may be. */
    assert_string_equal(ask(a, XS_WRITE, path), "!ENOSPC");
    assert_string_equal(ask(a, XS_READ, path), "!ENOENT");
    strcpy(path + XENSTORE_REL_PATH_MAX, "x|");
    assert_string_equal(ask(a, XS_READ, path), "!EINVAL");
    for (u32 i = 4; i < 1500; i += 2)
        strcpy(path + i, "/d");
    strcpy(path + 1500, "|");
    assert_string_equal(ask(a, XS_MKDIR, path), "OK|"); /* 748 deep */
    assert_string_equal(ask(a, XS_READ, path), "");
    assert_string_equal(ask(a, XS_RM, "data/d|"), "OK|");
    assert_string_equal(ask(a, XS_DIRECTORY, "data|"), "");
}

static void a_long_directory_comes_in_parts(void **state)
{
    char path[64], all[65536] = "", parts[65536] = "", request[64], generation[32] = "";

    (void)state;
    for (u32 i = 0; i < 2000; i++) {
        snprintf(path, sizeof(path), "/many/%u", i);
        assert_int_equal(store_write(path, "x"), 0);
        snprintf(all + strlen(all), 16, "%u|", i);
    }
    struct peer *a = machine_privileged(3);

    assert_string_equal(ask(a, XS_DIRECTORY, "/many|"), "!E2BIG");
    for (u32 at = 0;;) {
        snprintf(request, sizeof(request), "/many|%u|", at);
        const char *answer = ask(a, XS_DIRECTORY_PART, request), *names = strchr(answer, '|') + 1;

        assert_true(!*generation || !strncmp(generation, answer, (size_t)(names - answer)));
        snprintf(generation, (size_t)(names - answer) + 1, "%s", answer);
        strcat(parts, names);
        at += (u32)strlen(names);
        if (!strcmp(names + strlen(names) - 2, "||"))
            break;
    }
    parts[strlen(parts) - 1] = '\0';
    assert_string_equal(parts, all);
    store_write("/many/new", "");
    assert_false(!strncmp(ask(a, XS_DIRECTORY_PART, "/many|0|"), generation, strlen(generation)));
    store_write("/few", "");
    assert_non_null(strstr(ask(a, XS_DIRECTORY_PART, "/few|0|"), "||"));
}

static void the_privileged_manage_domains(void **state)
{
    struct peer *p = machine_privileged(9), *a = machine_guest(3), *b = machine_guest(4);

    (void)state;
    ASK_ALL(p, {XS_IS_DOMAIN_INTRODUCED, "3|", "T|"}, {XS_IS_DOMAIN_INTRODUCED, "5|", "F|"},
            {XS_IS_DOMAIN_INTRODUCED, "32752|", "T|"}, {XS_IS_DOMAIN_INTRODUCED, "3", "!EINVAL"},
            {XS_INTRODUCE, "77|5|9|", "OK|"}, {XS_INTRODUCE, "77|5|", "!EINVAL"},
            {XS_INTRODUCE, "77|5|0|", "!EINVAL"}, {XS_RELEASE, "0|", "!EINVAL"},
            {XS_RELEASE, "5|", "!ENOENT"}, {XS_RESUME, "5|", "!ENOENT"}, {XS_RESUME, "3|", "OK|"},
            {XS_SET_TARGET, "3|", "!EINVAL"}, {XS_SET_TARGET, "3|5|", "!ENOENT"},
            {XS_CONTROL, "check|", "OK|"}, {XS_CONTROL, "nonsense|", "!EINVAL"},
            {XS_CONTROL, "", "!EINVAL"}, {XS_RM, "/|", "!EINVAL"});
    /* The device model of 4 is 3: it may do what 4 may. */
    assert_string_equal(ask(a, XS_WRITE, "/local/domain/4/data/x|1"), "!EACCES");
    assert_string_equal(ask(p, XS_SET_TARGET, "3|4|"), "OK|");
    assert_string_equal(ask(a, XS_WRITE, "/local/domain/4/data/x|1"), "OK|");
    assert_string_equal(ask(a, XS_READ, "/local/domain/4|"), "");
    assert_string_equal(ask(b, XS_READ, "data/x|"), "!EACCES"); /* who made it owns it */
    assert_string_equal(ask(p, XS_RELEASE, "4|"), "OK|");
    assert_string_equal(ask(a, XS_READ, "/local/domain/4|"), "!EACCES");
}

static int begin(void **state)
{
    (void)state;
    machine_begin();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, machine_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_reads_and_writes_what_is_its_own),
        TEST(what_is_not_its_own_is_refused),
        TEST(messages_that_make_no_sense_are_refused),
        TEST(permissions_say_who_may_what),
        TEST(a_permission_is_not_for_the_next_of_that_number),
        TEST(what_a_domain_owned_goes_with_it),
        TEST(long_paths_end_where_they_may),
        TEST(a_long_directory_comes_in_parts),
        TEST(the_privileged_manage_domains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
