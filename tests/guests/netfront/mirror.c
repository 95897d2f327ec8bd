/* See mirror.h. */
#include "tests/guests/netfront/mirror.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/host/reflector.h"

#define PAGES 17 /* of the largest frame */
#define LATE  (5 * NS_PER_MILLISECOND)
#define EACH  23
#ifdef __x86_64__
#define HELD_AT 0xffffd00000000000ul
#else
#define HELD_AT 0x54000000ul
#endif
#define SELF_DOM0 0

static u8 *buffer; /* one frame */
static struct thread *thread;
static struct mirror *mirror; /* NULL: none is connected */
static struct gnttab_map_grant_ref held;

/* Between a granted page and the buffer. */
static bool piece_copy(const struct network_piece *piece, u32 at, bool in)
{
    struct gnttab_copy_ptr granted = {
        .u.ref = piece->ref, .domid = DOMID_SELF, .offset = piece->offset};
    u32 done = 0;

    while (done < piece->bytes) {
        u8 *mine = buffer + at + done;
        u32 bytes = MIN((u32)(piece->bytes - done), (u32)(PAGE_SIZE - (uintptr_t)mine % PAGE_SIZE));
        struct gnttab_copy_ptr own = {.u.gmfn = virt_to_mfn(mine).n,
                                      .domid = DOMID_SELF,
                                      .offset = (u16)((uintptr_t)mine % PAGE_SIZE)};
        struct gnttab_copy copy = {.source = in ? granted : own,
                                   .dest = in ? own : granted,
                                   .len = (u16)bytes,
                                   .flags = in ? GNTCOPY_source_gref : GNTCOPY_dest_gref};

        if (call_grant_table_op(GNTTABOP_copy, &copy, 1) || copy.status != GNTST_okay)
            return false;
        granted.offset = (u16)(granted.offset + bytes);
        done += bytes;
    }
    return true;
}

static bool frame_copy(const struct network_packet *p, bool in)
{
    u32 at = 0;
    bool good = true;

    for (u32 i = 0; i < p->count; i++) {
        good &= piece_copy(&p->pieces[i], at, in);
        at += p->pieces[i].bytes;
    }
    return good;
}

static void page_hold(const struct mirror *m, grant_ref_t ref)
{
    table_reach(table_boot_root(), HELD_AT);
    held = (struct gnttab_map_grant_ref){.host_addr = HELD_AT,
                                         .flags = GNTMAP_host_map | GNTMAP_readonly,
                                         .ref = ref,
                                         .dom = SELF_DOM0};
    call_grant_table_op(GNTTABOP_map_grant_ref, &held, 1);
    row_want(m->lie == LIE_TX_HOLDS ? "lies.tx-holds.page-is-held" : "lies.rx-holds.page-is-held",
             held.status, GNTST_okay);
}

void mirror_let_go(void)
{
    struct gnttab_unmap_grant_ref unmap = {.host_addr = HELD_AT, .handle = held.handle};

    if (held.host_addr)
        call_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    held.host_addr = 0;
}

/* ---- Lies ---- */

static void tx_lie(struct mirror *m, const struct network_packet *p)
{
    struct netif_tx_response r = {.id = p->pieces[0].id, .status = NETIF_RSP_OKAY};

    switch (m->lie) {
    case LIE_TX_TOO_MANY:
        m->tx.rsp_prod += NETFRONT_SLOTS;
        break;
    case LIE_TX_WILD_ID:
        r.id = 0xfffe;
        ring_back_put(&m->tx, &r, sizeof(r));
        break;
    case LIE_TX_TWICE: /* which needs a frame of two slots at least */
        for (u32 i = 0; i < p->count; i++)
            ring_back_put(&m->tx, &r, sizeof(r));
        break;
    default:
        page_hold(m, p->pieces[0].ref);
        network_tx_respond(&m->tx, p, NETIF_RSP_OKAY);
    }
}

static void rx_lie(struct mirror *m, struct network_packet *p)
{
    struct netif_rx_response r = {.status = 100};
    u32 slots = network_slots(p);

    switch (m->lie) {
    case LIE_RX_TOO_MANY:
        m->rx.rsp_prod += 2 * NETFRONT_SLOTS;
        return;
    case LIE_RX_OUTSIDE:
        r.offset = PAGE_SIZE - 50;
        break;
    case LIE_RX_NO_END:
        r.flags = NETRXF_more_data;
        break;
    case LIE_RX_TOO_LONG:
        r.flags = NETRXF_more_data;
        slots = NETWORK_PIECES_MAX + 5; /* there are so many pages */
        break;
    case LIE_RX_WILD_EXTRA:
        r.flags = NETRXF_extra_info;
        ring_back_put(&m->rx, &r, sizeof(r));
        r.id = 0xffff;
        break;
    default:
        page_hold(m, p->pieces[0].ref);
        network_rx_respond(&m->rx, p, NETIF_RSP_OKAY);
        return;
    }
    for (u32 i = 0; i < slots; i++)
        ring_back_put(&m->rx, &r, sizeof(r));
}

/* ---- Frames ---- */

/* What is asked to be summed is summed, from the pseudo-header that is there, on: a plain loop, not
 * the code that is under test. */
static u32 sum_of(const u8 *at, u32 bytes)
{
    u32 sum = 0;

    for (u32 i = 0; i < bytes; i++)
        sum += i % 2 ? at[i] : (u32)at[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void checksum_fill(struct mirror *m, bool blank)
{
    u8 *ip = buffer + REFLECTOR_ETHER, *field;
    u32 header = (ip[0] & 15) * 4u, bytes = ((u32)ip[2] << 8 | ip[3]) - header, sum;

    m->blank += blank;
    if (buffer[12] != 8 || buffer[13] || (ip[9] != 6 && ip[9] != 17) || (ip[6] & 0x3f) || ip[7])
        return;
    field = ip + header + (ip[9] == 6 ? 16 : 6);
    if (blank) {
        sum = (u16)~sum_of(ip + header, bytes);
        field[0] = (u8)(sum >> 8);
        field[1] = (u8)sum;
    }
    if (ip[9] == 17 && !field[0] && !field[1])
        return;
    sum = sum_of(ip + header, bytes) + sum_of(ip + 12, 8) + ip[9] + bytes;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    m->wrong_sums += sum != 0xffff;
}

static void frame_return(struct mirror *m, u32 bytes)
{
    struct network_packet p = {.bytes = bytes};
    s16 status = NETIF_RSP_OKAY;

    if (!reflector_turn(buffer, bytes))
        return;
    if (network_rx_take(&m->rx, &p) != 1) {
        m->no_pages++;
        return;
    }
    p.checksum_good = m->vouches;
    if (m->lie >= LIE_RX_TOO_MANY) {
        rx_lie(m, &p);
        m->has_lied = true;
        return;
    }
    if (m->damages && m->frames % EACH == 0)
        buffer[bytes - 1] ^= 0x40;
    if (m->loses && m->frames % EACH == 0)
        status = NETIF_RSP_ERROR;
    if (!frame_copy(&p, false))
        status = NETIF_RSP_ERROR;
    network_rx_respond(&m->rx, &p, status);
}

static void frame_take(struct mirror *m, const struct network_packet *p)
{
    bool good = frame_copy(p, true);

    m->frames++;
    m->short_heads += p->pieces[0].bytes < MIN(p->bytes, 42u); /* the headers of UDP */
    if (m->lie && m->lie < LIE_RX_TOO_MANY && (m->lie != LIE_TX_TWICE || p->count > 1)) {
        tx_lie(m, p);
        m->has_lied = true;
        return;
    }
    network_tx_respond(&m->tx, p, good ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
    if (!good)
        return;
    checksum_fill(m, p->checksum_blank);
    if (m->late) {
        if (ring_back_push(&m->tx))
            event_send(m->port);
        thread_sleep(LATE);
    }
    frame_return(m, p->bytes);
}

static void mirror_run(void *arg)
{
    (void)arg;
    for (;;) {
        struct network_packet p;
        bool notify = false;
        s16 status;

        while (mirror && !mirror->has_lied && network_tx_take(&mirror->tx, &p, &status) == 1)
            frame_take(mirror, &p);
        if (mirror) {
            notify = ring_back_push(&mirror->tx);
            notify |= ring_back_push(&mirror->rx);
        }
        if (notify)
            event_send(mirror->port);
        if (!mirror || mirror->has_lied || !ring_back_final_check(&mirror->tx, 1))
            thread_wait();
    }
}

static void on_event(u32 port, void *data)
{
    (void)port, (void)data;
    thread_wake(thread);
}

void mirror_connect(struct mirror *m, const struct netfront *n)
{
    if (!thread) {
        buffer = pfn_to_virt(frame_alloc_run(PAGES));
        thread = thread_create(vcpu_self(), mirror_run, NULL);
    }
    *m = (struct mirror){.vouches = true};
    ring_back_attach(&m->tx, n->tx_page, PAGE_SIZE, sizeof(union netif_tx_sring_entry));
    ring_back_attach(&m->rx, n->rx_page, PAGE_SIZE, sizeof(union netif_rx_sring_entry));
    m->port = (u32)event_bind_interdomain(DOMID_SELF, n->port_tx, on_event, NULL);
    mirror = m;
    thread_wake(thread);
}

/* The thread is not in the midst of a frame: it gives way only while it waits, or is pre-empted. */
void mirror_disconnect(struct mirror *m)
{
    mirror = NULL;
    event_close(m->port);
}
