/* See ask.h. dom0 is one loop: nothing waits here, a watch and an alarm come back. */
#include "dom0/shell/ask.h"

#include "dom0/console/terminal.h"
#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/service.h"
#include "dom0/shell/shell.h"
#include "dom0/toolstack/domain_store.h"
#include "dom0/xenstore/store.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"

#define PATIENCE_NS (60 * NS_PER_SECOND)
#define WORD_SIZE   16
#define CTRL_C      0x03

const struct ask_kind ask_shutdown = {"shutdown", "Shutting down", "poweroff", SHUTDOWN_poweroff};
const struct ask_kind ask_reboot = {"reboot", "Rebooting", "reboot", SHUTDOWN_reboot};

/* An answer that is waited for. */
struct asked {
    struct list link;
    struct store_watch watch;
    struct alarm alarm;
    const struct ask_kind *kind;
    domid_t domain;
    bool fallback;
};

static struct list all_asked = LIST_INIT(all_asked);

static void asked_free(struct asked *asked)
{
    store_unwatch(&asked->watch);
    alarm_drop(&asked->alarm);
    list_remove(&asked->link);
    heap_free(asked);
}

void ask_forget(domid_t domain)
{
    LIST_FOR_EACH_SAFE(link, after, &all_asked)
    {
        struct asked *asked = LIST_ENTRY(link, struct asked, link);

        if (asked->domain == domain)
            asked_free(asked);
    }
}

static void control_changed(struct store_watch *watch, const char *path)
{
    struct asked *asked = CONTAINER_OF(watch, struct asked, watch);
    char word[WORD_SIZE];

    (void)path;
    if (!domain_store_asked(asked->domain, word, sizeof(word)))
        asked_free(asked);
}

static void patience_ends(struct alarm *alarm)
{
    struct asked *asked = CONTAINER_OF(alarm, struct asked, alarm);
    const struct ask_kind *kind = asked->kind;
    domid_t domain = asked->domain;
    bool fallback = asked->fallback;

    asked_free(asked);
    if (fallback)
        domain_shutdown(domain, kind->reason);
    else
        terminal_notice("%s: guest didn't acknowledge control request; see: %s -F\n",
                        domain_name(domain), kind->command);
}

/* Waits for the answer. False: there is no memory for that. */
static bool asked_new(const struct ask_kind *kind, domid_t domain, bool fallback)
{
    struct asked *asked = heap_alloc(sizeof(*asked));
    char path[64];

    if (!asked)
        return false;
    *asked = (struct asked){.kind = kind, .domain = domain, .fallback = fallback};
    alarm_init(&asked->alarm, patience_ends);
    list_init(&asked->alarm.link);
    list_add_tail(&all_asked, &asked->link);
    fmt_snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domain);
    if (store_watch(&asked->watch, path, control_changed)) {
        asked_free(asked);
        return false;
    }
    alarm_set(&asked->alarm, time_now_ns() + PATIENCE_NS);
    return true;
}

static void end_from_outside(const struct ask_kind *kind, domid_t domain)
{
    domain_told(domain_name(domain), "cannot be ended from outside",
                domain_shutdown(domain, kind->reason));
}

void ask_guest(const struct ask_kind *kind, domid_t domain, bool fallback)
{
    bool listens = store_watched_by(domain, "control/shutdown");

    terminal_print("%s domain %u\n", kind->doing, domain);
    ask_forget(domain);
    if (!listens)
        terminal_print("PV control interface not available: %s\n",
                       fallback ? "ended from outside." : "nothing in the guest looks at it.");
    if (!listens && fallback) {
        end_from_outside(kind, domain);
        return;
    }
    if (!listens)
        terminal_print("Use \"-F\" to end it from outside.\n");
    if (!domain_told(domain_name(domain), "cannot be asked",
                     domain_store_write(domain, "control/shutdown", "%s", kind->word)))
        return;
    if (!asked_new(kind, domain, fallback))
        terminal_print("%s: nobody waits for its answer: no memory\n", domain_name(domain));
}

/* ---- Waiting for ends -------------------------------------------------------------------------
 */

static struct {
    domid_t *domains;
    unsigned int count;
    struct store_watch watch;
} waited;

static void wait_leave(void)
{
    store_unwatch(&waited.watch);
    heap_free(waited.domains);
    waited.domains = NULL;
    shell_start();
}

/* Whether the domain has ended; says how. */
static bool has_ended(domid_t domain)
{
    struct xen_domctl_getdomaininfo info;

    if (domain_info(domain, &info) || info.flags & XEN_DOMINF_dying)
        terminal_print("Domain %u has been destroyed\n", domain);
    else if (info.flags & XEN_DOMINF_shutdown)
        terminal_print("Domain %u has been shut down, reason code %u\n", domain,
                       domain_reason(domain));
    else
        return false;
    return true;
}

static void domains_changed(struct store_watch *watch, const char *path)
{
    unsigned int left = 0;

    (void)watch, (void)path;
    for (unsigned int i = 0; i < waited.count; i++) {
        if (!has_ended(waited.domains[i]))
            waited.domains[left++] = waited.domains[i];
    }
    waited.count = left;
    if (!left)
        wait_leave();
}

static void key_take(u8 byte)
{
    if (byte == CTRL_C)
        wait_leave();
}

static const struct terminal_owner owner = {.key = key_take};

void ask_wait(domid_t *domains, unsigned int count)
{
    waited.domains = domains;
    waited.count = count;
    terminal_print("Waiting for %u domains\n", count);
    if (store_watch(&waited.watch, "@releaseDomain", domains_changed))
        heap_free(domains);
    else
        terminal_give(&owner);
}
