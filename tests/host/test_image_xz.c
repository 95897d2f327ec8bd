// LINK: xen-like/lib/image_unpack.c xen-like/lib/image_*z*.c
// LINK: xen-like/lib/third_party/puff/puff.c xen-like/lib/third_party/*z*/*.c
// LINK: xen-like/lib/string.c
// LINK: tests/host/maker/gzip_maker.c
/*
 * Kernels packed by xz as Linux's build does it: what Python's lzma module packs comes out again,
 * with the filter for x86 code and without; what is cut, spoilt, or not as long as it says, is
 * refused, and writes no byte outside of its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/host/maker/gzip_maker.h"
#include "xen-like/lib/image.h"
#include "xen-like/lib/string.h"

#define WORD sizeof(u32)

/* `check` and `filters` as Python has them; the stated length is appended. */
static void run_xz(struct file *out, size_t size, const char *check, const char *filters)
{
    char path[] = "/tmp/xen-like-xz-XXXXXX", command[512];
    int fd = mkstemp(path);
    u32 length = (u32)size;
    FILE *pipe;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, plain, size), (ssize_t)size);
    close(fd);
    snprintf(command, sizeof(command),
             "python3 -c 'import lzma, sys; sys.stdout.buffer.write(lzma.compress(open(\"%s\", "
             "\"rb\").read(), check=lzma.CHECK_%s, filters=[%s]))'",
             path, check, filters);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    out->size = fread(out->bytes, 1, sizeof(out->bytes), pipe);
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
    append(out, &length, sizeof(length));
}

#define LZMA2      "{\"id\": lzma.FILTER_LZMA2, \"dict_size\": 1 << 25}"
#define X86_LZMA2  "{\"id\": lzma.FILTER_X86}, " LZMA2
#define DELTA_LZMA "{\"id\": lzma.FILTER_DELTA}, " LZMA2

static void state_length(struct file *file, u32 length)
{
    memcpy(file->bytes + file->size - WORD, &length, sizeof(length));
}

static void what_xz_packs_is_unpacked(void **state)
{
    static const size_t sizes[] = {1, 100, 32768, PLAIN_SIZE};
    struct file file;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        run_xz(&file, sizes[i], "CRC32", LZMA2);
        expect_plain(&file, sizes[i]);
        run_xz(&file, sizes[i], "NONE", X86_LZMA2);
        expect_plain(&file, sizes[i]);
    }
}

/* A filter, a check sum: what the decoder was not built with is named, not passed over. */
static void what_kernels_do_not_use_is_refused(void **state)
{
    static const char other[] = "its xz data is of a kind that kernels are not packed in";
    struct file file;

    (void)state;
    run_xz(&file, 1000, "CRC64", LZMA2);
    expect_refused(&file, other);
    run_xz(&file, 1000, "CRC32", DELTA_LZMA);
    expect_refused(&file, other);
}

static void the_stated_length_must_be_true(void **state)
{
    struct file file, larger;
    const u32 word = 1000;

    (void)state;
    run_xz(&file, 1000, "CRC32", LZMA2);
    state_length(&file, 999);
    expect_refused(&file, "its xz data unpacks to more than the size behind it says");
    state_length(&file, 1001);
    expect_refused(&file, "its xz data unpacks to less than the size behind it says");
    state_length(&file, 0);
    expect_refused(&file, "it is packed by xz with no size behind it");
    state_length(&file, UINT32_MAX);
    expect_refused(&file, "it is packed by xz, and the size behind it is impossible");
    state_length(&file, 1000);
    larger = file;
    append(&larger, &word, sizeof(word));
    expect_refused(&larger, "something follows its xz data");
    file.size -= WORD; /* as the tool xz leaves it */
    expect_refused(&file, "it is packed by xz, and the size behind it is impossible");
}

/* Much from little: no more is written than was asked for. */
static void a_bomb_stays_in_its_place(void **state)
{
    struct file file;

    (void)state;
    memset(plain, 0, PLAIN_SIZE);
    run_xz(&file, PLAIN_SIZE, "CRC32", LZMA2);
    assert_in_range(file.size, 1, 200);
    expect_plain(&file, PLAIN_SIZE);
    state_length(&file, 100);
    expect_refused(&file, "its xz data unpacks to more than the size behind it says");
    make_plain(state);
}

static bool is_refused(const struct file *file)
{
    const char *why = NULL;
    u8 *unpacked;
    u64 length;
    bool good = unpack(file, &unpacked, &length, &why);

    assert_int_equal(good, why == NULL);
    if (good)
        assert_memory_equal(unpacked, plain, length);
    free(unpacked);
    return !good;
}

/* Cut anywhere, with the right word behind it. */
static void a_cut_stream_is_refused(void **state)
{
    struct file whole, cut;
    const u32 length = 2000;

    (void)state;
    run_xz(&whole, 2000, "CRC32", X86_LZMA2);
    for (size_t size = 0; size < whole.size - WORD; size++) {
        cut.size = 0;
        append(&cut, whole.bytes, size);
        append(&cut, &length, sizeof(length));
        if (size >= 6) /* before that it is nothing that anybody would call xz */
            assert_true(is_refused(&cut));
    }
}

/* There are a few that change nothing: contexts of literals that this text does not tell apart. */
static void no_flipped_bit_spoils_what_is_unpacked(void **state)
{
    unsigned harmless = 0;
    struct file file;

    (void)state;
    run_xz(&file, 300, "CRC32", X86_LZMA2);
    for (size_t bit = 6 * 8; bit < file.size * 8; bit++) {
        file.bytes[bit / 8] ^= (u8)(1 << bit % 8);
        harmless += !is_refused(&file);
        file.bytes[bit / 8] ^= (u8)(1 << bit % 8);
    }
    assert_in_range(harmless, 0, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_xz_packs_is_unpacked),
        cmocka_unit_test(what_kernels_do_not_use_is_refused),
        cmocka_unit_test(the_stated_length_must_be_true),
        cmocka_unit_test(a_bomb_stays_in_its_place),
        cmocka_unit_test(a_cut_stream_is_refused),
        cmocka_unit_test(no_flipped_bit_spoils_what_is_unpacked),
    };

    return cmocka_run_group_tests(tests, make_plain, NULL);
}
