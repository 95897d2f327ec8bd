/* See requests.h. */
#include "dom0/xenstore/requests.h"

#include "dom0/xenstore/watch.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

/* One request is answered at a time. */
static struct xs_message answer;
static char whole_path[PATH_BUFFER];

/* ---- What is in a request ---------------------------------------------------------------------
 */

const char *request_path(struct request *request, const char *path)
{
    if (!path || path[0] == '/' || path[0] == '@')
        return path;
    fmt_snprintf(whole_path, sizeof(whole_path), "%s/%s", request->client->home, path);
    return whole_path;
}

const char *request_only(const struct request *request)
{
    u32 at = 0;
    const char *only = xs_next_string(request->in, &at);

    return only && at == request->in->head.len ? only : NULL;
}

u32 request_strings(const struct request *request, const char **strings, u32 max)
{
    u32 at = 0, count = 0;

    for (const char *s; (s = xs_next_string(request->in, &at)); count++) {
        if (count < max)
            strings[count] = s;
    }
    return count;
}

int request_ok(struct request *request)
{
    xs_append_string(request->out, "OK");
    return 0;
}

/* The node that is the request's only string. */
static int only_node(struct request *request, u32 may, struct content **content)
{
    const char *path = request_path(request, request_only(request));

    return path ? store_get(&request->view, path, may, content) : -XEN_EINVAL;
}

static int append(struct request *request, const void *bytes, u32 count)
{
    return xs_append(request->out, bytes, count) ? 0 : -XEN_E2BIG;
}

/* ---- Nodes ------------------------------------------------------------------------------------
 */

static int request_read(struct request *request)
{
    struct content *content;
    int rc = only_node(request, MAY_READ, &content);

    return rc ? rc : append(request, content_value(content), content->value_length);
}

static int request_directory(struct request *request)
{
    struct content *content;
    int rc = only_node(request, MAY_READ, &content);

    return rc ? rc : append(request, content_names(content), content->names_length);
}

/* As many whole names as there is room for, from the offset on. Behind the last one stands an empty
 * name. */
static int names_append(struct request *request, const struct content *content, u32 from)
{
    const char *names = content_names(content);
    u32 room = XENSTORE_PAYLOAD_MAX - request->out->head.len - 1, end = from;

    while (end < content->names_length) {
        u32 next = end + (u32)strnlen(names + end, content->names_length - end) + 1;

        if (next - from > room)
            break;
        end = next;
    }
    append(request, names + from, end - from);
    return end == content->names_length ? append(request, "", 1) : 0;
}

static int request_directory_part(struct request *request)
{
    const char *strings[2], *end;
    struct content *content;
    u64 from = 0;
    int rc;

    if (request_strings(request, strings, 2) != 2)
        return -XEN_EINVAL;
    rc = store_get(&request->view, request_path(request, strings[0]), MAY_READ, &content);
    if (rc)
        return rc;
    parse_unsigned(strings[1], &end, &from);
    request->out->head.len =
        (u32)fmt_snprintf(request->out->payload, 24, "%" F64 "u", content->generation) + 1;
    return names_append(request, content, (u32)MIN(from, (u64)content->names_length));
}

/* Behind the path comes the value, which is any bytes. */
static int request_write(struct request *request)
{
    u32 at = 0;
    const char *path = request_path(request, xs_next_string(request->in, &at));
    int rc = path ? store_put_value(&request->view, path, request->in->payload + at,
                                    request->in->head.len - at)
                  : -XEN_EINVAL;

    return rc ? rc : request_ok(request);
}

static int request_mkdir(struct request *request)
{
    const char *path = request_path(request, request_only(request));
    int rc = path ? store_make(&request->view, path) : -XEN_EINVAL;

    return rc ? rc : request_ok(request);
}

static int request_rm(struct request *request)
{
    const char *path = request_path(request, request_only(request));
    int rc = path ? store_take(&request->view, path) : -XEN_EINVAL;

    return rc ? rc : request_ok(request);
}

/* ---- Permissions ------------------------------------------------------------------------------
 */

static int request_get_perms(struct request *request)
{
    struct content *content;
    int rc = only_node(request, MAY_READ, &content);

    for (u32 i = 0; !rc && i < content->permissions_count; i++) {
        char text[PERMISSION_TEXT];

        permission_text(&content->permissions[i], text);
        rc = append(request, text, (u32)strlen(text) + 1);
    }
    return rc;
}

static int request_set_perms(struct request *request)
{
    /* dom0's own lists may be longer, but not than a message: two bytes at least for each. */
    static struct permission permissions[XENSTORE_PAYLOAD_MAX / 3 + 1];
    u32 at = 0, count = 0;
    const char *path = xs_next_string(request->in, &at);
    u32 all = request_strings(request, NULL, 0);
    int rc;

    if (all < 2)
        return -XEN_EINVAL;
    if (!request->client->privileged && all - 1 > QUOTA_PERMISSIONS)
        return -XEN_ENOSPC;
    while (count < all - 1) {
        if (!permission_read(&permissions[count++], xs_next_string(request->in, &at)))
            return -XEN_EINVAL;
    }
    for (u32 i = 0; request->client->privileged && i < count; i++)
        account_open(permissions[i].domain);
    if (!account_find(permissions[0].domain))
        return -XEN_ENOENT;
    rc = store_put_permissions(&request->view, request_path(request, path), permissions, count);
    return rc ? rc : request_ok(request);
}

/* ---- Watches ----------------------------------------------------------------------------------
 */

/* The whole path that is to be watched. -EINVAL: there is none like it. */
static int watched_path(struct request *request, const char *text, const char **path)
{
    *path = request_path(request, text);
    if (text[0] == '@')
        return strlen(text) > XENSTORE_REL_PATH_MAX ? -XEN_EINVAL : 0;
    return path_is_valid(*path) ? 0 : -XEN_EINVAL;
}

/* The event at once says where it stands, whatever changes meanwhile: it comes behind the answer.
 */
static int request_watch(struct request *request)
{
    const char *strings[2], *path;
    int rc;

    if (request_strings(request, strings, 2) != 2)
        return -XEN_EINVAL;
    rc = watched_path(request, strings[0], &path);
    if (!rc)
        rc = watch_add(request->client, path, !strchr("/@", strings[0][0]), strings[1], NULL);
    return rc ? rc : request_ok(request);
}

static void watch_first(struct request *request)
{
    const char *strings[2];
    struct watch *watch;

    request_strings(request, strings, 2);
    watch = watch_find(request->client, request_path(request, strings[0]), strings[1], NULL);
    if (watch)
        watch_tell(watch, NULL, watch->path);
}

static int request_unwatch(struct request *request)
{
    const char *strings[2];
    struct watch *watch;

    if (request_strings(request, strings, 2) != 2)
        return -XEN_EINVAL;
    watch = watch_find(request->client, request_path(request, strings[0]), strings[1], NULL);
    if (!watch)
        return -XEN_ENOENT;
    watch_remove(watch);
    return request_ok(request);
}

static int request_reset_watches(struct request *request)
{
    watches_end(request->client);
    transactions_end(request->client);
    return request_ok(request);
}

/* ---- Transactions -----------------------------------------------------------------------------
 */

static int request_start(struct request *request)
{
    char text[16];
    u32 id;
    int rc;

    if (request->view.transaction)
        return -XEN_EBUSY;
    rc = transaction_begin(request->client, &id);
    if (rc)
        return rc;
    fmt_snprintf(text, sizeof(text), "%u", id);
    return append(request, text, (u32)strlen(text) + 1);
}

static int request_end(struct request *request)
{
    const char *word = request_only(request);
    struct transaction *transaction = request->view.transaction;
    int rc = 0;

    if (!word || (strcmp(word, "T") && strcmp(word, "F")))
        return -XEN_EINVAL;
    if (!transaction)
        return -XEN_ENOENT;
    if (*word == 'T')
        rc = transaction_commit(transaction);
    else
        transaction_drop(transaction);
    return rc ? rc : request_ok(request);
}

/* ---- All of them ------------------------------------------------------------------------------
 */

#define NO_TRANSACTION 1u /* the number of one is not looked at */
#define PRIVILEGED     2u

static const struct {
    request_handler *handle;
    u32 flags;
} requests[] = {
    [XS_CONTROL] = {request_control, PRIVILEGED},
    [XS_DIRECTORY] = {request_directory, 0},
    [XS_READ] = {request_read, 0},
    [XS_GET_PERMS] = {request_get_perms, 0},
    [XS_WATCH] = {request_watch, NO_TRANSACTION},
    [XS_UNWATCH] = {request_unwatch, NO_TRANSACTION},
    [XS_TRANSACTION_START] = {request_start, 0},
    [XS_TRANSACTION_END] = {request_end, 0},
    [XS_INTRODUCE] = {request_introduce, PRIVILEGED},
    [XS_RELEASE] = {request_release, PRIVILEGED},
    [XS_GET_DOMAIN_PATH] = {request_domain_path, 0},
    [XS_WRITE] = {request_write, 0},
    [XS_MKDIR] = {request_mkdir, 0},
    [XS_RM] = {request_rm, 0},
    [XS_SET_PERMS] = {request_set_perms, 0},
    [XS_IS_DOMAIN_INTRODUCED] = {request_is_introduced, PRIVILEGED},
    [XS_RESUME] = {request_resume, PRIVILEGED},
    [XS_SET_TARGET] = {request_set_target, PRIVILEGED},
    [XS_RESET_WATCHES] = {request_reset_watches, 0},
    [XS_DIRECTORY_PART] = {request_directory_part, 0},
};

static const char *error_name(int rc)
{
    static const struct {
        int errno_value;
        const char *name;
    } names[] = {
        {XEN_EINVAL, "EINVAL"}, {XEN_EACCES, "EACCES"}, {XEN_EEXIST, "EEXIST"},
        {XEN_ENOENT, "ENOENT"}, {XEN_ENOMEM, "ENOMEM"}, {XEN_ENOSPC, "ENOSPC"},
        {XEN_EIO, "EIO"},       {XEN_ENOSYS, "ENOSYS"}, {XEN_EBUSY, "EBUSY"},
        {XEN_EAGAIN, "EAGAIN"}, {XEN_E2BIG, "E2BIG"},   {XEN_EPERM, "EPERM"},
    };

    for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].errno_value == -rc)
            return names[i].name;
    }
    return "EINVAL"; /* what xenstored says for an errno that the wire has no name for */
}

static int handle(struct request *request)
{
    const struct xsd_sockmsg *head = &request->in->head;

    if (head->type >= ARRAY_SIZE(requests) || !requests[head->type].handle)
        return -XEN_ENOSYS;
    if (requests[head->type].flags & PRIVILEGED && !request->client->privileged)
        return -XEN_EACCES;
    if (head->tx_id && !(requests[head->type].flags & NO_TRANSACTION)) {
        request->view.transaction = transaction_find(request->client, head->tx_id);
        if (!request->view.transaction)
            return -XEN_ENOENT;
    }
    return requests[head->type].handle(request);
}

void request_answer(struct client *client, const struct xs_message *in)
{
    struct request request = {client, {client, NULL}, in, &answer};
    int rc;

    xs_begin(&answer, in->head.type, in->head.req_id, in->head.tx_id);
    rc = handle(&request);
    if (rc) {
        xs_begin(&answer, XS_ERROR, in->head.req_id, in->head.tx_id);
        xs_append_string(&answer, error_name(rc));
    }
    client_reply(client, &answer);
    if (!rc && in->head.type == XS_WATCH)
        watch_first(&request);
}
