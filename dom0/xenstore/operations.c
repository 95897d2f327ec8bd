/* See operations.h. */
#include "dom0/xenstore/operations.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/string.h"

/* A limit that was met is told as it is. */
static bool is_limit(int answer)
{
    return answer == -XEN_ENOMEM || answer == -XEN_ENOSPC;
}

/* What may be told of a node that could not be had: answer, or that nothing may be told. */
static int answer_for(const struct view *view, const char *path, int answer, u32 may)
{
    struct content *above;
    u32 length = (u32)strlen(path);
    int rc;

    do {
        length = path_parent(path, length);
        rc = view_get(view, path, length, &above);
    } while (rc == -XEN_ENOENT && length > 1);
    if (rc)
        return rc;
    return client_rights(view->client, above) & may ? answer : -XEN_EACCES;
}

int store_get(const struct view *view, const char *path, u32 may, struct content **content)
{
    int answer;

    if (!path_is_valid(path))
        return -XEN_EINVAL;
    answer = view_get(view, path, (u32)strlen(path), content);
    if (!answer && (client_rights(view->client, *content) & may) != may)
        answer = -XEN_EACCES;
    if (!answer || is_limit(answer))
        return answer;
    return answer_for(view, path, answer, may);
}

/* Somebody may want to know. */
static void changed(const struct view *view, const char *path, const struct content *before)
{
    struct content *content;

    if (!view_get(view, path, (u32)strlen(path), &content))
        view_fire(view, path, false, content, before);
}

/* ---- Making nodes -----------------------------------------------------------------------------
 */

/* The nearest ancestor that is there: its content, how long its path is, and how many are missing
 * below it. */
static int find_above(const struct view *view, const char *path, u32 *length, u32 *missing,
                      struct content **above)
{
    int answer;

    *length = (u32)strlen(path);
    *missing = 0;
    do {
        *length = path_parent(path, *length);
        ++*missing;
        answer = view_get(view, path, *length, above);
    } while (answer == -XEN_ENOENT && *length > 1);
    return answer;
}

/* A new node below @above: with a value, or with the name of a child. */
static struct content *content_new_below(const struct view *view, const struct content *above,
                                         const void *value, u32 length, const char *name)
{
    const struct client *client = view->client;
    domid_t owner = client->privileged ? content_owner(above) : client->account->domain;
    struct content *bare = content_of_child(above, owner), *whole = NULL;

    if (bare)
        whole = name ? content_with_name(bare, name) : content_with_value(bare, value, length);
    content_drop(bare);
    return whole;
}

/* Puts what is missing, the last node first. @path is cut down to the first of them. */
static int make_up(const struct view *view, char *path, u32 from, const struct content *above,
                   const void *value, u32 length)
{
    const char *name = NULL;

    for (;;) {
        struct content *content = content_new_below(view, above, value, length, name);
        int answer = view_put(view, path, content, false);
        u32 end = path_parent(path, (u32)strlen(path));

        if (answer || end == from)
            return answer;
        path[end] = '\0';
        name = path + end + 1;
    }
}

/* Enters the first of the new nodes, whose path is @path, among the children of the one above. */
static int make_known(const struct view *view, char *path, u32 from, const struct content *above)
{
    const char *name = path_last(path);
    struct content *content = content_with_name(above, name);

    if (from > 1)
        path[from] = '\0';
    return view_put(view, from > 1 ? path : "/", content, false);
}

/* All below the first @from bytes was missing: it is so again. */
static void unmake(const char *path, u32 from)
{
    for (u32 length = (u32)strlen(path); length > from; length = path_parent(path, length)) {
        struct node *node = tree_find_part(path, length);

        if (node)
            tree_remove(node);
    }
}

static int make(const struct view *view, const char *path, const void *value, u32 length)
{
    struct content *above;
    u32 from, missing;
    int answer = find_above(view, path, &from, &missing, &above);
    char *copy;

    if (answer)
        return answer;
    if (!view->client->privileged && view_nodes_owned(view) + missing > QUOTA_NODES)
        return -XEN_ENOSPC;
    copy = heap_text(path);
    if (!copy)
        return -XEN_ENOMEM;
    content_keep(above);
    answer = make_up(view, copy, from, above, value, length);
    if (!answer)
        answer = make_known(view, copy, from, above);
    if (answer && !view->transaction)
        unmake(path, from);
    content_drop(above);
    heap_free(copy);
    return answer;
}

int store_put_value(const struct view *view, const char *path, const void *value, u32 length)
{
    struct content *content;
    int answer = store_get(view, path, MAY_WRITE, &content);

    if (!answer)
        answer = view_put(view, path, content_with_value(content, value, length), false);
    else if (answer == -XEN_ENOENT)
        answer = make(view, path, value, length);
    if (!answer)
        changed(view, path, NULL);
    return answer;
}

int store_make(const struct view *view, const char *path)
{
    struct content *content;
    int answer = store_get(view, path, MAY_WRITE, &content);

    if (answer != -XEN_ENOENT)
        return answer;
    answer = make(view, path, NULL, 0);
    if (!answer)
        changed(view, path, NULL);
    return answer;
}

/* ---- Walks ------------------------------------------------------------------------------------
 */

/* Where the walk stands: the path, and for each name of it from the walk's top how far in the names
 * of its children. A guest's path can be a thousand names deep: too deep for recursion. */
static struct {
    char path[PATH_BUFFER];
    u32 at[PATH_BUFFER / 2];
    u32 depth;
} walk;

static void walk_down(const char *name)
{
    u32 length = (u32)strlen(walk.path);

    if (length > 1)
        walk.path[length++] = '/';
    str_copy(walk.path + length, name, sizeof(walk.path) - length);
    walk.at[++walk.depth] = 0;
}

int store_walk(const struct view *view, const char *path, const struct walker *walker)
{
    str_copy(walk.path, path, sizeof(walk.path));
    walk.depth = 0;
    walk.at[0] = 0;
    for (;;) {
        u32 length = (u32)strlen(walk.path), *at = &walk.at[walk.depth];
        struct content *content;
        int answer = view_get(view, walk.path, length, &content);

        if (!answer && !*at && walker->enter) {
            walker->enter(view, walk.path, walk.depth, content);
            answer = view_get(view, walk.path, length, &content);
        }
        if (answer)
            return answer;
        if (*at < content->names_length) {
            const char *name = content_names(content) + *at;

            *at += (u32)strlen(name) + 1;
            walk_down(name);
            continue;
        }
        if (walker->leave)
            walker->leave(view, walk.path, walk.depth, content);
        if (!walk.depth--)
            return 0;
        walk.path[path_parent(walk.path, length)] = '\0';
    }
}

/* ---- Taking nodes away ------------------------------------------------------------------------
 */

/* Told to who watches the node that was named, or above it, and to who watches just one below. */
static void take_one(const struct view *view, const char *path, u32 depth, struct content *content)
{
    view_fire(view, path, depth, content, NULL);
    view_take(view, path);
}

/* The node is not the child of its parent any more. */
static int make_unknown(const struct view *view, const char *path, const struct content *parent)
{
    char *copy = heap_text(path);
    int answer = -XEN_ENOMEM;

    if (copy) {
        copy[path_parent(copy, (u32)strlen(copy))] = '\0';
        answer = view_put(view, copy, content_without_name(parent, path_last(path)), true);
    }
    heap_free(copy);
    return answer;
}

int store_take(const struct view *view, const char *path)
{
    struct content *content, *parent;
    u32 above = path_parent(path, (u32)strlen(path));
    int answer = store_get(view, path, MAY_WRITE, &content);

    if (answer && answer != -XEN_ENOENT)
        return answer;
    if (!answer && above == strlen(path))
        return -XEN_EINVAL; /* the root */
    if (answer) {
        answer = view_get(view, path, above, &parent);
        return is_limit(answer) ? answer : answer ? -XEN_ENOENT : 0;
    }
    answer = view_get(view, path, above, &parent);
    if (answer)
        return answer;
    content_keep(parent);
    answer = make_unknown(view, path, parent);
    content_drop(parent);
    return answer ? answer : store_walk(view, path, &(struct walker){.leave = take_one});
}

void store_take_owned(struct account *account)
{
    const struct view view = {account_find(0)->client, NULL};

    while (!list_is_empty(&account->nodes)) {
        struct node *node = LIST_ENTRY(account->nodes.next, struct node, owned);

        /* Without memory for the parent's new list of children it becomes dom0's. */
        if (store_take(&view, node->path))
            tree_give_to_dom0(node);
    }
}

/* ---- Permissions ------------------------------------------------------------------------------
 */

static int put_special(const struct view *view, const char *path,
                       const struct permission *permissions, u32 count)
{
    struct node *node = tree_find(path);

    if (!node)
        return -XEN_EINVAL;
    if (!(client_rights(view->client, node->content) & MAY_OWN))
        return -XEN_EACCES;
    return view_put(&(struct view){view->client, NULL}, path,
                    content_with_permissions(node->content, permissions, count), false);
}

int store_put_permissions(const struct view *view, const char *path,
                          const struct permission *permissions, u32 count)
{
    struct content *content;
    int answer;

    if (path[0] == '@')
        return put_special(view, path, permissions, count);
    answer = store_get(view, path, MAY_WRITE | MAY_OWN, &content);
    if (answer)
        return answer;
    if (!view->client->privileged && permissions[0].domain != content_owner(content))
        return -XEN_EPERM;
    content_keep(content);
    answer = view_put(view, path, content_with_permissions(content, permissions, count), false);
    if (!answer)
        changed(view, path, content);
    content_drop(content);
    return answer;
}
