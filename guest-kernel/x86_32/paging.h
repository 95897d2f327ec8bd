/*
 * Page tables of three levels (PAE): the top one has four entries, of which the last one leads to
 * the kernel's and the hypervisor's GiB. Kernel and process share one address space; what a process
 * may touch is said by PTE_USER, for ring 1 is the supervisor to the CPU's page tables.
 *
 * The direct map is the image's own mapping, carried on to the last frame that has room below the
 * hypervisor's.
 */
#ifndef GUEST_KERNEL_X86_32_PAGING_H
#define GUEST_KERNEL_X86_32_PAGING_H

#include "xen-like/abi/xen.h"

extern char image_base[]; /* guest.lds */

#define PT_LEVELS      3u
#define HAS_USER_ROOTS false

#define DIRECT_MAP_START  ((unsigned long)image_base)
#define DIRECT_MAP_FRAMES ((HYPERVISOR_VIRT_START - DIRECT_MAP_START) >> PAGE_SHIFT)

/* User addresses end here. */
#define USER_END ((u64)DIRECT_MAP_START)

/* Where the stack of a process of the mini-kernel ends: with the top table's first slot. */
#define ROOT_SLOT_END 0x40000000ull

/* In the entries that map the kernel's own pages. */
#define PTE_OF_KERNEL 0

/* Entries of the top table have few flags: the CPU has none but this one there. */
#define PTE_OF_ROOT PTE_PRESENT

#endif
