/* See family.h. */
#include "dom0/intercept/family.h"

#define SHORTEST 1000ull    /* ns */
#define LONGEST  1000000ull /* at least this, however short the run */

/* splitmix64, as the hypervisor's rules have it. */
static u64 draw(u64 *state)
{
    u64 z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Each doubling is as likely as the others. */
static u64 draw_time(u64 *state, const struct plain_run *plain)
{
    u32 doublings = 1;
    u64 base;

    while (SHORTEST << doublings < MAX(plain->length, LONGEST))
        doublings++;
    base = SHORTEST << draw(state) % doublings;
    return base + draw(state) % base;
}

static struct xl_rule rule_for(domid_t domain)
{
    return (struct xl_rule){
        .domain = domain, .side = XL_SIDE_TO, .port = XL_ANY, .vcpu = XL_ANY, .virq = XL_ANY};
}

/* One event of those that came: late, or once more. */
static void point_draw(struct xl_rule *rule, u64 *state, const struct plain_run *plain)
{
    const struct plain_event *event = &plain->events[draw(state) % plain->count];

    rule->port = event->port;
    rule->first = rule->last = event->nth;
    if (draw(state) % 4) {
        rule->action = XL_INTERCEPT_DELAY;
        rule->value = draw_time(state, plain);
    } else {
        rule->action = XL_INTERCEPT_DUPLICATE;
        rule->value = 1;
        rule->spread = draw_time(state, plain);
    }
}

/* All of them a little. */
static void storm_draw(struct xl_rule *rule, u64 *state, const struct plain_run *plain)
{
    static const u8 actions[] = {XL_INTERCEPT_DELAY, XL_INTERCEPT_REORDER, XL_INTERCEPT_DUPLICATE};

    rule->action = actions[draw(state) % ARRAY_SIZE(actions)];
    rule->chance = 1000000u >> (1 + draw(state) % 4);
    rule->seed = draw(state) >> 32;
    rule->spread = draw_time(state, plain);
    if (rule->action == XL_INTERCEPT_REORDER)
        rule->value = 2 + draw(state) % 3;
    if (rule->action == XL_INTERCEPT_DUPLICATE)
        rule->value = 1;
}

u32 family_draw(u64 seed, domid_t domain, const struct plain_run *plain,
                struct xl_rule rules[FAMILY_RULES_MAX])
{
    u64 state = seed;
    bool storm = !plain->count || draw(&state) % 4 == 0;
    u32 count = 1;

    while (!storm && count < FAMILY_RULES_MAX && draw(&state) % 2)
        count++;
    for (u32 i = 0; i < count; i++) {
        rules[i] = rule_for(domain);
        if (storm)
            storm_draw(&rules[i], &state, plain);
        else
            point_draw(&rules[i], &state, plain);
    }
    return count;
}

u32 plain_events(struct plain_event *events, const struct xl_log_entry *entries, u32 count,
                 domid_t domain)
{
    u32 found = 0;

    for (u32 i = 0; i < count; i++) {
        struct plain_event event = {.port = entries[i].to_port, .nth = 1};

        if (entries[i].to_domain != domain)
            continue;
        for (u32 n = 0; n < found; n++)
            event.nth += events[n].port == event.port;
        events[found++] = event;
    }
    return found;
}
