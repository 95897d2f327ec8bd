/* See control.h. */
#include "dom0/intercept/control.h"

static int call(unsigned int command, void *argument)
{
    int answer = control_refused(__HYPERVISOR_xl_intercept, command);

    return answer ? answer
                  : (int)hypercall_any(__HYPERVISOR_xl_intercept, command, (uintptr_t)argument, 0,
                                       0, 0);
}

/* The hypervisor says what was not said; a line need not. */
static void rule_simplify(struct xl_rule *rule)
{
    if (rule->every == 1)
        rule->every = 0;
    if (rule->first == 1 && rule->last != 1)
        rule->first = 0;
}

int intercept_add(struct schedule_line *line)
{
    int answer;

    if (line->is_redirect)
        return call(XL_INTERCEPT_redirect, &line->redirect);
    answer = call(XL_INTERCEPT_rule_add, &line->rule);
    rule_simplify(&line->rule);
    return answer;
}

int intercept_rule_next(u32 *id, struct schedule_line *line)
{
    int answer;

    *line = (struct schedule_line){.rule.id = *id};
    answer = call(XL_INTERCEPT_rule_get, &line->rule);
    *id = line->rule.id + 1;
    rule_simplify(&line->rule);
    return answer;
}

int intercept_redirect_next(domid_t *domain, evtchn_port_t *port, struct schedule_line *line)
{
    struct xl_redirect *redirect = &line->redirect;
    int answer;

    *line = (struct schedule_line){.is_redirect = true};
    redirect->domain = *domain;
    redirect->port = *port;
    answer = call(XL_INTERCEPT_redirect_get, redirect);
    *domain = redirect->domain;
    *port = redirect->port + 1;
    return answer;
}

int intercept_delete(u32 id)
{
    struct xl_rule rule = {.id = id};

    return call(XL_INTERCEPT_rule_delete, &rule);
}

int intercept_release(u32 id, u32 *count)
{
    struct xl_release release = {.id = id, .count = *count};
    int answer = call(XL_INTERCEPT_rule_release, &release);

    *count = release.count;
    return answer;
}

int intercept_inject(domid_t domain, evtchn_port_t port)
{
    struct xl_inject inject = {.domain = domain, .port = port};

    return call(XL_INTERCEPT_inject, &inject);
}

int intercept_reset(domid_t domain)
{
    struct xl_inject inject = {.domain = domain};

    return call(XL_INTERCEPT_reset, &inject);
}

int intercept_sleeps(domid_t domain)
{
    struct xl_sleeps sleeps = {.domain = domain};
    int answer = call(XL_INTERCEPT_sleeps, &sleeps);

    return answer ? answer : sleeps.sleeps;
}

int intercept_log(u64 *next, struct xl_log_entry *entries, u32 room)
{
    struct xl_log log = {.next = *next, .count = room, .buffer = (uintptr_t)entries};
    int answer = call(XL_INTERCEPT_read_log, &log);

    *next = log.next;
    return answer ? answer : (int)log.count;
}
