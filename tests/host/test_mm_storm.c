// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/linear.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c tests/host/storm_state.c tests/host/storm_calls.c
// LINK: hypercalls/mmu.c hypercalls/mmuext.c hypercalls/descriptors.c
// LINK: hypercalls/memory_reservation.c
/*
 * A storm: two domains do random things to their page tables, through the real hypercalls, with
 * entries and frames that are sometimes right and often not. After each step
 *
 *   - the audit finds every count of both domains to be what their tables say;
 *   - no stale translation may still write a frame that has become a table, or another domain's;
 *   - a call that was refused has changed nothing (storm_state.h says what "nothing" is).
 *
 * At the end all that the domains held is given back, and every frame of the machine is free.
 *
 * A seed that fails is printed, with the step: it fails again with the same ones.
 */
#include "tests/host/storm_calls.h"
#include "tests/host/storm_state.h"

#include <stdlib.h>

#define STEPS      2500
#define FRAMES     360
#define DOMAIN_MAX 120
#define ENOUGH     3 /* times each call must have been done, and refused */

static struct domain *domains[2];
static u32 done_calls[32], refused_calls[32];

static unsigned call_pick(void)
{
    u32 total = 0, at, i;

    for (i = 0; i < storm_call_count; i++)
        total += storm_calls[i].weight;
    at = machine_random(total);
    for (i = 0; at >= storm_calls[i].weight; i++)
        at -= storm_calls[i].weight;
    return i;
}

/* One step. NULL, or what is wrong after it. */
static const char *step_run(unsigned op)
{
    struct domain *d = host_percpu.running->domain;
    const char *wrong = NULL;
    long rc;

    if (!machine_random(50)) { /* seldom: stale translations shall live long enough to be missed */
        d = domains[d == domains[0]];
        machine_run(d);
        tlb_flush_local(); /* by loading its base pointer */
    }
    state_remember(domains);
    rc = storm_calls[op].run(d);
    ++*(rc ? &refused_calls[op] : &done_calls[op]);
    if (mfn_valid(machine_tlb_load()))
        return "a stale translation may still write a frame that is something else now";
    for (int i = 0; i < 2 && !wrong; i++)
        if (audit_domain(domains[i]))
            wrong = "the audit found a mismatch";
    if (!wrong && rc)
        wrong = state_changed();
    return wrong;
}

/* A domain as its builder would leave it: memory, and one small tree of tables in use. */
static struct domain *domain_begin(u16 id)
{
    struct domain *d = machine_domain(id, DOMAIN_MAX, false);
    mfn_t below;

    while (d->tot_pages < DOMAIN_MAX * 3 / 4)
        machine_frame(d);
    below = machine_frame(d);
    for (int level = 1; level <= 4; level++) {
        mfn_t m = machine_frame(d);

        for (u64 i = 0; i < STORM_SLOTS; i++)
            machine_page(m)[i] = pte_make(below, GUEST_RW);
        below = m;
    }
    assert_int_equal(frame_get_and_type(below, d, FT_L4), 0);
    d->vcpus[0]->cr3_kernel = below.n << PAGE_SHIFT;
    return d;
}

static void storm(u64 seed)
{
    machine_seed = seed;
    for (int i = 0; i < 2; i++)
        domains[i] = domain_begin((u16)(i + 1));
    for (u32 step = 0; step < STEPS; step++) {
        unsigned op = call_pick();
        const char *wrong = step_run(op);
        if (wrong)
            fail_msg("seed %lu, step %u, %s: %s", seed, step, storm_calls[op].name, wrong);
    }
    machine_domain_end(domains[0]);
    machine_domain_end(domains[1]);
}

static void storm_1(void **state)
{
    (void)state;
    storm(1);
}

static void storm_2(void **state)
{
    (void)state;
    storm(20260101);
}

/* As many seeds more as STORM_SEEDS says: `make test-long` asks for some hundreds. */
static void storms_as_asked(void **state)
{
    const char *asked = getenv("STORM_SEEDS");

    for (u64 seed = 1000; asked && seed < 1000 + strtoul(asked, NULL, 0); seed++) {
        storm(seed);
        assert_int_equal(machine_all_free(state), 0);
    }
}

/* A storm that is refused everything, or nothing, would show nothing. */
static void every_operation_was_done_and_was_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < storm_call_count; i++) {
        print_message("%-18s %5u done %5u refused\n", storm_calls[i].name, done_calls[i],
                      refused_calls[i]);
        if (done_calls[i] < ENOUGH || refused_calls[i] < ENOUGH)
            fail_msg("%s", storm_calls[i].name);
    }
}

static int storm_setup(void **state)
{
    machine_frames = FRAMES;
    return machine_setup(state) || state_setup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(storm_1, machine_all_free),
        cmocka_unit_test_teardown(storm_2, machine_all_free),
        cmocka_unit_test(storms_as_asked),
        cmocka_unit_test(every_operation_was_done_and_was_refused),
    };

    return cmocka_run_group_tests(tests, storm_setup, NULL);
}
