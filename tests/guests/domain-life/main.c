/*
 * A domain's life as its controller sees it, and as the guest does: made, let run, paused, let go
 * on, shut down for each reason, crashed, suspended and resumed, and destroyed in each state, also
 * with a frame that the controller has mapped: then something of it stays until the mapping goes.
 *
 * Both are this kernel: as the control domain it builds itself once more (FILES= has it), and what
 * it does then is commanded and told in a page of the guest's, the one that would be xenstore's.
 */
#include "guest-kernel/mm/direct_map.h"
#include "tests/guests/tinies.h"

enum command {
    COMPUTE,
    BLOCK,
    SHUT_DOWN, /* + reason */
    BREAK = SHUT_DOWN + SHUTDOWN_MAX + 1,
};

struct subject {
    u64 command, obeys; /* it does this one now */
    u64 beats;          /* of its loop */
    u64 stops;          /* seen: the clock's record said that it had been stopped */
    u64 returns;        /* of calls to be shut down, and what the last one answered */
    s64 answer;
};

/* The guest. */

static void stop_see(struct subject *s)
{
    struct vcpu_time_info *time = &vcpu_boot.info->time;

    if (__atomic_fetch_and(&time->flags, (u8)~XEN_PVCLOCK_GUEST_STOPPED, __ATOMIC_SEQ_CST) &
        XEN_PVCLOCK_GUEST_STOPPED)
        ACCESS_ONCE(s->stops)++;
}

static void poll_console(void)
{
    evtchn_port_t port = start_info->console.domU.evtchn;
    struct sched_poll poll = {.nr_ports = 1};

    set_xen_guest_handle(poll.ports, &port);
    call_sched_op(SCHEDOP_poll, &poll);
}

static void shut_down(struct subject *s, u32 reason)
{
    struct sched_shutdown op = {.reason = reason};

    s->answer = call_sched_op(SCHEDOP_shutdown, &op);
    ACCESS_ONCE(s->command) = COMPUTE;
    ACCESS_ONCE(s->returns)++;
}

static void obey(struct subject *s, u64 command)
{
    ACCESS_ONCE(s->obeys) = command;
    if (command == BLOCK)
        poll_console();
    if (command == BREAK) {
        call_set_trap_table(NULL);
        asm volatile("ud2");
    }
    if (command >= SHUT_DOWN)
        shut_down(s, (u32)(command - SHUT_DOWN));
}

static NORETURN void subject_main(void)
{
    struct subject *s = pfn_to_virt(mfn_to_pfn((mfn_t){start_info->store_mfn}));

    for (;;) {
        ACCESS_ONCE(s->beats)++;
        stop_see(s);
        obey(s, ACCESS_ONCE(s->command));
    }
}

/* The control domain. */

static struct guest *guest;
static struct foreign page;
static struct subject *subject;
static u64 beats_before;

static u32 flags(void)
{
    struct xen_domctl_getdomaininfo info;

    return domain_info(guest->domain.domid, &info) ? ~0U : info.flags;
}

static bool beats_more(void)
{
    return ACCESS_ONCE(subject->beats) > beats_before + 10;
}

/* Does it run? It is given a while. */
static bool goes_on(void)
{
    beats_before = ACCESS_ONCE(subject->beats);
    return serve_until(beats_more, 5000);
}

static bool never(void)
{
    return false;
}

static bool stands_still(void)
{
    u64 before = ACCESS_ONCE(subject->beats);

    serve_until(never, 50);
    return ACCESS_ONCE(subject->beats) == before;
}

static void subject_make(bool paused)
{
    static const char text[] = "name='s'; kernel='domain-life'; memory=8; on_crash='preserve'";
    char message[BUILD_REASON_SIZE];

    guest = guest_create_text("test", text, strlen(text), true, message);
    if (!guest)
        guest_panic("%s", message);
    if (foreign_map(&page, guest->domain.domid, &guest->domain.store_frame, 1, true))
        guest_panic("its page cannot be mapped");
    subject = page.at;
    memset(subject, 0, sizeof(*subject));
    if (!paused && domain_unpause(guest->domain.domid))
        guest_panic("it cannot be unpaused");
}

static bool is_gone(void)
{
    struct xen_domctl_getdomaininfo info;

    return domain_info(guest->domain.domid, &info) == -XEN_ESRCH;
}

static void row_of(const char *group, const char *what, s64 got, s64 want)
{
    char name[64];

    fmt_snprintf(name, sizeof(name), "%s.%s", group, what);
    row_want(name, got, want);
}

/* Its page is still mapped while it is destroyed. */
static void destroy(const char *group, u64 machine)
{
    char name[64];
    struct xen_domctl_getdomaininfo info = {0};
    domid_t domain = guest->domain.domid;
    struct guest number = {.domain = guest->domain};

    row_of(group, "destroyed", guest_destroy(guest), 0);
    guest = &number;
    row_of(group, "mapped.is-there", domain_info(domain, &info), 0);
    row_of(group, "mapped.is-dying", (info.flags & XEN_DOMINF_dying) != 0, 1);
    row_of(group, "mapped.destroyed-again", domain_destroy(domain), 0);

    subject->beats = 77;
    row_of(group, "mapped.is-writable", (s64)subject->beats, 77);
    foreign_unmap(&page);
    row_of(group, "unmapped.is-gone", serve_until(is_gone, 5000), 1);
    fmt_snprintf(name, sizeof(name), "%s.memory-is-back", group);
    row_pages_are_back(name, machine);
}

static void paused_and_unpaused(u64 machine)
{
    domid_t domain;

    subject_make(true);
    domain = guest->domain.domid;
    row_of("built", "is-paused", (flags() & XEN_DOMINF_paused) != 0, 1);
    row_of("built", "stands-still", stands_still(), 1);
    row_of("built", "unpaused", domain_unpause(domain), 0);
    row_of("running", "goes-on", goes_on(), 1);
    row_of("running", "is-paused", (flags() & XEN_DOMINF_paused) != 0, 0);
    serve_until(never, 100); /* others run meanwhile, and it is not told of a stop */
    row_of("running", "goes-on-later", goes_on(), 1);
    row_of("running", "was-told-of-stops", (s64)subject->stops, 0);
    row_of("paused", "answer", domain_pause(domain), 0);
    row_of("paused", "again", domain_pause(domain), 0);
    row_of("paused", "is-paused", (flags() & XEN_DOMINF_paused) != 0, 1);
    row_of("paused", "is-not-running", (flags() & XEN_DOMINF_running) != 0, 0);
    row_of("paused", "stands-still", stands_still(), 1);
    row_of("paused", "unpaused-once", domain_unpause(domain), 0);
    row_of("paused", "still-stands-still", stands_still(), 1);
    row_of("paused", "unpaused-twice", domain_unpause(domain), 0);
    row_of("unpaused", "goes-on", goes_on(), 1);
    row("unpaused.was-told-of-stops", (s64)subject->stops);
    row_of("unpaused", "too-often", domain_unpause(domain), -XEN_EINVAL);
    destroy("running-destroyed", machine);
}

static bool was_told(void)
{
    return guests_excused > 0 && guest_ended(guest) >= 0;
}

static void ended_for(const char *group, u64 command, int reason, u64 machine)
{
    subject_make(false);
    row_of(group, "goes-on", goes_on(), 1);
    guests_excused = 0;
    ACCESS_ONCE(subject->command) = command;
    row_of(group, "is-told", serve_until(was_told, 5000), 1);
    row_of(group, "reason", guest_ended(guest), reason);
    row_of(group, "is-dying", (flags() & XEN_DOMINF_dying) != 0, 0);
    row_of(group, "stands-still", stands_still(), 1);
    destroy(group, machine);
}

static void suspend_and_resume(const char *group, u64 before)
{
    guests_excused = 0;
    ACCESS_ONCE(subject->command) = SHUT_DOWN + SHUTDOWN_suspend;
    row_of(group, "is-told", serve_until(was_told, 5000), 1);
    row_of(group, "reason", guest_ended(guest), SHUTDOWN_suspend);
    row_of(group, "stands-still", stands_still(), 1);
    row_of(group, "returned-before", (s64)subject->returns, (s64)before);
    row_of(group, "resumed", domain_resume(guest->domain.domid), 0);
    row_of(group, "goes-on", goes_on(), 1);
    row_of(group, "returned", (s64)subject->returns, (s64)before + 1);
    row_of(group, "shutdown-answered", subject->answer, 0);
    row_of(group, "is-shut-down", guest_ended(guest), -1);
}

static void suspended_and_resumed(u64 machine)
{
    subject_make(false);
    suspend_and_resume("suspended", 0);
    suspend_and_resume("suspended-again", 1);
    destroy("resumed-destroyed", machine);
}

static bool is_blocked(void)
{
    return ACCESS_ONCE(subject->obeys) == BLOCK && flags() & XEN_DOMINF_blocked;
}

static void blocked(u64 machine)
{
    subject_make(false);
    ACCESS_ONCE(subject->command) = BLOCK;
    row_of("blocked", "is-blocked", serve_until(is_blocked, 5000), 1);
    destroy("blocked-destroyed", machine);
}

static void paused(u64 machine)
{
    subject_make(false);
    row_of("paused-running", "goes-on", goes_on(), 1);
    row_of("paused-running", "answer", domain_pause(guest->domain.domid), 0);
    destroy("paused-destroyed", machine);
}

static void shut_down_from_outside(u64 machine)
{
    subject_make(false);
    row_of("outside", "goes-on", goes_on(), 1);
    guests_excused = 0;
    row_of("outside", "answer", domain_shutdown(guest->domain.domid, SHUTDOWN_watchdog), 0);
    row_of("outside", "is-told", serve_until(was_told, 5000), 1);
    row_of("outside", "reason", guest_ended(guest), SHUTDOWN_watchdog);
    destroy("outside-destroyed", machine);
}

static void lives(void)
{
    u64 machine;

    subject_make(true);
    foreign_unmap(&page);
    guest_destroy(guest);
    serve_until(never, 1000); /* Xen goes on with it for a while */
    machine = machine_free_pages();
    paused_and_unpaused(machine);
    ended_for("poweroff", SHUT_DOWN + SHUTDOWN_poweroff, SHUTDOWN_poweroff, machine);
    ended_for("reboot", SHUT_DOWN + SHUTDOWN_reboot, SHUTDOWN_reboot, machine);
    ended_for("crash", SHUT_DOWN + SHUTDOWN_crash, SHUTDOWN_crash, machine);
    ended_for("watchdog", SHUT_DOWN + SHUTDOWN_watchdog, SHUTDOWN_watchdog, machine);
    ended_for("soft-reset", SHUT_DOWN + SHUTDOWN_soft_reset, SHUTDOWN_soft_reset, machine);
    ended_for("broken", BREAK, SHUTDOWN_crash, machine);
    suspended_and_resumed(machine);
    blocked(machine);
    paused(machine);
    shut_down_from_outside(machine);
    subject_make(true);
    destroy("building-destroyed", machine);
}

void guest_main(void)
{
    if (!(start_info->flags & SIF_INITDOMAIN))
        subject_main();
    toolstack_begin();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    lives();
    guest_end();
}
