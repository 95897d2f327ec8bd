// LINK: xen-like/lib/image_unpack.c xen-like/lib/image_*z*.c
// LINK: xen-like/lib/third_party/puff/puff.c xen-like/lib/third_party/*z*/*.c
// LINK: xen-like/lib/string.c
// LINK: tests/host/maker/gzip_maker.c
/*
 * Kernels packed by the packers that Linux's build knows beside gzip, as it does it: what the tools
 * themselves pack comes out again; what is cut, spoilt, or not as long as it says, is refused, and
 * writes no byte outside of its place. (More on gzip and xz: test_image_gzip.c, test_image_xz.c.)
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

#define WORD        sizeof(u32)
#define LARGE_TIMES 200 /* 10 MB: some of lz4's blocks, and of bzip2's and zstd's */

#define PYTHON(module, options)                                                                    \
    "python3 -c 'import " module ", sys; sys.stdout.buffer.write(" module ".compress("             \
    "sys.stdin.buffer.read()" options "))'"

static const struct packer {
    const char *name, *command;
    size_t magic;
    bool sums;     /* it has a check sum of what is in it */
    bool ends;     /* it says itself where it ends */
    bool overruns; /* what comes out beyond the stated size is told from damage */
} packers[] = {
    {"xz", PYTHON("lzma", ", check=lzma.CHECK_CRC32"), 6, true, true, true},
    {"lzma", PYTHON("lzma", ", format=lzma.FORMAT_ALONE"), 3, false, false, false},
    {"zstd", "zstd -q -19", 4, true, true, true},
    {"zstd", "zstd -q -1 --no-check", 4, false, true, true},
    {"lz4", "lz4 -q -l -9", 4, false, false, false},
    {"lzo", "lzop -9", 5, true, true, true},
    {"lzo", "lzop -1", 5, true, true, true},
    {"bzip2", PYTHON("bz2", ", 9"), 3, true, true, true},
};

/* What the command makes of `times' times `size' bytes of plain, and behind it how many they are.
 */
static size_t run(const struct packer *p, u8 *out, size_t room, size_t size, unsigned int times)
{
    char path[] = "/tmp/xen-like-packer-XXXXXX", command[256];
    u32 length = (u32)size * times;
    int fd = mkstemp(path);
    size_t made;
    FILE *pipe;

    assert_true(fd >= 0);
    for (unsigned int i = 0; i < times; i++)
        assert_int_equal(write(fd, plain, size), (ssize_t)size);
    close(fd);
    snprintf(command, sizeof(command), "%s < %s", p->command, path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    made = fread(out, 1, room - WORD, pipe);
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
    memcpy(out + made, &length, WORD);
    return made + WORD;
}

static void pack(const struct packer *p, struct file *file, size_t size)
{
    file->size = run(p, file->bytes, sizeof(file->bytes), size, 1);
}

static void state_length(struct file *file, u32 length)
{
    memcpy(file->bytes + file->size - WORD, &length, sizeof(length));
}

/* Refused for this reason, in which %s is the packer. */
static void expect_why(const struct packer *p, const struct file *file, const char *format)
{
    char why[96];

    snprintf(why, sizeof(why), format, p->name);
    expect_refused(file, why);
}

#define for_each_packer(p)                                                                         \
    for (const struct packer *p = packers; p < packers + ARRAY_SIZE(packers); p++)

static void what_is_packed_is_unpacked(void **state)
{
    static const size_t sizes[] = {1, 100, 3000, 32768, PLAIN_SIZE};
    struct file file;

    (void)state;
    for_each_packer(p)
    {
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
            pack(p, &file, sizes[i]);
            expect_plain(&file, sizes[i]);
        }
    }
}

static void what_is_large_has_many_blocks(void **state)
{
    const size_t size = (size_t)PLAIN_SIZE * LARGE_TIMES;
    u8 *packed = malloc(size), *unpacked = malloc(size),
       *work = aligned_alloc(4096, IMAGE_WORK_BYTES);
    const char *why;

    (void)state;
    for_each_packer(p)
    {
        size_t made = run(p, packed, size, PLAIN_SIZE, LARGE_TIMES);

        assert_int_equal(image_unpacked_size(packed, made, &why), size);
        if (!image_unpack(unpacked, size, work, packed, made, &why))
            fail_msg("%s: %s", p->command, why);
        for (unsigned int i = 0; i < LARGE_TIMES; i++)
            assert_memory_equal(unpacked + (size_t)i * PLAIN_SIZE, plain, PLAIN_SIZE);
    }
    free(packed);
    free(unpacked);
    free(work);
}

static void the_stated_length_must_be_true(void **state)
{
    struct file file;

    (void)state;
    for_each_packer(p)
    {
        pack(p, &file, 1000);
        state_length(&file, 1001);
        expect_why(p, &file,
                   p->ends || p->overruns || !strcmp(p->name, "lz4")
                       ? "its %s data unpacks to less than the size behind it says"
                       : "its %s data is damaged");
        state_length(&file, 0);
        expect_why(p, &file, "it is packed by %s with no size behind it");
        state_length(&file, UINT32_MAX);
        expect_why(p, &file, "it is packed by %s, and the size behind it is impossible");
        state_length(&file, 999);
        if (p->overruns)
            expect_why(p, &file, "its %s data unpacks to more than the size behind it says");
    }
}

static void what_follows_is_refused(void **state)
{
    static const u32 words[2] = {1000, 1000};
    struct file file;

    (void)state;
    for_each_packer(p)
    {
        pack(p, &file, 1000);
        append(&file, words, sizeof(words));
        if (p->ends)
            expect_why(p, &file, "something follows its %s data");
    }
}

/* Much from little: no more is written than was asked for. */
static void a_bomb_stays_in_its_place(void **state)
{
    struct file file;

    memset(plain, 0, PLAIN_SIZE);
    for_each_packer(p)
    {
        u8 *unpacked;
        const char *why;
        u64 size;

        pack(p, &file, PLAIN_SIZE);
        expect_plain(&file, PLAIN_SIZE);
        state_length(&file, 100);
        unpack(&file, &unpacked, &size, &why);
        free(unpacked);
    }
    make_plain(state);
}

static bool is_refused(const struct packer *p, const struct file *file)
{
    const char *why = NULL;
    u8 *unpacked;
    u64 length;
    bool good = unpack(file, &unpacked, &length, &why);

    assert_int_equal(good, why == NULL);
    if (good && p->sums)
        assert_memory_equal(unpacked, plain, length);
    free(unpacked);
    return !good;
}

/* Cut anywhere, with the right word behind it. (Bare LZMA is done before its end mark.) */
static void a_cut_stream_is_refused(void **state)
{
    struct file whole, cut;
    const u32 length = 2000;

    (void)state;
    for_each_packer(p)
    {
        pack(p, &whole, length);
        for (size_t size = p->magic; size < whole.size - WORD; size++) {
            cut.size = 0;
            append(&cut, whole.bytes, size);
            append(&cut, &length, sizeof(length));
            if (!is_refused(p, &cut) && (p->ends || size + 8 < whole.size - WORD))
                fail_msg("%s: good with %zu bytes", p->command, size);
        }
    }
}

static void no_flipped_bit_spoils_what_is_unpacked(void **state)
{
    struct file file;

    (void)state;
    for_each_packer(p)
    {
        pack(p, &file, 300);
        for (size_t bit = p->magic * 8; bit < file.size * 8; bit++) {
            file.bytes[bit / 8] ^= (u8)(1 << bit % 8);
            is_refused(p, &file);
            file.bytes[bit / 8] ^= (u8)(1 << bit % 8);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(what_is_large_has_many_blocks),
        cmocka_unit_test(the_stated_length_must_be_true),
        cmocka_unit_test(what_follows_is_refused),
        cmocka_unit_test(a_bomb_stays_in_its_place),
        cmocka_unit_test(a_cut_stream_is_refused),
        cmocka_unit_test(no_flipped_bit_spoils_what_is_unpacked),
    };

    return cmocka_run_group_tests(tests, make_plain, NULL);
}
