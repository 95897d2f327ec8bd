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

/* FNV-1a. A guest can make its paths collide, and gets slower for as many as its quota allows. */
static u32 hash_of(const char *path, u32 length)
{
    u32 hash = 2166136261u;

    for (u32 i = 0; i < length; i++)
        hash = (hash ^ (u8)path[i]) * 16777619u;
    return hash;
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

struct path_entry *path_find(const struct path_table *table, const char *path, u32 length)
{
    u32 hash = hash_of(path, length);

    return table->count ? chain_search(*chain_of(table, hash), path, length, hash) : NULL;
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
