/*
 * A xenstore within the guest that asks it: a thread at the other end of the ring, so that
 * frontends can be tested on any hypervisor and without another domain, and with a store that
 * misbehaves. The tree is a list of paths; a transaction keeps what it writes until its end.
 *
 * The test itself, as toolstack or backend, changes the tree by fake_set and fake_remove.
 */
#ifndef TESTS_GUESTS_FAKE_STORE_H
#define TESTS_GUESTS_FAKE_STORE_H

#include "guest-kernel/core/guest.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/sched/mutex.h"
#include "ioring/xenstore_message.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define FAKE_HOME "/local/domain/0/" /* where relative paths begin */
#define FAKE_PATH 128
#define FAKE_MAX  128

struct fake_node {
    char path[FAKE_PATH], value[FAKE_PATH];
    bool set, removed; /* removed: within a transaction */
};

struct fake_store {
    struct mutex mutex; /* guards the rest */
    struct fake_node nodes[FAKE_MAX], pending[8];
    struct fake_watch {
        char path[FAKE_PATH], as_given[FAKE_PATH], token[16];
        bool set, due;
    } watches[16];
    struct byte_channel channel;
    struct xs_message in, out;
    struct thread *server;
    long port;
    bool answering, broken;
    /* What the test wants of it. */
    u32 conflicts;      /* so many transactions end in -EAGAIN */
    bool events_first;  /* before each answer, an event of each watch */
    bool strange_first; /* before each answer, one to a request that nobody made */
    u32 asked;          /* requests so far */
};

/* Weak: one for all files of a test. */
__attribute__((weak)) struct fake_store fake = {.mutex = MUTEX_INIT(fake.mutex)};

static void fake_path(char to[FAKE_PATH], const char *path)
{
    fmt_snprintf(to, FAKE_PATH, "%s%s", *path == '/' || *path == '@' ? "" : FAKE_HOME, path);
}

static struct fake_node *fake_find(struct fake_node *nodes, u32 count, const char *path)
{
    for (u32 i = 0; i < count; i++) {
        if (nodes[i].set && !strcmp(nodes[i].path, path))
            return &nodes[i];
    }
    return NULL;
}

/* Mutex held. A place for the path, or the one that it has. */
static struct fake_node *fake_place(struct fake_node *nodes, u32 count, const char *path)
{
    struct fake_node *node = fake_find(nodes, count, path);

    for (u32 i = 0; !node && i < count; i++) {
        if (!nodes[i].set)
            node = &nodes[i];
    }
    if (!node)
        guest_panic("the fake store is full");
    node->set = true;
    node->removed = false;
    str_copy(node->path, path, sizeof(node->path));
    return node;
}

static bool fake_is_below(const char *path, const char *above)
{
    size_t n = strlen(above);

    return !strncmp(path, above, n) && (!path[n] || path[n] == '/');
}

static void fake_changed(const char *path)
{
    for (u32 i = 0; i < ARRAY_SIZE(fake.watches); i++) {
        struct fake_watch *watch = &fake.watches[i];

        watch->due |=
            watch->set && (fake_is_below(path, watch->path) || fake_is_below(watch->path, path));
    }
    thread_wake(fake.server);
}

/* Mutex held. */
static void fake_put(const char *path, const char *value)
{
    str_copy(fake_place(fake.nodes, FAKE_MAX, path)->value, value, FAKE_PATH);
    fake_changed(path);
}

static bool fake_drop(const char *path)
{
    bool found = false;

    for (u32 i = 0; i < FAKE_MAX; i++) {
        if (fake.nodes[i].set && fake_is_below(fake.nodes[i].path, path)) {
            fake.nodes[i].set = false;
            found = true;
        }
    }
    if (found)
        fake_changed(path);
    return found;
}

PRINTF_LIKE(2, 3) static inline void fake_set(const char *path, const char *format, ...)
{
    char whole[FAKE_PATH], value[FAKE_PATH];
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    fake_path(whole, path);
    mutex_take(&fake.mutex);
    fake_put(whole, value);
    mutex_release(&fake.mutex);
}

static inline void fake_remove(const char *path)
{
    char whole[FAKE_PATH];

    fake_path(whole, path);
    mutex_take(&fake.mutex);
    fake_drop(whole);
    mutex_release(&fake.mutex);
}

/* The value, in the caller's @value: no other thread's is put there. "" if there is none. */
static inline const char *fake_get(const char *path, char value[FAKE_PATH])
{
    char whole[FAKE_PATH];
    struct fake_node *node;

    fake_path(whole, path);
    mutex_take(&fake.mutex);
    node = fake_find(fake.nodes, FAKE_MAX, whole);
    str_copy(value, node ? node->value : "", FAKE_PATH);
    mutex_release(&fake.mutex);
    return value;
}

/* ---- Answers, with the mutex held ------------------------------------------------------------ */

static void fake_error(const char *name)
{
    xs_begin(&fake.out, XS_ERROR, fake.in.head.req_id, fake.in.head.tx_id);
    xs_append_string(&fake.out, name);
}

static void fake_ok(void)
{
    xs_append_string(&fake.out, "OK");
}

static void fake_answer_read(const char *path)
{
    struct fake_node *node = NULL;

    if (fake.in.head.tx_id)
        node = fake_find(fake.pending, ARRAY_SIZE(fake.pending), path);
    if (!node)
        node = fake_find(fake.nodes, FAKE_MAX, path);
    if (!node || node->removed)
        return fake_error("ENOENT");
    xs_append_text(&fake.out, node->value);
}

static void fake_answer_directory(const char *path)
{
    bool found = false;

    for (u32 i = 0; i < FAKE_MAX; i++) {
        const char *rest = fake.nodes[i].path + strlen(path) + 1;
        bool again = false;
        u32 at = 0, n = 0;
        const char *name;

        if (!fake.nodes[i].set || !fake_is_below(fake.nodes[i].path, path))
            continue;
        found = true;
        if (!rest[-1])
            continue;
        while (rest[n] && rest[n] != '/')
            n++;
        while ((name = xs_next_string(&fake.out, &at)))
            again |= !strncmp(name, rest, n) && !name[n];
        if (!again && xs_append(&fake.out, rest, n))
            xs_append(&fake.out, "", 1);
    }
    if (!found)
        fake_error("ENOENT");
}

static void fake_answer_write(const char *path, const char *value, bool removed)
{
    if (fake.in.head.tx_id) {
        struct fake_node *node = fake_place(fake.pending, ARRAY_SIZE(fake.pending), path);

        node->removed = removed;
        str_copy(node->value, value, sizeof(node->value));
    } else if (!removed) {
        fake_put(path, value);
    } else if (!fake_drop(path)) {
        return fake_error("ENOENT");
    }
    fake_ok();
}

static void fake_answer_end(bool commit)
{
    for (u32 i = 0; i < ARRAY_SIZE(fake.pending); i++) {
        struct fake_node *node = &fake.pending[i];

        if (node->set && commit && !fake.conflicts) {
            if (node->removed)
                fake_drop(node->path);
            else
                fake_put(node->path, node->value);
        }
        node->set = false;
    }
    if (!commit || !fake.conflicts)
        return fake_ok();
    fake.conflicts--;
    fake_error("EAGAIN");
}

static void fake_answer_watch(const char *path, const char *given, const char *token, bool set)
{
    for (u32 i = 0; i < ARRAY_SIZE(fake.watches); i++) {
        struct fake_watch *watch = &fake.watches[i];

        if (set ? watch->set : !watch->set || strcmp(watch->token, token))
            continue;
        watch->set = watch->due = set;
        str_copy(watch->path, path, sizeof(watch->path));
        str_copy(watch->as_given, given, sizeof(watch->as_given));
        str_copy(watch->token, token, sizeof(watch->token));
        return fake_ok();
    }
    fake_error(set ? "ENOSPC" : "ENOENT");
}

static void fake_answer(void)
{
    u32 at = 0;
    const char *first = xs_next_string(&fake.in, &at);
    const char *rest = fake.in.payload + at;
    char path[FAKE_PATH];

    fake.asked++;
    xs_begin(&fake.out, fake.in.head.type, fake.in.head.req_id, fake.in.head.tx_id);
    if (!first)
        return fake_error("EINVAL");
    fake_path(path, first);
    switch (fake.in.head.type) {
    case XS_READ:
        return fake_answer_read(path);
    case XS_DIRECTORY:
        return fake_answer_directory(path);
    case XS_WRITE:
        return fake_answer_write(path, rest, false);
    case XS_RM:
        return fake_answer_write(path, "", true);
    case XS_TRANSACTION_START:
        xs_append_string(&fake.out, "7");
        return;
    case XS_TRANSACTION_END:
        return fake_answer_end(*first == 'T');
    case XS_WATCH:
    case XS_UNWATCH:
        return fake_answer_watch(path, first, rest, fake.in.head.type == XS_WATCH);
    default:
        return fake_error("ENOSYS");
    }
}

/* ---- The thread ------------------------------------------------------------------------------ */

static void fake_send(struct xs_message *message)
{
    while (xs_send(message, &fake.channel.send) == 0) {
        event_send((u32)fake.port);
        mutex_release(&fake.mutex);
        thread_yield();
        mutex_take(&fake.mutex);
    }
    event_send((u32)fake.port);
}

static void fake_send_events(bool all)
{
    static struct xs_message event;

    for (u32 i = 0; i < ARRAY_SIZE(fake.watches); i++) {
        struct fake_watch *watch = &fake.watches[i];

        if (!watch->set || !(watch->due || all))
            continue;
        watch->due = false;
        xs_begin(&event, XS_WATCH_EVENT, 0, 0);
        xs_append_string(&event, watch->as_given);
        xs_append_string(&event, watch->token);
        fake_send(&event);
    }
}

static void fake_send_strange(void)
{
    static struct xs_message strange;

    xs_begin(&strange, XS_READ, fake.in.head.req_id + 77, 0);
    xs_append_text(&strange, "strange");
    fake_send(&strange);
}

static void fake_serve(void *arg)
{
    (void)arg;
    for (;;) {
        mutex_take(&fake.mutex);
        while (!fake.broken && xs_receive(&fake.in, &fake.channel.receive) > 0) {
            if (fake.events_first)
                fake_send_events(true);
            if (fake.strange_first)
                fake_send_strange();
            fake_answer();
            fake.in.moved = 0;
            fake_send(&fake.out);
        }
        fake_send_events(false);
        event_send((u32)fake.port); /* there is room again */
        mutex_release(&fake.mutex);
        thread_wait();
    }
}

static void fake_on_port(u32 port, void *data)
{
    (void)port, (void)data;
    thread_wake(fake.server);
}

static void fake_ignore(u32 port, void *data)
{
    (void)port, (void)data;
}

/* After threads_start, before xenstore_init: from now on start_info speaks of this store. */
static inline void fake_store_start(void)
{
    struct start_info *info = (struct start_info *)start_info;
    pfn_t page = frame_alloc_zeroed();

    xenstore_attach_server(&fake.channel, pfn_to_virt(page));
    fake.server = thread_create(thread_self()->vcpu, fake_serve, NULL);
    info->store_mfn = pfn_to_mfn(page).n;
    info->store_evtchn = (u32)event_alloc_unbound(DOMID_SELF, fake_ignore, NULL);
    fake.port = event_bind_interdomain(DOMID_SELF, info->store_evtchn, fake_on_port, NULL);
    if (fake.port < 0)
        guest_panic("the fake store has no port");
}

#endif
