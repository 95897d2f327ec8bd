/*
 * Where boot hands over.
 *
 * On entry of hypervisor_main(): boot CPU, 64-bit mode, interrupts off, PIC moved and masked; on
 * the boot stack (BOOT_STACK_BYTES, an unmapped page below it); GDT with a code segment only (CS =
 * 8, data segments null), an IDT whose every entry is a panic (early_trap.h), no TSS; CR3 = hv_l4,
 * which maps the hypervisor's slots and nothing else; CR0.WP, EFER.NXE and SCE, PAT_XEN, and the
 * CR4 bits of features_enable(), SMAP included if cpu_has_smap_on. M2P all INVALID_M2P_ENTRY, frame
 * table all zero. Memory still comes from boot_alloc_pages(); `info` and what it points to stay
 * valid for ever, modules until boot_release_modules().
 */
#ifndef HYPERVISOR_BOOT_INIT_H
#define HYPERVISOR_BOOT_INIT_H

#include "hypervisor/boot/multiboot2.h"

NORETURN void hypervisor_main(const struct boot_info *info);

#endif
