/*
 * For tests of dom0's toolstack, which run as the control domain: guests made of a few lines of
 * configuration, their consoles watched for a line, and waiting for what becomes of them. Every
 * wait blocks until an event, and has an end.
 */
#ifndef TESTS_GUESTS_TOOLSTACK_H
#define TESTS_GUESTS_TOOLSTACK_H

#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "dom0/toolstack/control.h"
#include "dom0/toolstack/foreign.h"
#include "dom0/toolstack/guests.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/timer.h"
#include "ioring/byte_ring.h"
#include "tests/guests/common.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define WATCH_LINE 512

/* What guests have written: the lines of all, and of which there was one that held the wanted text.
 */
struct watched {
    struct foreign page;
    struct byte_channel ring;
    u32 port;
    char line[WATCH_LINE];
    u32 length, lines;
};

static const char *watched_text = "all steps passed";
static u32 watched_found; /* lines with the text, of all guests */
static bool watched_show; /* print what guests write, behind */
static const char *watched_prefix = "| ";
static u32 guests_excused; /* VIRQ_DOM_EXC has come so often */

static inline void watched_byte(struct watched *w, char byte)
{
    if (byte != '\n' && w->length < WATCH_LINE - 1) {
        w->line[w->length++] = byte;
        return;
    }
    w->line[w->length] = '\0';
    watched_found += text_holds(w->line, watched_text);
    if (watched_show)
        console_printf("%s%s\n", watched_prefix, w->line);
    w->length = 0;
    w->lines++;
}

static inline void watched_take(struct watched *w)
{
    char bytes[256];
    bool some = false;

    for (s32 n; (n = byte_ring_take(&w->ring.receive, bytes, sizeof(bytes))) > 0; some = true) {
        for (s32 i = 0; i < n; i++)
            watched_byte(w, bytes[i]);
    }
    if (some)
        event_send(w->port);
}

/* That a step of the loop has ended is all. Without it an event of a domain on another CPU, come
 * between the last look and the block, would be slept through. */
static inline void nothing_run(struct work *work)
{
    (void)work;
}
static struct work watched_work = {.run = nothing_run, .link = LIST_INIT(watched_work.link)};

static inline void watched_event(u32 port, void *data)
{
    (void)port;
    (void)data;
    work_raise(&watched_work);
}

static inline void watched_built(struct guest *g)
{
    struct watched *w = heap_alloc(sizeof(*w));
    long port;

    if (!w || foreign_map(&w->page, g->domain.domid, &g->domain.console_frame, 1, true))
        guest_panic("a console cannot be mapped");
    console_attach_backend(&w->ring, w->page.at);
    port = event_bind_interdomain(g->domain.domid, g->domain.console_port, watched_event, NULL);
    if (port < 0)
        guest_panic("a console's port cannot be bound: %ld", port);
    w->port = (u32)port;
    g->console = w;
}

static inline void watched_going(struct guest *g)
{
    struct watched *w = g->console;

    if (!w)
        return;
    watched_take(w);
    foreign_unmap(&w->page);
    event_close(w->port);
    heap_free(w);
    g->console = NULL;
}

static inline void excused_event(u32 port, void *data)
{
    (void)port;
    (void)data;
    guests_excused++;
    work_raise(&watched_work);
}

static inline void tell_line(const char *line)
{
    console_printf("%s\n", line);
}

/* Once, at the beginning. */
static inline void toolstack_begin(void)
{
    event_init_most();
    loop_init();
    if (event_bind_virq(VIRQ_DOM_EXC, &vcpu_boot, excused_event, NULL) < 0)
        guest_panic("no port for a virtual interrupt");
    upcalls_unmask();
    guest_built = watched_built;
    guest_going = watched_going;
    guests_tell = tell_line;
}

/* A guest of a configuration's text; NULL, and says why, if it cannot be built. */
static inline struct guest *guest_made(const char *text, bool paused)
{
    char message[BUILD_REASON_SIZE];
    struct guest *g = guest_create_text("test", text, strlen(text), paused, message);

    if (!g)
        console_printf("%s\n", message);
    return g;
}

static inline struct guest *guest_of(const char *text)
{
    return guest_made(text, false);
}

static inline void look_again(struct alarm *alarm)
{
    (void)alarm; /* that the step has ended is all */
}

/* Serves consoles and the store for a while, or until done() says so. */
static inline bool serve_until(bool (*done)(void), u64 milliseconds)
{
    u64 end = time_now_ns() + milliseconds * NS_PER_MILLISECOND;
    struct alarm alarm;

    alarm_init(&alarm, look_again);
    for (;;) {
        LIST_FOR_EACH(link, &guests)
        {
            struct guest *g = LIST_ENTRY(link, struct guest, link);

            if (g->console)
                watched_take(g->console);
        }
        alarm_drop(&alarm);
        if (done())
            return true;
        if (time_now_ns() >= end)
            return false;
        alarm_set(&alarm, MIN(end, time_now_ns() + 50 * NS_PER_MILLISECOND));
        loop_step();
    }
}

static inline u64 machine_free_pages(void)
{
    struct xen_sysctl_physinfo info;

    return machine_info(&info) ? 0 : info.free_pages;
}

/*
 * Has the machine as many free pages as before? Xen gives back the last few of a domain some time
 * after its destruction was answered, and keeps some that its allocator of small blocks has taken:
 * ours must be exact.
 */
static u64 pages_before;

#define XEN_KEEPS 16

static inline bool pages_are_back(void)
{
    u64 now = machine_free_pages();

    return hypervisor_is_xen() ? now + XEN_KEEPS >= pages_before : now == pages_before;
}

static inline void row_pages_are_back(const char *name, u64 before)
{
    pages_before = before;
    if (serve_until(pages_are_back, 5000))
        row(name, 1);
    else
        console_printf("ROW %s = %" F64 "d more (wanted none)\n", name,
                       (s64)(machine_free_pages() - before));
}

/* The SHUTDOWN_* that a domain has ended with; -1: it has not. */
static inline int guest_ended(const struct guest *g)
{
    struct xen_domctl_getdomaininfo info;

    if (domain_info(g->domain.domid, &info) || !(info.flags & XEN_DOMINF_shutdown))
        return -1;
    return (int)(info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
}

#endif
