// LINK: xen-like/lib/image_elf.c xen-like/lib/image_notes.c xen-like/lib/image_text.c
// LINK: xen-like/lib/image_symtab.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/host/maker/image_maker.c
/*
 * Kernels whose files are in order and whose notes are not: what Xen refuses is refused, each with
 * the one line that names what is wrong. (Files that are broken are in test_image_elf.c.)
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
        cmocka_unit_test(notes_that_xen_refuses_are_refused_with_a_reason),
        cmocka_unit_test(a_note_of_unreasonable_length_is_refused),
        cmocka_unit_test(virt_base_above_the_kernel_is_refused),
        cmocka_unit_test(older_sections_that_make_no_sense_are_refused),
        cmocka_unit_test(a_file_without_notes_is_no_paravirtual_kernel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
