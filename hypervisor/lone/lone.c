/*
 * What a lone guest has of a control domain: its rings are held, their channels bound; and its
 * console.
 *
 * What the guest puts into its console's ring goes to the serial line, and what was typed there
 * goes into the other ring as far as there is room; the rest waits in debug/input.c until the guest
 * says that it has read.
 */
#include "hypervisor/lone/lone.h"

#include "hypervisor/debug/console.h"
#include "hypervisor/debug/input.h"
#include "hypervisor/mm/ptype.h"
#include "ioring/byte_ring.h"

#define PIECE_BYTES 256U

static struct spinlock lock = SPINLOCK(LOCK_LONE); /* guards the channel */
static struct byte_channel channel;

/* No more than a ring full: who goes on writing meanwhile sends again. */
static u32 output_move(void)
{
    char piece[PIECE_BYTES];
    u32 moved = 0;
    s32 n;

    while (moved < channel.receive.size &&
           (n = byte_ring_take(&channel.receive, piece, sizeof(piece))) > 0) {
        console_write_guest(piece, (size_t)n);
        moved += (u32)n;
    }
    return moved;
}

static u32 input_move(void)
{
    char piece[PIECE_BYTES];
    u32 moved = 0, n;
    s32 room;

    while ((room = byte_ring_room(&channel.send)) > 0 &&
           (n = input_peek(piece, MIN((u32)room, PIECE_BYTES)))) {
        byte_ring_put(&channel.send, piece, n);
        input_take(n);
        moved += n;
    }
    return moved;
}

/* The guest has written or read, or something was typed. */
static void console_look(void *guest)
{
    struct domain *d = guest;
    u32 moved;

    spin_lock(&lock);
    moved = output_move();
    moved += input_move();
    spin_unlock(&lock);
    if (moved)
        event_hypervisor_send(d, d->console.port);
}

static bool ring_start(struct domain *d, struct guest_ring *ring, mfn_t page, void (*look)(void *))
{
    int port = event_hypervisor_bind(d, look, d);

    if (port < 0 || frame_get_and_type(page, d, FT_WRITABLE))
        return false;
    *ring = (struct guest_ring){page, (u32)port};
    return true;
}

bool lone_serve(struct domain *d, mfn_t console, mfn_t store, u64 pages)
{
    if (!ring_start(d, &d->console, console, console_look) ||
        !ring_start(d, &d->store, store, xenstore_look))
        return false;
    console_attach_backend(&channel, mfn_to_virt(console));
    input_listen(console_look, d);
    return xenstore_start(d, pages);
}
