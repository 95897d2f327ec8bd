// LINK: xen-like/lib/image_unpack.c xen-like/lib/image_*z*.c
// LINK: xen-like/lib/third_party/puff/puff.c xen-like/lib/third_party/*z*/*.c
// LINK: xen-like/lib/string.c
// LINK: tests/host/maker/gzip_maker.c
/*
 * Unpacking. The well-formed files come from gzip itself, at every level; the broken ones are made
 * here from stored (uncompressed) blocks, where the place of every byte is known, and from real
 * ones by cutting and by flipping bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/host/maker/gzip_maker.h"
#include "xen-like/lib/image.h"
#include "xen-like/lib/string.h"

static void what_gzip_packs_at_any_level_is_unpacked(void **state)
{
    static const char *const options[] = {"-1", "-6", "-9", "-9 -n"};
    static const size_t sizes[] = {1, 100, 32768, PLAIN_SIZE};
    struct file file;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
            run_gzip(&file, sizes[j], options[i]);
            expect_plain(&file, sizes[j]);
        }
    }
}

/* CRC-32 bit by bit: another way to the number than the reader's. */
static u32 slow_crc(const u8 *bytes, size_t size)
{
    u32 crc = ~0u;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

#define FLAGS_AT   3
#define STORED     100u /* bytes of plain in the files made here */
#define HEADER     10u
#define BLOCK      5u /* 01, length, complement of length */
#define TRAILER    8u
#define HEADER_CRC 0x02
#define EXTRA      0x04
#define NAME       0x08
#define COMMENT    0x10

static void make_header(struct file *file, u8 flags)
{
    file->size = 0;
    append(file, (u8[]){0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3}, HEADER);
}

static void append_body(struct file *file)
{
    const u16 length = STORED, complement = (u16)~STORED;
    const u32 trailer[] = {slow_crc(plain, STORED), STORED};

    append(file, "\1", 1);
    append(file, &length, sizeof(length));
    append(file, &complement, sizeof(complement));
    append(file, plain, STORED);
    append(file, trailer, sizeof(trailer));
}

static void every_optional_field_of_the_header_is_stepped_over(void **state)
{
    struct file file;

    (void)state;
    for (u8 flags = 0; flags < 0x20; flags++) {
        u16 crc;

        make_header(&file, flags);
        if (flags & EXTRA)
            append(&file, "\3\0abc", 5);
        if (flags & NAME)
            append(&file, "vmlinux", 8);
        if (flags & COMMENT)
            append(&file, "", 1);
        crc = (u16)slow_crc(file.bytes, file.size);
        if (flags & HEADER_CRC)
            append(&file, &crc, sizeof(crc));
        append_body(&file);
        expect_plain(&file, STORED);
    }
}

struct spoilt {
    size_t at;
    u8 value;
    const char *why;
};

static void every_spoilt_byte_is_refused_by_name(void **state)
{
    static const struct spoilt rows[] = {
        {2, 7, "its gzip data is of a kind that RFC 1952 does not know"},
        {FLAGS_AT, 0x20, "its gzip data is of a kind that RFC 1952 does not know"},
        {FLAGS_AT, 0x80, "its gzip data is of a kind that RFC 1952 does not know"},
        {FLAGS_AT, HEADER_CRC, "the header of its gzip data is damaged (CRC)"},
        {HEADER, 7, "its gzip data is damaged"},
        {HEADER + 1, STORED + 1, "its gzip data is damaged"},
        {HEADER + BLOCK, 'x', "its gzip data is damaged (CRC)"},
        {HEADER + BLOCK + STORED, 0x11, "its gzip data is damaged (CRC)"},
        {HEADER + BLOCK + STORED + 4, STORED + 1,
         "its gzip data unpacks to less than its trailer says"},
        {HEADER + BLOCK + STORED + 4, STORED - 1,
         "its gzip data unpacks to more than its trailer says"},
        {HEADER + BLOCK + STORED + 4, 0, "it is a gzip file with nothing in it"},
        {HEADER + BLOCK + STORED + 7, 0x80, "it is a gzip file whose stated length is impossible"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct file file;

        make_header(&file, 0);
        append_body(&file);
        file.bytes[rows[i].at] = rows[i].value;
        expect_refused(&file, rows[i].why);
    }
}

static void bytes_after_the_trailer_are_refused(void **state)
{
    struct file file;
    const u32 length = STORED;

    (void)state;
    make_header(&file, 0);
    append_body(&file);
    append(&file, &length, sizeof(length)); /* its last word is still a plausible length */
    expect_refused(&file, "something follows its gzip data");
}

static void header_fields_without_an_end_are_refused(void **state)
{
    static const u8 flags[] = {EXTRA, NAME, COMMENT, HEADER_CRC};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        struct file file;
        u8 to[STORED];
        const char *why = NULL;

        make_header(&file, flags[i]);
        append(&file, "\xff", 1); /* half a length, half a CRC, or a name that goes on */
        assert_false(image_unpack(to, sizeof(to), NULL, file.bytes, file.size, &why));
        assert_string_equal(why, "its gzip data ends inside the header");
    }
}

static void a_gzip_file_cut_anywhere_is_refused(void **state)
{
    struct file whole, cut;

    (void)state;
    run_gzip(&whole, 2000, "-9");
    for (size_t size = 2; size < whole.size; size++) {
        u8 *unpacked;
        u64 length;
        const char *why = NULL;

        memcpy(cut.bytes, whole.bytes, size);
        cut.size = size;
        assert_false(unpack(&cut, &unpacked, &length, &why));
        assert_non_null(why);
        free(unpacked);
    }
}

static void a_flipped_bit_is_always_noticed(void **state)
{
    struct file file;

    (void)state;
    run_gzip(&file, 3000, "-9 -n");
    for (size_t bit = 0; bit < file.size * 8; bit++) {
        u8 *unpacked;
        u64 size;
        const char *why = NULL;
        size_t byte = bit / 8;
        /* The flag that says "text", time, extra flags and system are free to be anything. */
        bool is_free = bit == FLAGS_AT * 8 || (byte > FLAGS_AT && byte < HEADER);
        bool is_padding = byte == file.size - TRAILER - 1; /* some bits, behind the last symbol */

        file.bytes[byte] ^= (u8)(1u << bit % 8);
        if (unpack(&file, &unpacked, &size, &why))
            assert_true(is_free || is_padding);
        else
            assert_false(is_free);
        free(unpacked);
        file.bytes[byte] ^= (u8)(1u << bit % 8);
    }
}

static void what_is_not_packed_has_no_unpacked_size(void **state)
{
    const char *why = "set";
    u8 small[4] = {0x1f};

    (void)state;
    assert_int_equal(image_unpacked_size(plain, PLAIN_SIZE, &why), 0);
    assert_null(why);
    for (size_t size = 0; size < 3; size++) {
        assert_int_equal(image_unpacked_size(small, size, &why), 0);
        assert_null(why);
    }
    assert_false(image_unpack(small, sizeof(small), NULL, plain, PLAIN_SIZE, &why));
    assert_string_equal(why, "it is not packed, or larger than the room for it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_gzip_packs_at_any_level_is_unpacked),
        cmocka_unit_test(every_optional_field_of_the_header_is_stepped_over),
        cmocka_unit_test(every_spoilt_byte_is_refused_by_name),
        cmocka_unit_test(bytes_after_the_trailer_are_refused),
        cmocka_unit_test(header_fields_without_an_end_are_refused),
        cmocka_unit_test(a_gzip_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_flipped_bit_is_always_noticed),
        cmocka_unit_test(what_is_not_packed_has_no_unpacked_size),
    };

    return cmocka_run_group_tests(tests, make_plain, NULL);
}
