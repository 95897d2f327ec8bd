/* See path.h. */
#include "dom0/xenstore/path.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/string.h"

#define SIZE_MIN 16

static bool byte_is_valid(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '/' || c == '_' || c == '@';
}

/* How much of the path is a guest's home with its slash: it does not count for the length. */
static u32 home_length(const char *path)
{
    u32 at = sizeof(PATH_HOMES) - 1, digits = 0;

    if (!str_starts_with(path, PATH_HOMES))
        return 0;
    while (digits < 5 && path[at + digits] >= '0' && path[at + digits] <= '9')
        digits++;
    return digits && path[at + digits] == '/' ? at + digits + 1 : 0;
}

bool path_is_valid(const char *path)
{
    size_t length = strlen(path);

    if (path[0] != '/' || length > home_length(path) + XENSTORE_REL_PATH_MAX)
        return false;
    if (length > 1 && path[length - 1] == '/')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!byte_is_valid(path[i]) || (path[i] == '/' && path[i + 1] == '/'))
            return false;
    }
    return true;
}

const char *path_last(const char *path)
{
    const char *last = path;

    for (; *path; path++) {
        if (*path == '/')
            last = path + 1;
    }
    return last;
}

u32 path_parent(const char *path, u32 length)
{
    while (length > 1 && path[length - 1] != '/')
        length--;
    return length > 1 ? length - 1 : 1;
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

u64 path_bytes_hashed;

/* The path that was hashed last. */
static struct {
    u32 length;
    char path[PATH_BUFFER];
    u32 hashes[PATH_BUFFER + 1];
} last = {.hashes = {2166136261u}};

/* How many bytes they have in common, of @length. */
static u32 bytes_in_common(const char *a, const char *b, u32 length)
{
    u32 n = 0;

    for (; n + sizeof(u64) <= length; n += (u32)sizeof(u64)) {
        u64 of_a, of_b;

        __builtin_memcpy(&of_a, a + n, sizeof(of_a));
        __builtin_memcpy(&of_b, b + n, sizeof(of_b));
        if (of_a != of_b)
            break;
    }
    while (n < length && a[n] == b[n])
        n++;
    return n;
}

/*
 * FNV-1a. A guest can make its paths collide, and gets slower for as many as its quota allows.
 *
 * Its paths can be a thousand names deep, too, and one request looks for each path above, or below:
 * hashed anew, those would be a megabyte. But they begin as the last one did, and the hash of a
 * beginning is on the way to the hash of the whole: so only what is different is hashed.
 */
const u32 *path_hashes(const char *path, u32 length)
{
    u32 known = bytes_in_common(path, last.path, MIN(length, last.length));

    if (known == length)
        return last.hashes;
    path_bytes_hashed += length - known;
    for (u32 i = known; i < length; i++) {
        last.path[i] = path[i];
        last.hashes[i + 1] = (last.hashes[i] ^ (u8)path[i]) * 16777619u;
    }
    last.length = length;
    return last.hashes;
}

static u32 hash_of(const char *path, u32 length)
{
    length = MIN(length, (u32)PATH_BUFFER);
    return path_hashes(path, length)[length];
}

static struct path_entry **chain_of(const struct path_table *table, u32 hash)
{
    return &table->chains[(hash ^ hash >> 16) & (table->size - 1)];
}

/* This one, or the first behind it, that is of the path. */
static struct path_entry *chain_search(struct path_entry *entry, const char *path, u32 length,
                                       u32 hash)
{
    for (; entry; entry = entry->next) {
        if (entry->hash == hash && entry->length == length && !memcmp(entry->path, path, length))
            return entry;
    }
    return NULL;
}

struct path_entry *path_find_hashed(const struct path_table *table, const char *path, u32 length,
                                    u32 hash)
{
    return table->count ? chain_search(*chain_of(table, hash), path, length, hash) : NULL;
}

struct path_entry *path_find(const struct path_table *table, const char *path, u32 length)
{
    return table->count ? path_find_hashed(table, path, length, hash_of(path, length)) : NULL;
}

struct path_entry *path_find_next(const struct path_entry *entry)
{
    return chain_search(entry->next, entry->path, entry->length, entry->hash);
}

/* Behind all of the chain: entries of one path stay in the order in which they came. */
static void chain_add(struct path_entry **chain, struct path_entry *entry)
{
    while (*chain)
        chain = &(*chain)->next;
    entry->next = NULL;
    *chain = entry;
}

static void table_grow(struct path_table *table)
{
    struct path_table old = *table;
    u32 size = old.size ? 2 * old.size : SIZE_MIN;
    struct path_entry **chains = heap_alloc(size * sizeof(struct path_entry *));

    if (!chains)
        return;
    table->chains = chains;
    table->size = size;
    for (u32 i = 0; i < old.size; i++) {
        for (struct path_entry *entry = old.chains[i], *next; entry; entry = next) {
            next = entry->next;
            chain_add(chain_of(table, entry->hash), entry);
        }
    }
    heap_free(old.chains);
}

bool path_add(struct path_table *table, struct path_entry *entry)
{
    if (table->count >= table->size)
        table_grow(table);
    if (!table->size)
        return false;
    entry->length = (u32)strlen(entry->path);
    entry->hash = hash_of(entry->path, entry->length);
    chain_add(chain_of(table, entry->hash), entry);
    table->count++;
    return true;
}

void path_remove(struct path_table *table, struct path_entry *entry)
{
    struct path_entry **at = chain_of(table, entry->hash);

    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    table->count--;
}

void path_table_free(struct path_table *table)
{
    heap_free(table->chains);
    *table = (struct path_table){0};
}
