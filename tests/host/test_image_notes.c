// LINK: xen-like/lib/image_elf.c xen-like/lib/image_notes.c xen-like/lib/image_text.c
// LINK: xen-like/lib/image_symtab.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/host/maker/image_maker.c
/*
 * What well-formed kernels say, in the three places where they may say it, and what the reader
 * makes of what they leave out. The expected values are Xen's rules (elfnote.h; libelf of 4.17),
 * worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/host/maker/image_maker.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/image.h"
#include "xen-like/lib/string.h"

static void expect_read(struct image *img, const struct maker *m)
{
    const char *why = NULL;

    if (!image_read(img, m->bytes, sizeof(m->bytes), &why))
        fail_msg("refused: %s", why);
    assert_null(why);
}

static void start_plain(struct maker *m)
{
    maker_start(m, true);
    maker_text(m, XEN_ELFNOTE_LOADER, "generic");
    maker_text(m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
}

static void notes_mean_the_same_in_segments_and_in_sections(void **state)
{
    static const enum maker_place places[] = {IN_SEGMENT, IN_SECTION};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        struct maker m;
        struct image img;

        start_plain(&m);
        maker_number(&m, XEN_ELFNOTE_VIRT_BASE, MAKER_VIRT_BASE);
        maker_number(&m, XEN_ELFNOTE_ENTRY, MAKER_VIRT_BASE + MAKER_PADDR + 0x10);
        maker_number(&m, XEN_ELFNOTE_HYPERCALL_PAGE, MAKER_VIRT_BASE + MAKER_PADDR + PAGE_SIZE);
        maker_number(&m, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
        maker_number(&m, XEN_ELFNOTE_MOD_START_PFN, 1);
        maker_number(&m, XEN_ELFNOTE_SUSPEND_CANCEL, 1);
        maker_number(&m, XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000);
        maker_text(&m, XEN_ELFNOTE_BSD_SYMTAB, "yes");
        maker_text(&m, XEN_ELFNOTE_GUEST_VERSION, "2.6");
        maker_note(&m, "Xen", XEN_ELFNOTE_L1_MFN_VALID, (u64[]){1, 3}, 16);
        maker_finish(&m, places[i]);
        expect_read(&img, &m);

        assert_int_equal(img.class, 64);
        assert_int_equal(img.pstart, MAKER_PADDR);
        assert_int_equal(img.pend, MAKER_PADDR + PAGE_SIZE);
        assert_int_equal(img.virt_kstart, MAKER_VIRT_BASE + MAKER_PADDR);
        assert_int_equal(img.virt_kend, MAKER_VIRT_BASE + MAKER_PADDR + PAGE_SIZE);
        assert_int_equal(img.entry, MAKER_VIRT_BASE + MAKER_PADDR + 0x10);
        assert_int_equal(img.hypercall_page, MAKER_VIRT_BASE + MAKER_PADDR + PAGE_SIZE);
        assert_int_equal(img.p2m_base, 0x8000000000);
        assert_int_equal(img.hv_start_low, 0xffff800000000000);
        assert_int_equal(img.l1_mfn_mask, 1);
        assert_int_equal(img.l1_mfn_value, 3);
        assert_true(img.initrd_unmapped && img.suspend_cancel && img.bsd_symtab);
        assert_false(img.old_notes);
        assert_string_equal(img.guest_version, "2.6");
    }
}

static void what_notes_leave_out_has_xens_defaults(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    start_plain(&m);
    maker_finish(&m, IN_SEGMENT);
    expect_read(&img, &m);
    assert_int_equal(img.virt_base, 0);
    assert_int_equal(img.paddr_offset, 0);
    assert_int_equal(img.entry, MAKER_PADDR); /* e_entry */
    assert_int_equal(img.virt_kstart, MAKER_PADDR);
    assert_true(img.hypercall_page == IMAGE_UNSET && img.p2m_base == IMAGE_UNSET);
    assert_true(img.hv_start_low == IMAGE_UNSET);
    assert_false(img.initrd_unmapped || img.suspend_cancel || img.bsd_symtab);
    assert_int_equal(img.features_supported | img.features_required, 0);
}

static void paddr_offset_lets_p_paddr_hold_virtual_addresses(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    maker_start(&m, true);
    m.segments = 0;
    maker_segment(&m, PT_LOAD, MAKER_CODE, 0xffffffff80100000, MAKER_FILL, PAGE_SIZE);
    maker_text(&m, XEN_ELFNOTE_GUEST_OS, "linux-like");
    maker_text(&m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0-x86_64");
    maker_number(&m, XEN_ELFNOTE_VIRT_BASE, MAKER_VIRT_BASE);
    maker_number(&m, XEN_ELFNOTE_PADDR_OFFSET, MAKER_VIRT_BASE);
    m.entry = 0xffffffff80100000;
    maker_finish(&m, IN_SEGMENT);
    expect_read(&img, &m);
    assert_int_equal(img.virt_kstart, 0xffffffff80100000);
    assert_int_equal(img.pstart, 0xffffffff80100000);
}

static void the_older_section_counts_pages_from_virt_base(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    maker_start(&m, true);
    m.segments = 0;
    maker_segment(&m, PT_LOAD, MAKER_CODE, 0xc0100000, MAKER_FILL, PAGE_SIZE);
    maker_old_text(&m,
                   "GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,HYPERCALL_PAGE=0x102,"
                   "VIRT_BASE=0xC0000000,VIRT_ENTRY=0xc0100020,PAE=yes[extended-cr3],"
                   "FEATURES=writable_page_tables|!pae_pgdir_above_4gb,BSD_SYMTAB,LOADER=generic");
    maker_finish(&m, IN_OLD_SECTION);
    expect_read(&img, &m);
    assert_true(img.old_notes && img.bsd_symtab);
    assert_int_equal(img.virt_base, 0xc0000000);
    assert_int_equal(img.paddr_offset, 0xc0000000); /* defaults to VIRT_BASE here */
    assert_int_equal(img.virt_kstart, 0xc0100000);
    assert_int_equal(img.entry, 0xc0100020);
    assert_int_equal(img.hypercall_page, 0xc0102000);
    assert_int_equal(img.pae, IMAGE_PAE_EXTENDED_CR3);
    assert_int_equal(img.features_required, 1u << XENFEAT_pae_pgdir_above_4gb);
    assert_int_equal(img.features_supported,
                     1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_writable_page_tables);
    assert_string_equal(img.guest_os, "linux");
    assert_string_equal(img.guest_version, "2.6");
}

static void a_hypercall_page_without_virt_base_counts_from_zero(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    maker_start(&m, true);
    maker_old_text(&m, "LOADER=generic,XEN_VER=xen-3.0,HYPERCALL_PAGE=2,PAE=yes");
    maker_finish(&m, IN_OLD_SECTION);
    expect_read(&img, &m);
    assert_int_equal(img.hypercall_page, 2 * PAGE_SIZE);
    assert_int_equal(img.virt_base, 0);
    assert_int_equal(img.pae, IMAGE_PAE_YES);
}

static void a_32_bit_kernel_is_read_and_reported_as_such(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    maker_start(&m, false);
    maker_text(&m, XEN_ELFNOTE_LOADER, "generic");
    maker_text(&m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0-x86_32p");
    maker_text(&m, XEN_ELFNOTE_PAE_MODE, "yes,bimodal");
    maker_number(&m, XEN_ELFNOTE_VIRT_BASE, 0xc0000000);
    maker_number(&m, XEN_ELFNOTE_ENTRY, 0xc0100000);
    maker_note(&m, "Xen", XEN_ELFNOTE_L1_MFN_VALID, (u32[]){1, 1}, 8);
    maker_finish(&m, IN_SEGMENT);
    expect_read(&img, &m);
    assert_int_equal(img.class, 32);
    assert_int_equal(img.pae, IMAGE_PAE_BIMODAL);
    assert_int_equal(img.virt_kstart, 0xc0100000);
    assert_int_equal(img.virt_kend, 0xc0101000);
    assert_int_equal(img.l1_mfn_mask, 1);
    assert_int_equal(img.l1_mfn_value, 1);
}

static void features_are_supported_or_required(void **state)
{
    struct maker m;
    struct image img;
    const u32 more = 1u << XENFEAT_dom0 | 1u << XENFEAT_linux_rsdp_unrestricted;

    (void)state;
    start_plain(&m);
    maker_text(&m, XEN_ELFNOTE_FEATURES, "|!writable_page_tables|not_yet_invented|dom0");
    maker_note(&m, "Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, &more, sizeof(more));
    maker_finish(&m, IN_SEGMENT);
    expect_read(&img, &m);
    assert_int_equal(img.features_required, 1u << XENFEAT_writable_page_tables);
    assert_int_equal(img.features_supported, 1u << XENFEAT_writable_page_tables | more);
}

static void notes_of_other_owners_and_unknown_types_say_nothing(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    start_plain(&m);
    maker_note(&m, "GNU", XEN_ELFNOTE_VIRT_BASE, "12345678", 8);
    maker_note(&m, "XenX", XEN_ELFNOTE_VIRT_BASE, "12345678", 8);
    maker_note(&m, "", XEN_ELFNOTE_VIRT_BASE, "", 0);
    maker_number(&m, 0x7fffffff, 1);
    maker_number(&m, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000);
    maker_finish(&m, IN_SEGMENT);
    expect_read(&img, &m);
    assert_int_equal(img.virt_base, 0);
}

static void the_last_of_repeated_notes_counts_and_long_texts_are_cut(void **state)
{
    struct maker m;
    struct image img;

    (void)state;
    start_plain(&m);
    maker_number(&m, XEN_ELFNOTE_VIRT_BASE, 0x1000);
    maker_number(&m, XEN_ELFNOTE_VIRT_BASE, 0x2000);
    maker_text(&m, XEN_ELFNOTE_GUEST_OS, "a name of more than thirty-one characters");
    maker_note(&m, "Xen", XEN_ELFNOTE_GUEST_VERSION, "no nul", 6);
    m.entry = MAKER_PADDR + 0x2000;
    maker_finish(&m, IN_SEGMENT);
    expect_read(&img, &m);
    assert_int_equal(img.virt_base, 0x2000);
    assert_int_equal(strlen(img.guest_os), IMAGE_TEXT_SIZE - 1);
    assert_string_equal(img.guest_version, "no nul");
}

/* As in GRUB's image for 32 bits: "yes" is there, the rest of its 12 bytes is not. */
static void a_pae_mode_may_end_with_the_file(void **state)
{
    struct maker m;
    struct image img;
    const char *why = NULL;

    (void)state;
    for (u32 cut = 0; cut <= 12; cut++) {
        start_plain(&m);
        maker_note(&m, "Xen", XEN_ELFNOTE_PAE_MODE, "yes\0bimodal", 12);
        m.notes -= cut;
        maker_finish(&m, IN_SEGMENT);
        assert_int_equal(image_read(&img, m.bytes, sizeof(m.bytes), &why), cut <= 8);
        if (cut <= 8)
            assert_int_equal(img.pae, IMAGE_PAE_EXTENDED_CR3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_mean_the_same_in_segments_and_in_sections),
        cmocka_unit_test(what_notes_leave_out_has_xens_defaults),
        cmocka_unit_test(paddr_offset_lets_p_paddr_hold_virtual_addresses),
        cmocka_unit_test(the_older_section_counts_pages_from_virt_base),
        cmocka_unit_test(a_hypercall_page_without_virt_base_counts_from_zero),
        cmocka_unit_test(a_32_bit_kernel_is_read_and_reported_as_such),
        cmocka_unit_test(features_are_supported_or_required),
        cmocka_unit_test(notes_of_other_owners_and_unknown_types_say_nothing),
        cmocka_unit_test(a_pae_mode_may_end_with_the_file),
        cmocka_unit_test(the_last_of_repeated_notes_counts_and_long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
