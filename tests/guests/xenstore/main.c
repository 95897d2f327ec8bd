/*
 * dom0's xenstore with guests on real rings: honest ones find what they should and are told what
 * they asked for; their transactions on one number add up; one that breaks its ring again and again
 * and one that takes no answers hurt only themselves. The honest ones are asked to end, and do.
 * All that the guests have in common is the store, so what they found is read from there, too.
 */
#include "dom0/loop.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/domain_store.h"
#include "dom0/toolstack/guests.h"
#include "dom0/xenstore/store.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/clock.h"
#include "tests/guests/xenstore/roles.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define CLIENTS  3
#define PATIENCE (60 * NS_PER_SECOND)

static struct guest *clients[CLIENTS], *hostile, *deaf;
static volatile u32 releases;

static struct guest *guest_make_of(const char *name, const char *role)
{
    char text[256], message[BUILD_REASON_SIZE];
    struct guest *g;

    fmt_snprintf(text, sizeof(text), "name='%s'; kernel='xenstore'; memory=16; extra='%s'", name,
                 role);
    g = guest_create_text("test", text, strlen(text), false, message);
    if (!g)
        guest_panic("%s: %s", name, message);
    return g;
}

/* ---- Waiting ----------------------------------------------------------------------------------
 */

static struct alarm deadline;
static bool too_late;

static void deadline_ring(struct alarm *alarm)
{
    (void)alarm;
    too_late = true;
}

static bool loop_until(bool (*done)(void))
{
    too_late = false;
    alarm_init(&deadline, deadline_ring);
    alarm_set(&deadline, time_now_ns() + PATIENCE);
    while (!done() && !too_late)
        loop_step();
    alarm_drop(&deadline);
    return !too_late;
}

static bool all_wait(void)
{
    for (u32 i = 0; i < CLIENTS; i++) {
        if (!domain_store_number(clients[i]->domain.domid, "data/waits", 0))
            return false;
    }
    return true;
}

static bool all_ready(void)
{
    for (u32 i = 0; i < CLIENTS; i++) {
        if (!domain_store_number(clients[i]->domain.domid, "data/ready", 0))
            return false;
    }
    return domain_store_number(hostile->domain.domid, "data/ready", 0) &&
           domain_store_number(deaf->domain.domid, "data/ready", 0);
}

static bool all_ended(void)
{
    struct xen_domctl_getdomaininfo info;

    for (u32 i = 0; i < CLIENTS; i++) {
        if (!domain_info(clients[i]->domain.domid, &info) && !(info.flags & XEN_DOMINF_shutdown))
            return false;
    }
    return true;
}

static bool was_told(void)
{
    return releases > 0;
}

/* ---- What they found --------------------------------------------------------------------------
 */

static const char *row_prefix;

static void row_print(const char *path, u32 depth, const char *value, u32 length)
{
    char text[64], number[32];
    const char *name = path;
    bool negative;
    u64 magnitude = 0;

    if (!depth)
        return;
    while (strchr(name, '/'))
        name = strchr(name, '/') + 1;
    fmt_snprintf(number, sizeof(number), "%.*s", (int)length, value);
    negative = number[0] == '-';
    for (const char *digit = number + negative; *digit; digit++)
        magnitude = magnitude * 10 + (u64)(*digit - '0');
    fmt_snprintf(text, sizeof(text), "%s.%s", row_prefix, name);
    row(text, negative ? -(s64)magnitude : (s64)magnitude);
}

static void rows_of(const struct guest *g)
{
    char path[64];

    row_prefix = g->name;
    fmt_snprintf(path, sizeof(path), "/local/domain/%u/data/rows", g->domain.domid);
    if (store_each(path, row_print))
        guest_panic("%s has told nothing", g->name);
}

static void on_release(struct store_watch *watch, const char *path)
{
    (void)watch, (void)path;
    releases++;
}

static void on_end_event(struct work *work)
{
    (void)work;
    store_look_at_ends();
}

static void control_domain_begin(void)
{
    static struct work ends;

    event_init(EVENT_FIFO);
    loop_init();
    work_init(&ends, on_end_event);
    event_bind_virq(VIRQ_DOM_EXC, &vcpu_boot, work_raise_on_event, &ends);
    upcalls_unmask();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
}

static void control_domain_main(void)
{
    static struct store_watch release;
    char name[16], value[16];
    int answer = 0;

    control_domain_begin();
    store_watch(&release, "@releaseDomain", on_release);
    for (u32 i = 0; i < CLIENTS; i++) {
        fmt_snprintf(name, sizeof(name), "client%u", i);
        clients[i] = guest_make_of(name, "client");
    }
    hostile = guest_make_of("hostile", "hostile");
    deaf = guest_make_of("deaf", "deaf");

    row_want("clients.wait", loop_until(all_wait), 1);
    store_write(COUNTER, "0");
    row_want("permit.number", store_set_permissions(COUNTER, "b0"), 0);
    row_want("permit.shared", store_set_permissions("/shared", "r0"), 0);
    store_write(WANTED, "1");
    row_want("all.ready", loop_until(all_ready), 1);
    row_want("counted-together", (s64)store_read_number(COUNTER, 0), CLIENTS * ROUNDS);
    for (u32 i = 0; i < CLIENTS; i++)
        rows_of(clients[i]);
    rows_of(hostile);
    rows_of(deaf);

    releases = 0;
    for (u32 i = 0; i < CLIENTS; i++)
        domain_store_write(clients[i]->domain.domid, "control/shutdown", "poweroff");
    row_want("clients.ended", loop_until(all_ended), 1);
    row_want("releases-were-told", loop_until(was_told), 1);
    row_want("word-was-taken", domain_store_asked(clients[0]->domain.domid, value, sizeof(value)),
             0);
    for (u32 i = 0; i < CLIENTS; i++)
        answer |= guest_destroy(clients[i]);
    row_want("destroyed", answer | guest_destroy(hostile) | guest_destroy(deaf), 0);
    row_want("homes", store_child("/local/domain", 0, name, sizeof(name)), -XEN_ENOENT);
    guest_end();
}

/* ---- Many -------------------------------------------------------------------------------------
 */

#define MANY 1000u

static u32 told;

static void on_name(struct store_watch *watch, const char *path)
{
    (void)watch, (void)path;
    told++;
}

static bool all_told(void)
{
    return told >= MANY;
}

/* A thousand guests, each introduced and watched; what the last costs is what the first did. */
static void many_main(void)
{
    static struct store_watch watches[MANY];
    struct store_usage usage;
    char text[128], message[BUILD_REASON_SIZE];
    u64 began, first = 0, last = 0;
    u32 made = 0;

    control_domain_begin();
    for (u32 i = 0; i < MANY; i++) {
        fmt_snprintf(text, sizeof(text), "name='t%u'; kernel='tiny'; memory=1", i);
        if (!guest_create_text("test", text, strlen(text), true, message))
            guest_panic("%u: %s", i, message);
        made++;
    }
    row_want("many.made", made, MANY);
    made = 0;
    LIST_FOR_EACH(link, &guests)
    {
        domid_t domain = LIST_ENTRY(link, struct guest, link)->domain.domid;

        fmt_snprintf(text, sizeof(text), "/local/domain/%u/data/x", domain);
        began = time_now_ns();
        store_watch(&watches[made], text, on_name);
        store_write(text, "1");
        last += time_now_ns() - began;
        if (++made == MANY / 10) {
            first = last;
            last = 0;
        } else if (made == MANY - MANY / 10) {
            last = 0;
        }
    }
    row_want("many.told", loop_until(all_told), 1);
    row_want("many.the-last-costs-as-the-first", last < 5 * first, 1);
    row_want("many.usage", store_usage(0, &usage), 0);
    LIST_FOR_EACH_SAFE(link, after, &guests)
    {
        made -= !guest_destroy(LIST_ENTRY(link, struct guest, link));
    }
    row_want("many.destroyed", made, 0);
    row_want("many.homes", store_child("/local/domain", 1, text, sizeof(text)), -XEN_ENOENT);
    guest_end();
}

void guest_main(void)
{
    if (cmdline_has("many"))
        many_main();
    else if (cmdline_has("client"))
        client_main();
    else if (cmdline_has("hostile"))
        hostile_main();
    else if (cmdline_has("deaf"))
        deaf_main();
    else
        control_domain_main();
}
