/*
 * Rows of frames: given back to the hypervisor and asked for again, cleared and copied by it. The
 * pfns stay the same throughout; which machine frame stands behind each changes with every
 * populate.
 */
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/region.h"
#include "tests/guests/bench/rows.h"

#define EXTENTS 32

static xen_pfn_t pfns[EXTENTS];
static xen_pfn_t extents[EXTENTS]; /* mfns, while the domain has the frames; pfns, while not */
static struct xen_memory_reservation one, many;

static inline long reservation_change(unsigned int command, struct xen_memory_reservation *which)
{
    return call_memory_op(command, which) - (long)which->nr_extents; /* below 0: not all */
}

static inline long frames_decrease(struct xen_memory_reservation *which)
{
    long answer = reservation_change(XENMEM_decrease_reservation, which);

    for (unsigned int i = 0; i < which->nr_extents; i++)
        extents[i] = pfns[i];
    return answer;
}

static long decrease_1(void)
{
    return reservation_change(XENMEM_decrease_reservation, &one);
}

static long decrease_32(void)
{
    return reservation_change(XENMEM_decrease_reservation, &many);
}

static long populate_1(void)
{
    return reservation_change(XENMEM_populate_physmap, &one);
}

static long populate_32(void)
{
    return reservation_change(XENMEM_populate_physmap, &many);
}

static long decrease_1_undo_populate(void)
{
    return frames_decrease(&one);
}

static long decrease_32_undo_populate(void)
{
    return frames_decrease(&many);
}

static long populate_1_undo_decrease(void)
{
    extents[0] = pfns[0];
    return populate_1();
}

static long populate_32_undo_decrease(void)
{
    for (unsigned int i = 0; i < EXTENTS; i++)
        extents[i] = pfns[i];
    return populate_32();
}

static long clear_page(void)
{
    mmuext_op_t operation = {.cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = pte_mfn(frame_entry(0, 0)).n};

    return call_mmuext_op(&operation, 1, NULL, DOMID_SELF);
}

static long copy_page(void)
{
    mmuext_op_t operation = {.cmd = MMUEXT_COPY_PAGE,
                             .arg1.mfn = pte_mfn(frame_entry(0, 0)).n,
                             .arg2.src_mfn = pte_mfn(frame_entry(0, 1)).n};

    return call_mmuext_op(&operation, 1, NULL, DOMID_SELF);
}

/* Frames that may go away: nothing maps them. */
static void extents_make(void)
{
    for (unsigned int i = 0; i < EXTENTS; i++) {
        pfn_t pfn = frame_alloc();

        pfns[i] = pfn.n;
        extents[i] = pfn_to_mfn(pfn).n;
        bench_require("unmapping a frame",
                      call_update_va_mapping(pfn_to_virt(pfn), 0, UVMF_INVLPG));
    }
    one = (struct xen_memory_reservation){.nr_extents = 1, .domid = DOMID_SELF};
    set_xen_guest_handle(one.extent_start, extents);
    many = one;
    many.nr_extents = EXTENTS;
}

void rows_memory(void)
{
    static const struct bench copies[] = {
        {"clear-page", .run = clear_page},
        {"copy-page", .run = copy_page},
    };
    static const struct bench decreases[] = {
        {"memory-decrease-1", .run = decrease_1, .undo = populate_1_undo_decrease},
        {"memory-decrease-32", .run = decrease_32, .undo = populate_32_undo_decrease,
         .per_run = EXTENTS},
    };
    static const struct bench populate_one = {"memory-populate-1", .run = populate_1,
                                              decrease_1_undo_populate};
    static const struct bench populate_many = {"memory-populate-32", .run = populate_32,
                                               decrease_32_undo_populate, EXTENTS};

    bench_rows(copies, ARRAY_SIZE(copies));
    extents_make();
    bench_rows(decreases, ARRAY_SIZE(decreases));
    bench_require("decrease", decrease_1_undo_populate());
    bench_rows(&populate_one, 1);
    bench_require("populate", populate_1());
    bench_require("decrease", decrease_32_undo_populate());
    bench_rows(&populate_many, 1);
}
