/*
 * User mode for a test: code of its own at a fixed address of the lower half, a page of stack and
 * data behind it, and a user page table that shares the tables below the root with the kernel's.
 *
 * A test's .asm file puts position-independent code between user_code and user_code_end; a label in
 * it runs at user_address(label).
 */
#ifndef TESTS_GUESTS_USER_SPACE_H
#define TESTS_GUESTS_USER_SPACE_H

#include "guest-kernel/core/user.h"
#include "tests/guests/common.h"

extern char user_code[], user_code_end[];

/* Pages from SCRATCH_VA on. */
enum user_page {
    USER_CODE,
    USER_STACK,
    USER_KERNEL_ONLY,
    USER_READ_ONLY,
    USER_NO_EXECUTE,
    USER_PAGES
};

static inline u64 user_address(const char *label)
{
    return SCRATCH_VA + (u64)(label - user_code);
}

static inline u64 user_stack_top(void)
{
    return (uintptr_t)scratch_page(USER_STACK) + PAGE_SIZE;
}

static inline pfn_t user_page_map(enum user_page page, u64 flags)
{
    pfn_t pfn = frame_alloc_zeroed();
    long answer = map_page(scratch_page(page), pte_make(pfn_to_mfn(pfn), PTE_PRESENT | flags));

    if (answer)
        guest_panic("a user page cannot be mapped: error %ld", answer);
    return pfn;
}

/* A user root with the scratch address in it, pinned. */
static inline mfn_t user_root_new(void)
{
    mfn_t root = table_new();
    u64 kernel_entry = entry_read(scratch_entry(PT_LEVELS));
    long answer =
        pte_update(table_entry_address(root, pt_index(SCRATCH_VA, PT_LEVELS)), kernel_entry);

    if (!answer)
        answer = table_pin(root, PT_LEVELS);
    if (answer)
        guest_panic("no user page table: error %ld", answer);
    return root;
}

/* Makes all pages and, where user mode has a root of its own, that root, and puts it in force. */
static inline mfn_t user_space_init(void)
{
    mfn_t root;

    scratch_entry(1);
    memcpy(pfn_to_virt(user_page_map(USER_CODE, PTE_USER)), user_code,
           (size_t)(user_code_end - user_code));
    user_page_map(USER_STACK, PTE_USER | PTE_WRITE);
    user_page_map(USER_KERNEL_ONLY, PTE_WRITE);
    user_page_map(USER_READ_ONLY, PTE_USER);
    user_page_map(USER_NO_EXECUTE, PTE_USER | PTE_WRITE | PTE_NX);
    if (!HAS_USER_ROOTS)
        return table_boot_root();
    root = user_root_new();
    if (mmuext(MMUEXT_NEW_USER_BASEPTR, root.n))
        guest_panic("the user page table is refused");
    return root;
}

#endif
