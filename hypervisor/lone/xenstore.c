/*
 * As much of a xenstore as a lone guest needs in order to go on: a few values that nobody changes.
 *
 * The tree is a list of texts, path=value, below the guest's home; directories are what
 * the paths have in common. Since it never changes, a watch fires once, when it is set, as every
 * watch does, and a transaction has nothing to isolate. What a guest would write is refused, as the
 * real one refuses what is not the guest's.
 *
 * A request is answered when it has come whole, and the next is looked at when the answer has gone:
 * so one message in each direction is all there is to keep, however fast the guest asks.
 */
#include "hypervisor/debug/log.h"
#include "hypervisor/lone/lone.h"
#include "hypervisor/mm/alloc.h"
#include "ioring/xenstore_message.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define TREE_BYTES   512 /* but for the vcpus */
#define TREE_WORD    32
#define HOMES        "/local/domain/"
#define TRANSACTION  "1"
#define MESSAGES_MAX 256 /* in one go; more than can wait in a ring */

static struct spinlock lock = SPINLOCK(LOCK_LONE); /* guards all of this */
static struct byte_channel channel;
static struct xs_message in, out;
static bool answering;   /* out is on its way */
static bool watch_fires; /* and behind it goes the first event of a watch */
static bool broken;      /* the guest broke the protocol: nobody listens any more */
static char *tree, *tree_end, home[24];

#define tree_add(...) (tree_end += fmt_snprintf(tree_end, 2 * TREE_WORD, __VA_ARGS__) + 1)

/* What comes behind @prefix in @path, if that is the whole or a directory above it: its end or the
 * rest, without the slash between. Else NULL. */
static const char *path_below(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);

    if (!n)
        return path;
    if (strncmp(path, prefix, n) || (path[n] && !strchr("/=", path[n])))
        return NULL;
    return path + n + (path[n] == '/');
}

static void answer_error(const char *name)
{
    xs_begin(&out, XS_ERROR, in.head.req_id, in.head.tx_id);
    xs_append_string(&out, name);
}

/* The value of @path, "" for a directory. False: there is no such thing. */
static bool answer_read(const char *path)
{
    bool found = false;

    for (const char *e = tree; e < tree_end; e += strlen(e) + 1) {
        const char *rest = path_below(e, path);

        if (rest && *rest == '=')
            return xs_append_text(&out, rest + 1);
        found = found || rest;
    }
    return found;
}

/* The names right below @path, each once: equal ones follow each other. */
static bool answer_directory(const char *path)
{
    const char *last = "";
    bool found = false;

    for (const char *e = tree; e < tree_end; e += strlen(e) + 1) {
        const char *rest = path_below(e, path);
        u32 length = 0;

        found = found || rest;
        while (rest && !strchr("/=", rest[length]))
            length++;
        if (!length || (strncmp(rest, last, length) == 0 && strchr("/=", last[length])))
            continue;
        xs_append(&out, rest, length);
        xs_append(&out, "", 1);
        last = rest;
    }
    return found;
}

/* Requests whose first string is a path. */
static bool answer_path(const char *path)
{
    if (path && path[0] == '/')
        path = path_below(path, home);
    if (!path || strchr(path, '='))
        return false;
    return in.head.type == XS_DIRECTORY ? answer_directory(path) : answer_read(path);
}

static void answer(void)
{
    u32 at = 0;
    const char *first = xs_next_string(&in, &at);

    xs_begin(&out, in.head.type, in.head.req_id, in.head.tx_id);
    switch (in.head.type) {
    case XS_READ:
    case XS_DIRECTORY:
        if (!answer_path(first))
            answer_error("ENOENT");
        return;
    case XS_GET_DOMAIN_PATH:
        xs_append_text(&out, HOMES);
        xs_append_string(&out, first ? first : "");
        return;
    case XS_TRANSACTION_START:
        xs_append_string(&out, TRANSACTION);
        return;
    case XS_WATCH:
        watch_fires = first && xs_next_string(&in, &at);
        if (!watch_fires)
            return answer_error("EINVAL");
        break;
    case XS_UNWATCH:
    case XS_RESET_WATCHES:
    case XS_TRANSACTION_END:
        break;
    case XS_WRITE:
    case XS_MKDIR:
    case XS_RM:
    case XS_SET_PERMS:
    case XS_CONTROL:
        return answer_error("EACCES");
    default:
        return answer_error("ENOSYS");
    }
    xs_append_string(&out, "OK");
}

/* An answer of a watch is followed by its event: path and token, as the request has them. */
static void answer_sent(void)
{
    answering = watch_fires;
    if (watch_fires) {
        xs_begin(&out, XS_WATCH_EVENT, 0, 0);
        xs_append(&out, in.payload, in.head.len);
    }
    watch_fires = false;
    if (!answering)
        in.moved = 0;
}

/* One message further: 1, or as xs_send() and xs_receive() say why not. */
static int message_move(void)
{
    int rc = answering ? xs_send(&out, &channel.send) : xs_receive(&in, &channel.receive);

    if (rc <= 0)
        return rc;
    if (answering) {
        answer_sent();
    } else {
        answer();
        answering = true;
    }
    return rc;
}

void xenstore_look(void *guest)
{
    struct domain *d = guest;
    u32 before;
    int rc = 1;

    spin_lock(&lock);
    before = channel.send.at + channel.receive.at;
    for (unsigned i = 0; i < MESSAGES_MAX && !broken && rc > 0; i++)
        rc = message_move();
    if (rc == RING_BROKEN) {
        broken = true;
        log_guest_warn("domain %u broke the protocol of its xenstore ring", d->id);
    }
    before -= channel.send.at + channel.receive.at;
    spin_unlock(&lock);
    if (before)
        event_hypervisor_send(d, d->store.port);
}

bool xenstore_start(struct domain *d, u64 pages)
{
    u64 kib = pages << (PAGE_SHIFT - 10);

    tree = tree_end = pages_alloc(order_for(TREE_BYTES + 2 * TREE_WORD * d->max_vcpus));
    if (!tree)
        return false;
    fmt_snprintf(home, sizeof(home), HOMES "%u", d->id);
    tree_add("domid=%u", d->id);
    tree_add("name=lone");
    tree_add("device=");
    tree_add("control/shutdown="); /* nobody asks it to */
    tree_add("memory/target=%lu", kib);
    tree_add("memory/static-max=%lu", kib);
    for (u32 i = 0; i < d->max_vcpus; i++)
        tree_add("cpu/%u/availability=online", i);
    xenstore_attach_server(&channel, mfn_to_virt(d->store.page));
    return true;
}
