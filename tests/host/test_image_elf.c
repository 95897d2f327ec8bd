// LINK: xen-like/lib/image_elf.c xen-like/lib/image_notes.c xen-like/lib/image_text.c
// LINK: xen-like/lib/image_symtab.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/host/maker/image_maker.c
/*
 * Files that are broken: every field that could lead the reader out of the file, spoilt one at a
 * time; every truncation; and random damage from a fixed seed. The file always lies at the end of
 * its own allocation, so that the sanitizer sees a read of a single byte too many.
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

/* Where in memory the loader puts a kernel of these tests. */
struct memory {
    u8 bytes[4 * PAGE_SIZE];
    u64 base;
    const char *fault; /* what the copy function answers */
};

static const char *copy_to_memory(void *ctx, u64 paddr, const void *from, u64 length)
{
    struct memory *memory = ctx;

    assert_in_range(paddr - memory->base, 0, sizeof(memory->bytes));
    assert_in_range(length, 1, sizeof(memory->bytes) - (paddr - memory->base));
    if (from != NULL)
        memcpy(memory->bytes + (paddr - memory->base), from, length);
    else
        memset(memory->bytes + (paddr - memory->base), 0, length);
    return memory->fault;
}

static void segments_arrive_whole_with_zeros_behind_them(void **state)
{
    struct maker m;
    struct image img;
    struct memory memory = {.base = MAKER_PADDR};
    const char *why;

    (void)state;
    maker_make_kernel(&m);
    assert_true(image_read(&img, m.bytes, sizeof(m.bytes), &why));
    memset(memory.bytes, 0xee, sizeof(memory.bytes));
    assert_true(image_load(&img, copy_to_memory, &memory, &why));

    assert_memory_equal(memory.bytes, m.bytes + MAKER_CODE, MAKER_FILL);
    for (size_t i = MAKER_FILL; i < PAGE_SIZE; i++)
        assert_int_equal(memory.bytes[i], 0);
    assert_memory_equal(memory.bytes + PAGE_SIZE, m.bytes + MAKER_CODE + 0x100, 0x80);
    for (size_t i = 0x80; i < 0x280; i++)
        assert_int_equal(memory.bytes[PAGE_SIZE + i], 0);
    assert_int_equal(memory.bytes[PAGE_SIZE + 0x280], 0xee);
    assert_int_equal(img.pend, MAKER_PADDR + PAGE_SIZE + 0x280);
}

static void a_fault_of_the_copy_function_is_the_reason(void **state)
{
    struct maker m;
    struct image img;
    struct memory memory = {.base = MAKER_PADDR, .fault = "no memory"};
    const char *why;

    (void)state;
    maker_make_kernel(&m);
    assert_true(image_read(&img, m.bytes, sizeof(m.bytes), &why));
    assert_false(image_load(&img, copy_to_memory, &memory, &why));
    assert_string_equal(why, "no memory");
}

static void segments_that_overlap_without_end_are_not_loaded(void **state)
{
    struct maker m;
    struct image img;
    struct memory memory = {.base = MAKER_PADDR};
    const char *why;

    (void)state;
    maker_start(&m, true);
    for (int i = 0; i < 3; i++)
        maker_segment(&m, PT_LOAD, MAKER_CODE, MAKER_PADDR, MAKER_FILL, PAGE_SIZE);
    maker_text(&m, XEN_ELFNOTE_LOADER, "generic");
    maker_text(&m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    maker_finish(&m, IN_SEGMENT);
    assert_true(image_read(&img, m.bytes, sizeof(m.bytes), &why));
    assert_false(image_load(&img, copy_to_memory, &memory, &why));
    assert_string_equal(why, "its segments overlap too much");
}

/* One field of the file gets a value; see maker_make_kernel for what the file is. */
struct spoilt {
    size_t at;
    unsigned int width;
    u64 value;
    const char *why;
};

#define HEADER(field, value, why)                                                                  \
    {                                                                                              \
        offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), value, why                  \
    }
#define IDENT(index, value, why)                                                                   \
    {                                                                                              \
        index, 1, value, why                                                                       \
    }
#define SEGMENT(number, field, value, why)                                                         \
    {                                                                                              \
        MAKER_SEGMENTS + (number) * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, field),              \
            sizeof(((Elf64_Phdr *)0)->field), value, why                                           \
    }
#define NOTE(field, value, why)                                                                    \
    {                                                                                              \
        MAKER_NOTES + offsetof(Elf64_Nhdr, field), sizeof(((Elf64_Nhdr *)0)->field), value, why    \
    }

#define TABLE_OF_SEGMENTS "its table of segments does not fit into the file"
#define TABLE_OF_SECTIONS "its table of sections does not fit into the file"
#define NOTE_PAST_END     "one of its notes reaches past the end of its segment"

static const struct spoilt spoilt_fields[] = {
    IDENT(EI_MAG0, 0, "it is not an ELF file"),
    IDENT(EI_MAG3, 'f', "it is not an ELF file"),
    IDENT(EI_CLASS, ELFCLASSNONE, "its ELF class is neither 32 nor 64 bits"),
    IDENT(EI_CLASS, 3, "its ELF class is neither 32 nor 64 bits"),
    IDENT(EI_CLASS, ELFCLASS32, "it is built for another machine than x86"),
    IDENT(EI_DATA, ELFDATA2MSB, "it is not a little-endian ELF file"),
    HEADER(e_machine, EM_AARCH64, "it is built for another machine than x86"),
    HEADER(e_machine, EM_386, "it is built for another machine than x86"),
    HEADER(e_phoff, MAKER_SIZE, TABLE_OF_SEGMENTS),
    HEADER(e_phoff, UINT64_MAX, TABLE_OF_SEGMENTS),
    HEADER(e_phoff, UINT64_MAX - 100, TABLE_OF_SEGMENTS),
    HEADER(e_phnum, 0xffff, TABLE_OF_SEGMENTS),
    HEADER(e_phnum, 0, "it has nothing to load"),
    HEADER(e_phentsize, sizeof(Elf64_Phdr) - 1, TABLE_OF_SEGMENTS),
    HEADER(e_phentsize, 0, TABLE_OF_SEGMENTS),
    HEADER(e_phentsize, 0xffff, TABLE_OF_SEGMENTS),
    HEADER(e_shoff, UINT64_MAX, TABLE_OF_SECTIONS),
    HEADER(e_shnum, 0xffff, TABLE_OF_SECTIONS),
    HEADER(e_shentsize, 1, TABLE_OF_SECTIONS),
    SEGMENT(0, p_filesz, PAGE_SIZE + 1, "its segment 0 has more bytes in the file than in memory"),
    SEGMENT(0, p_filesz, MAKER_FILL + 1, "its segment 0 reaches past the end of the file"),
    SEGMENT(0, p_offset, MAKER_SIZE + 1, "its segment 0 reaches past the end of the file"),
    SEGMENT(0, p_offset, UINT64_MAX, "its segment 0 reaches past the end of the file"),
    SEGMENT(0, p_paddr, UINT64_MAX - 5, "its segment 0 reaches past the last address"),
    SEGMENT(1, p_memsz, UINT64_MAX, "its segment 1 reaches past the last address"),
    SEGMENT(1, p_memsz, 0, "its segment 1 has more bytes in the file than in memory"),
    SEGMENT(1, p_paddr, 0x7fffff00, "VIRT_BASE and PADDR_OFFSET put it around the last address"),
    SEGMENT(2, p_filesz, MAKER_SIZE, "its segment 2 reaches past the end of the file"),
    SEGMENT(2, p_offset, UINT64_MAX - 8, "its segment 2 reaches past the end of the file"),
    SEGMENT(2, p_filesz, 14, NOTE_PAST_END),
    SEGMENT(2, p_type, PT_NULL,
            "it has no notes of Xen and no __xen_guest section: no paravirtual kernel"),
    SEGMENT(2, p_offset, 0,
            "it has no notes of Xen and no __xen_guest section: no paravirtual kernel"),
    NOTE(n_namesz, 0xffffffff, NOTE_PAST_END),
    NOTE(n_namesz, 0xfffffffd, NOTE_PAST_END),
    NOTE(n_descsz, 0xffffffff, NOTE_PAST_END),
    NOTE(n_descsz, 0x80000000, NOTE_PAST_END),
};

static u8 *copy_exactly(const void *bytes, size_t size)
{
    u8 *copy = malloc(MAX(size, (size_t)1));

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void every_spoilt_field_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(spoilt_fields); i++) {
        const struct spoilt *spoilt = &spoilt_fields[i];
        struct maker m;
        struct image img;
        const char *why = NULL;
        u8 *file;

        maker_make_kernel(&m);
        memcpy(m.bytes + spoilt->at, &spoilt->value, spoilt->width);
        file = copy_exactly(m.bytes, sizeof(m.bytes));
        assert_false(image_read(&img, file, sizeof(m.bytes), &why));
        assert_string_equal(why, spoilt->why);
        free(file);
    }
}

static void sections_out_of_the_file_are_refused(void **state)
{
    static const struct {
        enum maker_place place;
        const char *why;
    } rows[] = {
        {IN_SECTION, "its section 2 reaches past the end of the file"},
        {IN_OLD_SECTION, "its __xen_guest section reaches past the end of the file"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct maker m;
        struct image img;
        const char *why = NULL;
        const u64 size = MAKER_SIZE - MAKER_NOTES + 1;

        maker_start(&m, true);
        maker_old_text(&m, "LOADER=generic,XEN_VER=xen-3.0");
        maker_finish(&m, rows[i].place);
        memcpy(m.bytes + MAKER_SECTIONS + 2 * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size),
               &size, sizeof(size));
        assert_false(image_read(&img, m.bytes, sizeof(m.bytes), &why));
        assert_string_equal(why, rows[i].why);
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    struct maker m;

    (void)state;
    maker_make_kernel(&m);
    for (size_t size = 0; size < sizeof(m.bytes); size++) {
        struct image img;
        const char *why = NULL;
        u8 *file = copy_exactly(m.bytes, size);

        assert_false(image_read(&img, file, size, &why));
        assert_non_null(why);
        free(file);
    }
}

static u64 random_state = 0x9e3779b97f4a7c15;

/* xorshift64*: the same numbers in every run. */
static u32 next_random(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (u32)((random_state * 0x2545f4914f6cdd1dull) >> 32);
}

/* Reads every byte that it is given, as a real copy would. */
static const char *touch(void *ctx, u64 paddr, const void *from, u64 length)
{
    u32 *sum = ctx;

    *sum += (u32)paddr;
    for (u64 i = 0; from != NULL && i < length; i++)
        *sum += ((const u8 *)from)[i];
    return NULL;
}

static void make_seed(struct maker *m, unsigned int kind)
{
    static const char old[] =
        "LOADER=generic,XEN_VER=xen-3.0,VIRT_BASE=0,ELF_PADDR_OFFSET=0,VIRT_ENTRY=0x100000,"
        "HYPERCALL_PAGE=0x2,FEATURES=writable_page_tables|!dom0|auto_translated_physmap,PAE=yes";

    if (kind == 0) {
        maker_make_kernel(m);
        return;
    }
    maker_start(m, kind != 1);
    if (kind == 2) {
        maker_old_text(m, old);
        maker_finish(m, IN_OLD_SECTION);
        return;
    }
    maker_text(m, XEN_ELFNOTE_LOADER, "generic");
    maker_text(m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    maker_text(m, XEN_ELFNOTE_FEATURES, "writable_page_tables|!dom0");
    maker_text(m, XEN_ELFNOTE_PAE_MODE, "yes,bimodal");
    maker_note(m, "Xen", XEN_ELFNOTE_L1_MFN_VALID, (u64[]){1, 1}, 16);
    maker_note(m, "Xen", XEN_ELFNOTE_SUPPORTED_FEATURES, (u32[]){1}, 4);
    maker_finish(m, kind == 1 ? IN_SEGMENT : IN_SECTION);
}

#define KINDS        4u
#define RUNS         100000u
#define HEADERS_ONLY MAKER_CODE /* damage behind it changes nothing that is read */

/* Flips bits, or puts in one of the values at which arithmetic goes wrong. */
static void damage(u8 *file)
{
    static const u8 edges[] = {0x00, 0x7f, 0x80, 0xff};
    u32 at = next_random() % HEADERS_ONLY;

    if (next_random() % 2 == 0)
        file[at] ^= (u8)(1u << next_random() % 8);
    else
        memset(file + at, edges[next_random() % ARRAY_SIZE(edges)], 1 + next_random() % 8);
}

static void random_damage_never_leads_out_of_the_file(void **state)
{
    u32 read = 0, refused = 0, sum = 0;

    (void)state;
    for (u32 run = 0; run < RUNS; run++) {
        struct maker m;
        struct image img;
        const char *why = NULL;
        u8 *file;

        make_seed(&m, run % KINDS);
        for (u32 faults = 1 + next_random() % 6; faults > 0; faults--)
            damage(m.bytes);
        file = copy_exactly(m.bytes, sizeof(m.bytes));
        if (image_read(&img, file, sizeof(m.bytes), &why)) {
            read++;
            assert_true(img.virt_kstart <= img.entry && img.entry <= img.virt_kend);
            image_load(&img, touch, &sum, &why);
        } else {
            refused++;
            assert_non_null(why);
        }
        free(file);
    }
    /* A generator that no longer makes anything readable (or broken) would test nothing. */
    assert_true(read > RUNS / 100 && refused > RUNS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_arrive_whole_with_zeros_behind_them),
        cmocka_unit_test(a_fault_of_the_copy_function_is_the_reason),
        cmocka_unit_test(segments_that_overlap_without_end_are_not_loaded),
        cmocka_unit_test(every_spoilt_field_is_refused_by_name),
        cmocka_unit_test(sections_out_of_the_file_are_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(random_damage_never_leads_out_of_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
