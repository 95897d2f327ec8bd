/* See client.h. */
#include "dom0/xenstore/client.h"

#include "dom0/mm/heap.h"
#include "dom0/xenstore/transaction.h"
#include "dom0/xenstore/watch.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

struct list clients = LIST_INIT(clients);

static const char no_memory[] = "ENOMEM";
static struct path_table events; /* that wait, of all clients, by the path that they say */

int client_init(struct client *client, domid_t domain, bool privileged)
{
    struct account *account = account_open(domain);
    struct outgoing *spare = heap_alloc(sizeof(*spare) + sizeof(no_memory));

    if (!account || !spare) {
        heap_free(spare);
        return -XEN_ENOMEM;
    }
    *client = (struct client){
        .account = account, .privileged = privileged, .transaction_next = 1, .spare = spare};
    account->client = client;
    fmt_snprintf(client->home, sizeof(client->home), PATH_HOMES "%u", domain);
    list_init(&client->watches);
    list_init(&client->transactions);
    list_init(&client->queue);
    list_init(&client->caused);
    list_add_tail(&clients, &client->link);
    return 0;
}

u32 client_rights(const struct client *client, const struct content *content)
{
    domid_t domain = client->account->domain, owner = content_owner(content),
            target = client->target ? client->target->domain : DOMID_INVALID;

    if (client->privileged || owner == domain || owner == target)
        return MAY_READ | MAY_WRITE | MAY_OWN;
    return content_may(content, domain, target);
}

/* ---- The queue --------------------------------------------------------------------------------
 */

static struct outgoing *outgoing_init(struct outgoing *out, struct client *client, u32 length)
{
    *out = (struct outgoing){.client = client, .bytes = (u32)sizeof(out->head) + length};
    out->head.len = length;
    list_init(&out->caused);
    list_init(&out->link);
    return out;
}

static struct outgoing *outgoing_new(struct client *client, u32 length)
{
    struct outgoing *out = heap_alloc(sizeof(*out) + length);

    return out ? outgoing_init(out, client, length) : NULL;
}

static void outgoing_queue(struct outgoing *out)
{
    list_add_tail(&out->client->queue, &out->link);
    if (out->client->wake)
        out->client->wake(out->client);
}

/* Its cause does not answer for it any more. */
static void outgoing_absolve(struct outgoing *out)
{
    if (!out->cause)
        return;
    list_remove(&out->caused);
    if (out->cause->caused_count-- == QUOTA_CAUSED && out->cause->wake)
        out->cause->wake(out->cause); /* it is heard again */
    out->cause = NULL;
}

void outgoing_done(struct outgoing *out)
{
    struct client *client = out->client;

    outgoing_absolve(out);
    list_remove(&out->link);
    account_give(client->account, outgoing_cost(out));
    if (out->path.path)
        path_remove(&events, &out->path);
    else if (!out->local)
        client->replies_count--;
    if (out == client->spare)
        client->spare_used = false;
    else
        heap_free(out);
}

struct outgoing *client_next(struct client *client)
{
    return list_is_empty(&client->queue) ? NULL
                                         : LIST_ENTRY(client->queue.next, struct outgoing, link);
}

/* Says that there is no memory, if there is none for more. */
void client_reply(struct client *client, const struct xs_message *message)
{
    struct outgoing *out = outgoing_new(client, message->head.len);

    if (out) {
        out->head = message->head;
        memcpy(out->payload, message->payload, message->head.len);
    } else {
        out = outgoing_init(client->spare, client, sizeof(no_memory));
        out->head.type = XS_ERROR;
        out->head.req_id = message->head.req_id;
        out->head.tx_id = message->head.tx_id;
        memcpy(out->payload, no_memory, sizeof(no_memory));
        client->spare_used = true;
    }
    account_add(client->account, outgoing_cost(out));
    client->replies_count++;
    outgoing_queue(out);
}

/* ---- Events -----------------------------------------------------------------------------------
 */

static bool event_waits(const struct client *client, const char *path, const char *token,
                        const struct store_watch *local)
{
    struct path_entry *entry = path_find(&events, path, (u32)strlen(path));

    for (; entry; entry = path_find_next(entry)) {
        const struct outgoing *out = CONTAINER_OF(entry, struct outgoing, path);

        if (out->client == client && out->local == local &&
            !strcmp(out->payload + entry->length + 1, token))
            return true;
    }
    return false;
}

static void event_blame(struct outgoing *out, struct client *cause)
{
    if (!cause || cause->privileged || cause == out->client)
        return;
    out->cause = cause;
    out->since = time_now_ns();
    list_add_tail(&cause->caused, &out->caused);
    cause->caused_count++;
}

void client_event(struct client *client, struct client *cause, const char *path, const char *token,
                  struct store_watch *local)
{
    u32 length = (u32)strlen(path) + 1, more = (u32)strlen(token) + 1;
    struct outgoing *out;

    if (length + more > XENSTORE_PAYLOAD_MAX || event_waits(client, path, token, local))
        return;
    out = outgoing_new(client, length + more);
    if (!out)
        return;
    if (!account_charge(client->account, outgoing_cost(out))) {
        heap_free(out);
        return;
    }
    out->local = local;
    out->head.type = XS_WATCH_EVENT;
    memcpy(out->payload, path, length);
    memcpy(out->payload + length, token, more);
    out->path.path = out->payload;
    if (!path_add(&events, &out->path))
        out->path.path = NULL;
    event_blame(out, cause);
    outgoing_queue(out);
}

bool client_is_heard(struct client *client)
{
    u64 now = client->caused_count >= QUOTA_CAUSED ? time_now_ns() : 0;

    LIST_FOR_EACH_SAFE(link, after, &client->caused)
    {
        struct outgoing *out = LIST_ENTRY(link, struct outgoing, caused);

        if (client->caused_count < QUOTA_CAUSED || out->since + EVENT_PATIENCE_NS > now)
            break;
        if (out->client->privileged)
            continue; /* no event of domain 0's is ever lost, and it takes them all */
        if (out->moved)
            outgoing_absolve(out); /* half of it is over: it must go on */
        else
            outgoing_done(out);
    }
    return client->privileged || (!client->spare_used && client->replies_count < QUOTA_REPLIES &&
                                  client->caused_count < QUOTA_CAUSED);
}

/* ---- The end ----------------------------------------------------------------------------------
 */

void client_reset(struct client *client)
{
    watches_end(client);
    transactions_end(client);
    while (client_next(client))
        outgoing_done(client_next(client));
    heap_free(client->in);
    client->in = NULL;
}

void client_end(struct client *client)
{
    client_reset(client);
    while (!list_is_empty(&client->caused))
        outgoing_absolve(LIST_ENTRY(client->caused.next, struct outgoing, caused));
    LIST_FOR_EACH(link, &clients)
    {
        struct client *other = LIST_ENTRY(link, struct client, link);

        if (other->target == client->account)
            other->target = NULL;
    }
    client->account->client = NULL;
    list_remove(&client->link);
    heap_free(client->spare);
}
