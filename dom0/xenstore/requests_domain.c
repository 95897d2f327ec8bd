/*
 * Requests about domains: see requests.h. dom0's toolstack does the same by store.h; these are for
 * a client on a ring that is privileged, of which there is none unless somebody makes one.
 */
#include "dom0/xenstore/audit.h"
#include "dom0/xenstore/requests.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

const struct store_around *store_around;

/* What atoi makes of a text, as xenstored reads numbers: 0 if it is none. */
static u64 number(const char *text)
{
    const char *end;
    u64 value = 0;

    return parse_unsigned(text, &end, &value) ? value : 0;
}

/* The client that a text means. -EINVAL: domain 0, or no text; -ENOENT: there is none. */
static int client_of(const char *text, struct client **client)
{
    struct account *account = text ? account_find((domid_t)number(text)) : NULL;

    if (!text || !number(text))
        return -XEN_EINVAL;
    *client = account ? account->client : NULL;
    return *client ? 0 : -XEN_ENOENT;
}

int request_domain_path(struct request *request)
{
    const char *text = request_only(request);
    char path[32];

    if (!text)
        return -XEN_EINVAL;
    fmt_snprintf(path, sizeof(path), PATH_HOMES "%u", (u32)number(text));
    xs_append_string(request->out, path);
    return 0;
}

int request_is_introduced(struct request *request)
{
    const char *text = request_only(request);
    struct account *account;

    if (!text)
        return -XEN_EINVAL;
    account = account_find((domid_t)number(text));
    xs_append_string(request->out,
                     number(text) == DOMID_SELF || (account && account->client) ? "T" : "F");
    return 0;
}

int request_introduce(struct request *request)
{
    const char *strings[3];
    int rc;

    if (request_strings(request, strings, 3) < 3 || !number(strings[2]))
        return -XEN_EINVAL;
    rc = store_around->introduce((domid_t)number(strings[0]), number(strings[1]),
                                 (u32)number(strings[2]));
    return rc ? rc : request_ok(request);
}

int request_release(struct request *request)
{
    struct client *client;
    int rc = client_of(request_only(request), &client);

    if (rc)
        return rc;
    if (client == request->client)
        return -XEN_EINVAL; /* who would take the answer? */
    store_around->release(client);
    return request_ok(request);
}

int request_resume(struct request *request)
{
    struct client *client;
    int rc = client_of(request_only(request), &client);

    if (rc)
        return rc;
    store_around->resume(client);
    return request_ok(request);
}

int request_set_target(struct request *request)
{
    const char *strings[2];
    struct client *client, *target;
    int rc;

    if (request_strings(request, strings, 2) < 2)
        return -XEN_EINVAL;
    rc = client_of(strings[0], &client);
    if (!rc)
        rc = client_of(strings[1], &target);
    if (rc)
        return rc;
    client->target = target->account;
    return request_ok(request);
}

/* "check" looks whether the store makes sense; no other word is known here. */
int request_control(struct request *request)
{
    const char *strings[1];

    if (!request_strings(request, strings, 1) || strcmp(strings[0], "check"))
        return -XEN_EINVAL;
    return store_audit() ? -XEN_EIO : request_ok(request);
}
