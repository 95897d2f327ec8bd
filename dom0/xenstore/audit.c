/* See audit.h. */
#include "dom0/xenstore/audit.h"

#include "dom0/xenstore/transaction.h"
#include "dom0/xenstore/tree.h"
#include "dom0/xenstore/watch.h"
#include "xen-like/lib/string.h"

static u32 nodes_known; /* as children of a node */

static bool names_have_nodes(const struct node *node)
{
    const char *names = content_names(node->content);
    u32 length = node->entry.length;

    for (u32 at = 0; at < node->content->names_length; at += (u32)strlen(names + at) + 1) {
        static char path[PATH_BUFFER];
        u32 end = length > 1 ? length : 0;

        memcpy(path, node->path, length);
        path[end] = '/';
        str_copy(path + end + 1, names + at, sizeof(path) - end - 1);
        if (!tree_find(path))
            return false;
        nodes_known++;
    }
    return true;
}

static void node_look(struct node *node, void *data)
{
    const struct node *parent =
        tree_find_part(node->path, path_parent(node->path, node->entry.length));
    const char **wrong = data;

    if (node->path[0] == '@')
        return;
    if (!path_is_valid(node->path))
        *wrong = "a path is not valid";
    else if (!parent ||
             (parent != node && content_name_at(parent->content, path_last(node->path)) < 0))
        *wrong = "a node is not known to its parent";
    else if (!names_have_nodes(node))
        *wrong = "a name has no node";
    else if (!account_find(content_owner(node->content)))
        *wrong = "a node's owner has no account";
}

/* What a client keeps of its account busy. */
static u64 client_bytes(const struct client *client)
{
    u64 bytes = 0;

    LIST_FOR_EACH(link, &client->watches)
    {
        bytes += watch_cost(LIST_ENTRY(link, struct watch, link));
    }
    LIST_FOR_EACH(link, &client->transactions)
    {
        bytes += LIST_ENTRY(link, struct transaction, link)->bytes;
    }
    LIST_FOR_EACH(link, &client->queue)
    {
        bytes += outgoing_cost(LIST_ENTRY(link, struct outgoing, link));
    }
    return bytes;
}

static const char *account_look(const struct account *account, u32 *nodes)
{
    u64 bytes = account->client ? client_bytes(account->client) : 0;
    u32 count = 0;

    LIST_FOR_EACH(link, &account->nodes)
    {
        const struct node *node = LIST_ENTRY(link, struct node, owned);

        if (content_owner(node->content) != account->domain)
            return "a node is counted for somebody else";
        bytes += node_cost(node->entry.length) + content_cost(node->content);
        count++;
        *nodes += node->path[0] != '@';
    }
    if (count != account->nodes_count)
        return "an account counts nodes wrongly";
    return bytes == account->bytes ? NULL : "an account counts bytes wrongly";
}

const char *store_audit(void)
{
    const char *wrong = NULL;
    u32 nodes = 0;

    nodes_known = 1; /* the root */
    tree_each(node_look, &wrong);
    LIST_FOR_EACH(link, &accounts)
    {
        if (!wrong)
            wrong = account_look(LIST_ENTRY(link, struct account, link), &nodes);
    }
    return wrong || nodes == nodes_known ? wrong : "nodes are missing";
}
