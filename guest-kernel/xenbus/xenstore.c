/*
 * One page with two rings, and one request at a time: a thread has its turn, composes its message,
 * and waits until the answer has come whole. Between its pieces, and before it, the store may say
 * that something changed; only the order within the ring is certain.
 *
 * Bytes are moved wherever there may be some to move: by the thread that begins, and by the port's
 * handler when the store has taken or put something. An answer stays in `in` until its thread is
 * done with it, and nothing more is received meanwhile: the ring holds it.
 */
#include "guest-kernel/core/lock.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/sched/mutex.h"
#include "guest-kernel/xenbus/message.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

enum progress {
    NOTHING_ASKED,
    SENDING,
    WAITING,  /* for the answer */
    ANSWERED, /* it is in `in` */
    BROKEN    /* for ever */
};

static struct mutex turn = MUTEX_INIT(turn); /* held by who asks */
static struct mutex transaction_turn = MUTEX_INIT(transaction_turn);
static struct thread *transactor; /* in whose requests the transaction is named */
static u32 transaction;

static struct lock lock; /* guards what follows, together with its holder's turn */
static struct byte_channel channel;
static struct xs_message out, in;
static enum progress progress;
static struct thread *asker;
static u32 port, last_id;

/* ---- The ring -------------------------------------------------------------------------------- */

/* Locked. A message is in `in`; answers whether it may be forgotten. */
static bool message_arrived(void)
{
    if (in.head.type == XS_WATCH_EVENT) {
        watch_event(&in);
        return true;
    }
    if (progress != WAITING || in.head.req_id != last_id)
        return true; /* whoever had this domain before us asked */
    progress = ANSWERED;
    thread_wake(asker);
    return false;
}

static void ring_broken(void)
{
    progress = BROKEN;
    if (asker)
        thread_wake(asker);
}

/* Locked. */
static void ring_move(void)
{
    u32 before = channel.send.at + channel.receive.at;
    int rc = progress == SENDING ? xs_send(&out, &channel.send) : 0;

    if (rc > 0)
        progress = WAITING;
    while (rc >= 0 && progress != ANSWERED) {
        rc = xs_receive(&in, &channel.receive);
        if (rc <= 0)
            break;
        if (message_arrived())
            in.moved = 0;
    }
    if (rc < 0)
        ring_broken();
    if (before != channel.send.at + channel.receive.at)
        event_send(port);
}

static void on_ring(u32 from, void *data)
{
    bool open = lock_take(&lock);

    (void)from, (void)data;
    if (progress != BROKEN)
        ring_move();
    lock_release(&lock, open);
}

/* The port is made for any guest; only if it is bound does anybody listen. */
static bool somebody_serves(void)
{
    struct evtchn_status status = {.dom = DOMID_SELF, .port = start_info->store_evtchn};

    return start_info->store_evtchn && !call_event_channel_op(EVTCHNOP_status, &status) &&
           status.status == EVTCHNSTAT_interdomain;
}

long xenstore_init(void)
{
    pfn_t page;

    if (port)
        return 0;
    if (!somebody_serves())
        return -XEN_ENODEV;
    page = mfn_to_pfn((mfn_t){start_info->store_mfn});
    xenstore_attach_client(&channel, pfn_to_virt(page));
    port = start_info->store_evtchn;
    watches_start();
    event_bind(port, on_ring, NULL);
    return 0;
}

/* ---- One request ----------------------------------------------------------------------------- */

static bool message_compose(u32 type, const char *first, const void *rest, u32 rest_length)
{
    bool isolated = transactor == thread_self() && type != XS_WATCH && type != XS_UNWATCH;

    xs_begin(&out, type, ++last_id, isolated ? transaction : 0);
    return xs_append_string(&out, first) && xs_append(&out, rest, rest_length);
}

/* The answer's errno: the store gives its name. */
static long answer_errno(void)
{
    static const struct {
        const char *name;
        int number;
    } errors[] = {
#define XEN_ERRNO(name, number) {#name, number},
#include "xen-like/abi/errnos.h"
    };
    u32 at = 0;
    const char *name;

    if (in.head.type != XS_ERROR)
        return in.head.type == out.head.type ? 0 : -XEN_EIO;
    name = xs_next_string(&in, &at);
    for (u32 i = 0; name && i < ARRAY_SIZE(errors); i++) {
        if (!strcmp(name, errors[i].name))
            return -errors[i].number;
    }
    return -XEN_EIO;
}

static long answer_wait(void)
{
    long answer;
    bool open = lock_take(&lock);

    asker = thread_self();
    if (progress != BROKEN) {
        progress = SENDING;
        ring_move();
    }
    while (progress != ANSWERED && progress != BROKEN) {
        lock_release(&lock, open);
        thread_wait();
        open = lock_take(&lock);
    }
    asker = NULL;
    answer = progress == BROKEN ? -XEN_EIO : answer_errno();
    lock_release(&lock, open);
    return answer;
}

long message_ask(u32 type, const char *first, const void *rest, u32 rest_length,
                 const struct xs_message **answer)
{
    long error = -XEN_ENODEV;

    mutex_take(&turn);
    if (port && !message_compose(type, first, rest, rest_length))
        error = -XEN_E2BIG;
    else if (port)
        error = answer_wait();
    *answer = &in;
    if (error)
        message_done();
    return error;
}

void message_done(void)
{
    bool open = lock_take(&lock);

    if (progress == ANSWERED) {
        progress = NOTHING_ASKED;
        in.moved = 0;
        ring_move(); /* what waits behind the answer */
    }
    lock_release(&lock, open);
    mutex_release(&turn);
}

long message_do(u32 type, const char *first, const void *rest, u32 rest_length)
{
    const struct xs_message *answer;
    long error = message_ask(type, first, rest, rest_length, &answer);

    if (!error)
        message_done();
    return error;
}

/* ---- What is asked --------------------------------------------------------------------------- */

long xenstore_read(const char *path, char *to, size_t size)
{
    const struct xs_message *answer;
    long length = message_ask(XS_READ, path, NULL, 0, &answer);

    if (length)
        return length;
    length = answer->head.len < size ? (long)answer->head.len : -XEN_E2BIG;
    if (length >= 0)
        memcpy(to, answer->payload, (size_t)length + 1); /* a NUL of ours is behind it */
    message_done();
    return length;
}

u64 xenstore_read_number(const char *path, u64 fallback)
{
    char text[24];
    u64 value = 0;

    if (xenstore_read(path, text, sizeof(text)) <= 0)
        return fallback;
    for (const char *c = text; *c; c++) {
        u64 digit = (u64)(*c - '0');

        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return fallback;
        value = value * 10 + digit;
    }
    return value;
}

long xenstore_write(const char *path, const char *format, ...)
{
    char value[256];
    size_t length;
    va_list args;

    va_start(args, format);
    length = fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    return length < sizeof(value) ? message_do(XS_WRITE, path, value, (u32)length) : -XEN_E2BIG;
}

long xenstore_remove(const char *path)
{
    return message_do(XS_RM, path, NULL, 0);
}

long xenstore_child(const char *path, u32 index, char *to, size_t size)
{
    const struct xs_message *answer;
    long error = message_ask(XS_DIRECTORY, path, NULL, 0, &answer);
    const char *name = NULL;
    u32 at = 0;

    if (error)
        return error;
    do
        name = xs_next_string(answer, &at);
    while (name && index--);
    error = !name ? -XEN_ENOENT : str_copy(to, name, size) < size ? 0 : -XEN_E2BIG;
    message_done();
    return error;
}

static long transaction_begin(void)
{
    const struct xs_message *answer;
    long error = message_ask(XS_TRANSACTION_START, "", NULL, 0, &answer);
    u32 id = 0;

    if (error)
        return error;
    for (const char *c = answer->payload; *c >= '0' && *c <= '9'; c++)
        id = id * 10 + (u32)(*c - '0');
    message_done();
    transaction = id;
    transactor = thread_self();
    return 0;
}

long xenstore_transact(long (*body)(void *arg), void *arg)
{
    long answer, end;

    mutex_take(&transaction_turn);
    do {
        end = answer = transaction_begin();
        if (answer)
            break;
        answer = body(arg);
        end = message_do(XS_TRANSACTION_END, answer < 0 ? "F" : "T", NULL, 0);
        transactor = NULL;
    } while (answer >= 0 && end == -XEN_EAGAIN);
    mutex_release(&transaction_turn);
    return answer < 0 ? answer : end ? end : answer;
}
