/*
 * Where everything lives: the hypervisor's part of every address space.
 *
 * The ABI reserves PML4 slots 256-271 (xen.h: HYPERVISOR_VIRT_START..END) for the hypervisor;
 * guests keep the rest. What we put there:
 *
 *   slot 256  0xffff800000000000  machine-to-phys table, one u64 a frame; guests read it, nobody
 *                                 writes it here (writers use the direct map)
 *   slot 261  0xffff82c000000000  device registers and other explicit mappings (hv_map_mmio)
 *             0xffff82d040000000  the image: text RX, rodata R, data and bss RW
 *             0xffff82d080000000  per-CPU areas, 64 KiB each
 *             0xffff82d0c0000000  GDT and LDT windows, 16 + 16 pages for each CPU
 *             0xffff82e000000000  frame table, FRAME_INFO_SIZE bytes a frame
 *   slot 262+ 0xffff830000000000  direct map of all RAM, RW, never executable
 *
 * The preprocessor reads this file for the linker script too (with LINKER_SCRIPT, which hides all
 * C), and hypervisor/offsets.c passes its constants on to nasm. HV_UL() keeps the suffix from the
 * linker.
 */
#ifndef HYPERVISOR_MM_LAYOUT_H
#define HYPERVISOR_MM_LAYOUT_H

#ifdef LINKER_SCRIPT
#define HV_UL(x) x
#else
#define HV_UL(x) x##UL
#endif

/* GRUB puts the image here (physical). 2 MiB aligned, so the first tables can use large pages. */
#define IMAGE_LOAD_PHYS HV_UL(0x200000)
/* Most that the first page tables map of the image; the linker script asserts it. */
#define IMAGE_MAX_BYTES HV_UL(0x1000000)

#define HV_FIRST_SLOT 256 /* PML4 slots of the hypervisor, copied into every guest's L4 */
#define HV_LAST_SLOT  271
#define HV_SLOTS      (HV_LAST_SLOT - HV_FIRST_SLOT + 1)

#define M2P_VIRT_START        HV_UL(0xffff800000000000)
#define MMIO_VIRT_START       HV_UL(0xffff82c000000000)
#define MMIO_VIRT_END         HV_UL(0xffff82d000000000)
#define XL_VIRT_START         HV_UL(0xffff82d040000000)
#define PERCPU_VIRT_START     HV_UL(0xffff82d080000000)
#define PERCPU_AREA_BYTES     HV_UL(0x10000)
#define GDT_VIRT_START        HV_UL(0xffff82d0c0000000)
#define GDT_VIRT_BYTES        HV_UL(0x20000000)     /* room for 4096 CPUs */
#define GDT_WINDOW_BYTES      HV_UL(0x20000)        /* a CPU's GDT and LDT, 16 pages each */
#define GUEST_LOW_END         HV_UL(0x800000000000) /* end of the lower half of the address space */
#define FRAMETABLE_VIRT_START HV_UL(0xffff82e000000000)
#define FRAMETABLE_VIRT_END   HV_UL(0xffff830000000000)
#define DIRECTMAP_VIRT_START  HV_UL(0xffff830000000000)
#define DIRECTMAP_VIRT_END    HV_UL(0xffff880000000000)

#define FRAME_INFO_SIZE HV_UL(32) /* sizeof(struct frame), asserted where that is declared */

/* What boot/start.asm maps at 0 and at DIRECTMAP_VIRT_START until memory_init() has done its work.
 */
#define EARLY_MAP_BYTES HV_UL(0x100000000)

/* Physical memory below this is left to firmware, real-mode code and legacy devices. */
#define LOW_MEMORY_BYTES HV_UL(0x100000)

#define BOOT_STACK_BYTES HV_UL(0x4000)

#ifndef LINKER_SCRIPT
#include "xen-like/lib/types.h"

/* On the host a fake machine's memory stands in for the direct map. */
#ifdef HOST_TEST
extern u64 host_directmap;
#define DIRECTMAP_BASE host_directmap
#else
#define DIRECTMAP_BASE DIRECTMAP_VIRT_START
#endif

/* Physical <-> direct-map address. Valid for RAM only (and below EARLY_MAP_BYTES during boot). */
static inline void *phys_to_virt(u64 phys)
{
    return (void *)(phys + DIRECTMAP_BASE);
}

static inline u64 virt_to_phys(const void *virt)
{
    return (u64)virt - DIRECTMAP_BASE;
}

/* Physical address of something in the hypervisor's image. */
static inline u64 image_to_phys(const void *symbol)
{
    return (u64)symbol - XL_VIRT_START + IMAGE_LOAD_PHYS;
}
#endif

#endif
