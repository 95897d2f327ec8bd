// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c hypervisor/mm/extent.c
// LINK: hypercalls/layout32.c hypercalls/memory_reservation.c hypercalls/memory_exchange.c
// LINK: hypercalls/continuation.c hypercalls/mmu.c hypercalls/mmu_flush.c hypercalls/mmuext.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * An exchange in the middle of something else: a guest makes it where its kernel was to go on with
 * a large populate, whose block is its own already, by its accounts, but for some frames that are
 * still to be handed over. Another of its vcpus may know and map the others.
 */
#include "tests/host/fake_machine.h"

#include "hypercalls/memory.h"
#include "hypervisor/mm/extent.h"

#define ORDER 7
#define COUNT (1 << ORDER)

static struct domain *d;

/* One extent, as far as to where the hand-over is interrupted: its first frame. */
static mfn_t populate_half(void)
{
    static u64 list[1] = {1000};
    struct xen_memory_reservation r = {.nr_extents = 1, .extent_order = ORDER, .domid = DOMID_SELF};

    set_xen_guest_handle_raw(r.extent_start, list);
    for (int i = 0; i < 1000 && !current->extent.left; i++) {
        host_percpu.regs = (struct cpu_user_regs){.rip = 2};
        machine_preempt_in = 1;
        memory_reservation(XENMEM_populate_physmap, 0, (u64)&r);
    }
    machine_preempt_in = 0;
    assert_true(current->extent.left && current->extent.left < COUNT);
    return current->extent.block;
}

static void exchange_amid(u16 id, unsigned out_order)
{
    u64 in[COUNT], out[1] = {5000};
    struct xen_memory_exchange x = {
        .in = {.nr_extents = 1UL << out_order, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .extent_order = out_order, .domid = DOMID_SELF},
    };
    mfn_t mapped;

    d = machine_domain(id, 2000, false);
    for (int i = 0; i < COUNT; i++)
        in[i] = machine_frame(d).n;
    mapped = populate_half();
    assert_int_equal(frame_get_and_type(mapped, d, FT_WRITABLE), 0);
    set_xen_guest_handle_raw(x.in.extent_start, in);
    set_xen_guest_handle_raw(x.out.extent_start, out);
    assert_int_equal(memory_exchange((u64)&x), 0);
    assert_int_equal(x.nr_exchanged, x.in.nr_extents);
    assert_int_not_equal(out[0], mapped.n);
    assert_int_equal(machine_types(mapped), 1);
    assert_int_equal(current->extent.left, 0);
    for (int i = 0; i < COUNT; i++)
        assert_ptr_equal(mfn_to_frame(mfn_add(mapped, (u64)i))->owner, d);
    frame_put_and_type(mfn_to_frame(mapped));
    assert_audit(d);
}

static void a_block_that_is_half_handed_over_is_not_exchanged(void **state)
{
    (void)state;
    exchange_amid(1, ORDER);
}

static void nor_dropped_for_one_of_another_size(void **state)
{
    (void)state;
    exchange_amid(2, EXTENT_ORDER_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_that_is_half_handed_over_is_not_exchanged),
        cmocka_unit_test(nor_dropped_for_one_of_another_size),
    };

    machine_frames = 2048;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
