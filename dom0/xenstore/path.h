/*
 * Paths of the xenstore, as texts: which are valid, and a table that finds things by path.
 *
 * A node is found by the hash of its whole path: one step, however deep it lies. Nodes, watches,
 * what a transaction has touched and events that wait are all kept in such tables. Entries are part
 * of what they find; several may have one path. A table grows with what is in it, and goes on with
 * longer chains where there is no memory for that.
 */
#ifndef DOM0_XENSTORE_PATH_H
#define DOM0_XENSTORE_PATH_H

#include "xen-like/abi/io.h"

#define PATH_HOMES "/local/domain/"

/* A path of a request may have a home put before it. */
#define PATH_BUFFER (XENSTORE_PAYLOAD_MAX + 32)

/* The rules of docs/misc/xenstore.txt: '/' at the front only and between, letters, digits and
 * "-/_@"; at most XENSTORE_REL_PATH_MAX bytes, those of a home not counted. */
bool path_is_valid(const char *path);

/* Where the last name begins. */
const char *path_last(const char *path);

/* How many bytes of @path are the path of its parent, which for a child of "/" and for "/" itself
 * is 1. @length: of @path. */
u32 path_parent(const char *path, u32 length);

struct path_entry {
    struct path_entry *next;
    const char *path;
    u32 length, hash;
};

struct path_table {
    struct path_entry **chains;
    u32 size, count; /* size is a power of two */
};

/* What an entry takes of its table's memory, at most; and an empty table. */
#define PATH_ENTRY_COST 32u
#define PATH_TABLE_COST 256u

/* The first entry of the path that is the first @length bytes of @path; NULL. */
struct path_entry *path_find(const struct path_table *table, const char *path, u32 length);
/* The same, for who has the hash already. */
struct path_entry *path_find_hashed(const struct path_table *table, const char *path, u32 length,
                                    u32 hash);
/* The hash of each beginning of a path, made in one pass: [n] is that of its first n bytes. Good
 * until any other path is looked for. */
const u32 *path_hashes(const char *path, u32 length);
/* The next of the same path; NULL. */
struct path_entry *path_find_next(const struct path_entry *entry);

/* entry->path is set, and stays. False: there is no memory even for the smallest table. */
bool path_add(struct path_table *table, struct path_entry *entry);
void path_remove(struct path_table *table, struct path_entry *entry);
/* Bytes that were hashed, ever: what a guest's paths cost, for tests. */
extern u64 path_bytes_hashed;

/* Gives the table's own memory back; the entries are the owner's. */
void path_table_free(struct path_table *table);

#endif
