/*
 * The client: asks, counts and sums what comes, and is over when the server closes. The structure
 * that lwIP's callbacks know lies on the stack of who waits, so it is taken from them in the
 * network's thread before the wait ends, whatever the reason.
 */
#include "guest-kernel/network/http.h"
#include "guest-kernel/network/network.h"
#include "guest-kernel/third_party/lwip/include/lwip/tcp.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

struct visit {
    struct http_fetch *fetch;
    struct tcp_pcb *pcb; /* NULL: not begun, or over */
    bool begun, over;
    u32 status_length; /* of the first line, as far as it came */
    u32 ends;          /* line ends in a row: two are the end of the head */
    bool in_body;
};

/* Answers what a callback of lwIP's must answer. */
static err_t visit_end(struct visit *v, const char *failure)
{
    struct tcp_pcb *pcb = v->pcb;

    v->pcb = NULL;
    v->over = true;
    if (!v->fetch->failure)
        v->fetch->failure = failure;
    if (!pcb)
        return ERR_OK;
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_err(pcb, NULL);
    if (tcp_close(pcb) == ERR_OK)
        return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void on_lost(void *arg, err_t error)
{
    struct visit *v = arg;

    v->pcb = NULL; /* lwIP has freed it */
    visit_end(v, error == ERR_RST ? "refused or reset" : "the connection broke");
}

/* A byte of the head: its first line is kept, an empty line ends it. */
static void head_take(struct visit *v, u8 c)
{
    struct http_fetch *f = v->fetch;

    if (c >= ' ' && v->status_length < sizeof(f->status) - 1)
        f->status[v->status_length++] = (char)c;
    if (c == '\n') {
        v->in_body = ++v->ends == 2;
        v->status_length = sizeof(f->status); /* the rest of the head is not kept */
    } else if (c != '\r') {
        v->ends = 0;
    }
}

static void bytes_take(struct visit *v, const u8 *at, u32 count)
{
    u64 sum = 0;
    u32 i = 0;

    while (i < count && !v->in_body)
        head_take(v, at[i++]);
    v->fetch->bytes += count - i;
    for (; i < count; i++)
        sum += at[i];
    v->fetch->sum += sum;
}

static err_t on_bytes(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct visit *v = arg;

    (void)error;
    if (!p)
        return visit_end(v, v->in_body ? NULL : "no answer");
    for (const struct pbuf *part = p; part; part = part->next)
        bytes_take(v, part->payload, part->len);
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    const struct visit *v = arg;
    char request[256];
    size_t length =
        fmt_snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", v->fetch->path);

    (void)error;
    if (length >= sizeof(request) ||
        tcp_write(pcb, request, (u16)length, TCP_WRITE_FLAG_COPY) != ERR_OK)
        return visit_end(arg, "the request is too long");
    return ERR_OK;
}

static void visit_begin(struct visit *v)
{
    ip_addr_t to;

    v->begun = true;
    v->pcb = tcp_new_ip_type(IPADDR_TYPE_V4);
    if (!v->pcb) {
        visit_end(v, "no memory");
        return;
    }
    tcp_arg(v->pcb, v);
    tcp_recv(v->pcb, on_bytes);
    tcp_err(v->pcb, on_lost);
    ip_addr_copy_from_ip4(to, v->fetch->from);
    if (tcp_connect(v->pcb, &to, v->fetch->port, on_connected) != ERR_OK)
        visit_end(v, "no way there");
}

static bool visit_try(void *arg)
{
    struct visit *v = arg;

    if (!v->begun)
        visit_begin(v);
    return v->over;
}

static void visit_give_up(void *arg)
{
    visit_end(arg, "it took too long");
}

bool http_fetch(struct http_fetch *fetch, u64 span_ns)
{
    struct visit visit = {.fetch = fetch};

    fetch->bytes = fetch->sum = 0;
    fetch->failure = NULL;
    memset(fetch->status, 0, sizeof(fetch->status));
    if (!network_wait(visit_try, &visit, span_ns))
        network_do(visit_give_up, &visit);
    return !fetch->failure;
}

bool http_url_parse(const char *url, struct http_fetch *fetch)
{
    static const char scheme[] = "http://";
    char host[16];
    size_t length = 0;
    u64 port = HTTP_PORT;

    if (!str_starts_with(url, scheme))
        return false;
    url += strlen(scheme);
    while (url[length] && url[length] != ':' && url[length] != '/')
        length++;
    if (length >= sizeof(host))
        return false;
    str_copy(host, url, length + 1);
    url += length;
    if (*url == ':' && !parse_unsigned(url + 1, &url, &port))
        return false;
    fetch->port = (u16)port;
    fetch->path = *url ? url : "/";
    return port && port <= 0xffff && *fetch->path == '/' && ip4addr_aton(host, &fetch->from);
}
