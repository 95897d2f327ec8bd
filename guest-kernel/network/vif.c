/* See vif.h. Everything here runs in the vif's thread, but for what network_do is given. */
#include "guest-kernel/network/vif.h"
#include "guest-kernel/sched/thread.h"
#include "xen-like/lib/fmt.h"

#define MTU_DEFAULT 1500
#define MTU_MAX     9000

static bool hex_digit(char c, u8 *value)
{
    u8 low = (u8)(c | 0x20);
    bool letter = low >= 'a' && low <= 'f';

    *value = letter ? (u8)(low - 'a' + 10) : (u8)(c - '0');
    return letter || (c >= '0' && c <= '9');
}

static bool mac_parse(const char *text, u8 mac[6])
{
    u8 high, low;

    for (u32 i = 0; i < 6; i++, text += 3) {
        if (!hex_digit(text[0], &high) || !hex_digit(text[1], &low) || text[2] != (i < 5 ? ':' : 0))
            return false;
        mac[i] = (u8)(high << 4 | low);
    }
    return true;
}

/* ---- In the network's thread ---- */

struct opening {
    struct vif *v;
    bool two_ports, checksum_offload;
};

static void front_open(void *arg)
{
    const struct opening *o = arg;
    struct vif *v = o->v;

    v->error = netfront_open(&v->front, v->device.peer, o->two_ports);
    v->front.checksum_offload = o->checksum_offload;
    v->was_up = false;
}

static void front_up(void *arg)
{
    netfront_link_up(arg);
}

static void front_close(void *arg)
{
    netfront_close(arg);
}

/* The rings are closed already. */
static void on_failure(struct netfront *n)
{
    thread_wake(CONTAINER_OF(n, struct vif, front)->thread);
}

/* ---- In the vif's thread ---- */

static void state_set(struct vif *v, enum xenbus_state state)
{
    v->state = state;
    xenbus_set_state(&v->device, state);
}

/* As a whole, so that no backend reads half of it. */
static long keys_write(void *arg)
{
    const struct vif *v = arg;
    const struct netfront *n = &v->front;
    const struct {
        const char *key;
        u32 value;
    } keys[] = {
        {"tx-ring-ref", n->tx_ref},
        {"rx-ring-ref", n->rx_ref},
        {n->port_rx == n->port_tx ? "event-channel" : "event-channel-tx", n->port_tx},
        {n->port_rx == n->port_tx ? NULL : "event-channel-rx", n->port_rx},
        {"request-rx-copy", 1},
        {"feature-rx-notify", 1},       /* the backend may wait for pages: it is told of them */
        {"feature-sg", 1},              /* a frame may come in several pages */
        {"feature-no-csum-offload", 0}, /* and without TCP's and UDP's checksum */
    };
    long answer = 0;

    for (u32 i = 0; i < ARRAY_SIZE(keys) && !answer; i++) {
        if (keys[i].key)
            answer = xenbus_write(&v->device, keys[i].key, "%u", keys[i].value);
    }
    return answer;
}

static void vif_connect(struct vif *v)
{
    struct opening opening = {
        .v = v,
        .two_ports = xenbus_read_number(&v->device, "feature-split-event-channels", 0) == 1,
        .checksum_offload = xenbus_read_number(&v->device, "feature-no-csum-offload", 0) != 1};

    if (v->state != XenbusStateInitialising)
        state_set(v, XenbusStateInitialising);
    v->error = -XEN_ENODEV;
    if (xenbus_read_number(&v->device, "feature-rx-copy", 0) == 1)
        network_do(front_open, &opening);
    if (!v->error && (v->error = xenstore_transact(keys_write, v)))
        network_do(front_close, &v->front);
    state_set(v, v->error ? XenbusStateClosed : XenbusStateConnected);
}

static void vif_disconnect(struct vif *v, bool directory_is_there)
{
    network_do(front_close, &v->front);
    if (directory_is_there)
        state_set(v, XenbusStateClosed);
    v->state = XenbusStateClosed;
}

static void vif_follow(struct vif *v, enum xenbus_state backend)
{
    switch (backend) {
    case XenbusStateInitWait:
    case XenbusStateInitialised:
        if (v->state == XenbusStateConnected && v->was_up) /* it was made anew */
            vif_disconnect(v, true);
        if (v->state == XenbusStateInitialising || v->state == XenbusStateClosed)
            vif_connect(v);
        break;
    case XenbusStateConnected:
        if (v->state == XenbusStateConnected && !v->was_up) {
            v->was_up = true;
            network_do(front_up, &v->front);
        }
        break;
    case XenbusStateClosing:
    case XenbusStateClosed:
    case XenbusStateUnknown:
        if (v->state == XenbusStateConnected || v->state == XenbusStateClosing)
            vif_disconnect(v, backend != XenbusStateUnknown);
        break;
    default: /* it is not ready yet */
        break;
    }
}

static void vif_run(void *arg)
{
    struct vif *v = arg;

    for (;;) {
        enum xenbus_state backend;

        thread_wait();
        if (v->front.failure && v->state == XenbusStateConnected)
            state_set(v, XenbusStateClosing);
        backend = xenbus_backend_state(&v->device);
        if (v->state != XenbusStateClosing || backend != XenbusStateConnected)
            vif_follow(v, backend);
    }
}

static void on_backend(struct xenstore_watch *watch)
{
    thread_wake(CONTAINER_OF(watch, struct vif, watch)->thread);
}

/* ---- In the caller's thread ---- */

struct making {
    struct vif *v;
    u8 mac[6];
    u16 mtu;
    bool good;
};

static void front_init(void *arg)
{
    struct making *m = arg;

    m->good = netfront_init(&m->v->front, m->mac, m->mtu);
}

long vif_start(struct vif *v, u32 index)
{
    struct making making = {.v = v};
    long answer = xenbus_find(&v->device, "vif", index);
    char path[192], mac[24];
    u64 mtu;

    if (answer)
        return answer;
    fmt_snprintf(path, sizeof(path), "%s/mac", v->device.frontend);
    if (xenstore_read(path, mac, sizeof(mac)) < 0 || !mac_parse(mac, making.mac))
        return -XEN_EINVAL;
    fmt_snprintf(path, sizeof(path), "%s/mtu", v->device.frontend);
    mtu = xenstore_read_number(path, MTU_DEFAULT);
    making.mtu = (u16)(mtu < 576 || mtu > MTU_MAX ? MTU_DEFAULT : mtu);
    network_do(front_init, &making);
    if (!making.good)
        return -XEN_ENOMEM;
    v->state = XenbusStateInitialising;
    v->front.closed = on_failure;
    v->thread = thread_create(vcpu_self(), vif_run, v);
    fmt_snprintf(path, sizeof(path), "%s/state", v->device.backend);
    return xenstore_watch(&v->watch, path, on_backend);
}

struct link_wait {
    struct vif *v;
    bool up;
};

static bool link_is(void *arg)
{
    const struct link_wait *w = arg;

    return !netif_is_link_up(&w->v->front.netif) == !w->up;
}

bool vif_wait(struct vif *v, bool up, u64 span_ns)
{
    struct link_wait wait = {v, up};

    return network_wait(link_is, &wait, span_ns);
}
