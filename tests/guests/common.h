/*
 * What several test guests need beside the runtime: row names made of parts, single requests where
 * the runtime only has batches (a batch dies of a refusal, a test wants to see it), and a scratch
 * address whose three lower tables are the test's own, so that nothing it does to them can hurt the
 * kernel it runs in.
 */
#ifndef TESTS_GUESTS_COMMON_H
#define TESTS_GUESTS_COMMON_H

#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

/* Bits of an entry that the runtime itself has no use for. */
#define PTE_WRITE_THROUGH 0x8ull
#define PTE_NO_CACHE      0x10ull
#define PTE_PAT_OR_LARGE  0x80ull
#define PTE_GLOBAL        0x100ull
#define PTE_GUEST_KERNEL  (1ull << 52) /* Xen's note that the guest left PTE_USER clear */

#define HYPERVISOR_ADDRESS ((void *)HYPERVISOR_VIRT_START)

/* Of the hypervisor's, and nothing that a guest may read: with 32 bits it begins with a table that
 * may be. */
#ifdef __x86_64__
#define HYPERVISOR_OWN HYPERVISOR_VIRT_START
#else
#define HYPERVISOR_OWN 0xfffff000ul
#endif

#define NO_FRAME_AT_ALL ((xen_pfn_t)~0ull)
#define BEYOND_MEMORY   0x0fffffffull /* a frame number: 1 TiB, more than the machine has */

/* An address that is none; in 32 bits each number is one, and at this there is nothing. */
#ifdef __x86_64__
#define NON_CANONICAL 0x0000800000001000ull
#else
#define NON_CANONICAL 0x70001000ull
#endif

/* What the two widths write differently. */
#ifdef __x86_64__
#define WIDE(in_64, in_32) in_64
#else
#define WIDE(in_64, in_32) in_32
#endif

/* Of the hypervisor's part of the address space, but nothing that is shown to guests. */
#define HYPERVISOR_HIDDEN WIDE(HYPERVISOR_VIRT_START + (6ull << 39) + MIB(2), 0xff000000ull)

static inline bool text_holds(const char *line, const char *text)
{
    for (; *line; line++) {
        if (str_starts_with(line, text))
            return true;
    }
    return false;
}

/* Where Xen need not keep a promise that ours does. */
static inline bool hypervisor_is_xen(void)
{
    xen_extraversion_t extra;

    call_xen_version(XENVER_extraversion, extra);
    return !text_holds(extra, "xen-like");
}

/* group.what, in a buffer that the next call uses again. */
static inline const char *name_of(const char *group, const char *what)
{
    static char name[96];

    fmt_snprintf(name, sizeof(name), "%s.%s", group, what);
    return name;
}

/* group.what-number */
static inline const char *name_nth(const char *group, const char *what, unsigned long number)
{
    static char name[96];

    fmt_snprintf(name, sizeof(name), "%s.%s-%lu", group, what, number);
    return name;
}

/* One request of mmu_update; address may carry a command in its low bits. */
static inline long pte_update(u64 address, u64 value)
{
    mmu_update_t request = {.ptr = address, .val = value};

    return call_mmu_update(&request, 1, NULL, DOMID_SELF);
}

static inline long mmuext(unsigned int command, u64 mfn)
{
    mmuext_op_t operation = {.cmd = command, .arg1.mfn = mfn};

    return call_mmuext_op(&operation, 1, NULL, DOMID_SELF);
}

static inline long map_page(const void *va, u64 pte)
{
    return call_update_va_mapping(va, pte, UVMF_INVLPG);
}

/* The entry at a machine address that table_walk or table_entry_address gave. */
static inline u64 entry_read(u64 address)
{
    mfn_t table = {address >> PAGE_SHIFT};

    return *(volatile const u64 *)&table_entries(table)[address % PAGE_SIZE / sizeof(u64)];
}

/* An address that nothing else uses, with tables of its own below the root. */
#define SCRATCH_VA_64 0x0000123440000000ull
#ifdef __x86_64__
#define SCRATCH_VA SCRATCH_VA_64
#else
#define SCRATCH_VA 0x52400000ull
#endif

static inline void *scratch_page(unsigned int index)
{
    return (void *)(uintptr_t)(SCRATCH_VA + index * PAGE_SIZE);
}

/* The entry of a level on the way to the scratch address; makes the tables when called first. */
static inline u64 scratch_entry(unsigned int level)
{
    table_reach(table_boot_root(), SCRATCH_VA);
    return table_walk(table_boot_root(), SCRATCH_VA, level);
}

static inline mfn_t scratch_table(unsigned int level)
{
    return (mfn_t){scratch_entry(level) >> PAGE_SHIFT};
}

/* A frame of zeros that may become a table of that level; a root of three levels must have its last
 * entry, the kernel's. */
static inline mfn_t table_new_for(unsigned int level)
{
    return level == PT_LEVELS && PT_LEVELS == 3 ? table_new_kernel_root() : table_new();
}

/* Two slots, or more, that nothing uses: neither the first of a table nor those of the kernel. */
static inline unsigned int spare_slot(unsigned int level, unsigned int i)
{
    return level == PT_LEVELS && PT_LEVELS == 3 ? 1 + i % 2 : 7 + i;
}

/* A present entry's frame replaced by a word that does not differ from machine to machine. */
static inline u64 entry_flags(u64 entry)
{
    return entry & ~PTE_ADDRESS_MASK;
}

#endif
