/* The control domain, made from the boot modules. */
#ifndef HYPERVISOR_BOOT_DOM0_H
#define HYPERVISOR_BOOT_DOM0_H

#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/domain/domain.h"

/*
 * Build domain 0, or with first=guest a lone guest (lone/lone.h), from the first boot module (its
 * kernel, packed or not) and the second (its initrd, if there is one), ready to run at vcpu 0's
 * saved registers on its cr3_kernel. The module's words become its command line. Afterwards the
 * memory of the boot modules belongs to the allocator.
 *
 * Boot CPU only, after boot_free_ranges(). What is wrong with a kernel is said in one line, and the
 * machine halts: this returns only with a domain.
 */
struct domain *dom0_build(const struct boot_info *bi);

#endif
