/*
 * See transaction.h: how a client looks at nodes and changes them, in a transaction or as they are.
 */
#include "dom0/mm/heap.h"
#include "dom0/xenstore/touched.h"
#include "dom0/xenstore/watch.h"
#include "xen-like/lib/string.h"

/* What it would keep alive with @now: also what it saw first, which may be nobody else's by then;
 * or the node that it may make. */
static u64 touched_bytes_with(const struct touched *t, const struct content *now)
{
    return heap_cost(sizeof(*t) + t->entry.length + 1) + PATH_ENTRY_COST +
           (t->before ? content_cost(t->before) : node_cost(t->entry.length)) +
           (now && now != t->before ? content_cost(now) : 0);
}

static u64 touched_bytes(const struct touched *t)
{
    return touched_bytes_with(t, t->now);
}

/* ---- What a transaction sees ------------------------------------------------------------------
 */

static struct touched *touched_find(const struct transaction *tx, const char *path, u32 length)
{
    struct path_entry *entry = path_find(&tx->table, path, length);

    return entry ? CONTAINER_OF(entry, struct touched, entry) : NULL;
}

static struct touched *touched_new(struct transaction *tx, const char *path, u32 length)
{
    struct touched *t = heap_alloc(sizeof(*t) + length + 1);
    struct node *node = tree_find_part(path, length);

    if (!t)
        return NULL;
    memcpy(t->path, path, length);
    t->entry.path = t->path;
    if (!path_add(&tx->table, &t->entry)) {
        heap_free(t);
        return NULL;
    }
    if (node) {
        t->generation = node->content->generation;
        t->before = content_keep(node->content);
        t->now = content_keep(node->content);
    }
    list_add_tail(&tx->touched, &t->link);
    tx->touched_count++;
    return t;
}

/* Charges the transaction for more (or less) than so far. */
static bool transaction_charge(struct transaction *tx, u64 was, u64 is)
{
    struct account *account = tx->client->account;

    account_give(account, was);
    if (!account_charge(account, is)) {
        account_add(account, was);
        return false;
    }
    tx->bytes += is - was;
    return true;
}

/* Whoever goes beyond a limit within a transaction has failed with all of it. */
static int fail(struct transaction *tx, int answer)
{
    if (tx)
        tx->failed = true;
    return answer;
}

static int touch(struct transaction *tx, const char *path, u32 length, struct touched **t)
{
    *t = touched_find(tx, path, length);
    if (*t)
        return 0;
    if (tx->touched_count >= QUOTA_TOUCHED && !tx->client->privileged)
        return fail(tx, -XEN_ENOSPC);
    *t = touched_new(tx, path, length);
    if (*t && transaction_charge(tx, 0, touched_bytes(*t)))
        return 0;
    if (*t) {
        path_remove(&tx->table, &(*t)->entry);
        list_remove(&(*t)->link);
        tx->touched_count--;
        touched_free(*t);
    }
    return fail(tx, -XEN_ENOMEM);
}

int view_get(const struct view *view, const char *path, u32 length, struct content **content)
{
    struct touched *t;
    int answer;

    if (!view->transaction) {
        struct node *node = tree_find_part(path, length);

        *content = node ? node->content : NULL;
        return node ? 0 : -XEN_ENOENT;
    }
    answer = touch(view->transaction, path, length, &t);
    if (answer)
        return answer;
    *content = t->now;
    return t->now ? 0 : -XEN_ENOENT;
}

/* ---- Changes ----------------------------------------------------------------------------------
 */

static int put_now(const struct view *view, const char *path, struct content *content, bool free)
{
    struct node *node = tree_find(path);
    /* The owner pays, and only for what he has more than before. */
    struct account *account = account_find(content_owner(content));
    u64 bytes = node_cost(strlen(path)) + content_cost(content);
    bool gets_more = !node || content_owner(node->content) != content_owner(content) ||
                     content_cost(node->content) < content_cost(content);

    if (!free && !view->client->privileged && account && gets_more) {
        if (!account_charge(account, bytes))
            return -XEN_ENOMEM;
        account_give(account, bytes);
    }
    if (node) {
        tree_change(node, content);
        return 0;
    }
    node = node_new(path);
    if (!node)
        return -XEN_ENOMEM;
    tree_add(node, content);
    return 0;
}

/* +1 or -1 for each node that the client would own, or not any more. */
static void count_owned(struct transaction *tx, const struct content *content, s64 change)
{
    if (content && content_owner(content) == tx->client->account->domain)
        tx->nodes_change += change;
}

static void touched_change(struct transaction *tx, struct touched *t, struct content *content)
{
    count_owned(tx, t->now, -1);
    count_owned(tx, content, 1);
    tx->created |= content && !t->now;
    content_drop(t->now);
    t->now = content;
    t->changed = true;
}

static int put_later(struct transaction *tx, const char *path, struct content *content)
{
    struct touched *t;
    int answer = touch(tx, path, (u32)strlen(path), &t);

    if (answer)
        return answer;
    if (!t->generation && !t->fresh)
        t->fresh = node_new(path);
    if (!t->generation && !t->fresh)
        return -XEN_ENOMEM;
    if (!transaction_charge(tx, touched_bytes(t), touched_bytes_with(t, content)))
        return -XEN_ENOMEM;
    content->generation = ++store_generation;
    touched_change(tx, t, content);
    return 0;
}

int view_put(const struct view *view, const char *path, struct content *content, bool free)
{
    struct transaction *tx = view->transaction;
    int answer = 0;

    if (!content)
        answer = -XEN_ENOMEM;
    else if (!free && !view->client->privileged && content_bytes(content) >= QUOTA_NODE_BYTES)
        answer = -XEN_ENOSPC;
    else
        answer = tx ? put_later(tx, path, content) : put_now(view, path, content, free);
    if (!answer)
        return 0;
    content_drop(content);
    return fail(tx, answer);
}

void view_take(const struct view *view, const char *path)
{
    struct transaction *tx = view->transaction;
    struct touched *t;
    u64 bytes;

    if (!tx)
        return tree_remove(tree_find(path));
    if (touch(tx, path, (u32)strlen(path), &t))
        return; /* it has failed */
    bytes = touched_bytes(t) - touched_bytes_with(t, NULL);
    account_give(tx->client->account, bytes);
    tx->bytes -= bytes;
    touched_change(tx, t, NULL);
}

u32 view_nodes_owned(const struct view *view)
{
    s64 change = view->transaction ? view->transaction->nodes_change : 0;

    return (u32)(view->client->account->nodes_count + change);
}

void view_fire(const struct view *view, const char *path, bool exact, const struct content *content,
               const struct content *before)
{
    struct touched *t;

    if (!view->transaction) {
        watches_fire(view->client, path, exact, content, before);
        return;
    }
    t = touched_find(view->transaction, path, (u32)strlen(path));
    if (!t)
        return; /* it could not be touched: the transaction has failed */
    t->fires_exact = exact && (!t->fires || t->fires_exact);
    t->fires = true;
}
