// LINK: xen-like/lib/string.c
/* Lists and bitmaps: small enough to be tested by comparing with an array that says the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xen-like/lib/bitmap.h"
#include "xen-like/lib/list.h"

struct thing {
    int number;
    struct list link;
};

static void expect_order(struct list *head, const int *numbers, size_t count)
{
    size_t seen = 0;

    LIST_FOR_EACH(l, head)
    {
        assert_true(seen < count);
        assert_int_equal(LIST_ENTRY(l, struct thing, link)->number, numbers[seen]);
        assert_ptr_equal(l->next->prev, l);
        seen++;
    }
    assert_int_equal(seen, count);
}

static void a_list_keeps_the_order_of_both_ends(void **state)
{
    struct list head = LIST_INIT(head);
    struct thing things[] = {{0, {0}}, {1, {0}}, {2, {0}}, {3, {0}}};

    (void)state;
    assert_true(list_is_empty(&head));
    list_add_tail(&head, &things[1].link);
    list_add_tail(&head, &things[2].link);
    list_add_head(&head, &things[0].link);
    list_add_tail(&head, &things[3].link);
    expect_order(&head, (int[]){0, 1, 2, 3}, 4);
    assert_false(list_is_empty(&head));
}

static void a_removed_link_may_be_removed_again(void **state)
{
    struct list head = LIST_INIT(head);
    struct thing things[] = {{0, {0}}, {1, {0}}, {2, {0}}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(things); i++)
        list_add_tail(&head, &things[i].link);
    list_remove(&things[1].link);
    list_remove(&things[1].link);
    assert_true(list_is_empty(&things[1].link));
    expect_order(&head, (int[]){0, 2}, 2);
}

static void a_safe_walk_may_empty_the_list(void **state)
{
    struct list head = LIST_INIT(head);
    struct thing things[] = {{0, {0}}, {1, {0}}, {2, {0}}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(things); i++)
        list_add_tail(&head, &things[i].link);
    LIST_FOR_EACH_SAFE(l, after, &head)
    list_remove(l);
    assert_true(list_is_empty(&head));
    assert_null(list_take_first(&head));
}

static void take_first_empties_in_order(void **state)
{
    struct list head = LIST_INIT(head);
    struct thing things[] = {{0, {0}}, {1, {0}}};

    (void)state;
    list_add_tail(&head, &things[0].link);
    list_add_tail(&head, &things[1].link);
    assert_ptr_equal(list_take_first(&head), &things[0].link);
    assert_ptr_equal(list_take_first(&head), &things[1].link);
    assert_null(list_take_first(&head));
}

#define BITS 150

static size_t search_slowly(const bool *set, size_t from, bool wanted)
{
    while (from < BITS && set[from] != wanted)
        from++;
    return MIN(from, (size_t)BITS);
}

static void bitmap_searches_agree_with_an_array_of_booleans(void **state)
{
    unsigned long map[BITMAP_LONGS(BITS)] = {0};
    bool set[BITS] = {false};

    (void)state;
    for (size_t bit = 0; bit < BITS; bit++) {
        set[bit] = bit % 64 == 63 || bit % 37 < 5 || bit > 140;
        if (set[bit])
            bitmap_set(map, bit);
    }
    for (size_t bit = 0; bit < BITS; bit++) {
        assert_int_equal(bitmap_test(map, bit), set[bit]);
        assert_int_equal(bitmap_find_set(map, BITS, bit), search_slowly(set, bit, true));
        assert_int_equal(bitmap_find_clear(map, BITS, bit), search_slowly(set, bit, false));
    }
    bitmap_clear(map, 64 + 63);
    assert_false(bitmap_test(map, 64 + 63));
}

static void bits_past_the_end_are_never_found(void **state)
{
    unsigned long map[] = {0, ~0ul << 6};

    (void)state;
    assert_int_equal(bitmap_find_set(map, 70, 0), 70);
    assert_int_equal(bitmap_find_set(map, 71, 0), 70);
    assert_int_equal(bitmap_find_set(map, 0, 0), 0);
    map[0] = ~0ul;
    map[1] = 0x3f;
    assert_int_equal(bitmap_find_clear(map, 70, 0), 70);
}

static void atomic_operations_tell_what_was_there(void **state)
{
    unsigned long map[2] = {0};

    (void)state;
    assert_false(bitmap_set_atomic(map, 65));
    assert_true(bitmap_set_atomic(map, 65));
    assert_int_equal(map[1], 2);
    assert_true(bitmap_clear_atomic(map, 65));
    assert_false(bitmap_clear_atomic(map, 65));
    assert_int_equal(map[0] | map[1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_keeps_the_order_of_both_ends),
        cmocka_unit_test(a_removed_link_may_be_removed_again),
        cmocka_unit_test(a_safe_walk_may_empty_the_list),
        cmocka_unit_test(take_first_empties_in_order),
        cmocka_unit_test(bitmap_searches_agree_with_an_array_of_booleans),
        cmocka_unit_test(bits_past_the_end_are_never_found),
        cmocka_unit_test(atomic_operations_tell_what_was_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
