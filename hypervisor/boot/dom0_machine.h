/* What the boot left behind that the control domain may ask for later: the machine's memory map
 * (XENMEM_machine_memory_map) and the hypervisor's command line (XENVER_commandline). */
#ifndef HYPERVISOR_BOOT_DOM0_MACHINE_H
#define HYPERVISOR_BOOT_DOM0_MACHINE_H

#include "hypervisor/boot/multiboot2.h"

/* Remember the boot information, which stays where it is for ever. Once, before dom0 runs. */
void dom0_machine_set(const struct boot_info *bi);

/* The hypervisor's command line. Never NULL. */
const char *dom0_machine_cmdline(void);

/* How many entries the memory map has, and entry @n of them (false past the end). Empty ones are
 * left out. */
u32 dom0_machine_ranges(void);
bool dom0_machine_range(u32 n, struct memory_range *range);

#endif
