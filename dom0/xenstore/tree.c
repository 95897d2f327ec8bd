/* See tree.h. */
#include "dom0/xenstore/tree.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/string.h"

static struct path_table nodes;

static struct node *node_of(struct path_entry *entry)
{
    return entry ? CONTAINER_OF(entry, struct node, entry) : NULL;
}

struct node *tree_find_part(const char *path, u32 length)
{
    return node_of(path_find(&nodes, path, length));
}

struct node *tree_find_like(const struct path_entry *entry)
{
    return node_of(path_find_hashed(&nodes, entry->path, entry->length, entry->hash));
}

struct node *tree_find(const char *path)
{
    return tree_find_part(path, (u32)strlen(path));
}

struct node *node_new(const char *path)
{
    size_t size = strlen(path) + 1;
    struct node *node = heap_alloc(sizeof(*node) + size);

    if (!node)
        return NULL;
    memcpy(node->path, path, size);
    node->entry.path = node->path;
    list_init(&node->owned);
    return node;
}

void node_free(struct node *node)
{
    if (node)
        content_drop(node->content);
    heap_free(node);
}

static u64 node_bytes(const struct node *node)
{
    return node_cost(node->entry.length) + content_cost(node->content);
}

/* An owner without an account is nobody's business: dom0 keeps the node. */
static void node_own(struct node *node)
{
    struct account *account = account_find(content_owner(node->content));

    if (!account)
        account = account_find(0);
    node->content->permissions[0].domain = account->domain;
    list_add_tail(&account->nodes, &node->owned);
    account->nodes_count++;
    account_add(account, node_bytes(node));
}

static void node_disown(struct node *node)
{
    struct account *account = account_find(content_owner(node->content));

    list_remove(&node->owned);
    account->nodes_count--;
    account_give(account, node_bytes(node));
}

void tree_add(struct node *node, struct content *content)
{
    node->content = content;
    content->generation = ++store_generation;
    path_add(&nodes, &node->entry); /* there are chains since tree_init */
    node_own(node);
}

void tree_change(struct node *node, struct content *content)
{
    struct content *old = node->content;

    node_disown(node);
    content->generation = ++store_generation;
    node->content = content;
    node_own(node);
    content_drop(old);
}

void tree_remove(struct node *node)
{
    node_disown(node);
    store_generation++;
    path_remove(&nodes, &node->entry);
    node_free(node);
}

void tree_give_to_dom0(struct node *node)
{
    node_disown(node);
    node->content->permissions[0].domain = 0;
    node_own(node);
}

static bool tree_add_special(const char *path)
{
    struct node *node = node_new(path);
    struct content *content = node ? content_of_dom0() : NULL;

    if (!content || !path_add(&nodes, &node->entry)) {
        content_drop(content);
        node_free(node);
        return false;
    }
    path_remove(&nodes, &node->entry);
    tree_add(node, content);
    return true;
}

int tree_init(void)
{
    static const char *const first[] = {EVENT_INTRODUCE, EVENT_RELEASE, "/"};

    if (!account_open(0))
        return -XEN_ENOMEM;
    for (u32 i = 0; i < ARRAY_SIZE(first); i++) {
        if (!tree_find(first[i]) && !tree_add_special(first[i]))
            return -XEN_ENOMEM;
    }
    return 0;
}

void tree_each(void (*act)(struct node *node, void *data), void *data)
{
    for (u32 i = 0; i < nodes.size; i++) {
        for (struct path_entry *entry = nodes.chains[i]; entry; entry = entry->next)
            act(CONTAINER_OF(entry, struct node, entry), data);
    }
}
