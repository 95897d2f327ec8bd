/*
 * Guests that break the protocol, without a client's library: they have the page and the port.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame_number.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/core/hypercall.h"
#include "ioring/xenstore_message.h"
#include "tests/guests/xenstore/roles.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define TRIES 300

static struct xenstore_domain_interface *page;
static struct byte_channel ring;

static void kick(void)
{
    event_send(start_info->store_evtchn);
}

static void page_find(void)
{
    page = mfn_to_virt((mfn_t){start_info->store_mfn});
    xenstore_attach_client(&ring, page);
}

/* Asks for a new beginning. Answers the error that was told before. */
static u32 begin_anew(void)
{
    u32 error = ACCESS_ONCE(page->error);

    page->connection = XENSTORE_RECONNECT;
    kick();
    while (ACCESS_ONCE(page->connection) != XENSTORE_CONNECTED)
        call_sched_op(SCHEDOP_yield, NULL);
    xenstore_attach_client(&ring, page);
    return error;
}

/* Sends one message and waits for its answer: true if that is no error. */
static bool ask(u32 type, const char *path, const char *value)
{
    static struct xs_message m;

    xs_begin(&m, type, 1, 0);
    xs_append_string(&m, path);
    xs_append_text(&m, value);
    while (!xs_send(&m, &ring.send))
        kick();
    kick();
    do {
        m.moved = 0;
        while (!xs_receive(&m, &ring.receive))
            kick();
        kick();
    } while (m.head.type == XS_WATCH_EVENT);
    return m.head.type == type;
}

static u32 random_next(void)
{
    static u64 state = 88172645463325252ull;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (u32)(state >> 16);
}

/* Anything in the request ring, with indices that may or may not be. */
static void scribble(void)
{
    for (u32 i = 0; i < sizeof(page->req); i++)
        page->req[i] = (char)(random_next() % 3 ? random_next() % 24 : 0);
    switch (random_next() % 4) {
    case 0:
        page->req_prod = random_next();
        break;
    case 1:
        page->rsp_cons = random_next();
        break;
    default:
        page->req_prod += random_next() % (sizeof(page->req) + 1);
    }
    kick();
    call_sched_op(SCHEDOP_yield, NULL);
}

void hostile_main(void)
{
    u32 broken = 0;

    page_find();
    for (u32 i = 0; i < TRIES; i++) {
        scribble();
        if (ACCESS_ONCE(page->error) || random_next() % 4 == 0)
            broken += begin_anew() != 0;
    }
    begin_anew();
    ask(XS_WRITE, "data/rows/was-broken", broken ? "1" : "0");
    ask(XS_WRITE, "data/ready", "1");
    for (;;)
        call_sched_op(SCHEDOP_block, NULL);
}

/* As many requests as there is room for, without taking an answer. */
void deaf_main(void)
{
    static struct xs_message m;
    u32 sent = 0;

    page_find();
    for (u64 end = time_now_ns() + NS_PER_SECOND; time_now_ns() < end;) {
        char text[16];

        fmt_snprintf(text, sizeof(text), "data/%u", sent % 50);
        xs_begin(&m, XS_WRITE, sent, 0);
        xs_append_string(&m, text);
        while (!xs_send(&m, &ring.send) && time_now_ns() < end)
            kick();
        sent++;
        kick();
    }
    begin_anew();
    ask(XS_WRITE, "data/rows/was-stopped", sent < 200 ? "1" : "0");
    ask(XS_WRITE, "data/ready", "1");
    for (;;)
        call_sched_op(SCHEDOP_block, NULL);
}
