// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c hypervisor/cpu/pt_store.c
// LINK: xen-like/lib/insn.c xen-like/lib/insn_compute.c
// LINK: hypercalls/layout32.c
// LINK: hypercalls/continuation.c hypercalls/mmu.c hypercalls/mmu_flush.c hypercalls/mmuext.c
// LINK: hypercalls/descriptors.c
// LINK: hypervisor/mm/extent.c hypercalls/memory_reservation.c hypercalls/memory_exchange.c
// LINK: tests/host/storm.c tests/host/storm_calls.c
// LINK: tests/host/storm_state.c tests/host/storm_contents.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Storms (tests/host/storm.h) from seeds. At the end all that the domains held is given back, and
 * every frame of the machine is free.
 *
 * A seed that fails is printed, with the step: it fails again with the same ones.
 */
#include "tests/host/storm.h"
#include "tests/host/storm_state.h"

#include "hypervisor/mm/pae.h"

#include <stdlib.h>

#define STEPS      4000
#define FRAMES     360
#define DOMAIN_MAX 120
#define ENOUGH     3 /* times each call must have been done, and refused */

static u32 done_calls[32], refused_calls[32];

static void storm(u64 seed, u32 narrow)
{
    machine_seed = seed;
    storm_begin(DOMAIN_MAX, narrow);
    for (u32 step = 0; step < STEPS; step++) {
        unsigned op;
        long rc;
        const char *wrong = storm_step(&op, &rc);

        if (wrong)
            fail_msg("seed %lu, narrow %u, step %u, %s: %s", seed, narrow, step,
                     storm_calls[op].name, wrong);
        ++*(rc ? &refused_calls[op] : &done_calls[op]);
    }
    storm_end();
}

static void storm_1(void **state)
{
    (void)state;
    storm(1, 0);
}

static void storm_2(void **state)
{
    (void)state;
    storm(20260102, 0);
}

/* A 32-bit domain beside a 64-bit one, and two of them. */
static void storm_narrow(void **state)
{
    (void)state;
    storm(3, 1);
    assert_int_equal(machine_all_free(state), 0);
    storm(4, 3);
}

/* As many seeds more as STORM_SEEDS says: `make test-long` asks for some hundreds. */
static void storms_as_asked(void **state)
{
    const char *asked = getenv("STORM_SEEDS");

    for (u64 seed = 1000; asked && seed < 1000 + strtoul(asked, NULL, 0); seed++) {
        storm(seed, seed % 4);
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
    pae_window_make(MFN(0x100000), 1UL << PT_SHIFT(2));
    return machine_setup(state) || state_setup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(storm_1, machine_all_free),
        cmocka_unit_test_teardown(storm_2, machine_all_free),
        cmocka_unit_test_teardown(storm_narrow, machine_all_free),
        cmocka_unit_test(storms_as_asked),
        cmocka_unit_test(every_operation_was_done_and_was_refused),
    };

    return cmocka_run_group_tests(tests, storm_setup, NULL);
}
