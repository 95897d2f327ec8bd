/* See store_machine.h. */
#include "tests/host/store_machine.h"

#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "dom0/xenstore/audit.h"
#include "dom0/xenstore/dom0_client.h"
#include "dom0/xenstore/requests.h"
#include "dom0/xenstore/store.h"
#include "dom0/xenstore/watch.h"

long heap_good = -1, heap_blocks;
u64 heap_bytes, machine_time = 1, machine_tick, machine_hashed;

static struct list raised = LIST_INIT(raised);
static long blocks_before;

/* ---- What dom0 has around it ------------------------------------------------------------------
 */

/* Before each block stands what it takes. */
void *heap_alloc(u64 bytes)
{
    u64 *head = !heap_good ? NULL : calloc(1, HEAP_HEAD + bytes);

    if (heap_good > 0)
        heap_good--;
    if (!head)
        return NULL;
    *head = heap_cost(bytes);
    heap_blocks++;
    heap_bytes += *head;
    return head + HEAP_HEAD / sizeof(*head);
}

void heap_free(void *block)
{
    u64 *head = block;

    if (!block)
        return;
    head -= HEAP_HEAD / sizeof(*head);
    heap_blocks--;
    heap_bytes -= *head;
    free(head);
}

char *heap_text(const char *text)
{
    char *copy = heap_alloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

u64 time_now_ns(void)
{
    return machine_time += machine_tick;
}

void work_init(struct work *work, void (*run)(struct work *work))
{
    work->run = run;
    list_init(&work->link);
}

void work_raise(struct work *work)
{
    if (list_is_empty(&work->link))
        list_add_tail(&raised, &work->link);
}

void machine_work(void)
{
    for (struct list *link; (link = list_take_first(&raised));) {
        struct work *work = LIST_ENTRY(link, struct work, link);

        work->run(work);
    }
}

/* ---- Domains ----------------------------------------------------------------------------------
 */

static int introduce(domid_t domain, u64 frame, u32 port)
{
    return domain == 77 && frame == 5 && port == 9 ? 0 : -XEN_EINVAL;
}

static struct client *resumed;

static void release(struct client *client)
{
    machine_release(CONTAINER_OF(client, struct peer, client));
}

static void resume(struct client *client)
{
    resumed = client;
}

static const struct store_around around = {introduce, release, resume};

void machine_begin(void)
{
    heap_good = -1;
    machine_tick = 0;
    assert_non_null(store_view());
    store_around = &around;
    machine_work();
    assert_null(store_audit());
    blocks_before = heap_blocks;
}

void machine_end(void)
{
    char name[XENSTORE_ABS_PATH_MAX + 2];

    heap_good = -1;
    LIST_FOR_EACH_SAFE(link, after, &clients)
    {
        struct client *client = LIST_ENTRY(link, struct client, link);

        if (client->account->domain)
            machine_release(CONTAINER_OF(client, struct peer, client));
    }
    name[0] = '/';
    while (!store_child("/", 0, name + 1, sizeof(name) - 1))
        assert_int_equal(store_remove(name), 0);
    machine_work();
    assert_null(store_audit());
}

static struct peer *peer_new(domid_t domain, bool privileged)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    assert_non_null(peer);
    assert_int_equal(client_init(&peer->client, domain, privileged), 0);
    xenstore_attach_server(&peer->client.ring, &peer->page);
    xenstore_attach_client(&peer->ring, &peer->page);
    return peer;
}

struct peer *machine_privileged(domid_t domain)
{
    return peer_new(domain, true);
}

struct peer *machine_guest(domid_t domain)
{
    char path[64];
    struct peer *peer = peer_new(domain, false);

    snprintf(path, sizeof(path), "/local/domain/%u", domain);
    assert_int_equal(store_write(path, ""), 0);
    assert_int_equal(store_permit(path, 0, domain), 0);
    strcat(path, "/data");
    assert_int_equal(store_write(path, ""), 0);
    assert_int_equal(store_permit(path, domain, DOMID_INVALID), 0);
    return peer;
}

void machine_release(struct peer *peer)
{
    struct account *account = peer->client.account;

    client_end(&peer->client);
    store_take_owned(account);
    account_close(account);
    free(peer);
    watches_fire_special(EVENT_RELEASE);
}

/* ---- Asking -----------------------------------------------------------------------------------
 */

static u32 unfold(char *to, const char *text)
{
    u32 length = (u32)strlen(text);

    assert_true(length <= XENSTORE_PAYLOAD_MAX);
    for (u32 i = 0; i < length; i++)
        to[i] = text[i] == '|' ? '\0' : text[i];
    return length;
}

static const char *fold(const struct xs_message *m)
{
    static char text[XENSTORE_PAYLOAD_MAX + 2];
    char *to = text;

    if (m->head.type == XS_ERROR)
        *to++ = '!';
    for (u32 i = 0; i < m->head.len; i++)
        *to++ = m->payload[i] ? m->payload[i] : '|';
    *to = '\0';
    if (m->head.type == XS_ERROR)
        to[-1] = '\0'; /* the NUL behind a name is not shown */
    return text;
}

void peer_serve(struct peer *peer)
{
    bool moved = false, more = true;
    u64 before = path_bytes_hashed;

    while (more && !peer->error)
        peer->error = client_serve(&peer->client, &moved, &more);
    machine_hashed += path_bytes_hashed - before;
    assert_null(store_audit());
}

static void event_keep(struct peer *peer)
{
    size_t used = strlen(peer->events);
    const char *path = peer->in.payload;

    assert_true(peer->in.head.req_id == 0 && peer->in.head.tx_id == 0);
    snprintf(peer->events + used, sizeof(peer->events) - used, "%s %s\n", path,
             path + strlen(path) + 1);
}

bool peer_take(struct peer *peer, const char **answer)
{
    for (;;) {
        int rc;

        peer_serve(peer);
        rc = xs_receive(&peer->in, &peer->ring.receive);
        assert_true(rc >= 0);
        if (!rc) {
            u32 at = peer->ring.receive.at;

            peer_serve(peer);
            if (ACCESS_ONCE(peer->page.rsp_prod) == at)
                return false;
            continue;
        }
        peer->in.moved = 0;
        if (peer->in.head.type == XS_WATCH_EVENT) {
            event_keep(peer);
            continue;
        }
        *answer = fold(&peer->in);
        return true;
    }
}

bool peer_send(struct peer *peer, u32 tx, u32 type, const char *text)
{
    struct xs_message m;

    xs_begin(&m, type, 42, tx);
    m.head.len = unfold(m.payload, text);
    while (!xs_send(&m, &peer->ring.send)) {
        u32 at = peer->page.req_cons;

        peer_serve(peer);
        if (peer->page.req_cons == at)
            return false;
    }
    return true;
}

const char *ask_in(struct peer *peer, u32 tx, u32 type, const char *text)
{
    const char *answer;

    assert_true(peer_send(peer, tx, type, text));
    if (!peer_take(peer, &answer))
        return "(nothing)";
    assert_true(peer->in.head.req_id == 42 && peer->in.head.tx_id == tx);
    assert_true(peer->in.head.type == XS_ERROR || peer->in.head.type == type);
    return answer;
}

const char *ask(struct peer *peer, u32 type, const char *text)
{
    return ask_in(peer, 0, type, text);
}

u32 ask_begin(struct peer *peer)
{
    return (u32)atoi(ask(peer, XS_TRANSACTION_START, "|"));
}

const char *peer_events(struct peer *peer)
{
    static char text[PEER_TEXT];
    const char *answer;

    assert_false(peer_take(peer, &answer));
    strcpy(text, peer->events);
    peer->events[0] = '\0';
    return text;
}
