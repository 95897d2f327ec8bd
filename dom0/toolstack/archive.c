/*
 * Reading cpio's form "newc". An entry is 13 numbers of 8 hexadecimal digits behind a magic of six
 * letters, then the name with its NUL, then the bytes; name and bytes end on a multiple of four.
 * The last entry has the name TRAILER!!!.
 */
#include "dom0/toolstack/archive.h"

#include "xen-like/lib/string.h"

#define HEADER_SIZE 110u
#define MAGIC       "070701"
#define TRAILER     "TRAILER!!!"
#define FIELD_SIZE  8u
#define MODE_KIND   0170000u
#define MODE_FILE   0100000u

enum field {
    FIELD_MODE = 1,
    FIELD_FILE_SIZE = 6,
    FIELD_NAME_SIZE = 11,
};

static bool field_read(const char *header, enum field field, u64 *value)
{
    const char *digits = header + sizeof(MAGIC) - 1 + field * FIELD_SIZE;

    *value = 0;
    for (u32 i = 0; i < FIELD_SIZE; i++) {
        char c = digits[i] | 32;

        if (c >= '0' && c <= '9' && digits[i] == c)
            *value = *value << 4 | (u64)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *value = *value << 4 | (u64)(c - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* The entry at *at, whatever it is; *at moves behind it. */
static const char *entry_read(struct blob archive, u64 *at, struct archive_file *file, u64 *mode)
{
    u64 left = archive.size - *at, name_size, data;
    const char *header = (const char *)archive.bytes + *at;

    if (left < HEADER_SIZE)
        return "it ends without a trailer";
    if (strncmp(header, MAGIC, sizeof(MAGIC) - 1))
        return "an entry does not begin with " MAGIC " (newc)";
    if (!field_read(header, FIELD_MODE, mode) ||
        !field_read(header, FIELD_FILE_SIZE, &file->data.size) ||
        !field_read(header, FIELD_NAME_SIZE, &name_size))
        return "a number in an entry's header is none";
    if (!name_size || name_size > left - HEADER_SIZE || header[HEADER_SIZE + name_size - 1])
        return "a name has no end";
    data = ALIGN_UP(HEADER_SIZE + name_size, 4ul);
    if (data > left || file->data.size > left - data)
        return "a file is cut off";
    file->name = header + HEADER_SIZE;
    file->data.bytes = header + data;
    data = ALIGN_UP(data + file->data.size, 4ul);
    *at += MIN(data, left);
    return NULL;
}

bool archive_next(struct blob archive, u64 *at, struct archive_file *file, const char **why)
{
    u64 mode = 0;

    do {
        *why = entry_read(archive, at, file, &mode);
        if (*why || !strcmp(file->name, TRAILER))
            return false;
    } while ((mode & MODE_KIND) != MODE_FILE);
    return true;
}

struct blob archive_find(struct blob archive, const char *name)
{
    struct archive_file file;
    const char *why;

    name += *name == '/';
    for (u64 at = 0; archive_next(archive, &at, &file, &why);) {
        if (!strcmp(file.name, name))
            return file.data;
    }
    return (struct blob){0};
}
