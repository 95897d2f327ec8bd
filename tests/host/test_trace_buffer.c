// LINK: hypervisor/debug/trace_buffer.c
//
// A trace buffer, filled and read: what a reader finds must be what was written, record by record,
// however both get round the end; what found no room must be counted; and whatever a reader writes
// into the page that he shares, nothing may be written outside it (the sanitizers watch its ends).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hypervisor/debug/trace_buffer.h"

#define EVENT 0x0201123u
#define WHO   0x00050007u
#define TIMED (1u << 31)

struct world {
    struct trace_buffer b;
    u32 read; /* records so far, and the number of the last */
    u32 last;
    u64 lost;
};

static struct world made(u32 bytes, bool keep_last)
{
    struct world w = {.b = {.size = bytes - (u32)sizeof(struct t_buf), .keep_last = keep_last}};

    w.b.shared = calloc(1, bytes);
    assert_non_null(w.b.shared);
    return w;
}

/* Record number @n has n % 8 words, all of them n (and none says nothing of n, but its time). */
static enum trace_put put(struct world *w, u32 n)
{
    u32 words[TRACE_EXTRA_MAX];

    for (u32 i = 0; i < TRACE_EXTRA_MAX; i++)
        words[i] = n;
    return trace_buffer_put(&w->b, EVENT, n % 8, words, 1000 + n, WHO);
}

static const u32 *at(const struct world *w, u32 cons)
{
    return (const u32 *)(w->b.shared + 1) + cons % w->b.size / sizeof(u32);
}

/* The next record: its header, or 0. Looked at as any reader would, who knows the public header. */
static u32 next(struct world *w, u64 *tsc, u32 *words)
{
    for (;;) {
        u32 cons = w->b.shared->cons, header, n, bytes;
        const u32 *r = at(w, cons);

        if (cons == w->b.shared->prod)
            return 0;
        header = *r++;
        n = header >> TRACE_EXTRA_SHIFT & TRACE_EXTRA_MAX;
        bytes = (1 + n + (header & TIMED ? 2 : 0)) * (u32)sizeof(u32);
        assert_true(cons % w->b.size + bytes <= w->b.size);
        *tsc = header & TIMED ? r[0] | (u64)r[1] << 32 : 0;
        memcpy(words, r + (header & TIMED ? 2 : 0), n * sizeof(u32));
        cons += bytes;
        w->b.shared->cons = cons >= 2 * w->b.size ? cons - 2 * w->b.size : cons;
        if (TRC_HD_TO_EVENT(header) != TRC_TRACE_WRAP_BUFFER)
            return header;
        assert_true(cons % w->b.size == 0);
        if (header & TIMED) /* a filler that has a time has that of what follows it */
            assert_true(*tsc > 1000 + w->last);
    }
}

/* One record read and looked at: it is the next, or so many after as were said to be lost. */
static bool read_one(struct world *w)
{
    u32 words[TRACE_EXTRA_MAX], header;
    u64 tsc;

    header = next(w, &tsc, words);
    if (!header)
        return false;
    if (TRC_HD_TO_EVENT(header) == TRC_LOST_RECORDS) {
        assert_int_equal(words[1], WHO);
        assert_int_equal(words[2], 1000 + w->last + 1); /* the first that was lost */
        w->lost += words[0];
        w->last += words[0];
        return true;
    }
    assert_int_equal(TRC_HD_TO_EVENT(header), EVENT);
    assert_int_equal(tsc, 1000 + w->last + 1);
    w->last = (u32)tsc - 1000;
    assert_int_equal(header >> TRACE_EXTRA_SHIFT & TRACE_EXTRA_MAX, w->last % 8);
    for (u32 i = 0; i < w->last % 8; i++)
        assert_int_equal(words[i], w->last);
    w->read++;
    return true;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (u32 bytes = 256; bytes < 512; bytes += 4) {
        struct world w = made(bytes, false);

        for (u32 n = 1; n < 2000; n++) {
            assert_int_not_equal(put(&w, n), TRACE_PUT_LOST);
            assert_true(read_one(&w));
            assert_false(read_one(&w));
        }
        assert_int_equal(w.read, 1999);
        free(w.b.shared);
    }
}

/* A reader who is now fast, now slow: what he does not see, he is told of. */
static void what_is_lost_is_counted(void **state)
{
    u32 lost = 0;

    (void)state;
    srandom(7);
    for (u32 round = 0; round < 200; round++) {
        struct world w = made(200 + 4 * (u32)(random() % 200), false);
        u32 n;

        lost = 0;
        for (n = 1; n < 3000; n++) {
            lost += put(&w, n) == TRACE_PUT_LOST;
            for (u32 i = (u32)random() % 100 < 40 ? (u32)random() % 4 : 0; i; i--)
                read_one(&w);
        }
        while (read_one(&w))
            ;
        put(&w, n); /* has room now: those that were lost at the end are told of before it */
        while (read_one(&w))
            ;
        assert_int_equal(w.lost, lost);
        assert_int_equal(w.read + w.lost, n);
        assert_true(lost > 0);
        free(w.b.shared);
    }
}

static void half_full_is_said_once(void **state)
{
    struct world w = made(4096, false);
    u32 halves = 0;

    (void)state;
    for (u32 n = 1; n < 100; n++)
        halves += put(&w, n) == TRACE_PUT_HALF;
    assert_int_equal(halves, 1);
    for (u32 n = 100; n < 400; n++)
        halves += put(&w, n) == TRACE_PUT_HALF;
    assert_int_equal(halves, 1);
    while (read_one(&w))
        ;
    for (u32 n = 400; n < 600; n++)
        halves += put(&w, n) == TRACE_PUT_HALF;
    assert_int_equal(halves, 2);
    free(w.b.shared);
}

static void the_last_are_kept(void **state)
{
    (void)state;
    for (u32 bytes = 256; bytes < 400; bytes += 4) {
        for (u32 most = 1; most < 300; most += 7) {
            struct world w = made(bytes, true);
            u32 words[TRACE_EXTRA_MAX], header;
            u64 tsc;

            for (u32 n = 1; n <= most; n++)
                assert_int_equal(put(&w, n), TRACE_PUT);
            header = next(&w, &tsc, words);
            assert_int_equal(TRC_HD_TO_EVENT(header), EVENT);
            w.last = (u32)tsc - 1000;
            assert_true(most < 5 ? w.last == 1 : w.last >= 1);
            while (read_one(&w))
                ;
            assert_int_equal(w.last, most);
            assert_true(w.read + 1 >= MIN(most, (bytes - 100) / 40));
            assert_int_equal(w.lost, 0);
            free(w.b.shared);
        }
    }
}

/* Nothing of what a reader writes is believed: nonsense stops the recording, or spoils what he
 * reads, and no more. */
static void a_reader_may_write_anything(void **state)
{
    (void)state;
    srandom(8);
    for (u32 round = 0; round < 2000; round++) {
        u32 bytes = 200 + 4 * (u32)(random() % 100);
        struct world w = made(bytes, round & 1);

        for (u32 n = 1; n < 200; n++) {
            assert_true(put(&w, n) != TRACE_PUT_BAD || !w.b.keep_last);
            if (random() % 8 == 0)
                ((u32 *)w.b.shared)[(u32)random() % (bytes / 4)] = (u32)random() * 2 + (n & 1);
            if (random() % 8 == 0)
                w.b.shared->cons = (u32)random() % (2 * bytes);
            assert_true(w.b.prod % 4 == 0 && w.b.prod < 2 * w.b.size);
            assert_true(w.b.first % 4 == 0 && w.b.first < 2 * w.b.size);
        }
        free(w.b.shared);
    }
}

static void nonsense_is_told(void **state)
{
    struct world w = made(256, false);
    const u32 nonsense[] = {1, 2, w.b.size * 2, ~3u, 40 /* ahead of what was written */};

    (void)state;
    put(&w, 1);
    for (u32 i = 0; i < ARRAY_SIZE(nonsense); i++) {
        w.b.shared->cons = nonsense[i];
        assert_int_equal(put(&w, 2), TRACE_PUT_BAD);
    }
    w.b.shared->cons = 0;
    assert_int_equal(put(&w, 2), TRACE_PUT);
    assert_true(read_one(&w) && read_one(&w));
    free(w.b.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),     cmocka_unit_test(what_is_lost_is_counted),
        cmocka_unit_test(half_full_is_said_once),      cmocka_unit_test(the_last_are_kept),
        cmocka_unit_test(a_reader_may_write_anything), cmocka_unit_test(nonsense_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
