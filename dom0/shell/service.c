/*
 * See service.h. A domain's end is told by VIRQ_DOM_EXC, which says that something ended, not what:
 * the toolstack looks at all guests. It comes again when a destroyed domain is gone.
 */
#include "dom0/shell/service.h"

#include "dom0/console/terminal.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/ask.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/domain_store.h"

#include "guest-kernel/event/event.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

void (*service_on_end)(struct guest *guest, unsigned int reason);

static struct list records = LIST_INIT(records); /* the latest is last */
static struct work end_work;

/* ---- Records ----------------------------------------------------------------------------------
 */

const char *reason_words(unsigned int reason)
{
    static const char *const words[] = {
        [SHUTDOWN_poweroff] = "powered off",
        [SHUTDOWN_reboot] = "rebooted",
        [SHUTDOWN_suspend] = "suspended itself",
        [SHUTDOWN_crash] = "crashed",
        [SHUTDOWN_watchdog] = "was ended by its watchdog",
        [SHUTDOWN_soft_reset] = "reset itself",
        [GUEST_DESTROYED] = "was destroyed",
    };

    return reason < ARRAY_SIZE(words) ? words[reason] : "ended for a reason of its own";
}

unsigned int domain_reason(domid_t domain)
{
    struct xen_domctl_getdomaininfo info;

    if (domain_info(domain, &info) || !(info.flags & XEN_DOMINF_shutdown))
        return GUEST_DESTROYED;
    return info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

const struct record *record_find(const char *word)
{
    const struct record *latest = NULL;
    const char *end = "";
    u64 number = 0;
    bool is_number = parse_unsigned(word, &end, &number) && !*end;

    LIST_FOR_EACH(link, &records)
    {
        const struct record *record = LIST_ENTRY(link, struct record, link);

        if (is_number ? record->domain == number : !strcmp(record->name, word))
            latest = record;
    }
    return latest;
}

static void record_forget_oldest(void)
{
    struct record *oldest = LIST_ENTRY(list_take_first(&records), struct record, link);

    scrollback_free(&oldest->back);
    heap_free(oldest);
}

/* The record takes over what the guest wrote. */
static void record_make(const struct guest *guest, unsigned int reason, struct scrollback *back)
{
    struct record *record = heap_alloc(sizeof(*record));
    unsigned int count = 0;

    if (!record)
        return;
    str_copy(record->name, guest->name, sizeof(record->name));
    record->domain = guest->domain.domid;
    record->reason = reason;
    record->back = *back;
    *back = (struct scrollback){0};
    list_add_tail(&records, &record->link);
    LIST_FOR_EACH(link, &records)
    {
        (void)link;
        count++;
    }
    if (count > RECORDS_MAX)
        record_forget_oldest();
}

/* ---- Following the toolstack ------------------------------------------------------------------
 */

static void on_built(struct guest *guest)
{
    struct guest_console *console = heap_alloc(sizeof(*console));
    int answer = console ? guest_console_open(console, &guest->domain) : -XEN_ENOMEM;

    guest->console = answer ? NULL : console;
    if (!answer)
        return;
    heap_free(console);
    terminal_notice("%s runs without a console: %s\n", guest->name, control_reason(answer));
}

void consoles_restart(void)
{
    LIST_FOR_EACH(link, &guests)
    {
        struct guest *guest = LIST_ENTRY(link, struct guest, link);
        domid_t id = guest->domain.domid;
        struct built_domain at = {
            .domid = id,
            .console_frame = domain_store_number(id, "console/ring-ref", 0),
            .console_port = (u32)domain_store_number(id, "console/port", 0),
        };
        int answer = guest->console ? guest_console_reopen(console_of(guest), &at) : 0;

        if (answer)
            terminal_notice("%s has no console any more: %s\n", guest->name,
                            control_reason(answer));
    }
}

/* Before its end, by whomever: takes what it wrote last, and lets go of its memory. */
static void on_going(struct guest *guest)
{
    struct guest_console *console = console_of(guest);
    unsigned int reason = domain_reason(guest->domain.domid);

    ask_forget(guest->domain.domid);
    if (!console)
        return;
    if (reason == GUEST_DESTROYED)
        domain_pause(guest->domain.domid); /* it writes no more */
    guest_console_close(console);
    if (service_on_end)
        service_on_end(guest, reason);
    record_make(guest, reason, &console->back);
    scrollback_free(&console->back);
    heap_free(console);
    guest->console = NULL;
}

static void tell(const char *line)
{
    terminal_notice("%s\n", line);
}

static void ends_look(struct work *work)
{
    (void)work;
    LIST_FOR_EACH(link, &guests) /* what a guest wrote comes before the news of its end */
    {
        struct guest_console *console = console_of(LIST_ENTRY(link, struct guest, link));

        if (console)
            console->work.run(&console->work);
    }
    guests_watch();
}

void service_init(void)
{
    long port;

    guest_built = on_built;
    guest_going = on_going;
    guests_tell = tell;
    if (start_info->mod_start)
        guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    domain_store_dom0();
    work_init(&end_work, ends_look);
    port = event_bind_virq(VIRQ_DOM_EXC, &vcpu_boot, work_raise_on_event, &end_work);
    if (port < 0)
        guest_panic("the ends of domains are not told: error %ld", port);
}
