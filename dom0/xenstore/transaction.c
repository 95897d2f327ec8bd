/* See transaction.h: their beginning and their end. */
#include "dom0/xenstore/touched.h"

#include "dom0/mm/heap.h"
#include "dom0/xenstore/watch.h"
#include "xen-like/lib/string.h"

#define COST (heap_cost(sizeof(struct transaction)) + PATH_TABLE_COST) /* of an empty one */

/* ---- Beginning and dropping -------------------------------------------------------------------
 */

struct transaction *transaction_find(struct client *client, u32 id)
{
    LIST_FOR_EACH(link, &client->transactions)
    {
        struct transaction *tx = LIST_ENTRY(link, struct transaction, link);

        if (tx->id == id)
            return tx;
    }
    return NULL;
}

int transaction_begin(struct client *client, u32 *id)
{
    struct transaction *tx;

    if (!client->privileged && client->transactions_count > QUOTA_TRANSACTIONS)
        return -XEN_ENOSPC;
    if (!account_charge(client->account, COST))
        return -XEN_ENOMEM;
    tx = heap_alloc(sizeof(*tx));
    if (!tx) {
        account_give(client->account, COST);
        return -XEN_ENOMEM;
    }
    *tx = (struct transaction){.client = client, .bytes = COST};
    do {
        tx->id = client->transaction_next++;
    } while (!tx->id || transaction_find(client, tx->id));
    list_init(&tx->touched);
    list_add_tail(&client->transactions, &tx->link);
    client->transactions_count++;
    *id = tx->id;
    return 0;
}

void touched_free(struct touched *t)
{
    content_drop(t->before);
    content_drop(t->now);
    node_free(t->fresh);
    heap_free(t);
}

void transaction_drop(struct transaction *tx)
{
    for (struct list *link; (link = list_take_first(&tx->touched));)
        touched_free(LIST_ENTRY(link, struct touched, link));
    path_table_free(&tx->table);
    account_give(tx->client->account, tx->bytes);
    tx->client->transactions_count--;
    list_remove(&tx->link);
    heap_free(tx);
}

void transactions_end(struct client *client)
{
    while (!list_is_empty(&client->transactions))
        transaction_drop(LIST_ENTRY(client->transactions.next, struct transaction, link));
}

/* ---- The end ----------------------------------------------------------------------------------
 */

static bool saw_what_is(const struct touched *t)
{
    const struct node *node = tree_find_like(&t->entry);

    return t->generation == (node ? node->content->generation : 0);
}

static void count_for(const struct content *content, s64 change)
{
    struct account *account = content ? account_find(content_owner(content)) : NULL;

    if (account)
        account->nodes_change += change;
}

/* Whether nobody would own more than he may. */
static bool nodes_allowed(const struct transaction *tx)
{
    bool allowed = true;

    LIST_FOR_EACH(link, &accounts)
    {
        LIST_ENTRY(link, struct account, link)->nodes_change = 0;
    }
    LIST_FOR_EACH(link, &tx->touched)
    {
        const struct touched *t = LIST_ENTRY(link, struct touched, link);

        if (t->changed) {
            count_for(t->before, -1);
            count_for(t->now, 1);
        }
    }
    LIST_FOR_EACH(link, &accounts)
    {
        struct account *account = LIST_ENTRY(link, struct account, link);

        if (account->nodes_change && account->domain &&
            account->nodes_count + account->nodes_change >= QUOTA_NODES)
            allowed = false;
    }
    return allowed;
}

static void apply(struct touched *t)
{
    struct node *node = tree_find_like(&t->entry);

    if (t->now && node) {
        tree_change(node, content_keep(t->now));
    } else if (t->now) {
        tree_add(t->fresh, content_keep(t->now));
        t->fresh = NULL;
    } else if (node) {
        tree_remove(node);
    }
}

static int commit(struct transaction *tx)
{
    if (tx->failed)
        return -XEN_ENOMEM;
    if (tx->created && !tx->client->privileged && !nodes_allowed(tx))
        return -XEN_ENOSPC;
    LIST_FOR_EACH(link, &tx->touched)
    {
        if (!saw_what_is(LIST_ENTRY(link, struct touched, link)))
            return -XEN_EAGAIN;
    }
    LIST_FOR_EACH(link, &tx->touched)
    {
        struct touched *t = LIST_ENTRY(link, struct touched, link);

        if (t->changed)
            apply(t);
    }
    LIST_FOR_EACH(link, &tx->touched)
    {
        const struct touched *t = LIST_ENTRY(link, struct touched, link);

        if (t->fires)
            watches_fire(tx->client, t->path, t->fires_exact, t->now, t->before);
    }
    return 0;
}

int transaction_commit(struct transaction *tx)
{
    int answer = commit(tx);

    transaction_drop(tx);
    return answer;
}
