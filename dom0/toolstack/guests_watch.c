/*
 * Guests that have ended by themselves: who they are, why, and what their configuration says.
 *
 * An ended domain keeps its number and its memory until it is destroyed, and says SHUTDOWN_* in its
 * flags. One that is dying, or not there any more, was destroyed by somebody else. A core is dumped
 * nowhere: those actions do the rest of what their names say, and tell so.
 */
#include "dom0/mm/heap.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/domain_store.h"
#include "dom0/toolstack/guests.h"
#include "dom0/xenstore/store.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define LINE_SIZE 256

static void tell(const struct guest *g, const char *what, const char *then)
{
    char line[LINE_SIZE];

    fmt_snprintf(line, sizeof(line), "%s (domain %u) %s: %s", g->name, g->domain.domid, what, then);
    if (guests_tell)
        guests_tell(line);
}

/* What has become of a guest that was to be built again. */
static void restarted(const char *name, int answer, const char *message)
{
    char line[LINE_SIZE];

    if (!answer || !guests_tell)
        return;
    fmt_snprintf(line, sizeof(line), "%s does not run again: %s", name ? name : "a guest", message);
    guests_tell(line);
}

static void restart(struct guest *g)
{
    char *name = heap_text(g->name), message[BUILD_REASON_SIZE];

    restarted(name, guest_restart(g, message), message);
    heap_free(name);
}

/* The first of name-1, name-2 and so on that nobody has; NULL without memory. */
static char *name_free(const char *name)
{
    u64 size = strlen(name) + sizeof("-4294967295");
    char *made = heap_alloc(size);

    for (u32 i = 1; made; i++) {
        fmt_snprintf(made, size, "%s-%u", name, i);
        if (!guest_find(made))
            break;
    }
    return made;
}

/* The ended domain stays under another name, and a new one takes its own. */
static void rename_restart(struct guest *g)
{
    struct guest *old = heap_alloc(sizeof(*old));
    char *name = name_free(g->name), message[BUILD_REASON_SIZE];

    if (!old || !name) {
        heap_free(old);
        heap_free(name);
        tell(g, "cannot be renamed", "it is kept");
        g->kept = true;
        return;
    }
    guest_leave(g); /* the new one wants the same devices */
    /* `old` takes over the domain and nothing else: it has no configuration to be built from. */
    *old = (struct guest){.name = name, .domain = g->domain, .kept = true};
    list_add_tail(&guests, &old->link);
    domain_store_rename(old);
    name = heap_text(g->name);
    restarted(name, guest_rebuild(g, message), message);
    heap_free(name);
}

static void act(struct guest *g, const char *what, enum domain_action action)
{
    tell(g, what, action_name(action));
    switch (action) {
    case ACTION_COREDUMP_DESTROY:
        tell(g, "has no core dumped", "nothing here writes one");
        /* fall through */
    case ACTION_DESTROY:
        if (guest_destroy(g))
            g->kept = true;
        return;
    case ACTION_COREDUMP_RESTART:
        tell(g, "has no core dumped", "nothing here writes one");
        /* fall through */
    case ACTION_RESTART:
        restart(g);
        return;
    case ACTION_RENAME_RESTART:
        rename_restart(g);
        return;
    case ACTION_PRESERVE:
        g->kept = true;
        return;
    }
}

/* False: nothing is to be done. */
static bool ended(struct guest *g, u32 reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff:
        act(g, "powered off", g->config.on_poweroff);
        return true;
    case SHUTDOWN_reboot:
    case SHUTDOWN_soft_reset: /* the nearest that can be done */
        act(g, "wants to reboot", g->config.on_reboot);
        return true;
    case SHUTDOWN_watchdog:
        act(g, "was ended by its watchdog", g->config.on_watchdog);
        return true;
    case SHUTDOWN_suspend: /* somebody will resume it */
        return false;
    default:
        act(g, "crashed", g->config.on_crash);
        return true;
    }
}

u32 guests_watch(void)
{
    u32 count = 0;

    store_look_at_ends();
    LIST_FOR_EACH_SAFE(link, after, &guests)
    {
        struct guest *g = LIST_ENTRY(link, struct guest, link);
        struct xen_domctl_getdomaininfo info;
        int answer = domain_info(g->domain.domid, &info);

        if (answer == -XEN_ESRCH || (!answer && info.flags & XEN_DOMINF_dying)) {
            act(g, "was destroyed", ACTION_DESTROY);
            count++;
        } else if (!answer && info.flags & XEN_DOMINF_shutdown && !g->kept) {
            count += ended(g, info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
        }
    }
    return count;
}
