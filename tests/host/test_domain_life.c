// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/domain/life.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c hypervisor/mm/ranges.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * The life of domains, as no guest can see it: numbers and the list, pauses that are interrupted,
 * and ends: interrupted at each of their preemption points, with frames that others hold, in the
 * middle of calls that will never go on, in random histories. After each step the audit counts all
 * references again; in the end every frame is back.
 */
#include "tests/host/fake_machine.h"

#include <stdio.h>

#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/preempt.h"

#define VCPUS  3
#define FRAMES 24 /* that a domain of these tests has at most */

static struct domain controller = {.id = DOMID_FIRST_RESERVED};
static struct vcpu callers[2] = {{.domain = &controller}, {.domain = &controller, .id = 1}};

static void control_as(u32 caller)
{
    host_percpu.running = &callers[caller];
}

/* A domain as a toolstack makes it: paused, with vcpus. */
static struct domain *made(u16 id)
{
    const struct domain_config config = {
        .max_vcpus = VCPUS, .max_pages = 1000, .ports = PORTS_DOMU};
    struct domain *d = NULL;

    control_as(0);
    assert_int_equal(domain_create(id, &config, &d), 0);
    for (u32 i = 0; i < VCPUS; i++)
        assert_non_null(vcpu_create(d, i));
    return d;
}

/* To its end, whatever interrupts it; @audited: it is looked at each time. How often it was
 * interrupted. */
static u32 killed(struct domain *d, bool audited)
{
    u32 restarts = 0;

    for (int rc; (rc = domain_kill(d)); restarts++) {
        assert_int_equal(rc, RESTART);
        machine_quiesced();
        if (audited)
            assert_audit(d);
    }
    return restarts;
}

static void numbers_and_the_list(void **state)
{
    static const u16 ids[] = {700, 3, 1724, 32751, 2, 1700};
    const struct domain_config config = {.max_vcpus = 1, .ports = PORTS_DOMU};
    struct domain *d, *all[ARRAY_SIZE(ids) + 3];

    (void)state;
    control_as(0);
    for (u32 i = 0; i < ARRAY_SIZE(ids); i++) {
        assert_int_equal(domain_create(ids[i], &config, &all[i]), 0);
        assert_int_equal(domain_create(ids[i], &config, &d), -XEN_EEXIST);
    }
    for (u32 i = 0; i < 3; i++) {
        assert_int_equal(domain_create(i ? 0 : DOMID_SELF, &config, &all[ARRAY_SIZE(ids) + i]), 0);
        assert_ptr_equal(domain_find(all[ARRAY_SIZE(ids) + i]->id), all[ARRAY_SIZE(ids) + i]);
    }
    for (d = domains; d && d->next; d = d->next)
        assert_true(d->id < d->next->id);
    assert_null(domain_find(4095));
    for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
        u16 id = all[i]->id;

        killed(all[i], false);
        assert_null(domain_find(id)); /* and its number is free, */
        assert_int_equal(domain_create(id, &config, &d), 0);
        machine_quiesced(); /* before its memory is */
        assert_ptr_equal(domain_find(id), d);
        killed(d, false);
        machine_quiesced();
    }
    assert_null(domains);
}

static void pauses_are_interrupted(void **state)
{
    struct domain *d = made(1);
    u32 restarts = 0;

    (void)state;
    assert_int_equal(domain_unpause(d), 0);
    assert_int_equal(d->stops, 0); /* the first is none */
    assert_int_equal(domain_unpause(d), -XEN_EINVAL);
    machine_preempt_in = 2;
    assert_int_equal(domain_pause(d), RESTART);
    control_as(1);
    assert_int_equal(domain_pause(d), RESTART); /* another's is going on */
    assert_int_equal(domain_resume(d), RESTART);
    control_as(0);
    for (; domain_pause(d); restarts++)
        ;
    assert_int_equal(restarts, 0);
    assert_int_equal(d->pauses, 1);
    assert_int_equal(domain_pause(d), 0);
    for (u32 i = 0; i < VCPUS; i++)
        assert_int_equal(machine_frozen(d->vcpus[i]), 1);
    assert_int_equal(domain_unpause(d), 0);
    assert_int_equal(domain_unpause(d), 0);
    for (u32 i = 0; i < VCPUS; i++)
        assert_int_equal(machine_frozen(d->vcpus[i]), 0);
    assert_int_equal(d->stops, 1);
    while (!domain_pause(d))
        ;
    assert_int_equal(d->pauses, 255);
    killed(d, true);
    machine_quiesced();
}

/* A vcpu that is made in the middle of a pause or its end is as those that the walk has passed, or
 * will be. */
static void vcpus_are_made_meanwhile(void **state)
{
    const struct domain_config config = {.max_vcpus = 8, .ports = PORTS_DOMU};
    struct domain *d;

    (void)state;
    control_as(0);
    assert_int_equal(domain_create(1, &config, &d), 0);
    assert_int_equal(machine_frozen(vcpu_create(d, 0)), 1);
    machine_preempt_in = 4;
    assert_int_equal(domain_unpause(d), RESTART);
    assert_non_null(vcpu_create(d, 1));
    assert_non_null(vcpu_create(d, 6));
    while (domain_unpause(d))
        ;
    for (u32 i = 0; i < 8; i++)
        assert_true(!d->vcpus[i] || !machine_frozen(d->vcpus[i]));
    machine_preempt_in = 5;
    assert_int_equal(domain_pause(d), RESTART);
    assert_non_null(vcpu_create(d, 2));
    assert_non_null(vcpu_create(d, 7));
    while (domain_pause(d))
        ;
    for (u32 i = 0; i < 8; i++)
        assert_true(!d->vcpus[i] || machine_frozen(d->vcpus[i]) == 1);
    killed(d, true);
    machine_quiesced();
}

/* A tree of tables over @frames, some entries of each level; of the vcpu, or pinned, or left half
 * validated, or half torn down. */
static void tables_make(struct domain *d, const mfn_t *frames, u32 how)
{
    mfn_t t[5];

    for (int level = 1; level <= 4; level++)
        t[level] = machine_frame(d);
    for (u32 i = 0; i < 8; i++)
        machine_page(t[1])[i * 60] = pte_make(frames[i], i % 2 ? GUEST_RW : GUEST_RO);
    for (int level = 2; level <= 4; level++)
        machine_page(t[level])[5] = pte_make(t[level - 1], GUEST_RW);
    machine_page(t[4])[300] = pte_make(t[4], GUEST_RO); /* a linear slot */
    if (how == 0)
        assert_int_equal(table_pin(t[4], d, 4), 0);
    if (how == 1 && !frame_get_and_type(t[4], d, FT_L4))
        d->vcpus[1]->cr3_kernel = t[4].n << PAGE_SHIFT;
    if (how < 2)
        return;
    machine_preempt_in = how == 2 ? 4 : 0;
    assert_int_equal(table_pin(t[4], d, 4), how == 2 ? RESTART : 0);
    if (how == 2)
        return;
    machine_preempt_in = 2;
    table_unpin(t[4], d);
    machine_preempt_in = 0;
    d->vcpus[2]->retiring = current->retiring; /* as its own call would have left them */
    current->retiring = 0;
}

/* All that a domain may hold. */
static struct domain *busy(u16 id, mfn_t frames[FRAMES])
{
    struct domain *d = made(id);
    u64 gdt;

    d->vcpus[0]->domain = d;
    for (u32 i = 0; i < FRAMES; i++)
        frames[i] = machine_frame(d);
    for (u32 how = 0; how < 4; how++)
        tables_make(d, &frames[how], how);
    gdt = frames[20].n;
    assert_int_equal(vcpu_set_gdt(d->vcpus[1], &gdt, 512), 0);
    assert_int_equal(frame_get_and_type(frames[21], d, FT_WRITABLE), 0);
    d->vcpus[2]->info_mfn = frames[21];
    assert_int_equal(domain_claim(d, 100), 0);
    return d;
}

/* An exchange that stopped in each of its phases, with @given frames of the new ones handed over.
 */
static void exchange_make(struct domain *d, struct vcpu *v, enum exchange_phase phase,
                          const mfn_t *frames)
{
    struct exchange *x = &v->exchange;

    *x = (struct exchange){.phase = phase, .d = d, .out_order = 1, .in_shift = 1};
    for (u32 i = 0; phase != EXCHANGE_PREPARE && i < 2; i++) {
        assert_non_null(frame_get_mfn(frames[i], d));
        assert_true(frame_steal(mfn_to_frame(frames[i]), &x->stolen));
    }
    x->blocks = (u32)frames_alloc(1, 0).n;
    mfn_to_frame(MFN(x->blocks))->next = 0;
}

static void an_end_is_interrupted_at_each_point(void **state)
{
    u64 free = frames_free_count();
    u32 points = 0;

    (void)state;
    for (bool done = false; !done; points++) {
        mfn_t frames[FRAMES];
        struct domain *d = busy(7, frames);

        exchange_make(d, d->vcpus[0], points % 4 + 1, &frames[22]);
        machine_preempt_in = points + 1;
        killed(d, true);
        done = machine_preempt_in != 0; /* nobody came so far */
        machine_preempt_in = 0;
        machine_quiesced();
        assert_null(domain_find(7));
        assert_int_equal(frames_free_count(), free);
    }
    assert_true(points > 100);
    printf("%u preemption points\n", points - 1);
}

/* Its controller was interrupted in a call of its own, and its kernel ends a domain in between. */
static void an_end_forgets_nothing_that_its_caller_left(void **state)
{
    u64 free = frames_free_count();
    mfn_t frames[2][FRAMES];
    struct domain *d = busy(7, frames[0]), *other = busy(8, frames[1]);

    (void)state;
    callers[0].retiring = other->vcpus[2]->retiring;
    other->vcpus[2]->retiring = 0;
    killed(d, false);
    killed(other, false);
    machine_quiesced();
    assert_int_equal(frames_free_count(), free);
}

/* The controller's own vcpu was interrupted while it worked for the domain. */
static void calls_of_others_end(void **state)
{
    u64 free = frames_free_count();
    struct domain *control;

    (void)state;
    control = machine_domain(0, 100, true);
    dom0 = control;
    for (enum exchange_phase phase = EXCHANGE_PREPARE; phase <= EXCHANGE_GIVE; phase++) {
        mfn_t frames[FRAMES], m;
        struct domain *d = busy(7, frames);

        exchange_make(d, control->vcpus[0], phase, &frames[22]);
        machine_run(control);
        machine_preempt_in = 1;
        assert_int_equal(extent_make(d, EXTENT_ORDER_MIN, 0, false, &m), RESTART);
        assert_true(control->vcpus[0]->extent.d == d);
        killed(d, true);
        assert_int_equal(control->vcpus[0]->exchange.phase, EXCHANGE_NONE);
        assert_null(control->vcpus[0]->extent.d);
        machine_quiesced();
        assert_audit(control);
    }
    dom0 = NULL;
    machine_domain_end(control);
    assert_int_equal(frames_free_count(), free);
}

static void frames_that_others_hold_stay(void **state)
{
    u64 free = frames_free_count();
    mfn_t frames[FRAMES], shared;
    struct domain *d = busy(7, frames);

    (void)state;
    shared = d->shared_mfn;
    assert_non_null(frame_get_mfn(frames[3], d));
    assert_int_equal(frame_get_and_type(frames[4], d, FT_WRITABLE), 0);
    assert_int_equal(frame_get_and_type(shared, d, FT_WRITABLE), 0);
    killed(d, false);
    machine_quiesced();
    assert_ptr_equal(domain_find(7), d);
    assert_true(d->dead);
    assert_int_equal(d->tot_pages, 2);
    assert_int_equal(killed(d, false), 0); /* once more is no harm */
    assert_null(frame_get_mfn(frames[5], d));
    assert_int_equal(table_pin(frames[3], d, 1), -XEN_EINVAL); /* it gets no tables, */
    assert_int_equal(domain_frames_alloc(d, 0, 0, false).n, INVALID_MFN.n);
    assert_int_equal(domain_claim(d, 50), -XEN_EINVAL);
    assert_null(vcpu_create(d, 0)); /* nor anything else */
    frame_put(mfn_to_frame(frames[3]));
    frame_put_and_type(mfn_to_frame(shared));
    machine_quiesced();
    assert_ptr_equal(domain_find(7), d);
    frame_put_and_type(mfn_to_frame(frames[4]));
    assert_null(domain_find(7));
    assert_true(frames_free_count() < free); /* somebody may still look at it */
    machine_quiesced();
    assert_int_equal(frames_free_count(), free);
}

/* Domains come and go at random; ends are interrupted at random, and others go on in between. */
static void a_storm(void **state)
{
    u64 free = frames_free_count();
    struct domain *d[4] = {NULL};
    mfn_t frames[4][FRAMES], held[4] = {{0}};

    (void)state;
    for (u32 step = 0; step < 3000; step++) {
        u32 i = machine_random(4);

        control_as(machine_random(2));
        machine_preempt_in = 0;
        if (!d[i]) {
            d[i] = busy((u16)(i + 1), frames[i]);
            held[i] = frames[i][machine_random(16)];
            if (machine_random(2) && frame_get_mfn(held[i], d[i]))
                continue;
            held[i] = MFN(0);
            continue;
        }
        machine_preempt_in = 1 + machine_random(60);
        if (d[i]->dead && held[i].n) {
            frame_put(mfn_to_frame(held[i]));
            d[i] = NULL;
        } else if (machine_random(4)) {
            if (!domain_kill(d[i]) && !held[i].n)
                d[i] = NULL;
        } else if (machine_random(2)) {
            domain_pause(d[i]);
        } else {
            domain_unpause(d[i]);
        }
        machine_preempt_in = 0;
        tables_retire();
        if (machine_random(2))
            machine_quiesced();
        if (d[i] && !held[i].n) /* which the audit does not know of */
            assert_audit(d[i]);
    }
    for (u32 i = 0; i < 4; i++) {
        if (!d[i])
            continue;
        killed(d[i], !held[i].n);
        if (held[i].n)
            frame_put(mfn_to_frame(held[i]));
    }
    machine_quiesced();
    assert_int_equal(frames_free_count(), free);
}

#define TEST(name) cmocka_unit_test_teardown(name, machine_all_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_and_the_list),
        TEST(pauses_are_interrupted),
        TEST(vcpus_are_made_meanwhile),
        TEST(an_end_is_interrupted_at_each_point),
        TEST(an_end_forgets_nothing_that_its_caller_left),
        TEST(calls_of_others_end),
        TEST(frames_that_others_hold_stay),
        TEST(a_storm),
    };

    machine_frames = 1024;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
