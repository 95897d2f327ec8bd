/*
 * See store.h: the store as domain 0's own code uses it. Domain 0 is a client like others, but its
 * events are calls, made by a piece of work: whoever changes a node is never called back within.
 */
#include "dom0/xenstore/store.h"

#include "dom0/loop.h"
#include "dom0/xenstore/dom0_client.h"
#include "dom0/xenstore/operations.h"
#include "dom0/xenstore/watch.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define EVENTS_MAX      64 /* in one go: then others have their turn */
#define PERMISSIONS_MAX 64 /* that somebody types */

static struct client dom0;
static struct work events_work;

static void events_deliver(struct work *work)
{
    static char path[PATH_BUFFER]; /* fired may take the event away, with its watch */
    struct outgoing *out;

    for (u32 i = 0; i < EVENTS_MAX && (out = client_next(&dom0)); i++) {
        struct store_watch *watch = out->local;

        str_copy(path, out->payload, sizeof(path));
        outgoing_done(out);
        watch->fired(watch, path);
    }
    if (client_next(&dom0))
        work_raise(work);
}

static void dom0_wake(struct client *client)
{
    (void)client;
    work_raise(&events_work);
}

const struct view *store_view(void)
{
    static const struct view view = {&dom0, NULL};

    if (dom0.account)
        return &view;
    if (tree_init() || client_init(&dom0, 0, true))
        return NULL;
    work_init(&events_work, events_deliver);
    dom0.wake = dom0_wake;
    return &view;
}

/* ---- Values -----------------------------------------------------------------------------------
 */

static int get(const char *path, struct content **content)
{
    const struct view *view = store_view();

    return view ? store_get(view, path, MAY_READ, content) : -XEN_ENOMEM;
}

int store_write(const char *path, const char *value)
{
    const struct view *view = store_view();

    return view ? store_put_value(view, path, value, (u32)strlen(value)) : -XEN_ENOMEM;
}

int store_writef(const char *path, const char *format, ...)
{
    static char value[XENSTORE_PAYLOAD_MAX];
    va_list args;
    size_t length;

    va_start(args, format);
    length = fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    return length < sizeof(value) ? store_write(path, value) : -XEN_E2BIG;
}

long store_read(const char *path, char *to, size_t size)
{
    struct content *content;
    int answer = get(path, &content);

    if (answer)
        return answer;
    if (content->value_length >= size)
        return -XEN_E2BIG;
    memcpy(to, content_value(content), content->value_length);
    to[content->value_length] = '\0';
    return content->value_length;
}

u64 store_read_number(const char *path, u64 fallback)
{
    char text[24];
    const char *end;
    u64 value;

    if (store_read(path, text, sizeof(text)) <= 0 || !parse_unsigned(text, &end, &value) || *end)
        return fallback;
    return value;
}

int store_remove(const char *path)
{
    const struct view *view = store_view();

    return view ? store_take(view, path) : -XEN_ENOMEM;
}

int store_child(const char *path, u32 index, char *to, size_t size)
{
    struct content *content;
    int answer = get(path, &content);

    if (answer)
        return answer;
    for (u32 at = 0; at < content->names_length; index--) {
        const char *name = content_names(content) + at;

        at += (u32)strlen(name) + 1;
        if (!index)
            return str_copy(to, name, size) < size ? 0 : -XEN_E2BIG;
    }
    return -XEN_ENOENT;
}

/* ---- Permissions, walks -----------------------------------------------------------------------
 */

static struct permission permitted[2];
static u32 permitted_count;
static int permit_answer;

static void permit_one(const struct view *view, const char *path, u32 depth,
                       struct content *content)
{
    int answer = store_put_permissions(view, path, permitted, permitted_count);

    (void)depth, (void)content;
    if (answer)
        permit_answer = answer;
}

int store_permit(const char *path, domid_t owner, domid_t reader)
{
    const struct view *view = store_view();
    struct content *content;
    int answer = get(path, &content);

    if (answer)
        return answer;
    permitted[0] = (struct permission){.domain = owner};
    permitted[1] = (struct permission){.domain = reader, .may = MAY_READ};
    permitted_count = reader == DOMID_INVALID ? 1 : 2;
    if (!account_open(owner) || (permitted_count > 1 && !account_open(reader)))
        return -XEN_ENOMEM;
    permit_answer = 0;
    answer = store_walk(view, path, &(struct walker){.enter = permit_one});
    return answer ? answer : permit_answer;
}

static void (*visit_each)(const char *path, u32 depth, const char *value, u32 length);

static void visit_one(const struct view *view, const char *path, u32 depth, struct content *content)
{
    (void)view;
    visit_each(path, depth, content_value(content), content->value_length);
}

int store_each(const char *path,
               void (*visit)(const char *path, u32 depth, const char *value, u32 length))
{
    struct content *content;
    int answer = get(path, &content);

    visit_each = visit;
    return answer ? answer : store_walk(store_view(), path, &(struct walker){.enter = visit_one});
}

long store_permissions(const char *path, char *to, size_t size)
{
    struct content *content;
    int answer = get(path, &content);
    size_t length = 0;

    for (u32 i = 0; !answer && i < content->permissions_count; i++) {
        char text[PERMISSION_TEXT];

        permission_text(&content->permissions[i], text);
        length += fmt_snprintf(to + length, length < size ? size - length : 0, "%s%s", i ? "," : "",
                               text);
        if (length >= size)
            answer = -XEN_E2BIG;
    }
    return answer ? answer : (long)length;
}

int store_set_permissions(const char *path, const char *text)
{
    struct permission permissions[PERMISSIONS_MAX];
    const struct view *view = store_view();
    u32 count = 0;

    while (view && *text) {
        char one[PERMISSION_TEXT];
        u32 length = 0;

        while (text[length] && text[length] != ',')
            length++;
        str_copy(one, text, MIN(length + 1, (u32)sizeof(one)));
        if (count == PERMISSIONS_MAX || !permission_read(&permissions[count], one) ||
            !account_open(permissions[count++].domain))
            return -XEN_EINVAL;
        text += length + (text[length] == ',');
    }
    if (!view || !count)
        return view ? -XEN_EINVAL : -XEN_ENOMEM;
    return store_put_permissions(view, path, permissions, count);
}

int store_usage(domid_t domain, struct store_usage *usage)
{
    const struct account *account = account_find(domain);

    if (!account)
        return -XEN_ENOENT;
    *usage = (struct store_usage){account->nodes_count, account->watches_count,
                                  account->client ? account->client->transactions_count : 0,
                                  account->bytes};
    return 0;
}

bool store_watched_by(domid_t domain, const char *key)
{
    const struct account *account = account_find(domain);
    char path[STORE_PATH_MAX];

    if (!account || !account->client)
        return false;
    fmt_snprintf(path, sizeof(path), "%s/%s", account->client->home, key);
    LIST_FOR_EACH(link, &account->client->watches)
    {
        if (!strcmp(LIST_ENTRY(link, struct watch, link)->path, path))
            return true;
    }
    return false;
}

/* ---- Watches ----------------------------------------------------------------------------------
 */

int store_watch(struct store_watch *watch, const char *path,
                void (*fired)(struct store_watch *watch, const char *path))
{
    int answer = -XEN_ENOMEM;

    watch->fired = fired;
    watch->watch = NULL;
    if (store_view())
        answer = path[0] == '@' || path_is_valid(path) ? watch_add(&dom0, path, false, "", watch)
                                                       : -XEN_EINVAL;
    if (answer)
        return answer;
    watch->watch = watch_find(&dom0, path, "", watch);
    watch_tell(watch->watch, NULL, path);
    return 0;
}

void store_unwatch(struct store_watch *watch)
{
    if (!watch->watch)
        return;
    watch_remove(watch->watch);
    watch->watch = NULL;
    LIST_FOR_EACH_SAFE(link, after, &dom0.queue)
    {
        struct outgoing *out = LIST_ENTRY(link, struct outgoing, link);

        if (out->local == watch)
            outgoing_done(out);
    }
}
