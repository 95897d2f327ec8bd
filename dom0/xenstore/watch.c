/* See watch.h. */
#include "dom0/xenstore/watch.h"

#include "dom0/mm/heap.h"
#include "dom0/xenstore/tree.h"
#include "xen-like/lib/string.h"

static struct path_table watches;

struct watch *watch_find(struct client *client, const char *path, const char *token,
                         const struct store_watch *local)
{
    struct path_entry *entry = path_find(&watches, path, (u32)strlen(path));

    for (; entry; entry = path_find_next(entry)) {
        struct watch *watch = CONTAINER_OF(entry, struct watch, entry);

        if (watch->client == client && watch->local == local && !strcmp(watch->token, token))
            return watch;
    }
    return NULL;
}

static struct watch *watch_new(const char *path, const char *token)
{
    size_t length = strlen(path) + 1, more = strlen(token) + 1;
    struct watch *watch = heap_alloc(sizeof(*watch) + length + more);

    if (!watch)
        return NULL;
    memcpy(watch->path, path, length);
    watch->token = watch->path + length;
    memcpy(watch->token, token, more);
    watch->entry.path = watch->path;
    if (path_add(&watches, &watch->entry))
        return watch;
    heap_free(watch);
    return NULL;
}

u64 watch_cost(const struct watch *watch)
{
    return heap_cost(sizeof(*watch) + watch->entry.length + 1 + strlen(watch->token) + 1) +
           PATH_ENTRY_COST;
}

void watch_tell(const struct watch *watch, struct client *cause, const char *path)
{
    u32 hidden = watch->hidden;

    if (hidden && path[hidden] == '/')
        hidden++;
    client_event(watch->client, cause, path + hidden, watch->token, watch->local);
}

int watch_add(struct client *client, const char *path, bool relative, const char *token,
              struct store_watch *local)
{
    struct account *account = client->account;
    struct watch *watch;

    if (watch_find(client, path, token, local))
        return -XEN_EEXIST;
    if (!client->privileged && account->watches_count > QUOTA_WATCHES)
        return -XEN_E2BIG;
    watch = watch_new(path, token);
    if (!watch)
        return -XEN_ENOMEM;
    if (!account_charge(account, watch_cost(watch))) {
        path_remove(&watches, &watch->entry);
        heap_free(watch);
        return -XEN_ENOMEM;
    }
    watch->client = client;
    watch->local = local;
    watch->hidden = relative ? (u32)strlen(client->home) : 0;
    list_add_tail(&client->watches, &watch->link);
    account->watches_count++;
    return 0;
}

void watch_remove(struct watch *watch)
{
    account_give(watch->client->account, watch_cost(watch));
    watch->client->account->watches_count--;
    path_remove(&watches, &watch->entry);
    list_remove(&watch->link);
    heap_free(watch);
}

void watches_end(struct client *client)
{
    while (!list_is_empty(&client->watches))
        watch_remove(LIST_ENTRY(client->watches.next, struct watch, link));
}

/* ---- Changes ----------------------------------------------------------------------------------
 */

/* What a client must be able to read to be told of a change. */
struct change {
    struct client *cause;
    const char *path;
    u32 length;
    const u32 *hashes;                               /* path_hashes(path, length) */
    const struct content *content, *before, *parent; /* any may be NULL */
};

static bool may_read(const struct client *client, const struct content *content)
{
    return content && client_rights(client, content) & MAY_READ;
}

static void path_watches_fire(struct change *change, u32 length)
{
    struct path_entry *entry =
        path_find_hashed(&watches, change->path, length, change->hashes[length]);

    if (!entry)
        return;

    for (; entry; entry = path_find_next(entry)) {
        const struct watch *watch = CONTAINER_OF(entry, struct watch, entry);

        if (may_read(watch->client, change->before) || may_read(watch->client, change->content) ||
            may_read(watch->client, change->parent))
            watch_tell(watch, change->cause, change->path);
    }
    change->hashes = path_hashes(change->path, change->length); /* an event has a path, too */
}

void watches_fire(struct client *cause, const char *path, bool exact, const struct content *content,
                  const struct content *before)
{
    u32 length = (u32)strlen(path);
    const struct node *parent = content ? tree_find_part(path, path_parent(path, length)) : NULL;
    struct change change = {cause,
                            path,
                            length,
                            path_hashes(path, length),
                            content,
                            before,
                            parent ? parent->content : NULL};

    path_watches_fire(&change, length);
    while (!exact && length > 1) {
        length = path_parent(path, length);
        path_watches_fire(&change, length);
    }
}

void watches_fire_special(const char *event)
{
    const struct node *node = tree_find(event);

    if (node)
        watches_fire(NULL, event, true, node->content, NULL);
}
