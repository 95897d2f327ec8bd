/*
 * The server. A connection is a small automaton that lwIP's callbacks push on: the request comes in
 * pieces until there is an empty line, then the answer goes out, as much as the window lets through
 * at a time: the text (copied, since it is gone with the connection), then the bytes of /bytes/N,
 * which are sent from where they lie.
 */
#include "guest-kernel/network/http.h"
#include "guest-kernel/third_party/lwip/include/lwip/mem.h"
#include "guest-kernel/third_party/lwip/include/lwip/tcp.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define REQUEST_MAX  1024
#define POLL_HALVES  2 /* of a second, between two looks at a silent connection */
#define BYTES_PREFIX "GET /bytes/"

struct visitor {
    struct tcp_pcb *pcb;
    u32 request_length, text_length, text_sent;
    u64 bytes_left;
    u32 silent_s;
    bool answering;
    char request[REQUEST_MAX + 1];
    char text[HTTP_TEXT_MAX];
};

static size_t (*page_write)(char *to, size_t size);
static u64 served;
static const char letters[TCP_MSS] = {[0 ... TCP_MSS - 1] = 'x'};

u64 http_served(void)
{
    return served;
}

/* The connection is lwIP's again. */
static void visitor_forget(struct visitor *v)
{
    tcp_arg(v->pcb, NULL);
    tcp_recv(v->pcb, NULL);
    tcp_sent(v->pcb, NULL);
    tcp_err(v->pcb, NULL);
    tcp_poll(v->pcb, NULL, 0);
    mem_free(v);
}

/* ERR_ABRT is what a callback of lwIP's must answer if it has called tcp_abort. */
static err_t visitor_hang_up(struct visitor *v)
{
    struct tcp_pcb *pcb = v->pcb;

    visitor_forget(v);
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void visitor_lost(void *arg, err_t error)
{
    (void)error; /* lwIP has freed the pcb */
    mem_free(arg);
}

/* Writes what there is room for. ERR_MEM is no failure: more room comes with `sent`. */
static err_t part_write(struct visitor *v, const void *from, u64 left, u8 flags, u64 *written)
{
    u64 length = MIN(MIN(left, tcp_sndbuf(v->pcb)), 0xffffu);
    err_t answer = length ? tcp_write(v->pcb, from, (u16)length, flags) : ERR_MEM;

    *written = answer == ERR_OK ? length : 0;
    return answer;
}

static err_t visitor_answer(struct visitor *v)
{
    err_t answer = ERR_OK;
    u64 written;

    while (answer == ERR_OK && v->text_sent < v->text_length) {
        answer = part_write(v, v->text + v->text_sent, v->text_length - v->text_sent,
                            TCP_WRITE_FLAG_COPY, &written);
        v->text_sent += (u32)written;
    }
    while (answer == ERR_OK && v->bytes_left) {
        answer = part_write(v, letters, MIN(v->bytes_left, sizeof(letters)), 0, &written);
        v->bytes_left -= written;
    }
    if (answer != ERR_OK && answer != ERR_MEM)
        return visitor_hang_up(v);
    if (v->text_sent == v->text_length && !v->bytes_left) {
        struct tcp_pcb *pcb = v->pcb;

        if (tcp_close(pcb) == ERR_OK) {
            served++;
            visitor_forget(v);
            return ERR_OK;
        }
    }
    tcp_output(v->pcb);
    return ERR_OK;
}

static void head_write(struct visitor *v, const char *status, const char *type, u64 length)
{
    v->text_length = (u32)fmt_snprintf(v->text, sizeof(v->text),
                                       "HTTP/1.0 %s\r\nContent-Type: %s\r\n"
                                       "Content-Length: %" F64 "u\r\nConnection: close\r\n\r\n",
                                       status, type, length);
}

static void text_answer(struct visitor *v, const char *status, const char *type, const char *text)
{
    size_t length = strlen(text), room;

    head_write(v, status, type, length);
    room = sizeof(v->text) - v->text_length;
    length = MIN(length, room);
    memcpy(v->text + v->text_length, text, length);
    v->text_length += (u32)length;
}

/* Half of the text's room at most is the page's, so that the head fits, too. */
static void page_answer(struct visitor *v)
{
    static char page[HTTP_TEXT_MAX - 256];

    page_write(page, sizeof(page));
    text_answer(v, "200 OK", "text/html", page);
}

static void request_read(struct visitor *v)
{
    const char *r = v->request;
    const char *end;
    u64 bytes;

    if (str_starts_with(r, "GET / ")) {
        page_answer(v);
    } else if (str_starts_with(r, BYTES_PREFIX) &&
               parse_unsigned(r + strlen(BYTES_PREFIX), &end, &bytes) && *end == ' ') {
        head_write(v, "200 OK", "application/octet-stream", bytes);
        v->bytes_left = bytes;
    } else if (str_starts_with(r, "GET ")) {
        text_answer(v, "404 Not Found", "text/plain", "there is one page here: /\n");
    } else {
        text_answer(v, "501 Not Implemented", "text/plain", "GET is all that is known here\n");
    }
    v->answering = true;
}

static bool request_is_whole(const struct visitor *v)
{
    const char *at = v->request;

    while ((at = strchr(at, '\n'))) {
        at++;
        if (*at == '\n' || (at[0] == '\r' && at[1] == '\n'))
            return true;
    }
    return false;
}

static err_t visitor_speaks(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct visitor *v = arg;
    u32 taken;

    (void)error;
    v->silent_s = 0;
    if (!p) /* it says no more: what it wants to hear it still gets */
        return v->answering ? ERR_OK : visitor_hang_up(v);
    tcp_recved(pcb, p->tot_len);
    taken = pbuf_copy_partial(p, v->request + v->request_length,
                              (u16)(REQUEST_MAX - v->request_length), 0);
    pbuf_free(p);
    v->request_length += taken;
    v->request[v->request_length] = 0;
    if (v->answering)
        return ERR_OK;
    if (request_is_whole(v)) {
        request_read(v);
        return visitor_answer(v);
    }
    return v->request_length == REQUEST_MAX ? visitor_hang_up(v) : ERR_OK;
}

static err_t visitor_heard(void *arg, struct tcp_pcb *pcb, u16 length)
{
    struct visitor *v = arg;

    (void)pcb, (void)length;
    v->silent_s = 0;
    return visitor_answer(v);
}

static err_t visitor_is_silent(void *arg, struct tcp_pcb *pcb)
{
    struct visitor *v = arg;

    (void)pcb;
    if (++v->silent_s >= HTTP_PATIENCE_S)
        return visitor_hang_up(v);
    return v->answering ? visitor_answer(v) : ERR_OK;
}

static err_t visitor_comes(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct visitor *v = error == ERR_OK ? mem_malloc(sizeof(*v)) : NULL;

    (void)arg;
    if (!v)
        return ERR_MEM; /* lwIP hangs up */
    memset(v, 0, offsetof(struct visitor, request) + 1);
    v->pcb = pcb;
    tcp_arg(pcb, v);
    tcp_recv(pcb, visitor_speaks);
    tcp_sent(pcb, visitor_heard);
    tcp_err(pcb, visitor_lost);
    tcp_poll(pcb, visitor_is_silent, POLL_HALVES);
    return ERR_OK;
}

bool http_serve(u16 port, size_t (*page)(char *to, size_t size))
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_V4), *listener;

    page_write = page;
    if (!pcb)
        return false;
    if (tcp_bind(pcb, IP4_ADDR_ANY, port) != ERR_OK || !(listener = tcp_listen(pcb))) {
        tcp_abort(pcb);
        return false;
    }
    tcp_accept(listener, visitor_comes);
    return true;
}
