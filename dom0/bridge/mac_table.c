/* See mac_table.h. */
#include "dom0/bridge/mac_table.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/string.h"

struct mac_entry {
    struct list bucket;
    struct list link; /* of its set, in the order of seen */
    struct mac_set *set;
    u64 seen;
    u8 mac[MAC_BYTES];
};

void mac_table_init(struct mac_table *table)
{
    for (u32 i = 0; i < MAC_BUCKETS; i++)
        list_init(&table->buckets[i]);
}

void mac_set_init(struct mac_set *set, u32 limit)
{
    *set = (struct mac_set){.limit = limit};
    list_init(&set->entries);
}

static struct list *bucket_of(struct mac_table *table, const u8 *mac)
{
    u32 hash = 0;

    for (u32 i = 0; i < MAC_BYTES; i++)
        hash = hash * 31 + mac[i];
    return &table->buckets[hash % MAC_BUCKETS];
}

static struct mac_entry *entry_find(struct mac_table *table, const u8 *mac)
{
    struct list *bucket = bucket_of(table, mac);

    LIST_FOR_EACH(l, bucket)
    {
        struct mac_entry *e = LIST_ENTRY(l, struct mac_entry, bucket);

        if (memcmp(e->mac, mac, MAC_BYTES) == 0)
            return e;
    }
    return NULL;
}

static void entry_leave(struct mac_entry *e)
{
    list_remove(&e->bucket);
    list_remove(&e->link);
    e->set->count--;
}

/* One that may be used anew: the set's oldest if it is full, else from the heap. */
static struct mac_entry *entry_make(struct mac_set *set)
{
    struct mac_entry *oldest;

    if (set->count < set->limit)
        return heap_alloc(sizeof(struct mac_entry));
    oldest = LIST_ENTRY(set->entries.next, struct mac_entry, link);
    entry_leave(oldest);
    return oldest;
}

void mac_learn(struct mac_table *table, struct mac_set *set, const u8 *mac, u64 now)
{
    struct mac_entry *e;

    if (mac_is_multicast(mac) || !set->limit)
        return;
    e = entry_find(table, mac);
    if (e && e->set == set) {
        e->seen = now;
        list_remove(&e->link);
        list_add_tail(&set->entries, &e->link);
        return;
    }
    if (e) {
        entry_leave(e);
        heap_free(e);
    }
    e = entry_make(set);
    if (!e)
        return; /* its frames are flooded */
    memcpy(e->mac, mac, MAC_BYTES);
    e->seen = now;
    e->set = set;
    set->count++;
    list_add_tail(bucket_of(table, mac), &e->bucket);
    list_add_tail(&set->entries, &e->link);
}

struct mac_set *mac_find(struct mac_table *table, const u8 *mac, u64 now)
{
    struct mac_entry *e = entry_find(table, mac);

    if (!e)
        return NULL;
    if (now - e->seen <= MAC_AGE_NS)
        return e->set;
    entry_leave(e);
    heap_free(e);
    return NULL;
}

void mac_forget(struct mac_set *set)
{
    LIST_FOR_EACH_SAFE(l, after, &set->entries)
    {
        struct mac_entry *e = LIST_ENTRY(l, struct mac_entry, link);

        entry_leave(e);
        heap_free(e);
    }
}
