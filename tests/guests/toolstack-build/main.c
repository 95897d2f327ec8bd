/*
 * The builder, by what comes of it: the mini-kernel, which knows nothing of who built it, does all
 * its steps as a guest of this control domain, with one vcpu and with two, with both forms of
 * events, with a weight, and two of it at once. Each ends by itself, is seen to, and is destroyed;
 * then the machine has exactly the memory that it had, and so has the control domain. With
 * `guest-32` they are the 32-bit kernels.
 */
#include "guest-kernel/tiny/tiny.h"
#include "tests/guests/toolstack.h"

static bool all_ended(void)
{
    LIST_FOR_EACH(link, &guests)
    {
        if (guest_ended(LIST_ENTRY(link, struct guest, link)) < 0)
            return false;
    }
    return true;
}

static void all_destroy(const char *name)
{
    char text[64];
    int answer = 0;

    LIST_FOR_EACH_SAFE(link, after, &guests)
    answer |= guest_destroy(LIST_ENTRY(link, struct guest, link));
    fmt_snprintf(text, sizeof(text), "%s.destroyed", name);
    row_want(text, answer, 0);
}

static const char *suffix = ""; /* of the kernels' names */

/* A mini-kernel, and what else its configuration says. */
static struct guest *mini_of(const char *more)
{
    char text[128];

    fmt_snprintf(text, sizeof(text), "kernel='mini-kernel%s'; memory=32; %s", suffix, more);
    return guest_of(text);
}

/* Guests run to their ends; name is the row's. */
static void run_to_end(const char *name, const char *const *texts, u32 count)
{
    u64 machine = machine_free_pages(), own = frame_free_count();
    char text[64];
    u32 built = 0, off = 0;

    watched_found = 0;
    for (u32 i = 0; i < count; i++)
        built += mini_of(texts[i]) != NULL;
    fmt_snprintf(text, sizeof(text), "%s.built", name);
    row_want(text, built, count);
    fmt_snprintf(text, sizeof(text), "%s.ended", name);
    row_want(text, serve_until(all_ended, 30000), 1);
    LIST_FOR_EACH(link, &guests)
    off += guest_ended(LIST_ENTRY(link, struct guest, link)) == SHUTDOWN_poweroff;
    fmt_snprintf(text, sizeof(text), "%s.powered-off", name);
    row_want(text, off, count);
    all_destroy(name);
    fmt_snprintf(text, sizeof(text), "%s.passed", name);
    row_want(text, watched_found, count);
    fmt_snprintf(text, sizeof(text), "%s.memory-is-back", name);
    row_pages_are_back(text, machine);
    fmt_snprintf(text, sizeof(text), "%s.own-memory-is-back", name);
    row_want(text, (s64)(frame_free_count() - own), 0);
}

static bool never(void)
{
    return false;
}

/* What its builder keeps for the next time: tables for addresses, small blocks, of which the nodes
 * of each guest in the xenstore are some. */
static void warm_up(void)
{
    struct guest *g = mini_of("name='first'; vcpus=2"), *h = mini_of("name='second'; vcpus=2");

    row_want("first.built", g && h, 1);
    if (g && h)
        row_want("first.destroyed", guest_destroy(g) | guest_destroy(h), 0);
    serve_until(never, 1000); /* Xen goes on with it for a while */
}

static const struct guest *tiny_guest;
static struct foreign tiny_page;

static bool tiny_ticked(void)
{
    const struct tiny_report *report = tiny_page.at;

    return ACCESS_ONCE(report->ticks) >= 5;
}

static bool tiny_answered(void)
{
    const struct watched *w = tiny_guest->console;
    const struct tiny_report *report = tiny_page.at;

    if (ACCESS_ONCE(report->events) < 3)
        event_send(w->port);
    return ACCESS_ONCE(report->events) >= 3;
}

/* The kernel of 64 KiB ticks, and answers. */
static void tiny_try(void)
{
    char message[BUILD_REASON_SIZE], kernel[16];
    struct domain_config config = {
        .name = "tiny", .kernel = kernel, .memory_kib = TINY_PAGES * 4, .vcpus = 1};
    struct guest g = {.name = (char *)"tiny", .config = config};

    fmt_snprintf(kernel, sizeof(kernel), "tiny%s", suffix);
    row_want("tiny.built",
             domain_build(&g.domain, &config, guests_file(kernel), (struct blob){0}, message), 0);
    row_want("tiny.pages", domain_pages(g.domain.domid), TINY_PAGES);
    watched_built(&g);
    tiny_guest = &g;
    row_want("tiny.mapped",
             foreign_map(&tiny_page, g.domain.domid, &g.domain.store_frame, 1, false), 0);
    row_want("tiny.unpaused", domain_unpause(g.domain.domid), 0);
    row_want("tiny.ticks", serve_until(tiny_ticked, 10000), 1);
    row_want("tiny.answers", serve_until(tiny_answered, 10000), 1);
    foreign_unmap(&tiny_page);
    watched_going(&g);
    row_want("tiny.destroyed", domain_destroy(g.domain.domid), 0);
    row_want("tiny.gone", domain_pages(g.domain.domid), -XEN_ESRCH);
}

void guest_main(void)
{
    toolstack_begin();
    watched_show = cmdline_has("show");
    if (cmdline_has("guest-32"))
        suffix = "-32";
    warm_up();
    run_to_end("one-vcpu", (const char *[]){"name='a'; vcpus=1"}, 1);
    run_to_end("two-vcpus", (const char *[]){"name='a'; vcpus=2"}, 1);
    run_to_end("fifo", (const char *[]){"name='a'; vcpus=2; extra='fifo'; cpu_weight=512"}, 1);
    run_to_end("two-at-once",
               (const char *[]){"name='a'; vcpus=2; cpus='0'", "name='b'; vcpus=2; cpus='all'"}, 2);
    tiny_try();
    row("exceptions-were-told", guests_excused > 0);
    guest_end();
}
