// LINK: dom0/console/guest_console.c dom0/console/scrollback.c ioring/byte_ring.c
// LINK: xen-like/lib/string.c
/*
 * dom0's end of a guest's console, against a guest that may write anything to the shared page: what
 * an honest one writes comes whole and in order, whoever looks or not; a dishonest one loses its
 * console, and dom0 nothing. The hypervisor, the heap and the loop are played here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dom0/console/guest_console.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/time/clock.h"

#define PORT 9

/* ---- What dom0 has around it ------------------------------------------------------------------
 */

static struct xencons_interface page;
static bool mapped, raised, refuse_port;
static unsigned int sends;

int foreign_map(struct foreign *f, domid_t domain, const xen_pfn_t *frames, u64 pages,
                bool writable)
{
    assert_true(writable && !mapped && pages == 1 && *frames == 77 && domain == 3);
    mapped = true;
    *f = (struct foreign){.at = &page, .pages = 1};
    return 0;
}

void foreign_unmap(struct foreign *f)
{
    assert_true(mapped);
    mapped = false;
    f->at = NULL;
}

long event_bind_interdomain(domid_t domain, u32 remote, event_handler *fn, void *data)
{
    assert_true(domain == 3 && remote == 5 && fn && data);
    return refuse_port ? -XEN_EINVAL : PORT;
}

void work_close_port(struct work *work, u32 port)
{
    (void)work;
    assert_int_equal(port, PORT);
}

long event_send(u32 port)
{
    assert_int_equal(port, PORT);
    sends++;
    return 0;
}

u64 time_now_ns(void)
{
    return 1;
}

void work_init(struct work *work, void (*run)(struct work *work))
{
    work->run = run;
}

void work_raise(struct work *work)
{
    (void)work;
    raised = true;
}

void work_drop(struct work *work)
{
    (void)work;
    raised = false;
}

void work_raise_on_event(u32 port, void *data)
{
    (void)port;
    work_raise(data);
}

void *heap_alloc(u64 bytes)
{
    return calloc(1, bytes);
}

void heap_free(void *block)
{
    free(block);
}

/* ---- The guest --------------------------------------------------------------------------------
 */

static struct guest_console c;
static struct byte_channel guest;
static const struct built_domain domain = {.domid = 3, .console_frame = 77, .console_port = 5};

static int begin(void **state)
{
    (void)state;
    memset(&page, 0, sizeof(page));
    memset(&c, 0, sizeof(c));
    console_attach_frontend(&guest, &page);
    assert_int_equal(guest_console_open(&c, &domain), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    guest_console_close(&c);
    guest_console_close(&c); /* harmless */
    assert_false(mapped);
    scrollback_free(&c.back);
    return 0;
}

/* Until nothing is to be done; it must come to that. */
static void loop_run_all(void)
{
    for (int i = 0; raised; i++) {
        assert_true(i < 1000);
        raised = false;
        c.work.run(&c.work);
    }
}

static void said_check(const char *text)
{
    char said[SCROLLBACK_BYTES + 1];
    const char *piece;
    size_t length = 0, n;

    for (u64 at = 0; (n = scrollback_next(&c.back, &at, &piece)); length += n)
        memcpy(said + length, piece, n);
    said[length] = 0;
    assert_string_equal(said, text);
}

static char followed[64];

static void follow(struct guest_console *console, const char *text, size_t length)
{
    assert_ptr_equal(console, &c);
    strncat(followed, text, length);
}

static void what_a_guest_writes_is_kept_and_shown_to_who_looks(void **state)
{
    (void)state;
    byte_ring_put(&guest.send, "hello ", 6);
    loop_run_all();
    c.follower = follow;
    byte_ring_put(&guest.send, "world", 5);
    raised = true;
    loop_run_all();
    said_check("hello world");
    assert_string_equal(followed, "world");
    assert_int_equal(sends, 2); /* each told the guest that there is room */
}

static void a_guest_that_nobody_looks_at_never_waits(void **state)
{
    char line[64];
    int length;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        length = snprintf(line, sizeof(line), "line %d\n", i);
        assert_int_equal(byte_ring_put(&guest.send, line, (u32)length), length);
        raised = true;
        loop_run_all();
    }
    assert_true(c.back.end > SCROLLBACK_BYTES);
}

static void what_is_typed_waits_until_the_guest_has_room(void **state)
{
    static char all[sizeof(page.in) + CONSOLE_TYPED_MAX];
    char got[sizeof(all) + 1];
    s32 n;

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (char)(i * 5 >> 2);
        assert_true(guest_console_type(&c, all[i]));
        if (i < sizeof(page.in))
            loop_run_all();
    }
    assert_false(guest_console_type(&c, 'x')); /* nothing more fits */
    for (size_t at = 0; at < sizeof(all); at += (size_t)n) {
        n = byte_ring_take(&guest.receive, got + at, 100);
        assert_true(n > 0);
        raised = true; /* the guest says that there is room */
        loop_run_all();
        if (at + (size_t)n == sizeof(all))
            break;
    }
    assert_memory_equal(got, all, sizeof(all));
}

static void the_last_words_are_taken_at_the_end(void **state)
{
    char text[sizeof(page.out)];

    (void)state;
    memset(text, 'x', sizeof(text));
    byte_ring_put(&guest.send, text, sizeof(text));
    guest_console_close(&c);
    assert_int_equal(c.back.end, sizeof(text));
    assert_false(guest_console_type(&c, 'x'));
}

static void indices_that_cannot_be_end_the_console_and_say_so(void **state)
{
    (void)state;
    byte_ring_put(&guest.send, "honest", 6);
    loop_run_all();
    page.out_prod = page.out_cons + sizeof(page.out) + 1;
    raised = true;
    loop_run_all();
    assert_true(c.broken);
    said_check("honest\n(dom0: this guest's console ring makes no sense)\n");
    page.out_prod = page.out_cons;
    assert_false(guest_console_type(&c, 'x'));
}

static void a_wild_guest_hurts_nobody(void **state)
{
    (void)state;
    srand(11);
    for (int i = 0; i < 3000; i++) {
        for (int k = 0; k < 20; k++) {
            u32 *words[] = {&page.in_cons, &page.in_prod, &page.out_cons, &page.out_prod};
            u32 *word = words[rand() % 4];

            *word = rand() % 3 ? *word + (u32)rand() % 3000 : (u32)rand() * 2u;
            guest_console_type(&c, 'k');
            raised = true;
            loop_run_all();
        }
        end(state);
        begin(state);
    }
}

static void a_new_backend_takes_the_rings_on_as_they_are(void **state)
{
    char got[8] = "";

    (void)state;
    byte_ring_put(&guest.send, "before ", 7);
    loop_run_all();
    c.follower = follow;
    followed[0] = 0;
    byte_ring_put(&guest.send, "unread ", 7);
    guest_console_type(&c, 'k');
    raised = false; /* nobody has served that yet */
    sends = 0;
    assert_int_equal(guest_console_reopen(&c, &domain), 0);
    assert_true(mapped && raised);
    assert_int_equal(sends, 1); /* who waits for an answer looks again */
    byte_ring_put(&guest.send, "after", 5);
    loop_run_all();
    said_check("before unread after");
    assert_string_equal(followed, "unread after");
    assert_int_equal(byte_ring_take(&guest.receive, got, sizeof(got)), 1);
    assert_int_equal(got[0], 'k');
}

static void one_that_cannot_be_taken_on_again_is_closed(void **state)
{
    (void)state;
    refuse_port = true;
    assert_int_equal(guest_console_reopen(&c, &domain), -XEN_EINVAL);
    refuse_port = false;
    assert_false(mapped);
    assert_false(guest_console_type(&c, 'x'));
    assert_int_equal(guest_console_reopen(&c, &domain), 0); /* and later, perhaps, it can */
    assert_true(guest_console_type(&c, 'x'));
}

static void a_port_that_is_refused_leaves_nothing_mapped(void **state)
{
    (void)state;
    guest_console_close(&c);
    refuse_port = true;
    assert_int_equal(guest_console_open(&c, &domain), -XEN_EINVAL);
    refuse_port = false;
    assert_false(mapped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_guest_writes_is_kept_and_shown_to_who_looks, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_guest_that_nobody_looks_at_never_waits, begin, end),
        cmocka_unit_test_setup_teardown(what_is_typed_waits_until_the_guest_has_room, begin, end),
        cmocka_unit_test_setup_teardown(the_last_words_are_taken_at_the_end, begin, end),
        cmocka_unit_test_setup_teardown(indices_that_cannot_be_end_the_console_and_say_so, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_wild_guest_hurts_nobody, begin, end),
        cmocka_unit_test_setup_teardown(a_new_backend_takes_the_rings_on_as_they_are, begin, end),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_taken_on_again_is_closed, begin, end),
        cmocka_unit_test_setup_teardown(a_port_that_is_refused_leaves_nothing_mapped, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
