/*
 * What big kernels ask of their loader: the list of frames at an address of their choice, so that
 * it takes no room beside the image (INIT_P2M), and the second module as frames only, not mapped
 * (MOD_START_PFN). The list then has page tables and frames of its own, which start_info counts.
 */
#include "tests/guests/early.h"

extern const u64 p2m_base; /* what the note asks for */

static u8 window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

void guest_main(void)
{
}

static u64 frame_of(const struct start_info *info, u64 pfn)
{
    return ((const u64 *)info->mfn_list)[pfn] << PAGE_SHIFT;
}

static void say_list(const struct start_info *info)
{
    u64 pages = ALIGN_UP(info->nr_pages * sizeof(u64), PAGE_SIZE) / PAGE_SIZE;
    volatile u64 *list = (volatile u64 *)info->mfn_list, was = list[0];

    row_want_hex("p2m.base", info->mfn_list, p2m_base);
    row("p2m.frames-beside-the-list", (s64)(info->nr_p2m_frames - pages));
    row_want("p2m.frames-are-ours", info->first_p2m_pfn + info->nr_p2m_frames <= info->nr_pages, 1);
    row("p2m.first", (s64)(info->first_p2m_pfn - ALIGN_UP(info->mod_len, PAGE_SIZE) / PAGE_SIZE));
    list[0] = was + 1;
    row_want("p2m.can-be-written", list[0] == was + 1, 1);
    list[0] = was;
}

/* The module's frames follow all that was laid out; they have to be mapped to be seen. */
static void say_module(const struct start_info *info)
{
    u64 sum = 0;

    row("module.length", (s64)info->mod_len);
    row("module.first-pfn", (s64)info->mod_start);
    for (u64 at = 0; at < info->mod_len; at++) {
        u64 pte = frame_of(info, info->mod_start + at / PAGE_SIZE) | PTE_READ_ONLY;

        if (at % PAGE_SIZE == 0 && call_update_va_mapping(window, pte, UVMF_INVLPG))
            guest_panic("the module's frame %" F64 "u cannot be mapped", at / PAGE_SIZE);
        sum = sum * 31 + window[at % PAGE_SIZE];
    }
    row_hex("module.sum", sum);
}

void early_main(const struct start_info *info)
{
    early_say_registers(info);
    early_say_info(info);
    early_say_lists(info);
    say_list(info);
    say_module(info);
    guest_end();
}
