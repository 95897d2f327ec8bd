/*
 * `top`: who gets the CPUs, and who uses disks and network cards. Every second a screen, as xentop
 * has it, with the busiest domains first and a bar for the part of all CPUs that each had since the
 * last one; or, by a key, what went over its cards and disks. Both, where lines may be long.
 *
 * A domain's share is the difference of two readings of its time; the readings are kept by domain
 * number from one look to the next.
 */
#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/columns.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/summary.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define ROWS     17 /* a screen of 24 lines, without head and foot */
#define BAR      15
#define SCREEN   "\x1b[H" /* to its first corner */
#define CLEAR    "\x1b[2J"
#define LINE_END "\x1b[K\n"
#define REST_END "\x1b[J"

struct reading {
    struct xen_domctl_getdomaininfo info;
    u64 used; /* ns of CPU time since the last look */
};

static struct {
    struct reading *readings; /* by domain number */
    unsigned int count;
    u64 at; /* when they were taken */
    u64 delay;
    u64 times;           /* looks left; 0: no end */
    bool batch, devices; /* lines for a log; devices are shown */
} top;

static struct alarm again;

/* ---- Readings ---------------------------------------------------------------------------------
 */

static unsigned int domains_count(void)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int count = 0;

    for (domid_t at = 0; domain_next(&at, &info);)
        count++;
    return count;
}

/* What the domain had used at the last look; all of it is new for one that was not there. */
static u64 used_before(domid_t domain)
{
    unsigned int low = 0, high = top.count;

    while (low < high) {
        unsigned int middle = (low + high) / 2;

        if (top.readings[middle].info.domain == domain)
            return top.readings[middle].info.cpu_time;
        if (top.readings[middle].info.domain < domain)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* Takes new readings. False: there is no memory for them. */
static bool readings_take(void)
{
    unsigned int room = domains_count(), count = 0;
    struct reading *new = heap_alloc(room * sizeof(*new));
    struct xen_domctl_getdomaininfo info;

    if (!new)
        return false;
    for (domid_t at = 0; count < room && domain_next(&at, &info); count++) {
        u64 before = used_before(info.domain);

        new[count] = (struct reading){info, info.cpu_time - MIN(before, info.cpu_time)};
    }
    heap_free(top.readings);
    top.readings = new;
    top.count = count;
    return true;
}

/* The busiest domain that was not shown yet; @shown has a byte for each. */
static const struct reading *busiest_next(u8 *shown)
{
    unsigned int best = top.count;

    for (unsigned int i = 0; i < top.count; i++) {
        if (!shown[i] && (best == top.count || top.readings[i].used > top.readings[best].used))
            best = i;
    }
    if (best == top.count)
        return NULL;
    shown[best] = 1;
    return &top.readings[best];
}

/* ---- The screen -------------------------------------------------------------------------------
 */

static void line(const char *format, ...) PRINTF_LIKE(1, 2);
static void line(const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    terminal_print("%s%s", text, top.batch ? "\n" : LINE_END);
}

static bool shares_shown(void)
{
    return top.batch || !top.devices;
}

static bool devices_shown(void)
{
    return top.batch || top.devices;
}

static void states_print(void)
{
    unsigned int running = 0, blocked = 0, paused = 0, crashed = 0, dying = 0, shutdown = 0;

    for (unsigned int i = 0; i < top.count; i++) {
        u32 flags = top.readings[i].info.flags;
        bool crash =
            (flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;

        running += !!(flags & XEN_DOMINF_running);
        blocked += !!(flags & XEN_DOMINF_blocked);
        paused += !!(flags & XEN_DOMINF_paused);
        dying += !!(flags & XEN_DOMINF_dying);
        crashed += flags & XEN_DOMINF_shutdown && crash;
        shutdown += flags & XEN_DOMINF_shutdown && !crash;
    }
    line("%u domains: %u running, %u blocked, %u paused, %u crashed, %u dying, %u shutdown",
         top.count, running, blocked, paused, crashed, dying, shutdown);
}

/* The columns that tell of CPUs alone. */
static void column_share(char *to, size_t size, const struct reading *r, u64 part, u64 memory)
{
    u64 kib = r->info.tot_pages * (PAGE_SIZE / 1024), share = memory ? kib * 1000 / memory : 0;
    u32 weight = 0, cap = 0;
    char bar[BAR + 1];

    to[0] = 0;
    if (!shares_shown())
        return;
    domain_schedule_get(r->info.domain, &weight, &cap);
    memset(bar, ' ', BAR);
    memset(bar, '#', (part * BAR + 500) / 1000);
    bar[BAR] = 0;
    fmt_snprintf(to, size, " %3" F64 "u.%" F64 "u %5u %6u |%s|", share / 10, share % 10,
                 r->info.nr_online_vcpus, weight, bar);
}

static void column_devices(char *to, size_t size, domid_t domain)
{
    struct device_figures f;

    to[0] = 0;
    if (!devices_shown())
        return;
    devices_figure(&f, domain);
    fmt_snprintf(to, size, " %8" F64 "u %8" F64 "u %7" F64 "u %7" F64 "u", f.bytes_sent / 1024,
                 f.bytes_received / 1024, f.reads, f.writes);
}

static void domain_print(const struct reading *r, u64 span, unsigned int cpus, u64 memory)
{
    u64 tenths = span ? r->used * 1000 / span : 0, part = MIN(tenths / cpus, 1000ul);
    u64 used = r->info.cpu_time / (NS_PER_SECOND / 10); /* in tenths, too */
    char state[7], share[48], devices[48];

    column_state(state, r->info.flags);
    column_share(share, sizeof(share), r, part, memory);
    column_devices(devices, sizeof(devices), r->info.domain);
    line("%10.10s %s %8" F64 "u.%" F64 "u %4" F64 "u.%" F64 "u %9" F64 "u%s%s",
         domain_name(r->info.domain), state, used / 10, used % 10, tenths / 10, tenths % 10,
         r->info.tot_pages * (PAGE_SIZE / 1024), share, devices);
}

static void screen_print(u64 now)
{
    struct xen_sysctl_physinfo machine = {.nr_cpus = 1};
    u8 *shown = heap_alloc(top.count);
    const struct reading *r;
    u64 memory, wall = time_wall_ns() / NS_PER_SECOND % 86400;
    unsigned int rows = 0;

    machine_info(&machine);
    memory = machine.total_pages * (PAGE_SIZE / 1024);
    if (!top.batch)
        terminal_print(SCREEN);
    line("xen-like top - %02" F64 "u:%02" F64 "u:%02" F64 "u   q leaves, d shows %s", wall / 3600,
         wall / 60 % 60, wall % 60, top.devices ? "shares" : "devices");
    states_print();
    line("Mem: %" F64 "uk total, %" F64 "uk used, %" F64 "uk free    CPUs: %u @ %uMHz", memory,
         memory - machine.free_pages * (PAGE_SIZE / 1024), machine.free_pages * (PAGE_SIZE / 1024),
         machine.nr_cpus, machine.cpu_khz / 1000);
    line("      NAME  STATE   CPU(sec) CPU(%%)    MEM(k)%s%s",
         shares_shown() ? " MEM(%) VCPUS WEIGHT  of all CPUs    " : "",
         devices_shown() ? " NETTX(k) NETRX(k)  VBD_RD  VBD_WR" : "");
    while (shown && rows < (top.batch ? top.count : ROWS) && (r = busiest_next(shown))) {
        domain_print(r, now - top.at, machine.nr_cpus, memory);
        rows++;
    }
    if (rows < top.count)
        line("... and %u more, which had less", top.count - rows);
    if (!top.batch)
        terminal_print(REST_END);
    heap_free(shown);
}

/* ---- Looking again and again ------------------------------------------------------------------
 */

static void top_leave(void)
{
    alarm_drop(&again);
    heap_free(top.readings);
    top.readings = NULL;
    top.count = 0;
    shell_start();
}

static void look(struct alarm *alarm)
{
    u64 now = time_now_ns();

    if (!readings_take()) {
        terminal_print("top: not enough memory\n");
        top_leave();
        return;
    }
    screen_print(now);
    top.at = now;
    if (top.times && !--top.times)
        top_leave();
    else
        alarm_set(alarm, now + top.delay);
}

static void key_take(u8 byte)
{
    if (byte == 'q' || byte == 'Q' || byte == 0x03)
        top_leave();
    if (byte == 'd' || byte == 'D')
        top.devices = !top.devices;
}

/* A notice on the screen would be overwritten at the next look: it has its line below. */
static const struct terminal_owner owner = {.key = key_take};

bool command_top(struct words *words)
{
    u64 seconds = 1;
    char c;

    top.times = 0;
    top.batch = top.devices = false;
    while ((c = words_option(words, "bd:i:"))) {
        const char *end = "";

        if (c == 'b')
            top.batch = true;
        else if (c == '?' ||
                 !parse_unsigned(words->value, &end, c == 'd' ? &seconds : &top.times) || *end ||
                 !seconds || seconds > 3600)
            return false;
    }
    if (words_left(words))
        return false;
    top.delay = seconds * NS_PER_SECOND;
    alarm_init(&again, look);
    terminal_give(&owner);
    /* The first look has nothing to compare with: it is not shown. */
    readings_take();
    top.at = time_now_ns();
    if (!top.batch)
        terminal_print(CLEAR);
    alarm_set(&again, top.at + top.delay);
    return true;
}
