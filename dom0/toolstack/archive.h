/*
 * The files that dom0 was given: its boot module is an archive in cpio's form "newc", made by
 * tools/archive (or by cpio -o -H newc). The bytes come from outside and are believed in nothing.
 */
#ifndef DOM0_TOOLSTACK_ARCHIVE_H
#define DOM0_TOOLSTACK_ARCHIVE_H

#include "xen-like/lib/types.h"

struct blob {
    const void *bytes; /* NULL: there is none */
    u64 size;
};

struct archive_file {
    const char *name; /* in the archive, with its NUL */
    struct blob data;
};

/*
 * Steps through the regular files: *at begins at 0. False at the end, or where the archive is
 * broken; *why then says how, and is NULL at the end.
 */
bool archive_next(struct blob archive, u64 *at, struct archive_file *file, const char **why);

/* The file of that name, with or without a / before it; bytes NULL if there is none. */
struct blob archive_find(struct blob archive, const char *name);

#endif
