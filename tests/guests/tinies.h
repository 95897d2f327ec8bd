/* For tests of domains' lives: tiny kernels (guest-kernel/tiny), made, watched and ended by number;
 * with `guest-32` those of 32 bits. */
#ifndef TESTS_GUESTS_TINIES_H
#define TESTS_GUESTS_TINIES_H

#include "guest-kernel/tiny/tiny.h"
#include "tests/guests/toolstack.h"

struct tiny {
    struct built_domain domain;
    struct foreign report; /* its counters, mapped; or nothing */
    u32 port;              /* of ours, to its console port; 0: none */
};

/* Built, paused. 0 or an errno, told. */
static inline int tiny_build(struct tiny *t)
{
    char message[BUILD_REASON_SIZE];
    const char *kernel = cmdline_has("guest-32") ? "tiny-32" : "tiny";
    const struct domain_config config = {
        .name = "tiny", .kernel = kernel, .memory_kib = TINY_PAGES * 4, .vcpus = 1};
    int answer;

    *t = (struct tiny){0};
    answer = domain_build(&t->domain, &config, guests_file(kernel), (struct blob){0}, message);
    if (answer)
        console_printf("%s\n", message);
    return answer;
}

/* Its counters are mapped, its port is bound. */
static inline int tiny_watch(struct tiny *t)
{
    long port =
        event_bind_interdomain(t->domain.domid, t->domain.console_port, watched_event, NULL);

    if (port < 0)
        return (int)port;
    t->port = (u32)port;
    return foreign_map(&t->report, t->domain.domid, &t->domain.store_frame, 1, false);
}

static inline struct tiny_report tiny_report(const struct tiny *t)
{
    const struct tiny_report *r = t->report.at;

    return (struct tiny_report){ACCESS_ONCE(r->ticks), ACCESS_ONCE(r->events)};
}

/* Nothing of it is held any more. */
static inline void tiny_leave(struct tiny *t)
{
    foreign_unmap(&t->report);
    if (t->port)
        event_close(t->port);
    t->port = 0;
}

static inline u64 argument(const char *name, u64 otherwise)
{
    const char *text = (const char *)start_info->cmd_line;
    u64 value = 0;

    for (; *text; text++) {
        if (!str_starts_with(text, name))
            continue;
        for (text += strlen(name); *text >= '0' && *text <= '9'; text++)
            value = value * 10 + (u64)(*text - '0');
        return value;
    }
    return otherwise;
}

#endif
