// LINK: xen-like/lib/image_elf.c xen-like/lib/image_notes.c xen-like/lib/image_text.c
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

static void expect_refused(const struct maker *m, const char *wanted)
{
    struct image img;
    const char *why = NULL;

    assert_false(image_read(&img, m->bytes, sizeof(m->bytes), &why));
    assert_string_equal(why, wanted);
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

struct refused_note {
    u32 type;
    u64 value;
    const char *text; /* instead of value */
    u32 length;       /* of value; 0: that of the text */
    const char *why;
};

static void notes_that_xen_refuses_are_refused_with_a_reason(void **state)
{
    static const struct refused_note rows[] = {
        {XEN_ELFNOTE_LOADER, 0, "grub", 0,
         "it is for loader 'grub' and system '', not generic or linux"},
        {XEN_ELFNOTE_XEN_VERSION, 0, "xen-2.0", 0, "it is for interface 'xen-2.0', not xen-3.0"},
        {XEN_ELFNOTE_XEN_VERSION, 0, "", 0, "it is for interface '', not xen-3.0"},
        {XEN_ELFNOTE_FEATURES, 0, "!not_yet_invented", 0,
         "it requires a feature that is not known"},
        {XEN_ELFNOTE_FEATURES, 0, "dom0|!", 0, "it requires a feature that is not known"},
        {XEN_ELFNOTE_PADDR_OFFSET, 0, NULL, 8, "its notes have PADDR_OFFSET without VIRT_BASE"},
        {XEN_ELFNOTE_VIRT_BASE, 0, NULL, 3, "its note 3 has 3 bytes, which is no number"},
        {XEN_ELFNOTE_ENTRY, 0, NULL, 0, "its note 1 has 0 bytes, which is no number"},
        {XEN_ELFNOTE_ENTRY, MAKER_PADDR - 1, NULL, 8,
         "its entry 0xfffff is outside of it (0x100000 to 0x101000)"},
        {XEN_ELFNOTE_ENTRY, MAKER_PADDR + PAGE_SIZE + 1, NULL, 8,
         "its entry 0x101001 is outside of it (0x100000 to 0x101000)"},
        {XEN_ELFNOTE_INIT_P2M, MAKER_PADDR + PAGE_SIZE - 1, NULL, 8,
         "INIT_P2M 0x100fff is inside of it (0x100000 to 0x101000)"},
        {XEN_ELFNOTE_VIRT_BASE, 0ull - MAKER_PADDR - 1, NULL, 8,
         "VIRT_BASE and PADDR_OFFSET put it around the last address"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct refused_note *row = &rows[i];
        struct maker m;

        start_plain(&m);
        if (row->text != NULL)
            maker_text(&m, row->type, row->text);
        else
            maker_note(&m, "Xen", row->type, &row->value, row->length);
        maker_finish(&m, IN_SEGMENT);
        expect_refused(&m, row->why);
    }
}

static void a_note_of_unreasonable_length_is_refused(void **state)
{
    static u8 file[MAKER_SIZE + 8192]; /* the notes move behind the file that the maker makes */
    struct maker m;
    struct image img;
    Elf64_Phdr notes;
    const size_t at = MAKER_SEGMENTS + sizeof(notes);
    const Elf64_Nhdr header = {4, 4097, XEN_ELFNOTE_FEATURES};
    const char *why = NULL;

    (void)state;
    start_plain(&m);
    maker_finish(&m, IN_SEGMENT);
    memcpy(file, m.bytes, sizeof(m.bytes));
    memcpy(&notes, file + at, sizeof(notes));
    notes.p_offset = MAKER_SIZE;
    notes.p_filesz = 8192;
    memcpy(file + at, &notes, sizeof(notes));
    memcpy(file + MAKER_SIZE, &header, sizeof(header));
    memcpy(file + MAKER_SIZE + sizeof(header), "Xen", 4);
    assert_false(image_read(&img, file, sizeof(file), &why));
    assert_string_equal(why, "its note 10 is longer than 4096 bytes");
}

static void virt_base_above_the_kernel_is_refused(void **state)
{
    struct maker m;

    (void)state;
    start_plain(&m);
    maker_number(&m, XEN_ELFNOTE_VIRT_BASE, 0x300000);
    maker_number(&m, XEN_ELFNOTE_PADDR_OFFSET, 0x200000);
    maker_number(&m, XEN_ELFNOTE_ENTRY, 0x200000);
    maker_finish(&m, IN_SEGMENT);
    expect_refused(&m, "VIRT_BASE 0x300000 is above its first byte 0x200000");
}

static void older_sections_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "it is for loader '' and system '', not generic or linux"},
        {"VIRT_BASE=zero", "VIRT_BASE in its __xen_guest section is no number"},
        {"VIRT_BASE", "VIRT_BASE in its __xen_guest section is no number"},
        {"VIRT_ENTRY=0x1 ", "VIRT_ENTRY in its __xen_guest section is no number"},
        {"HYPERCALL_PAGE=000000000000000000000000002",
         "HYPERCALL_PAGE in its __xen_guest section is no number"},
        {"HYPERCALL_PAGE=0x10000000000000",
         "HYPERCALL_PAGE 0x10000000000000 in its __xen_guest section is too large"},
        {"LOADER=generic,XEN_VER=xen-3.0,FEATURES=!flying",
         "it requires a feature that is not known"},
        {"LOADER=generic,XEN_VER=xen-3.0,ELF_PADDR_OFFSET=0",
         "its notes have PADDR_OFFSET without VIRT_BASE"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct maker m;

        maker_start(&m, true);
        maker_old_text(&m, rows[i].text);
        maker_finish(&m, IN_OLD_SECTION);
        expect_refused(&m, rows[i].why);
    }
}

static void a_file_without_notes_is_no_paravirtual_kernel(void **state)
{
    struct maker m;

    (void)state;
    maker_start(&m, true);
    maker_finish(&m, NOWHERE);
    expect_refused(&m, "it has no notes of Xen and no __xen_guest section: no paravirtual kernel");
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
        cmocka_unit_test(the_last_of_repeated_notes_counts_and_long_texts_are_cut),
        cmocka_unit_test(notes_that_xen_refuses_are_refused_with_a_reason),
        cmocka_unit_test(a_note_of_unreasonable_length_is_refused),
        cmocka_unit_test(virt_base_above_the_kernel_is_refused),
        cmocka_unit_test(older_sections_that_make_no_sense_are_refused),
        cmocka_unit_test(a_file_without_notes_is_no_paravirtual_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
