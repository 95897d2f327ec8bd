/*
 * No guest can keep the hypervisor from its other work: no path through it is longer than 100,000
 * instructions without a preemption point. This guest asks for the longest that there is, of every
 * kind: lists of calls that are long each, full trees of tables, large blocks of memory, going well
 * and failing at the very end. The debug build measures (hypervisor/cpu/preempt.h) and says at the
 * end what the longest was; run under -icount, the harness judges that line.
 *
 * ARGS=part=lists|trees|memory|events|grants runs one part alone, to find who is to blame. Events
 * and grants have runs of their own: they need more vcpus, or larger tables.
 */
#include "tests/guests/longest-path/longest.h"

#define PARTS_TOGETHER 3

mfn_t frame_new(void)
{
    return pfn_to_mfn(frame_alloc());
}

mfn_t frame_new_unmapped(void)
{
    mfn_t mfn = frame_new();

    map_page(mfn_to_virt(mfn), 0);
    return mfn;
}

mfn_t table_filled(u64 (*fill)(unsigned int index))
{
    mfn_t table = frame_new();
    u64 *entries = mfn_to_virt(table);

    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        entries[i] = fill(i);
    map_page(entries, pte_make(table, PTE_READ_ONLY) | PTE_NX);
    return table;
}

void guest_main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {{"lists", long_lists},
                 {"trees", long_trees},
                 {"memory", long_memory},
                 {"events", long_events},
                 {"grants", long_grants}};
    char only[16] = "";

    cmdline_value("part", only, sizeof(only));
    for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
        if (only[0] ? strcmp(only, parts[i].name) == 0 : i < PARTS_TOGETHER)
            parts[i].run();
    guest_end();
}
