/* A 64-bit kernel has no descriptors of its own. */
#include "tests/guests/smp-stale/gdt.h"

#include "guest-kernel/core/hypercall.h"

void gdt_prepare(volatile u64 *page)
{
    (void)page;
}

void gdt_undo(void)
{
    call_set_gdt(NULL, 0);
}
