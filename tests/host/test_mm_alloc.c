// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * The buddy allocator: blocks are aligned, never handed out twice, split and merged back to what
 * they were; and the accounting that ties frames to a domain.
 */
#include "tests/host/fake_machine.h"

#define RAM 256UL

static void blocks_are_aligned_and_apart(void **state)
{
    static const unsigned orders[] = {0, 3, 1, 5, 0, 2, 4, 0};
    mfn_t got[ARRAY_SIZE(orders)];
    u8 used[2 * MACHINE_HOLE + RAM] = {0};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
        got[i] = frames_alloc(orders[i], 0);
        assert_true(got[i].n >= machine_ram_start);
        assert_int_equal(got[i].n % (1UL << orders[i]), 0);
        for (u64 n = got[i].n; n < got[i].n + (1UL << orders[i]); n++) {
            assert_true(n < machine_ram_end);
            assert_int_equal(used[n]++, 0);
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++)
        frames_free(got[i], orders[i]);
}

static void every_frame_is_had_once_and_no_more(void **state)
{
    u8 used[2 * MACHINE_HOLE + RAM] = {0};
    mfn_t m;
    u64 n = 0;

    (void)state;
    for (; (m = frames_alloc(0, 0)).n != INVALID_MFN.n; n++) {
        assert_in_range(m.n, machine_ram_start, machine_ram_end - 1);
        assert_int_equal(used[m.n]++, 0);
        assert_int_equal(frames_free_count(), RAM - n - 1);
    }
    assert_int_equal(n, RAM);
    assert_int_equal(frames_alloc(3, 0).n, INVALID_MFN.n);
    assert_int_equal(frames_free_count(), 0);
    for (u64 i = machine_ram_start; i < machine_ram_end; i++) /* odd ones first: no buddy is free */
        frames_free(MFN(i ^ 1), 0);
}

/* The RAM is [16, 272): the largest block in it is [128, 256), order 7. */
static void freed_frames_merge_to_the_largest_blocks(void **state)
{
    mfn_t m;

    (void)state;
    m = frames_alloc(7, 0);
    assert_int_equal(m.n, 128);
    assert_int_equal(frames_alloc(7, 0).n, INVALID_MFN.n);
    assert_int_equal(frames_alloc(8, 0).n, INVALID_MFN.n);
    for (u64 i = 0; i < 128; i++) /* back in single frames, in an order that mixes */
        frames_free(MFN(128 + i * 37 % 128), 0);
    m = frames_alloc(7, 0);
    assert_int_equal(m.n, 128);
    frames_free(m, 7);
}

/* [16, 32) and [32, 64) are both free and of different order: not buddies. Nor is what is free on
 * the other side of the end of memory. */
static void only_buddies_merge(void **state)
{
    mfn_t all[RAM], m;

    (void)state;
    for (u64 i = 0; i < RAM; i++)
        all[i] = frames_alloc(0, 0);
    frames_free(MFN(17), 0);
    frames_free(MFN(18), 0);
    assert_int_equal(frames_alloc(1, 0).n, INVALID_MFN.n);
    frames_free(MFN(19), 0);
    m = frames_alloc(1, 0);
    assert_int_equal(m.n, 18);
    frames_free(MFN(18), 1);
    for (u64 i = 0; i < RAM; i++)
        if (all[i].n < 17 || all[i].n > 19)
            frames_free(all[i], 0);
}

/* Addresses in the blocks [16, 32), [32, 64), [64, 128), [128, 256), [256, 272) have 17 to 21 bits.
 */
static void addresses_are_as_short_as_asked(void **state)
{
    static const struct {
        unsigned order;
        u32 bits;
        u64 first; /* 0: there is none */
    } asked[] = {
        {0, 12, 0},  {0, 16, 0},  {7, 19, 0}, {8, 0, 0},   {4, 0, 256}, {4, 17, 16}, {4, 17, 0},
        {4, 18, 32}, {4, 18, 48}, {4, 18, 0}, {0, 19, 64}, {6, 19, 0},  {5, 19, 96}, {7, 200, 128},
    };
    u64 all = frames_free_count();

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(asked); i++)
        assert_int_equal(frames_alloc(asked[i].order, asked[i].bits).n,
                         asked[i].first ? asked[i].first : INVALID_MFN.n);
    assert_int_equal(frames_free_between(0, 19), 31); /* what is left of [64, 96) */
    assert_int_equal(frames_free_between(20, 0), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(asked); i++)
        if (asked[i].first)
            frames_free(MFN(asked[i].first), asked[i].order);
    assert_int_equal(frames_free_count(), all);
}

static void random_blocks_come_back_whole(void **state)
{
    struct {
        mfn_t m;
        unsigned order;
    } held[64] = {0};
    u64 free_frames = frames_free_count();

    (void)state;
    for (int step = 0; step < 4000; step++) {
        unsigned i = machine_random(ARRAY_SIZE(held)), order = machine_random(5);
        u32 bits = machine_random(2) ? 0 : 17 + machine_random(5);

        if (held[i].m.n) {
            frames_free(held[i].m, held[i].order);
            free_frames += 1UL << held[i].order;
            held[i].m.n = 0;
        } else if ((held[i].m = frames_alloc(order, bits)).n == INVALID_MFN.n) {
            held[i].m.n = 0;
        } else {
            assert_true(block_has_bits(held[i].m, order, bits));
            held[i].order = order;
            free_frames -= 1UL << order;
            memset(mfn_to_virt(held[i].m), (int)i + 1, PAGE_SIZE << order);
        }
        assert_int_equal(frames_free_count(), free_frames);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(held); i++) {
        const u8 *bytes = mfn_to_virt(held[i].m);

        if (!held[i].m.n)
            continue;
        for (u64 b = 0; b < PAGE_SIZE << held[i].order; b += 512)
            assert_int_equal(bytes[b], i + 1);
        frames_free(held[i].m, held[i].order);
    }
}

static void orders_for_bytes(void **state)
{
    static const struct {
        u64 bytes;
        unsigned order;
    } rows[] = {{0, 0},    {1, 0},     {4096, 0},    {4097, 1},
                {8192, 1}, {12288, 2}, {1 << 20, 8}, {(1 << 20) + 1, 9}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(order_for(rows[i].bytes), rows[i].order);
}

static void pages_are_zeroed(void **state)
{
    u8 *p = pages_alloc(2);

    (void)state;
    memset(p, 0xa5, 4 * PAGE_SIZE);
    pages_free(p, 2);
    p = pages_alloc(2);
    for (u64 i = 0; i < 4 * PAGE_SIZE; i++)
        assert_int_equal(p[i], 0);
    pages_free(p, 2);
}

static void a_domain_gets_no_more_than_its_share(void **state)
{
    struct domain *d = machine_domain(1, 12, false);
    mfn_t m;

    (void)state;
    assert_int_equal(domain_frames_alloc(d, 4, 0, true).n, INVALID_MFN.n);
    m = domain_frames_alloc(d, 3, 0, true);
    assert_int_equal(d->tot_pages, 8);
    for (u64 i = 0; i < 8; i++) {
        struct frame *f = mfn_to_frame(mfn_add(m, i));

        assert_ptr_equal(f->owner, d);
        assert_true(f->word == (FRAME_ALLOCED | FRAME_REF_ONE));
    }
    assert_int_equal(domain_frames_alloc(d, 3, 0, true).n, INVALID_MFN.n);
    assert_true(mfn_valid(domain_frames_alloc(d, 2, 0, true)));
    assert_int_equal(domain_frames_alloc(d, 0, 0, true).n, INVALID_MFN.n);
    d->dying = true;
    d->max_pages = 100;
    assert_int_equal(domain_frames_alloc(d, 0, 0, true).n, INVALID_MFN.n);
    machine_domain_end(d);
}

/* What is claimed is there for the one who claimed it and for nobody else. */
static void claims_are_kept(void **state)
{
    struct domain *d = machine_domain(1, 1000, false), *other = machine_domain(2, 1000, false);
    u64 all = frames_free_count();
    mfn_t m;

    (void)state;
    assert_int_equal(domain_claim(d, all + 1), -XEN_ENOMEM);
    assert_int_equal(domain_claim(d, 1001), -XEN_EINVAL);
    assert_int_equal(domain_claim(d, 0), 0);
    assert_true(mfn_valid(machine_frame(d)));
    assert_int_equal(domain_claim(d, 1), -XEN_EINVAL); /* it has that already */
    assert_int_equal(domain_claim(d, all), 0);
    assert_int_equal(domain_claim(d, all), -XEN_EINVAL);
    assert_int_equal(frames_alloc(0, 0).n, INVALID_MFN.n);
    assert_int_equal(domain_frames_alloc(other, 0, 0, true).n, INVALID_MFN.n);
    assert_int_equal(domain_claim(other, 1), -XEN_ENOMEM);
    assert_true(mfn_valid(domain_frames_alloc(d, 2, 0, true)));
    assert_int_equal(d->claimed, all - 5);
    assert_int_equal(domain_claim(d, 0), 0);
    assert_int_equal(domain_claim(d, all - 1), 0);
    m = domain_frames_alloc(other, 0, 0, true);
    assert_true(mfn_valid(m));
    assert_int_equal(domain_frames_alloc(other, 0, 0, true).n, INVALID_MFN.n);
    assert_int_equal(domain_claim(d, 0), 0);
    assert_true(mfn_valid(domain_frames_alloc(other, 0, 0, true)));
    machine_domain_end(d);
    machine_domain_end(other);
}

/* An exchange of frames: out on a list, back, or gone for others. */
static void frames_are_stolen_when_nobody_else_counts_on_them(void **state)
{
    struct domain *d = machine_domain(1, 12, false);
    mfn_t first = machine_frame(d), second = machine_frame(d), other;
    u64 owned = d->tot_pages, free = frames_free_count();
    u32 stolen = 0;

    (void)state;
    machine_page(second)[0] = 5;
    assert_true(frame_get(mfn_to_frame(first), d) && frame_get(mfn_to_frame(first), d));
    assert_false(frame_steal(mfn_to_frame(first), &stolen));
    assert_int_equal(machine_refs(first), 3);
    frame_put(mfn_to_frame(first));
    assert_true(frame_steal(mfn_to_frame(first), &stolen));
    assert_true(frame_get(mfn_to_frame(second), d) && frame_steal(mfn_to_frame(second), &stolen));
    assert_false(frame_get(mfn_to_frame(first), d) || frame_get(mfn_to_frame(second), d));

    while (stolen)
        frame_unsteal(d, &stolen);
    assert_int_equal(machine_refs(first), 1);
    assert_int_equal(machine_page(second)[0], 5);
    assert_int_equal(d->tot_pages, owned);
    assert_audit(d);

    stolen = 0;
    assert_true(frame_get(mfn_to_frame(second), d) && frame_steal(mfn_to_frame(second), &stolen));
    other = frames_alloc(0, 0);
    while (stolen)
        frame_free_stolen(&stolen);
    domain_frames_replace(d, other, 0);
    assert_int_equal(machine_refs(other), 1);
    assert_int_equal(d->tot_pages, owned);
    assert_int_equal(frames_free_count(), free);
    assert_audit(d);
    machine_domain_end(d);
}

/* Whoever asks for addresses of some width is told of what is free there: all widths together are
 * all that is free, whatever was split and merged. */
static void free_memory_is_counted_by_width(void **state)
{
    mfn_t got[4];
    u64 all = frames_free_count();

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(got); i++) {
        got[i] = frames_alloc(i, 0);
        assert_int_equal(frames_free_between(0, 0), frames_free_count());
        assert_int_equal(frames_free_between(0, 17) + frames_free_between(18, 0),
                         frames_free_count());
    }
    for (unsigned i = 0; i < ARRAY_SIZE(got); i++)
        frames_free(got[i], i);
    assert_int_equal(frames_free_count(), all);
    assert_int_equal(frames_free_between(0, 0), all);
    assert_int_equal(frames_free_between(60, 64), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(blocks_are_aligned_and_apart, machine_all_free),
        cmocka_unit_test_teardown(every_frame_is_had_once_and_no_more, machine_all_free),
        cmocka_unit_test_teardown(freed_frames_merge_to_the_largest_blocks, machine_all_free),
        cmocka_unit_test_teardown(free_memory_is_counted_by_width, machine_all_free),
        cmocka_unit_test_teardown(only_buddies_merge, machine_all_free),
        cmocka_unit_test_teardown(addresses_are_as_short_as_asked, machine_all_free),
        cmocka_unit_test_teardown(random_blocks_come_back_whole, machine_all_free),
        cmocka_unit_test(orders_for_bytes),
        cmocka_unit_test_teardown(pages_are_zeroed, machine_all_free),
        cmocka_unit_test_teardown(a_domain_gets_no_more_than_its_share, machine_all_free),
        cmocka_unit_test_teardown(claims_are_kept, machine_all_free),
        cmocka_unit_test_teardown(frames_are_stolen_when_nobody_else_counts_on_them,
                                  machine_all_free),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
