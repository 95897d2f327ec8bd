/* See guest_console.h. */
#include "dom0/console/guest_console.h"

#include "guest-kernel/event/event.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/string.h"

#define PIECE 512
/* A ring full. Then others have their turn: what the guest writes meanwhile has an event of its
 * own. */
#define PIECES (sizeof(((struct xencons_interface *)0)->out) / PIECE)

static void text_take(struct guest_console *c, const char *text, size_t length)
{
    scrollback_put(&c->back, text, length);
    if (c->follower)
        c->follower(c, text, length);
}

static void ring_break(struct guest_console *c)
{
    static const char words[] = "\n(dom0: this guest's console ring makes no sense)\n";

    c->broken = true;
    text_take(c, words, sizeof(words) - 1);
}

/* Answers whether something was taken. */
static bool output_take(struct guest_console *c)
{
    char text[PIECE];
    s32 n = byte_ring_take(&c->ring.receive, text, sizeof(text));

    if (n < 0)
        ring_break(c);
    if (n > 0)
        text_take(c, text, (size_t)n);
    return n > 0;
}

/* Answers whether something was put. */
static bool input_put(struct guest_console *c)
{
    s32 n = byte_ring_put(&c->ring.send, c->typed, (u32)c->typed_length);

    if (n < 0)
        ring_break(c);
    if (n <= 0)
        return false;
    c->typed_length -= (size_t)n;
    memmove(c->typed, c->typed + n, c->typed_length);
    return true;
}

static void rings_serve(struct work *work)
{
    struct guest_console *c = CONTAINER_OF(work, struct guest_console, work);
    unsigned int pieces = 0;
    bool moved = false;

    while (!c->broken && pieces < PIECES && output_take(c))
        pieces++;
    if (!c->broken && c->typed_length)
        moved = input_put(c);
    if (moved || pieces)
        event_send(c->port);
}

/* Serves what is on the ring already, too. */
static int connect(struct guest_console *c, const struct built_domain *domain)
{
    int answer = foreign_map(&c->page, domain->domid, &domain->console_frame, 1, true);
    long port;

    c->broken = true;
    if (answer)
        return answer;
    console_attach_backend(&c->ring, c->page.at);
    port =
        event_bind_interdomain(domain->domid, domain->console_port, work_raise_on_event, &c->work);
    if (port < 0) {
        foreign_unmap(&c->page);
        return (int)port;
    }
    c->port = (u32)port;
    c->broken = false;
    work_raise(&c->work);
    return 0;
}

static void disconnect(struct guest_console *c)
{
    work_drop(&c->work);
    foreign_unmap(&c->page);
    c->broken = true;
}

int guest_console_open(struct guest_console *c, const struct built_domain *domain)
{
    work_init(&c->work, rings_serve);
    c->opened = time_now_ns();
    c->typed_length = 0;
    return connect(c, domain);
}

int guest_console_reopen(struct guest_console *c, const struct built_domain *domain)
{
    int answer;

    if (c->page.at) {
        work_close_port(&c->work, c->port);
        disconnect(c);
    }
    answer = connect(c, domain);
    if (!answer)
        event_send(c->port); /* it may have been waiting for who is gone */
    return answer;
}

void guest_console_close(struct guest_console *c)
{
    if (!c->page.at)
        return;
    work_close_port(&c->work, c->port);
    for (unsigned int i = 0; !c->broken && i < PIECES && output_take(c);)
        i++;
    disconnect(c);
}

bool guest_console_type(struct guest_console *c, char byte)
{
    if (c->broken || c->typed_length == CONSOLE_TYPED_MAX)
        return false;
    c->typed[c->typed_length++] = byte;
    work_raise(&c->work);
    return true;
}
