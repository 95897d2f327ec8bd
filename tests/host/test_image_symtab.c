// LINK: xen-like/lib/image_elf.c xen-like/lib/image_notes.c xen-like/lib/image_text.c
// LINK: xen-like/lib/image_symtab.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/host/maker/image_maker.c
/*
 * The symbol table that a kernel asks for: where it goes and what it says, in either class, as
 * Xen's libelf has it (4.17); that a kernel without one is loaded without; and that a table which
 * is not all in the file is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/host/maker/image_maker.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/image.h"
#include "xen-like/lib/string.h"

#define SYMBOLS_AT    (MAKER_CODE + 0x11) /* at no multiple of anything */
#define SYMBOLS_BYTES 50
#define STRINGS_AT    (MAKER_CODE + 0x83)
#define STRINGS_BYTES 7
#define STRINGS_INDEX 3 /* behind the null section, the names and the symbols */

static u8 memory[4 * PAGE_SIZE];

static const char *copy_to_memory(void *ctx, u64 paddr, const void *from, u64 length)
{
    const struct image *img = ctx;

    assert_in_range(paddr, img->pstart, img->symtab_end);
    assert_in_range(length, 1, MAX(img->pend, img->symtab_end) - paddr);
    if (from)
        memcpy(memory + (paddr - MAKER_PADDR), from, length);
    return NULL;
}

/* Its end is at no multiple of anything either. */
static void kernel_make(struct maker *m, bool wide, const char *says)
{
    maker_start(m, wide);
    maker_segment(m, PT_LOAD, MAKER_CODE, MAKER_PADDR + PAGE_SIZE, 0x80, 0x281);
    maker_text(m, XEN_ELFNOTE_LOADER, "generic");
    maker_text(m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    maker_number(m, XEN_ELFNOTE_VIRT_BASE, 0x40000000);
    if (says)
        maker_text(m, XEN_ELFNOTE_BSD_SYMTAB, says);
    m->entry = 0x40000000 + MAKER_PADDR;
    m->symbols.offset = SYMBOLS_AT;
    m->symbols.size = SYMBOLS_BYTES;
    m->symbols_link = STRINGS_INDEX;
    m->strings.offset = STRINGS_AT;
    m->strings.size = STRINGS_BYTES;
}

static void read_and_load(const struct maker *m, struct image *img)
{
    const char *why = NULL;

    if (!image_read(img, m->bytes, sizeof(m->bytes), &why))
        fail_msg("refused: %s", why);
    memset(memory, 0xee, sizeof(memory));
    if (!image_load(img, copy_to_memory, img, &why))
        fail_msg("not loaded: %s", why);
}

static void contents_check(const struct maker *m, const u8 *file, u64 symbols, u64 strings)
{
    assert_memory_equal(file + symbols, m->bytes + SYMBOLS_AT, SYMBOLS_BYTES);
    assert_memory_equal(file + strings, m->bytes + STRINGS_AT, STRINGS_BYTES);
}

#define HEADERS_CHECK(Ehdr, Shdr, file, symbols_at, strings_at)                                    \
    do {                                                                                           \
        const Ehdr *h = (const Ehdr *)(const void *)(file);                                        \
        const Shdr *s = (const Shdr *)(const void *)((file) + 64);                                 \
                                                                                                   \
        assert_memory_equal(h->e_ident, m.bytes, EI_NIDENT);                                       \
        assert_int_equal(h->e_entry, 0x40000000 + MAKER_PADDR);                                    \
        assert_int_equal(h->e_ehsize, sizeof(*h));                                                 \
        assert_int_equal(h->e_version, EV_CURRENT);                                                \
        assert_int_equal(h->e_shoff, 64);                                                          \
        assert_int_equal(h->e_shentsize, sizeof(*s));                                              \
        assert_int_equal(h->e_shnum, 3);                                                           \
        assert_true(!h->e_phoff && !h->e_phentsize && !h->e_phnum && !h->e_shstrndx);              \
        assert_int_equal(s[0].sh_type, SHT_NULL);                                                  \
        assert_int_equal(s[1].sh_type, SHT_SYMTAB);                                                \
        assert_int_equal(s[1].sh_link, 2);                                                         \
        assert_int_equal(s[1].sh_offset, symbols_at);                                              \
        assert_int_equal(s[1].sh_size, SYMBOLS_BYTES);                                             \
        assert_int_equal(s[2].sh_type, SHT_STRTAB);                                                \
        assert_int_equal(s[2].sh_offset, strings_at);                                              \
        assert_int_equal(s[2].sh_size, STRINGS_BYTES);                                             \
        contents_check(&m, file, symbols_at, strings_at);                                          \
    } while (0)

static u32 first_word(const struct image *img)
{
    u32 word;

    memcpy(&word, memory + (img->symtab - MAKER_PADDR), sizeof(word));
    return word;
}

static void a_64_bit_kernel_finds_its_symbols(void **state)
{
    static Elf64_Shdr aligned[16];
    struct maker m;
    struct image img;

    (void)state;
    kernel_make(&m, true, "yes");
    maker_finish(&m, IN_SEGMENT);
    read_and_load(&m, &img);
    assert_int_equal(img.pend, MAKER_PADDR + PAGE_SIZE + 0x281);
    assert_int_equal(img.symtab, MAKER_PADDR + PAGE_SIZE + 0x288);
    /* 4 + 64 + 3 * 64 is 260, so the symbols are at 264; they end at 314, the strings begin at 320
     */
    assert_int_equal(img.symtab_end, img.symtab + 328);
    assert_int_equal(img.virt_kend, 0x40000000 + img.symtab_end);
    assert_int_equal(first_word(&img), 323);
    memcpy(aligned, memory + (img.symtab + 4 - MAKER_PADDR), sizeof(aligned));
    HEADERS_CHECK(Elf64_Ehdr, Elf64_Shdr, (const u8 *)aligned, 260, 316);
}

/* The same room for headers, though these are smaller. */
static void a_32_bit_kernel_finds_its_symbols(void **state)
{
    static Elf64_Shdr aligned[16];
    struct maker m;
    struct image img;

    (void)state;
    kernel_make(&m, false, "yes");
    maker_finish(&m, IN_SEGMENT);
    read_and_load(&m, &img);
    assert_int_equal(img.symtab, MAKER_PADDR + PAGE_SIZE + 0x284);
    /* at 260; they end at 310, the strings begin at 312 */
    assert_int_equal(img.symtab_end, img.symtab + 320);
    assert_int_equal(img.virt_kend, 0x40000000 + img.symtab_end);
    assert_int_equal(first_word(&img), 315);
    memcpy(aligned, memory + (img.symtab + 4 - MAKER_PADDR), sizeof(aligned));
    HEADERS_CHECK(Elf32_Ehdr, Elf32_Shdr, (const u8 *)aligned, 256, 308);
}

static void no_table(const struct maker *m)
{
    struct image img;
    const char *why;

    assert_true(image_read(&img, m->bytes, sizeof(m->bytes), &why));
    assert_int_equal(img.symtab | img.symtab_end, 0);
    assert_int_equal(img.virt_kend, 0x40000000 + img.pend);
}

static void whoever_does_not_ask_or_has_none_gets_none(void **state)
{
    static const u32 links[] = {0, STRINGS_INDEX + 1, STRINGS_INDEX - 1}; /* none, beyond, itself */
    struct maker m;

    (void)state;
    kernel_make(&m, true, NULL);
    maker_finish(&m, IN_SEGMENT);
    no_table(&m);
    kernel_make(&m, true, "no");
    maker_finish(&m, IN_SEGMENT);
    no_table(&m);
    kernel_make(&m, true, "yes");
    m.symbols.size = 0;
    maker_finish(&m, IN_SEGMENT);
    no_table(&m);
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        kernel_make(&m, true, "yes");
        m.symbols_link = links[i];
        maker_finish(&m, IN_SEGMENT);
        no_table(&m);
    }
}

static void refused(struct maker *m, const char *reason)
{
    struct image img;
    const char *why;

    maker_finish(m, IN_SEGMENT);
    assert_false(image_read(&img, m->bytes, sizeof(m->bytes), &why));
    assert_string_equal(why, reason);
}

static void a_table_that_cannot_be_is_refused(void **state)
{
    static const char past_file[] = "its symbol table reaches past the end of the file";
    struct maker m;

    (void)state;
    kernel_make(&m, true, "yes");
    m.symbols.size = MAKER_SIZE - SYMBOLS_AT + 1;
    refused(&m, past_file);
    kernel_make(&m, true, "yes");
    m.strings.offset = UINT64_MAX;
    refused(&m, past_file);
    kernel_make(&m, true, "yes");
    maker_segment(&m, PT_LOAD, MAKER_CODE, UINT64_MAX - 0x83, 0x80, 0x81);
    refused(&m, "its symbol table reaches past the last address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_64_bit_kernel_finds_its_symbols),
        cmocka_unit_test(a_32_bit_kernel_finds_its_symbols),
        cmocka_unit_test(whoever_does_not_ask_or_has_none_gets_none),
        cmocka_unit_test(a_table_that_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
