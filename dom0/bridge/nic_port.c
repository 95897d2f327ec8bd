/*
 * A network card as a port of the bridge.
 *
 * Out: a guest's frame is sent from the guest's own pages. They are mapped for the device only,
 * which changes no page table: all that is wanted is the machine address, and that the pages stay.
 * What the bridge has in its own memory (a small frame, or one whose checksum the card cannot fill
 * in) is sent from there. Either way the frame's owner is held until the card is done.
 *
 * In: the card's buffer is lent, so the round ends, copies made, before it is given back.
 */
#include "dom0/bridge/nic_port.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/mm/direct_map.h"

/* Behind a card there is a whole network. */
#define NIC_ADDRESSES 4096

/* Frames in memory of ours that may wait for the card. Who sent one has his answer already, so
 * nothing else stops him. */
#define STORED_MAX 256

struct nic_port {
    struct bridge_port port;
    struct nic *nic;
    struct list pending, done, unused; /* sends */
    u32 stored;                        /* of them at work, with a frame of ours */
};

_Static_assert(NIC_SEGMENTS_MAX >= NETWORK_PIECES_MAX, "a frame's pieces fit a card's segments");

struct send {
    struct nic_frame frame; /* first: the card gives it back */
    struct list link;       /* pending: mapped when the batch is sent; done; unused */
    struct nic_port *port;
    struct frame_owner *owner;
    bool stored;
    u32 slots;
    struct granted_slot *slot[NETWORK_PIECES_MAX];
};

static void send_end(struct send *s)
{
    for (u32 i = 0; i < s->slots; i++)
        granted_slot_unmap(&transfer.unmaps, s->slot[i]);
    list_remove(&s->link);
    list_add_tail(&s->port->done, &s->link);
    bridge_port_touch(&s->port->port);
}

static void frame_sent(struct nic_frame *frame)
{
    send_end(CONTAINER_OF(frame, struct send, frame));
}

static struct send *send_make(struct nic_port *p)
{
    struct list *link = list_take_first(&p->unused);
    struct send *s = link ? LIST_ENTRY(link, struct send, link) : heap_alloc(sizeof(*s));

    if (!s)
        return NULL;
    s->port = p;
    s->slots = s->frame.count = 0;
    s->frame.wants_checksum = false;
    s->frame.segment_size = 0;
    s->frame.sent = frame_sent;
    return s;
}

/* False: there is no memory for more slots. */
static bool pieces_map(struct send *s, const struct frame *f)
{
    for (u32 i = 0; i < f->packet->count; i++) {
        const struct network_piece *piece = &f->packet->pieces[i];
        struct granted_slot *slot;

        if (!piece->bytes)
            continue;
        slot = granted_slot_map(&transfer.maps, f->guest, piece->ref, GRANTED_DEVICE_READS);
        if (!slot)
            return false;
        s->slot[s->slots++] = slot;
        s->frame.segments[s->frame.count++] = (struct nic_segment){piece->offset, piece->bytes};
        transfer.frames_mapped++;
    }
    return true;
}

static bool checksum_leave(struct send *s, const struct frame *f)
{
    u32 start, offset;

    if (!f->checksum_blank)
        return true;
    if (!frame_checksum_place(f, &start, &offset))
        return false;
    s->frame.wants_checksum = true;
    s->frame.checksum_start = (u16)start;
    s->frame.checksum_offset = (u16)offset;
    return true;
}

/* Takes the hold that its caller has on the frame. */
static void send_start(struct nic_port *p, const struct frame *f, bool stored)
{
    struct send *s = send_make(p);
    bool good;

    if (!s) {
        p->port.out.dropped++;
        owner_release(f->owner);
        return;
    }
    s->owner = f->owner;
    s->stored = stored;
    p->stored += stored;
    good = checksum_leave(s, f);
    if (good && frame_is_ours(f)) {
        s->frame.segments[s->frame.count++] = (struct nic_segment){
            mfn_to_address(virt_to_mfn(f->head)) + (uintptr_t)f->head % PAGE_SIZE, f->bytes};
    } else if (good) {
        good = pieces_map(s, f);
    }
    list_add_tail(&p->pending, &s->link);
    if (!good)
        s->frame.count = 0; /* nothing to send: dropped at the flush */
    bridge_port_touch(&p->port);
}

static void nic_deliver(struct bridge_port *port, const struct frame *frame)
{
    struct nic_port *p = CONTAINER_OF(port, struct nic_port, port);
    struct frame *stored;

    if (frame->owner && (!frame->checksum_blank || p->nic->can_checksum)) {
        frame_hold(frame);
        send_start(p, frame, false);
    } else if (p->stored < STORED_MAX && (stored = frame_store(frame, !p->nic->can_checksum))) {
        send_start(p, stored, true);
    } else {
        port->out.dropped++;
    }
}

/* The mappings have been made: now the pieces' addresses are known. False: some could not be. */
static bool slots_are_good(struct send *s)
{
    for (u32 i = 0; i < s->slots; i++) {
        if (s->slot[i]->status != GNTST_okay)
            return false;
        s->frame.segments[i].address += s->slot[i]->machine;
    }
    return s->frame.count;
}

static void nic_flush(struct bridge_port *port)
{
    struct nic_port *p = CONTAINER_OF(port, struct nic_port, port);
    struct list *link;

    while ((link = list_take_first(&p->pending))) {
        struct send *s = LIST_ENTRY(link, struct send, link);

        if (!slots_are_good(s) || nic_send(p->nic, &s->frame) != 0) {
            port->out.dropped++;
            send_end(s);
        }
    }
    /* Unmapped before the guest is told that its pages are its own again. */
    granted_unmaps_flush(&transfer.unmaps);
    while ((link = list_take_first(&p->done))) {
        struct send *s = LIST_ENTRY(link, struct send, link);

        p->stored -= s->stored;
        list_add_head(&p->unused, &s->link);
        owner_release(s->owner);
    }
}

static void nic_received(struct nic *nic, const void *bytes, u32 length)
{
    struct nic_port *p = nic->owner;
    struct frame frame = {.head = bytes, .head_bytes = length, .bytes = length};

    if (length < NETWORK_HEADER || length > FRAME_MAX) {
        p->port.in.dropped++;
        return;
    }
    bridge_forward(&p->port, &frame);
    bridge_flush();
}

int nic_port_add(struct bridge *bridge, struct nic *nic)
{
    struct nic_port *p = heap_alloc(sizeof(*p));

    if (!p)
        return -XEN_ENOMEM;
    p->nic = nic;
    list_init(&p->pending);
    list_init(&p->done);
    list_init(&p->unused);
    p->port.deliver = nic_deliver;
    p->port.flush = nic_flush;
    bridge_port_add(bridge, &p->port, NIC_ADDRESSES);
    nic->owner = p;
    nic->received = nic_received;
    return 0;
}
