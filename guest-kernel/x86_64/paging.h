/*
 * Page tables of four levels. Kernel and process both run in ring 3 and are kept apart by two top
 * tables; the hypervisor adds PTE_USER to all entries by itself.
 *
 * The direct map begins just above the range that the ABI reserves for the hypervisor.
 */
#ifndef GUEST_KERNEL_X86_64_PAGING_H
#define GUEST_KERNEL_X86_64_PAGING_H

#include "xen-like/abi/xen.h"

#define PT_LEVELS      4u
#define HAS_USER_ROOTS true

#define DIRECT_MAP_START  HYPERVISOR_VIRT_END
#define DIRECT_MAP_FRAMES (~0ul) /* as many as there can be */

/* User addresses end here: the lower half of the address space. */
#define USER_END 0x0000800000000000ull

/* Where the stack of a process of the mini-kernel ends: with the top table's first slot. */
#define ROOT_SLOT_END 0x0000008000000000ull

/* In the entries that map the kernel's own pages; in those of the top table. */
#define PTE_OF_KERNEL PTE_USER
#define PTE_OF_ROOT   PTE_TABLE

#endif
