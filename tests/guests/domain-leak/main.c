/*
 * A machine that makes and ends domains for years must not lose a frame by it. Domains are built
 * and destroyed over and over, each left at another point of its life: empty, with vcpus, built,
 * running, paused again, shut down, crashed from outside, with a frame of it mapped until after its
 * end. Then the machine has exactly the free memory that it had, and the number of each is free.
 */
#include "tests/guests/tinies.h"

enum stage {
    EMPTY,
    VCPUS,
    BUILT,
    RUNNING,
    PAUSED,
    SHUT_DOWN,
    MAPPED,
    STAGES
};

static int bare_make(domid_t *domain)
{
    struct xen_domctl op = {.u.createdomain = {.max_vcpus = 2,
                                               .max_evtchn_port = -1,
                                               .max_grant_frames = 1,
                                               .max_maptrack_frames = 1,
                                               .grant_opts = XEN_DOMCTL_GRANT_version(1)}};
    int answer = control_domctl(&op, XEN_DOMCTL_createdomain, 0);

    *domain = op.domain;
    return answer;
}

static int bare_cycle(enum stage stage)
{
    struct xen_domctl op = {.u.max_vcpus.max = 2};
    domid_t domain;
    int answer = bare_make(&domain);

    if (answer)
        return answer;
    if (stage == VCPUS)
        answer = control_domctl(&op, XEN_DOMCTL_max_vcpus, domain);
    return answer ? answer : domain_destroy(domain);
}

static struct tiny *waited;

static bool waited_ticks(void)
{
    return tiny_report(waited).ticks >= 1;
}

static int built_cycle(enum stage stage)
{
    struct tiny t;
    int answer = tiny_build(&t);

    if (answer || stage == BUILT)
        return answer ? answer : domain_destroy(t.domain.domid);
    answer = tiny_watch(&t);
    if (!answer)
        answer = domain_unpause(t.domain.domid);
    waited = &t;
    if (!answer && (stage == PAUSED || stage == MAPPED) && !serve_until(waited_ticks, 5000))
        answer = -XEN_ETIME;
    if (!answer && stage == PAUSED)
        answer = domain_pause(t.domain.domid);
    if (!answer && stage == SHUT_DOWN)
        answer = domain_shutdown(t.domain.domid, SHUTDOWN_crash);
    if (stage != MAPPED)
        tiny_leave(&t);
    if (!answer)
        answer = domain_destroy(t.domain.domid);
    tiny_leave(&t);
    return answer;
}

static bool never(void)
{
    return false;
}

void guest_main(void)
{
    u64 cycles = argument("cycles=", 100), machine, own;
    int answer = 0;

    toolstack_begin();
    for (enum stage s = EMPTY; s < STAGES; s++) /* what is kept for the next time */
        answer |= s < BUILT ? bare_cycle(s) : built_cycle(s);
    row_want("first.answers", answer, 0);
    serve_until(never, 500);
    machine = machine_free_pages();
    own = frame_free_count();
    for (u64 i = 0; i < cycles && !answer; i++) {
        enum stage s = (enum stage)(i % STAGES);

        answer = s < BUILT ? bare_cycle(s) : built_cycle(s);
        if (answer)
            console_printf("cycle %" F64 "u, stage %u: %d\n", i, (unsigned)s, answer);
    }
    row_want("cycles.answer", answer, 0);
    row_pages_are_back("cycles.memory-is-back", machine);
    row_want("cycles.own-memory-is-back", (s64)(frame_free_count() - own), 0);
    console_printf("%" F64 "u cycles\n", cycles);
    guest_end();
}
