/*
 * See explore.h. A guest's end is told by the store ("@releaseDomain"), that its time is up by an
 * alarm; either raises the work that judges, which ends the domain and begins the next one.
 *
 * The guest is marked as kept, so that the toolstack leaves its end to us.
 */
#include "dom0/shell/explore.h"

#include "dom0/console/terminal.h"
#include "dom0/intercept/control.h"
#include "dom0/intercept/family.h"
#include "dom0/loop.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/service.h"
#include "dom0/shell/shell.h"
#include "dom0/xenstore/store.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/string.h"

#define CTRL_C     0x03
#define TOLD_MAX   10   /* seeds that are told by themselves */
#define LOG_PIECE  64   /* entries of the log that are read at a time */
#define EVENTS_MAX 4096 /* points are taken among the first so many events */
#define LOOKS      64   /* at a guest, while its time lasts */

#define AWAKE (~0ull)

enum verdict {
    WELL,
    FAILED,
    HANGS,
    LATE,
    VERDICTS
};

static const char *const verdict_words[VERDICTS] = {
    [WELL] = "ended well", [FAILED] = "failed", [HANGS] = "hung", [LATE] = "did not end in time"};

static struct {
    struct exploration what;
    char *file;
    bool is_plain;
    u64 done, counts[VERDICTS]; /* schedules */
    u64 begun, run_begun;
    struct plain_run plain;
    u64 log_next;
    struct xl_rule rules[FAMILY_RULES_MAX];
    u32 rule_count;
    struct guest *guest;
    u32 looks;     /* so many were taken */
    u64 half_cpu;  /* so long had its vcpus run at half time, ns; */
    u64 slept_cpu; /* and when it was seen asleep; or AWAKE */
    struct work next, look;
    struct alarm alarm;
    struct store_watch watch;
} x;

/* ---- The end of it all ------------------------------------------------------------------------
 */

static void guest_drop(void)
{
    alarm_drop(&x.alarm);
    if (!x.guest)
        return;
    intercept_reset(x.guest->domain.domid);
    if (guest_destroy(x.guest))
        terminal_print("%s cannot be destroyed; it stays\n", x.guest->name);
    x.guest = NULL;
}

static void leave(void)
{
    guest_drop();
    work_drop(&x.next);
    work_drop(&x.look);
    store_unwatch(&x.watch);
    heap_free(x.file);
    heap_free(x.plain.events);
    x.file = NULL;
    x.plain = (struct plain_run){0};
    shell_start();
}

static void sum_up(void)
{
    u64 took = time_now_ns() - x.begun;

    terminal_print("%" F64 "u schedules, seeds %" F64 "u to %" F64 "u: ", x.done, x.what.seed,
                   x.what.seed + x.done - 1);
    for (u32 i = 0; i < VERDICTS; i++)
        terminal_print("%s%" F64 "u %s", i ? ", " : "", x.counts[i], verdict_words[i]);
    terminal_print("\n~ %llu ms\n", took / NS_PER_MILLISECOND);
}

static void key_take(u8 byte)
{
    if (byte != CTRL_C)
        return;
    terminal_print("^C\n");
    if (x.done)
        sum_up();
    leave();
}

static const struct terminal_owner owner = {.key = key_take};

/* ---- What is found ----------------------------------------------------------------------------
 */

static void rules_print(void)
{
    char text[SCHEDULE_LINE_MAX];

    for (u32 i = 0; i < x.rule_count; i++) {
        struct schedule_line line = {.rule = x.rules[i]};

        schedule_line_print(text, sizeof(text), &line, &domain_names_here);
        terminal_print("  %s\n", text);
    }
}

static void found_tell(const char *how)
{
    u64 bad = x.done - x.counts[WELL];

    if (bad > TOLD_MAX)
        return;
    terminal_print("seed %" F64 "u: %s\n", x.what.seed + x.done - 1, how);
    if (bad == 1)
        rules_print();
    terminal_print("  again: intercept explore %s schedules=1 seed=%" F64 "u\n", x.file,
                   x.what.seed + x.done - 1);
    if (bad == TOLD_MAX)
        terminal_print("  (from here on they are only counted)\n");
}

/* How many the rules hold that are about this domain. */
static u64 held_count(void)
{
    struct schedule_line line;
    u64 held = 0;

    for (u32 id = 0; !intercept_rule_next(&id, &line);) {
        if (line.rule.domain == x.guest->domain.domid)
            held += line.rule.holds;
    }
    return held;
}

/* ---- The plain run ----------------------------------------------------------------------------
 */

static void log_skip(void)
{
    struct xl_log_entry entries[LOG_PIECE];

    while (intercept_log(&x.log_next, entries, LOG_PIECE) > 0)
        ;
}

static bool plain_read(void)
{
    struct xl_log_entry entries[LOG_PIECE];
    struct xl_log_entry *all = heap_alloc(EVENTS_MAX * sizeof(*all));
    u32 count = 0;
    int n;

    x.plain.events = heap_alloc(EVENTS_MAX * sizeof(*x.plain.events));
    if (all && x.plain.events) {
        while ((n = intercept_log(&x.log_next, entries, LOG_PIECE)) > 0) {
            for (int i = 0; i < n && count < EVENTS_MAX; i++)
                all[count++] = entries[i];
        }
        x.plain.count = plain_events(x.plain.events, all, count, x.guest->domain.domid);
    }
    heap_free(all);
    return x.plain.events;
}

static void plain_judge(enum verdict verdict, const char *how)
{
    bool fine = verdict == WELL && plain_read();

    x.plain.length = time_now_ns() - x.run_begun;
    x.is_plain = false;
    if (fine)
        terminal_print("%s by itself: %s; %u events came to it\n~ in %llu us\n", x.file, how,
                       x.plain.count, x.plain.length / NS_PER_MICROSECOND);
    else
        terminal_print("%s: without any schedule: %s; nothing is to be explored\n", x.file,
                       verdict == WELL ? "no memory for its events" : how);
    guest_drop();
    if (fine)
        work_raise(&x.next);
    else
        leave();
}

/* ---- One run ----------------------------------------------------------------------------------
 */

static void judge(enum verdict verdict, const char *how)
{
    if (x.is_plain) {
        plain_judge(verdict, how);
        return;
    }
    x.done++;
    x.counts[verdict]++;
    if (verdict != WELL)
        found_tell(how);
    guest_drop();
    if (x.done < x.what.schedules) {
        work_raise(&x.next);
        return;
    }
    sum_up();
    leave();
}

static void look_run(struct work *work)
{
    unsigned int reason;

    (void)work;
    if (!x.guest)
        return;
    reason = domain_reason(x.guest->domain.domid);
    if (reason != GUEST_DESTROYED)
        judge(reason == SHUTDOWN_poweroff ? WELL : FAILED, reason_words(reason));
}

static void released(struct store_watch *watch, const char *path)
{
    (void)watch, (void)path;
    work_raise(&x.look);
}

static void time_judge(const struct xen_domctl_getdomaininfo *info)
{
    if (info->cpu_time != x.half_cpu || !(info->flags & XEN_DOMINF_blocked))
        judge(LATE, "is not done when its time is up");
    else if (held_count())
        judge(LATE, "waits for an event that is held");
    else if (intercept_sleeps(x.guest->domain.domid) <= 0)
        judge(LATE, "sleeps until its own timer wakes it");
    else
        judge(HANGS, "hangs: it sleeps, and nothing will wake it");
}

/*
 * Nothing will wake it but another domain or a device, of which it has none, and us. What it sent
 * us before it fell asleep we have handled when the next alarm rings; if it has not run by then,
 * it never will.
 */
static bool sleeps_for_good(u64 cpu_time)
{
    const struct domain_config *config = &x.guest->config;
    bool has_run = cpu_time != x.slept_cpu;

    x.slept_cpu = AWAKE;
    if (config->disk.count || config->vif.count || intercept_sleeps(x.guest->domain.domid) <= 0)
        return false;
    x.slept_cpu = cpu_time;
    return !has_run;
}

static void time_ring(struct alarm *alarm)
{
    struct xen_domctl_getdomaininfo info;

    domain_info(x.guest->domain.domid, &info);
    if (sleeps_for_good(info.cpu_time)) {
        judge(HANGS, "hangs: it sleeps, and nothing will wake it");
        return;
    }
    if (x.slept_cpu != AWAKE) {
        alarm_set(alarm, 0);
        return;
    }
    if (++x.looks == LOOKS) {
        time_judge(&info);
        return;
    }
    if (x.looks == LOOKS / 2)
        x.half_cpu = info.cpu_time;
    alarm_set(alarm, time_now_ns() + x.what.timeout / LOOKS);
}

/* The seed's rules; for the plain run one that writes down what comes. */
static int rules_make(domid_t domain)
{
    int answer = 0;

    x.rule_count = 1;
    if (x.is_plain)
        x.rules[0] = (struct xl_rule){.domain = domain,
                                      .side = XL_SIDE_TO,
                                      .action = XL_INTERCEPT_RECORD,
                                      .port = XL_ANY,
                                      .vcpu = XL_ANY,
                                      .virq = XL_ANY};
    else
        x.rule_count = family_draw(x.what.seed + x.done, domain, &x.plain, x.rules);
    for (u32 i = 0; i < x.rule_count && !answer; i++) {
        struct schedule_line line = {.rule = x.rules[i]};

        answer = intercept_add(&line);
    }
    return answer;
}

/* The guest of the next schedule runs. False: it could not be made, and it was said why. */
static bool run_begin(void)
{
    char message[BUILD_REASON_SIZE] = "";
    int answer;

    x.guest = guest_create_text(x.file, x.what.config.bytes, x.what.config.size, true, message);
    if (!x.guest) {
        terminal_print("%s\n", message);
        return false;
    }
    x.guest->kept = true;
    answer = rules_make(x.guest->domain.domid);
    if (answer) {
        terminal_print("explore: the rules are refused: %s\n", control_reason(answer));
        return false;
    }
    x.looks = 0;
    x.slept_cpu = AWAKE;
    x.run_begun = time_now_ns();
    alarm_set(&x.alarm, x.run_begun + x.what.timeout / LOOKS);
    return !domain_unpause(x.guest->domain.domid);
}

static void next_run(struct work *work)
{
    (void)work;
    if (!run_begin())
        leave();
}

void explore_begin(const struct exploration *what)
{
    memset(&x, 0, sizeof(x));
    x.what = *what;
    x.is_plain = true;
    x.begun = time_now_ns();
    work_init(&x.next, next_run);
    work_init(&x.look, look_run);
    alarm_init(&x.alarm, time_ring);
    x.file = heap_text(what->file);
    if (!x.file || store_watch(&x.watch, "@releaseDomain", released)) {
        terminal_print("explore: not enough memory\n");
        heap_free(x.file);
        return;
    }
    log_skip();
    terminal_give(&owner);
    work_raise(&x.next);
}
