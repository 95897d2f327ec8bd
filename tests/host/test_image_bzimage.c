// LINK: xen-like/lib/image_unpack.c xen-like/lib/image_*z*.c
// LINK: xen-like/lib/third_party/puff/puff.c xen-like/lib/third_party/*z*/*.c
// LINK: xen-like/lib/string.c
// LINK: tests/host/maker/gzip_maker.c
/*
 * Linux's bzImage: what is in it is found, what points out of it is refused, and packings that are
 * not read are told by their names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <asm/bootparam.h>

#include "tests/host/maker/gzip_maker.h"
#include "xen-like/lib/string.h"

/* Makes a bzImage around a payload: `sectors` of real-mode code, then the payload, 64 bytes in. */
static void wrap(struct file *out, const void *payload, u32 size, u8 sectors)
{
    struct setup_header header = {
        .setup_sects = sectors,
        .version = 0x20c,
        .payload_offset = 64,
        .payload_length = size,
    };
    size_t start = ((sectors != 0 ? sectors : 4u) + 1) * 512 + header.payload_offset;

    memcpy(&header.header, "HdrS", sizeof(header.header));
    assert_true(start + size + 16 <= sizeof(out->bytes));
    memset(out->bytes, 0x90, start + size + 16);
    memcpy(out->bytes + offsetof(struct boot_params, hdr), &header, sizeof(header));
    memcpy(out->bytes + start, payload, size);
    out->size = start + size + 16;
}

static void change_header(struct file *file, const struct setup_header *header)
{
    memcpy(file->bytes + offsetof(struct boot_params, hdr), header, sizeof(*header));
}

static struct setup_header header_of(const struct file *file)
{
    struct setup_header header;

    memcpy(&header, file->bytes + offsetof(struct boot_params, hdr), sizeof(header));
    return header;
}

static void a_bzimage_gives_up_its_payload_packed_or_not(void **state)
{
    static const u8 sectors[] = {0, 1, 4, 39};
    struct file packed, file;

    (void)state;
    run_gzip(&packed, 3000, "-9");
    for (size_t i = 0; i < ARRAY_SIZE(sectors); i++) {
        wrap(&file, packed.bytes, (u32)packed.size, sectors[i]);
        expect_plain(&file, 3000);
        wrap(&file, plain, 3000, sectors[i]);
        expect_plain(&file, 3000);
    }
}

static void a_bzimage_that_points_out_of_the_file_is_refused(void **state)
{
    static const struct {
        u32 offset, length;
    } rows[] = {{64, FILE_ROOM}, {0xffffffff, 1}, {64, 0xffffffff}, {0xffffffff, 0xffffffff}};
    struct file file;
    struct setup_header header;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        wrap(&file, plain, 3000, 4);
        header = header_of(&file);
        header.payload_offset = rows[i].offset;
        header.payload_length = rows[i].length;
        change_header(&file, &header);
        expect_refused(&file, "the payload of its bzImage reaches past the end of the file");
    }
    wrap(&file, plain, 3000, 4);
    header = header_of(&file);
    header.version = 0x207;
    change_header(&file, &header);
    expect_refused(&file, "it is a bzImage older than boot protocol 2.08");
}

static void what_is_in_no_known_form_is_refused(void **state)
{
    struct file file;
    u8 payload[64];

    (void)state;
    memset(payload, 0x55, sizeof(payload));
    wrap(&file, payload, sizeof(payload), 4);
    expect_refused(&file, "the payload of its bzImage is in no form that is known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bzimage_gives_up_its_payload_packed_or_not),
        cmocka_unit_test(a_bzimage_that_points_out_of_the_file_is_refused),
        cmocka_unit_test(what_is_in_no_known_form_is_refused),
    };

    return cmocka_run_group_tests(tests, make_plain, NULL);
}
