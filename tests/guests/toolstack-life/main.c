/*
 * What becomes of guests that end: each of their configurations says what is to be done, and it is
 * done when VIRQ_DOM_EXC tells of it. Who restarts keeps the name and gets another domain; who is
 * preserved keeps both; and whoever was destroyed, by whomever, leaves its name free.
 */
#include "guest-kernel/mm/direct_map.h"
#include "tests/guests/toolstack.h"

static u32 told_before, acted, step; /* a row's number: what is asked may be asked again */

/* Something was told of, and there was something to do. */
static bool watch_acts(void)
{
    if (guests_excused == told_before)
        return false;
    told_before = guests_excused;
    acted = guests_watch();
    return acted != 0;
}

static void told_line(const char *line)
{
    /* Numbers of domains differ from Xen's once a restart was slower than its cleaning up. */
    const char *end = strchr(line, '(');

    console_printf("ROW %u.told.%.*s= %s\n", step++, (int)(end ? end - line : 0), line,
                   strchr(line, ')') + 2);
}

static void row_of(const char *group, const char *what, s64 got, s64 want)
{
    char name[64];

    fmt_snprintf(name, sizeof(name), "%u.%s.%s", step++, group, what);
    row_want(name, got, want);
}

/* A guest that ends by itself, at once (how NULL: without fault), and what its configuration says
 * of that. */
static struct guest *dying(const char *name, const char *how, const char *actions)
{
    char text[256];

    fmt_snprintf(text, sizeof(text), "name='%s'; kernel='dies'; memory=16; extra='how=%s'; %s",
                 name, how, actions);
    row_of(name, "built", guest_of(text) != NULL, 1);
    row_of(name, "told", serve_until(watch_acts, 10000), 1);
    return guest_find(name);
}

static void destroyed_at_its_end(void)
{
    row_of("crash", "is-gone", dying("crash", "crash", "on_crash='destroy'") == NULL, 1);
    row_of("off", "is-gone", dying("off", NULL, "on_poweroff='destroy'") == NULL, 1);
    row_of("core", "is-gone", dying("core", "crash", "on_crash='coredump-destroy'") == NULL, 1);
}

static void preserved(void)
{
    struct guest *g = dying("kept", "crash", "on_crash='preserve'");

    row_of("kept", "is-there", g != NULL, 1);
    if (!g)
        return;
    row_of("kept", "reason", guest_ended(g), SHUTDOWN_crash);
    row_of("kept", "is-not-told-again", guests_watch(), 0);
    row_of("kept", "its-name-is-taken", guest_of("name='kept'; kernel='tiny'; memory=1") == NULL,
           1);
    row_of("kept", "destroyed", guest_destroy(g), 0);
    row_of("kept", "its-name-is-free", guest_find("kept") == NULL, 1);
}

/* It reboots for ever: three times are enough. */
static void restarted(void)
{
    struct guest *g = dying("again", "reboot", "on_reboot='restart'");
    domid_t domain;

    for (u32 i = 0; g && i < 2; i++) {
        domain = g->domain.domid;
        row_of("again", "told", serve_until(watch_acts, 10000), 1);
        g = guest_find("again");
        row_of("again", "another-domain", g && g->domain.domid != domain, 1);
    }
    row_of("again", "restarts", g ? g->restarts : 0, 3);
    row_of("again", "destroyed", g ? guest_destroy(g) : -1, 0);
}

static void renamed(void)
{
    struct guest *g = dying("old", "crash", "on_crash='rename-restart'"), *kept;

    kept = guest_find("old-1");
    row_of("old", "runs-again", g && kept && g->domain.domid != kept->domain.domid, 1);
    row_of("old", "is-kept-as-old-1", kept && kept->kept, 1);
    if (!g || !kept)
        return;
    row_of("old", "reason-is-kept", guest_ended(kept), SHUTDOWN_crash);
    row_of("old", "told", serve_until(watch_acts, 10000), 1);
    row_of("old", "is-kept-as-old-2", guest_find("old-2") != NULL, 1);
    LIST_FOR_EACH_SAFE(link, after, &guests)
    row_of("old", "destroyed", guest_destroy(LIST_ENTRY(link, struct guest, link)), 0);
}

/* By a call that knows nothing of guests. */
static void ended_by_others(void)
{
    struct guest *g = guest_of("name='tiny'; kernel='tiny'; memory=1");

    row_of("tiny", "built", g != NULL, 1);
    row_of("tiny", "destroyed-by-number", domain_destroy(g->domain.domid), 0);
    serve_until(watch_acts, 10000);
    row_of("tiny", "is-gone", guest_find("tiny") == NULL, 1);
    g = guest_of("name='tiny'; kernel='tiny'; memory=1");
    row_of("tiny", "shut-down-from-outside", domain_shutdown(g->domain.domid, SHUTDOWN_poweroff),
           0);
    row_of("tiny", "told", serve_until(watch_acts, 10000), 1);
    row_of("tiny", "is-gone", guest_find("tiny") == NULL, 1);
}

static void paused(void)
{
    struct guest *g = guest_of("name='p'; kernel='tiny'; memory=1");
    struct xen_domctl_getdomaininfo info = {0};

    row_of("paused", "answer", domain_pause(g->domain.domid), 0);
    domain_info(g->domain.domid, &info);
    row_of("paused", "says-so", !!(info.flags & XEN_DOMINF_paused), 1);
    row_of("paused", "answer", domain_unpause(g->domain.domid), 0);
    domain_info(g->domain.domid, &info);
    row_of("paused", "says-so", !!(info.flags & XEN_DOMINF_paused), 0);
    row_of("paused", "destroyed", guest_destroy(g), 0);
}

void guest_main(void)
{
    u64 machine;

    toolstack_begin();
    guests_tell = told_line;
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    paused();
    machine = machine_free_pages();
    destroyed_at_its_end();
    preserved();
    restarted();
    renamed();
    ended_by_others();
    row_pages_are_back("life.memory-is-back", machine);
    guest_end();
}
