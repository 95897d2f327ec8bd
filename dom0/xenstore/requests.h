/*
 * REQUESTS, as they come over the wire (docs/misc/xenstore.txt): what is in them is taken apart and
 * checked here, and the answer made, in xenstored's order of checks.
 */
#ifndef DOM0_XENSTORE_REQUESTS_H
#define DOM0_XENSTORE_REQUESTS_H

#include "dom0/xenstore/operations.h"

/* What a request is answered with, beside its own type. */
struct request {
    struct client *client;
    struct view view;
    const struct xs_message *in;
    struct xs_message *out;
};

/* Each answers 0 with the payload in out, or a negative errno. */
typedef int request_handler(struct request *request);

/* The whole path that a request means by its first string, which may be relative: valid until the
 * next request. NULL: there is no string. */
const char *request_path(struct request *request, const char *path);
/* The payload, if it is one string and nothing else; NULL. */
const char *request_only(const struct request *request);
/* Splits the payload into at most @max strings: how many there are. */
u32 request_strings(const struct request *request, const char **strings, u32 max);
int request_ok(struct request *request);

/* requests_domain.c: about domains, for the privileged. */
request_handler request_introduce, request_release, request_resume, request_set_target,
    request_is_introduced, request_domain_path, request_control;

/*
 * What requests about domains need from around the store (server.c; a test's own). Each answers 0
 * or a negative errno.
 */
struct store_around {
    int (*introduce)(domid_t domain, u64 frame, u32 port);
    void (*release)(struct client *client);
    void (*resume)(struct client *client);
};
extern const struct store_around *store_around;

#endif
