/*
 * The boot information, kept for dom0: it drives the devices, so it must know where RAM, firmware
 * and holes are on the real machine. The map's entries are as the firmware gave them.
 */
#include "hypervisor/boot/dom0_machine.h"

static const struct boot_info *kept;

void dom0_machine_set(const struct boot_info *bi)
{
    kept = bi;
}

const char *dom0_machine_cmdline(void)
{
    return kept->cmdline;
}

bool dom0_machine_range(u32 n, struct memory_range *range)
{
    for (u32 i = 0; boot_range_get(kept, i, range); i++)
        if (range->start != range->end && n-- == 0)
            return true;
    return false;
}

u32 dom0_machine_ranges(void)
{
    struct memory_range range;
    u32 n = 0;

    while (dom0_machine_range(n, &range))
        n++;
    return n;
}
