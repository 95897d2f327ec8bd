/*
 * The rings of guests: their pages mapped, their ports bound, and served from dom0's loop. A guest
 * can only hurt its own connection: what it may break is told in its page, and it may ask there for
 * a new beginning (docs/xenstore.md, "The ring").
 */
#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/foreign.h"
#include "dom0/xenstore/dom0_client.h"
#include "dom0/xenstore/operations.h"
#include "dom0/xenstore/requests.h"
#include "dom0/xenstore/store.h"
#include "dom0/xenstore/watch.h"

#include "guest-kernel/event/event.h"
#include "guest-kernel/time/clock.h"

struct connection {
    struct client client;
    struct work work;
    struct alarm alarm; /* when others have had time enough to take this one's events */
    struct foreign map;
    struct xenstore_domain_interface *page;
    u32 port;     /* ours */
    bool broken;  /* not listened to, until it begins anew */
    bool is_down; /* it has shut down, and that was told */
};

static const struct store_around around;

static struct connection *connection_of(struct client *client)
{
    return CONTAINER_OF(client, struct connection, client);
}

static struct connection *connection_find(domid_t domain)
{
    struct account *account = account_find(domain);

    return account && account->client && !account->client->privileged
               ? connection_of(account->client)
               : NULL;
}

/* ---- Serving ----------------------------------------------------------------------------------
 */

/* Both rings are empty, and nothing of before is left. */
static void connection_begin(struct connection *c)
{
    client_reset(&c->client);
    c->page->req_cons = c->page->req_prod = 0;
    c->page->rsp_cons = c->page->rsp_prod = 0;
    xenstore_attach_server(&c->client.ring, c->page);
    c->page->error = XENSTORE_ERROR_NONE;
    c->page->server_features = XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR;
    c->broken = false;
}

static void connection_break(struct connection *c, u32 error)
{
    client_reset(&c->client);
    c->broken = true;
    c->page->error = error;
}

static void connection_serve(struct work *work)
{
    struct connection *c = CONTAINER_OF(work, struct connection, work);
    bool moved = false, more = false;
    u32 error;

    if (ACCESS_ONCE(c->page->connection) == XENSTORE_RECONNECT) {
        connection_begin(c);
        __atomic_store_n(&c->page->connection, XENSTORE_CONNECTED, __ATOMIC_RELEASE);
        moved = true;
    }
    if (c->broken)
        return;
    error = client_serve(&c->client, &moved, &more);
    if (error)
        connection_break(c, error);
    if (moved || error)
        event_send(c->port);
    if (more)
        work_raise(&c->work);
    if (!more && !error && c->client.caused_count >= QUOTA_CAUSED)
        alarm_set(&c->alarm, time_now_ns() + EVENT_PATIENCE_NS / 4);
}

static void connection_wake(struct client *client)
{
    work_raise(&connection_of(client)->work);
}

static void patience_ends(struct alarm *alarm)
{
    work_raise(&CONTAINER_OF(alarm, struct connection, alarm)->work);
}

/* ---- Coming and going -------------------------------------------------------------------------
 */

static void page_leave(struct connection *c)
{
    if (!c->map.at)
        return;
    work_close_port(&c->work, c->port);
    foreign_unmap(&c->map);
}

static int page_take(struct connection *c, domid_t domain, u64 frame, u32 port)
{
    xen_pfn_t mfn = frame;
    int answer = foreign_map(&c->map, domain, &mfn, 1, true);
    long ours;

    if (answer)
        return answer;
    ours = event_bind_interdomain(domain, port, work_raise_on_event, &c->work);
    if (ours < 0) {
        foreign_unmap(&c->map);
        return (int)ours;
    }
    c->page = c->map.at;
    c->port = (u32)ours;
    return 0;
}

static struct connection *connection_new(domid_t domain)
{
    struct connection *c = heap_alloc(sizeof(*c));

    if (!c || client_init(&c->client, domain, false)) {
        heap_free(c);
        return NULL;
    }
    work_init(&c->work, connection_serve);
    alarm_init(&c->alarm, patience_ends);
    list_init(&c->alarm.link);
    return c;
}

static void connection_free(struct connection *c)
{
    page_leave(c);
    client_end(&c->client);
    work_drop(&c->work);
    alarm_drop(&c->alarm);
    heap_free(c);
}

int store_introduce(domid_t domain, u64 frame, u32 port)
{
    struct connection *c = store_view() ? connection_find(domain) : NULL;
    bool is_new = !c;
    int answer;

    store_around = &around;
    if (is_new)
        c = connection_new(domain);
    if (!c)
        return -XEN_ENOMEM;
    c->client.wake = NULL; /* nothing is served between two pages */
    page_leave(c);
    answer = page_take(c, domain, frame, port);
    if (answer) {
        connection_free(c);
        return answer;
    }
    c->client.wake = connection_wake;
    connection_begin(c);
    c->is_down = false;
    __atomic_store_n(&c->page->connection, XENSTORE_CONNECTED, __ATOMIC_RELEASE);
    event_send(c->port);
    if (is_new)
        watches_fire_special(EVENT_INTRODUCE);
    return 0;
}

void store_release(domid_t domain)
{
    struct account *account = domain ? account_find(domain) : NULL;
    struct connection *c = connection_find(domain);

    if (!account)
        return;
    if (c)
        connection_free(c);
    store_take_owned(account);
    account_close(account);
    if (c)
        watches_fire_special(EVENT_RELEASE);
}

static void release_client(struct client *client)
{
    store_release(client->account->domain);
}

static void resume_client(struct client *client)
{
    connection_of(client)->is_down = false;
}

static const struct store_around around = {store_introduce, release_client, resume_client};

/* Answers whether its shutdown is news. */
static bool connection_look(struct connection *c)
{
    struct xen_domctl_getdomaininfo info;
    domid_t domain = c->client.account->domain;
    int answer = domain_info(domain, &info);

    if (answer == -XEN_ESRCH || (!answer && info.flags & XEN_DOMINF_dying)) {
        store_release(domain);
        return false;
    }
    if (answer || !(info.flags & XEN_DOMINF_shutdown) || c->is_down)
        return false;
    c->is_down = true;
    return true;
}

void store_look_at_ends(void)
{
    bool news = false;

    LIST_FOR_EACH_SAFE(link, after, &clients)
    {
        struct client *client = LIST_ENTRY(link, struct client, link);

        if (!client->privileged)
            news |= connection_look(connection_of(client));
    }
    if (news)
        watches_fire_special(EVENT_RELEASE);
}
