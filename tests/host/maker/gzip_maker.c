/* See gzip_maker.h. */
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

u8 plain[PLAIN_SIZE];

/* Text that repeats, numbers that do not, and a long run: all kinds of DEFLATE's symbols. */
int make_plain(void **state)
{
    u32 x = 1;

    (void)state;
    for (size_t i = 0; i < PLAIN_SIZE; i++) {
        x = x * 1664525 + 1013904223;
        plain[i] = i < 20000   ? (u8) "the page-type machine "[i % 22]
                   : i < 30000 ? (u8)(x >> 24)
                               : 7;
    }
    memcpy(plain, "\177ELF", 4);
    return 0;
}

void run_gzip(struct file *out, size_t size, const char *options)
{
    char path[] = "/tmp/xen-like-gzip-XXXXXX", command[96];
    int fd = mkstemp(path);
    FILE *pipe;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, plain, size), (ssize_t)size);
    close(fd);
    snprintf(command, sizeof(command), "gzip -c %s %s", options, path);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    out->size = fread(out->bytes, 1, sizeof(out->bytes), pipe);
    assert_int_equal(pclose(pipe), 0);
    unlink(path);
}

/* One for all: thousands are unpacked. */
static u8 work[IMAGE_WORK_BYTES] __attribute__((aligned(4096)));

bool unpack(const struct file *file, u8 **unpacked, u64 *size, const char **why)
{
    u8 *copy = malloc(MAX(file->size, (size_t)1));
    bool good;

    assert_non_null(copy);
    memcpy(copy, file->bytes, file->size);
    *unpacked = NULL;
    *size = image_unpacked_size(copy, file->size, why);
    if (*size == 0) {
        free(copy);
        return false;
    }
    assert_null(*why);
    *unpacked = malloc(*size);
    assert_non_null(*unpacked);
    good = image_unpack(*unpacked, *size, work, copy, file->size, why);
    assert_int_equal(good, *why == NULL);
    free(copy);
    return good;
}

void expect_plain(const struct file *file, size_t wanted)
{
    u8 *unpacked;
    u64 size;
    const char *why;

    if (!unpack(file, &unpacked, &size, &why))
        fail_msg("refused: %s", why);
    assert_int_equal(size, wanted);
    assert_memory_equal(unpacked, plain, wanted);
    free(unpacked);
}

void expect_refused(const struct file *file, const char *wanted)
{
    u8 *unpacked;
    u64 size;
    const char *why;

    assert_false(unpack(file, &unpacked, &size, &why));
    assert_non_null(why);
    assert_string_equal(why, wanted);
    free(unpacked);
}

void append(struct file *file, const void *bytes, size_t size)
{
    assert_true(file->size + size <= sizeof(file->bytes));
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}
