/*
 * A web server of one page, and a client: as much of HTTP/1.0 as curl, a browser and each other
 * need. Both ends of TCP are lwIP's.
 *
 * The server answers `/` with what page writes, `/bytes/N` with N bytes (for measurements), and
 * closes. A visitor who says nothing for HTTP_PATIENCE_S seconds, or too much, is hung up on.
 */
#ifndef GUEST_KERNEL_NETWORK_HTTP_H
#define GUEST_KERNEL_NETWORK_HTTP_H

#include "guest-kernel/third_party/lwip/include/lwip/ip4_addr.h"
#include "xen-like/lib/types.h"

#define HTTP_PORT       80
#define HTTP_PATIENCE_S 10
#define HTTP_TEXT_MAX   2048 /* bytes of an answer that is text */

/* page writes at most size - 1 characters and a NUL, and answers how many (fmt.h's rule). In the
 * network's thread. False: the port is taken, or there is no memory. */
bool http_serve(u16 port, size_t (*page)(char *to, size_t size));

/* Pages given away so far. */
u64 http_served(void);

struct http_fetch {
    ip4_addr_t from;
    u16 port;
    const char *path;
    /* What came: */
    u64 bytes;           /* of the body */
    u64 sum;             /* of the body's bytes, as numbers */
    char status[40];     /* the first line */
    const char *failure; /* NULL: all of it came */
};

/* Fetches a page; answers whether it came whole. Gives up after span nanoseconds. For threads other
 * than the network's. */
bool http_fetch(struct http_fetch *fetch, u64 span_ns);

/* Reads http://ADDRESS[:PORT][/PATH]; fetch->path points into url. */
bool http_url_parse(const char *url, struct http_fetch *fetch);

#endif
