/*
 * A 32-bit vcpu finds itself by GS, through its descriptor table (guest-kernel/x86_32/cpu.c): one
 * that takes the place of that must have the same descriptor.
 */
#include "tests/guests/smp-stale/gdt.h"

#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/core/vcpu.h"
#include "tests/guests/common.h"

#define SELF_INDEX 1

/* Of an even limit: bit 0 would be that of a page that is present. */
static u64 self_descriptor(void)
{
    u64 base = (uintptr_t)vcpu_self();

    return 0xffe | (base & 0xffffff) << 16 | 0xb3ull << 40 | 0x40ull << 48 | base >> 24 << 56;
}

void gdt_prepare(volatile u64 *page)
{
    page[SELF_INDEX] = self_descriptor();
}

void gdt_undo(void)
{
    static xen_pfn_t own;

    if (!own) {
        mfn_t table = table_new();

        call_update_descriptor(table_entry_address(table, SELF_INDEX), self_descriptor());
        own = (xen_pfn_t)table.n;
    }
    call_set_gdt(&own, 512);
}
