/* See bridge.h. */
#include "dom0/bridge/bridge.h"

#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

static struct list bridges = LIST_INIT(bridges);
static struct list touched = LIST_INIT(touched);
static struct work flush_work; /* for who touches a port outside of a round */

static struct bridge *bridge_make(const char *name)
{
    struct bridge *b = heap_alloc(sizeof(*b));

    if (!b)
        return NULL;
    memcpy(b->name, name, strlen(name) + 1);
    list_init(&b->ports);
    mac_table_init(&b->addresses);
    list_add_tail(&bridges, &b->link);
    return b;
}

struct bridge *bridge_get(const char *name)
{
    char cut[sizeof(((struct bridge *)0)->name)];

    fmt_snprintf(cut, sizeof(cut), "%s", name);
    LIST_FOR_EACH(l, &bridges)
    {
        struct bridge *b = LIST_ENTRY(l, struct bridge, link);

        if (strcmp(b->name, cut) == 0)
            return b;
    }
    return bridge_make(cut);
}

static void flush_run(struct work *work)
{
    (void)work;
    bridge_flush();
}

void bridge_port_add(struct bridge *bridge, struct bridge_port *port, u32 addresses_max)
{
    if (!flush_work.run)
        work_init(&flush_work, flush_run);
    port->bridge = bridge;
    list_init(&port->touched);
    mac_set_init(&port->addresses, addresses_max);
    list_add_tail(&bridge->ports, &port->link);
}

void bridge_port_remove(struct bridge_port *port)
{
    if (!port->bridge)
        return;
    mac_forget(&port->addresses);
    list_remove(&port->link);
    list_remove(&port->touched);
    port->bridge = NULL;
}

static void frame_deliver(struct bridge_port *to, const struct frame *frame)
{
    to->out.frames++;
    to->out.bytes += frame->bytes;
    to->deliver(to, frame);
}

void bridge_forward(struct bridge_port *from, const struct frame *frame)
{
    struct bridge *b = from->bridge;
    const u8 *to = frame->head, *source = frame->head + MAC_BYTES;
    u64 now = time_now_ns();
    struct mac_set *set;

    from->in.frames++;
    from->in.bytes += frame->bytes;
    mac_learn(&b->addresses, &from->addresses, source, now);
    set = mac_is_multicast(to) ? NULL : mac_find(&b->addresses, to, now);
    if (set) {
        struct bridge_port *port = CONTAINER_OF(set, struct bridge_port, addresses);

        if (port != from)
            frame_deliver(port, frame);
        return;
    }
    LIST_FOR_EACH(l, &b->ports)
    {
        struct bridge_port *port = LIST_ENTRY(l, struct bridge_port, link);

        if (port != from)
            frame_deliver(port, frame);
    }
}

void bridge_port_touch(struct bridge_port *port)
{
    if (!port->bridge || !list_is_empty(&port->touched))
        return;
    list_add_tail(&touched, &port->touched);
    work_raise(&flush_work);
}

void bridge_flush(void)
{
    struct list *link;

    transfer_flush();
    while ((link = list_take_first(&touched))) {
        struct bridge_port *port = LIST_ENTRY(link, struct bridge_port, touched);

        port->flush(port);
    }
    work_drop(&flush_work);
}
