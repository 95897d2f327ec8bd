/*
 * The C half of early.inc: for guests that test how they were loaded, with their own notes. Only
 * the console works in them; there are no traps and no direct map.
 */
#ifndef TESTS_GUESTS_EARLY_H
#define TESTS_GUESTS_EARLY_H

#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/mm/pte.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/seen.h"

enum early_register {
    EARLY_RSP = 4,
    EARLY_RSI = 6,
    EARLY_RFLAGS = 16,
    EARLY_CS,
    EARLY_DS,
    EARLY_ES,
    EARLY_FS,
    EARLY_GS,
    EARLY_SS,
};

extern u64 early_registers[];
extern char image_base[], image_end[];

void early_main(const struct start_info *info);

/* Where the first of the registers is that 32-bit guests have not, and the first that they have. */
#define EARLY_WIDE_FIRST 8
#define EARLY_WIDE_END   EARLY_RFLAGS

/* Registers as they were, and the layout that they are to be read by. */
static inline void early_say_registers(const struct start_info *info)
{
    static const char *const names[] = {
        "rax", "rcx", "rdx", "rbx", "rsp",    "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11",
        "r12", "r13", "r14", "r15", "rflags", "cs",  "ds",  "es",  "fs", "gs", "ss",
    };
    u64 stack = info->pt_base + info->nr_pt_frames * PAGE_SIZE;

    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        u64 value = i > EARLY_RFLAGS ? seen_selector(early_registers[i]) : early_registers[i];

        if (i == EARLY_RSP || i == EARLY_RSI)
            continue;
        if (sizeof(long) == 8 || i < EARLY_WIDE_FIRST || i >= EARLY_WIDE_END)
            console_printf("ROW register.%s = 0x%" F64 "x\n", names[i], value);
    }
    row_want("register.rsp-is-top-of-stack", early_registers[EARLY_RSP] == stack + PAGE_SIZE, 1);
    row_want("register.rsi-is-page-aligned", early_registers[EARLY_RSI] % PAGE_SIZE == 0, 1);
}

static inline void early_say_info(const struct start_info *info)
{
    u64 mod_end = info->mod_len && !(info->flags & SIF_MOD_START_PFN)
                      ? info->mod_start + info->mod_len
                      : (uintptr_t)image_end;
    u64 list_end = info->mfn_list + info->nr_pages * sizeof(xen_pfn_t);
    bool own_list = info->nr_p2m_frames != 0;

    row_text("info.magic", info->magic);
    row_hex("info.flags", info->flags & ~SIF_PM_MASK);
    row("info.nr-pt-frames", (s64)info->nr_pt_frames);
    row_want("info.list-follows", own_list || info->mfn_list == ALIGN_UP(mod_end, PAGE_SIZE), 1);
    row_want("info.info-follows",
             (uintptr_t)info == ALIGN_UP(own_list ? mod_end : list_end, PAGE_SIZE), 1);
    row_want("info.tables-follow", info->pt_base == (uintptr_t)info + PAGE_SIZE, 1);
}

/* Both lists of frames agree from first to last. */
static inline void early_say_lists(const struct start_info *info)
{
    const xen_pfn_t *list = (const xen_pfn_t *)info->mfn_list;
    u64 disagree = 0;

    for (u64 pfn = 0; pfn < info->nr_pages; pfn++)
        disagree += machine_to_phys_mapping[list[pfn]] != pfn;
    row_want("lists.disagree", (s64)disagree, 0);
}

#endif
