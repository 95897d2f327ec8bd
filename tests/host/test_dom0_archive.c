// LINK: dom0/toolstack/archive.c xen-like/lib/string.c
/*
 * The archive of dom0's files: files are found with or without a slash; folders are none; and an
 * archive that is cut, or has one byte wrong, gives no byte from outside of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/toolstack/archive.h"
#include "xen-like/lib/string.h"

static u8 made[2048];
static u64 made_size;

static void pad(void)
{
    while (made_size % 4)
        made[made_size++] = 0;
}

static void add(const char *name, unsigned int mode, const char *data)
{
    made_size += (u64)sprintf((char *)made + made_size,
                              "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 1,
                              mode, 0, 0, 1, 0, strlen(data), 0, 0, 0, 0, strlen(name) + 1, 0);
    made_size += (u64)sprintf((char *)made + made_size, "%s", name) + 1;
    pad();
    made_size += (u64)sprintf((char *)made + made_size, "%s", data);
    pad();
}

static void archive_make(void)
{
    memset(made, 0, sizeof(made));
    made_size = 0;
    add("boot", 0040755, "");
    add("a.cfg", 0100644, "name='a'");
    add("boot/kernel", 0100755, "ELF");
    add("empty", 0100644, "");
    add("link", 0120777, "a.cfg");
    add("TRAILER!!!", 0, "");
}

static void files_are_found(void **state)
{
    struct blob archive = {made, 0}, found;

    (void)state;
    archive_make();
    archive.size = made_size;
    found = archive_find(archive, "a.cfg");
    assert_int_equal(found.size, 8);
    assert_memory_equal(found.bytes, "name='a'", 8);
    found = archive_find(archive, "/boot/kernel");
    assert_memory_equal(found.bytes, "ELF", 3);
    found = archive_find(archive, "empty");
    assert_non_null(found.bytes);
    assert_int_equal(found.size, 0);
    assert_null(archive_find(archive, "boot").bytes);
    assert_null(archive_find(archive, "link").bytes);
    assert_null(archive_find(archive, "kernel").bytes);
    assert_null(archive_find(archive, "TRAILER!!!").bytes);
    assert_null(archive_find((struct blob){0}, "a.cfg").bytes);
}

/* Goes through all files of an archive that lies at the end of its memory. How many, or -1: broken.
 */
static int files_count(u64 size)
{
    u8 *copy = malloc(size ? size : 1);
    struct archive_file file;
    const char *why = NULL;
    int count = 0;
    u64 at = 0;

    memcpy(copy, made, size);
    while (archive_next((struct blob){copy, size}, &at, &file, &why)) {
        const u8 *bytes = file.data.bytes;

        assert_in_range(bytes - copy, 0, size);
        assert_in_range(file.data.size, 0, size - (u64)(bytes - copy));
        assert_non_null(memchr(file.name, 0, size - (u64)((const u8 *)file.name - copy)));
        count++;
    }
    free(copy);
    return why ? -1 : count;
}

static void cut_archives_are_broken(void **state)
{
    (void)state;
    archive_make();
    assert_int_equal(files_count(made_size), 3);
    for (u64 size = 0; size < made_size - 1; size++)
        assert_int_equal(files_count(size), -1);
}

static void no_byte_leads_outside(void **state)
{
    static const u8 bytes[] = {0, '0', '1', '9', 'F', 'f', 'G', 0xff, '-'};

    (void)state;
    archive_make();
    for (u64 at = 0; at < made_size; at++) {
        u8 kept = made[at];

        for (size_t i = 0; i < sizeof(bytes); i++) {
            made[at] = bytes[i];
            files_count(made_size);
        }
        made[at] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found),
        cmocka_unit_test(cut_archives_are_broken),
        cmocka_unit_test(no_byte_leads_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
