/*
 * Rules: what becomes of events that match them. xen-like/abi/intercept.h says what a user has to
 * know; decision 0051 why it is built so.
 *
 * What a rule holds is a list in the order in which it is to go on, each event with the time when
 * it is due. So the next event of all is the first of some rule's list, and one timer is enough. A
 * list that is not to wait any longer (released, a window that is full, a rule that is deleted)
 * joins that of `going', a rule that is no user's, number 0, and always due.
 *
 * Whoever lets go of the lock first lets a few events go that are due; the rest follows by the
 * timer, a few in each interrupt.
 */
#include "hypervisor/event/intercept.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/time/clock.h"
#include "hypervisor/time/timer.h"
#include "xen-like/lib/list.h"

#define NEVER       (~0UL)
#define GO_AT_ONCE  32U
#define MORE_GO     2000U /* ns later, past what one timer interrupt waits for (timer.c) */
#define LOG_ENTRIES 16384U
#define LOG_ORDER   order_for(LOG_ENTRIES * sizeof(struct xl_log_entry))
#define POOL_ORDER  order_for(XL_HELD_MAX * sizeof(struct held))

struct rule {
    struct xl_rule r; /* as it was given, and its counters */
    struct list link;
    struct list held; /* by key */
    u64 chance;       /* the generator's state */
    u64 free;         /* RATE: when the next may go */
};

struct held {
    struct list link;
    struct event e;
    u64 due;
    u64 key;     /* that the list is ordered by: as due, or by chance */
    u32 binding; /* of the end, when the event came */
    u32 rule;    /* which took it */
};

static void timer_came(void *unused);

static struct spinlock lock = SPINLOCK(LOCK_INTERCEPT);
static struct list rules;
static struct rule going = {.link = {&rules, &rules}, .held = LIST_INIT(going.held)};
static struct list rules = {&going.link, &going.link};
static struct held *pool; /* XL_HELD_MAX, while there are rules, or events held */
static struct list unused = LIST_INIT(unused);
static u32 held_now, last_id;
static struct timer timer = {.fn = timer_came};
static u64 timer_due = NEVER;
static struct xl_log_entry *entries;
static u64 log_first, log_next; /* numbers of those that are there, and of the next */

#define RULE(l)          LIST_ENTRY(l, struct rule, link)
#define HELD(l)          LIST_ENTRY(l, struct held, link)
#define FOR_EACH_RULE(l) for (struct list *l = going.link.next; l != &rules; l = l->next)

/* @x, any number of 64 bits, as one below @n. */
static u64 scale(u64 x, u64 n)
{
    return (u64)((unsigned __int128)x * n >> 64);
}

/* splitmix64. */
static u64 draw(struct rule *rule)
{
    u64 z = rule->chance += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void held_free(struct rule *rule, struct held *h)
{
    list_remove(&h->link);
    list_add_head(&unused, &h->link);
    rule->r.holds--;
    held_now--;
}

/* When the first of what @rule holds goes. */
static u64 rule_due(const struct rule *rule)
{
    if (list_is_empty(&rule->held))
        return NEVER;
    return rule == &going ? 0 : HELD(rule->held.next)->due;
}

static struct rule *rule_next(void)
{
    struct rule *next = &going;

    FOR_EACH_RULE(l)
    if (rule_due(RULE(l)) < rule_due(next))
        next = RULE(l);
    return next;
}

/* Whoever has its port now shall not get what was for another. */
static void held_go(struct rule *rule, struct held *h)
{
    if (h->e.end->binding == h->binding && channel_bond(h->e.end).kind != EVTCHNSTAT_closed) {
        trace(released, h->rule, event_to_who(&h->e), h->e.port);
        event_arrive(&h->e);
    }
    held_free(rule, h);
}

/* What is due goes on, but not more than GO_AT_ONCE events; and the timer is set for the rest. */
static void due_go(void)
{
    struct rule *rule = rule_next();
    u64 now = now_ns(), due;
    u32 n = 0;

    for (; n < GO_AT_ONCE && rule_due(rule) <= now; n++) {
        held_go(rule, HELD(rule->held.next));
        rule = rule_next();
    }
    due = rule_due(rule);
    if (n == GO_AT_ONCE)
        due = MAX(due, now_ns() + MORE_GO);
    if (due >= timer_due)
        return; /* it comes early, and is set again */
    timer_due = due;
    timer_set(&timer, due);
}

void intercept_lock(void)
{
    spin_lock(&lock);
}

void intercept_unlock(void)
{
    bool any = going.link.next != &rules;

    if (held_now)
        due_go();
    if (pool && !any && !held_now) {
        pages_free(pool, POOL_ORDER);
        pool = NULL;
        list_init(&unused);
    }
    event_watch(WATCH_INTERCEPT, any || redirects_assigned);
    spin_unlock(&lock);
}

static void timer_came(void *none)
{
    (void)none;
    intercept_lock();
    timer_due = NEVER;
    intercept_unlock();
}

/* The first @most of what @rule holds wait no longer. How many there were. */
static u32 held_let_go(struct rule *rule, u32 most)
{
    struct list *l;
    u32 n = 0;

    for (; n < most && (l = list_take_first(&rule->held)); n++)
        list_add_tail(&going.held, l);
    rule->r.holds -= n;
    going.r.holds += n;
    return n;
}

/* @rule holds an event more, behind those of smaller keys. Its place is looked for from @from on
 * towards the front, and what stands before it is left there: a row of events of ever smaller keys
 * walks the list once. False: there is no room. */
static bool event_hold_from(struct rule *rule, const struct event *e, u64 due, u64 key,
                            struct list **from)
{
    struct list *before = *from, *l = e->to->dying ? NULL : list_take_first(&unused);

    if (!l) {
        rule->r.overflowed++;
        return false;
    }
    while (before != &rule->held && HELD(before)->key > key)
        before = before->prev;
    *HELD(l) = (struct held){
        .e = *e, .due = due, .key = key, .binding = e->end->binding, .rule = rule->r.id};
    HELD(l)->e.from = NULL; /* who may be gone by then */
    list_insert_between(l, before, before->next);
    *from = before;
    rule->r.holds++;
    held_now++;
    return true;
}

static bool event_hold(struct rule *rule, const struct event *e, u64 due, u64 key)
{
    struct list *from = rule->held.prev;

    return event_hold_from(rule, e, due, key, &from);
}

/* Copies of it follow, the latest first. */
static void event_copy(struct rule *rule, const struct event *e, u64 now)
{
    struct list *from = rule->held.prev;

    for (u64 n = rule->r.value; n; n--) {
        u64 due = now + n * rule->r.spread;

        event_hold_from(rule, e, due, due, &from);
    }
}

static bool rule_is_about(const struct xl_rule *r, const struct event *e)
{
    bool from = r->side == XL_SIDE_FROM && e->from;

    return (r->domain == XL_ANY_DOMAIN || r->domain == (from ? e->from : e->to)->id) &&
           (r->port == XL_ANY || r->port == (from ? e->from_port : e->port)) &&
           (r->vcpu == XL_ANY || r->vcpu == (from ? e->from_vcpu : e->to_vcpu)) &&
           (!r->kinds || r->kinds >> e->kind & 1) &&
           (r->virq == XL_ANY || (e->kind == EVTCHNSTAT_virq && r->virq == e->number));
}

/* Is it one of those, of the events that it is about, that @rule takes? */
static bool rule_takes(struct rule *rule)
{
    struct xl_rule *r = &rule->r;
    u64 n = ++r->matched;

    if (n < r->first || (r->last && n > r->last) || (n - r->first) % r->every)
        return false;
    if (r->chance && scale(draw(rule), XL_MILLION) >= r->chance)
        return false;
    r->taken++;
    return true;
}

static bool rule_logs(const struct xl_rule *r)
{
    return r->action == XL_INTERCEPT_RECORD || r->flags & XL_RULE_LOG;
}

/* For the log and for the trace. */
static void event_taken(const struct xl_rule *r, const struct event *e, u64 value)
{
    trace(intercepted, r->id, event_from_who(e), e->from_port, event_to_who(e), e->port, r->action,
          (u32)value);
    if (!rule_logs(r))
        return;
    entries[log_next % LOG_ENTRIES] =
        (struct xl_log_entry){log_next,        now_ns(),
                              r->matched,      value,
                              r->id,           e->from ? e->from->id : DOMID_INVALID,
                              e->to->id,       e->from_port,
                              e->port,         (u16)e->from_vcpu,
                              (u16)e->to_vcpu, e->kind,
                              r->action,       (u16)e->number};
    log_first += ++log_next - log_first > LOG_ENTRIES;
}

bool log_entry_get(u64 *next, struct xl_log_entry *entry)
{
    *next = MAX(*next, log_first);
    if (*next >= log_next)
        return false;
    *entry = entries[(*next)++ % LOG_ENTRIES];
    return true;
}

/* @rule takes the event: does it go on now? @value: what was drawn, and the like. */
static bool rule_acts(struct rule *rule, const struct event *e, u64 *value)
{
    const struct xl_rule *r = &rule->r;
    u64 due = now_ns();
    bool waits;

    switch (r->action) {
    case XL_INTERCEPT_DROP:
        return false;
    case XL_INTERCEPT_DELAY:
        *value = r->value + (r->spread ? scale(draw(rule), r->spread + 1) : 0);
        due += *value;
        if (event_hold(rule, e, due, due))
            return false;
        *value = 0; /* as it really was */
        return true;
    case XL_INTERCEPT_DUPLICATE:
        *value = r->value;
        event_copy(rule, e, due);
        return true;
    case XL_INTERCEPT_REORDER:
        *value = draw(rule);
        due = !list_is_empty(&rule->held) ? rule_due(rule) : r->spread ? due + r->spread : NEVER;
        return !event_hold(rule, e, due, *value);
    case XL_INTERCEPT_RATE:
        if (list_is_empty(&rule->held)) /* those that waited may have been released */
            rule->free = MIN(rule->free, due + r->value);
        *value = rule->free > due ? rule->free - due : 0;
        due += *value;
        waits = *value && event_hold(rule, e, due, due);
        if (waits || !*value)
            rule->free = due + MIN(r->value, NEVER - due);
        return !waits;
    case XL_INTERCEPT_HOLD:
        return !event_hold(rule, e, NEVER, 0);
    default:
        return true;
    }
}

bool event_intercept(struct event *e)
{
    bool goes = true, decided;
    u64 value;

    intercept_lock();
    redirect_apply(e);
    decided = !e->to;
    FOR_EACH_RULE(l)
    {
        if (decided || !rule_is_about(&RULE(l)->r, e) || !rule_takes(RULE(l)))
            continue;
        value = 0;
        goes = rule_acts(RULE(l), e, &value);
        event_taken(&RULE(l)->r, e, value);
        decided = RULE(l)->r.action != XL_INTERCEPT_RECORD;
        if (RULE(l)->r.action == XL_INTERCEPT_REORDER && RULE(l)->r.holds >= RULE(l)->r.value)
            held_let_go(RULE(l), ~0U);
    }
    intercept_unlock();
    return goes;
}

static bool rule_is_valid(const struct xl_rule *r)
{
    bool copies = r->action == XL_INTERCEPT_DUPLICATE, window = r->action == XL_INTERCEPT_REORDER;

    return (r->domain < DOMID_FIRST_RESERVED || r->domain == XL_ANY_DOMAIN) &&
           r->side <= XL_SIDE_TO && r->action <= XL_INTERCEPT_HOLD &&
           !(r->kinds >> (EVTCHNSTAT_ipi + 1)) && (r->virq == XL_ANY || r->virq < NR_VIRQS) &&
           !(r->flags & ~XL_RULE_LOG) && !r->pad && (!r->last || r->last >= r->first) &&
           r->chance <= XL_MILLION && r->spread <= XL_TIME_MAX &&
           r->value <= (copies || window ? XL_WINDOW_MAX : XL_TIME_MAX) &&
           r->value >= (window ? 2U : copies || r->action == XL_INTERCEPT_RATE);
}

/* What rules need: true if it is there. */
static bool memory_make(bool logs)
{
    if (!pool) {
        pool = pages_alloc_unclear(POOL_ORDER);
        for (u32 i = 0; pool && i < XL_HELD_MAX; i++)
            list_add_tail(&unused, &pool[i].link);
    }
    if (logs && !entries)
        entries = pages_alloc_unclear(LOG_ORDER);
    return pool && (entries || !logs);
}

int rule_add(struct xl_rule *r)
{
    struct rule *rule;

    if (!rule_is_valid(r))
        return refuse(XEN_EINVAL, "there can be no such rule");
    rule = memory_make(rule_logs(r)) ? pages_alloc(0) : NULL;
    if (!rule)
        return refuse(XEN_ENOMEM, "no memory for a rule, for what rules hold, or for the log");
    r->id = ++last_id;
    r->first = MAX(r->first, 1UL);
    r->every = MAX(r->every, 1U);
    r->matched = r->taken = r->holds = r->overflowed = 0;
    rule->r = *r;
    rule->chance = r->seed;
    list_init(&rule->held);
    list_add_tail(&rules, &rule->link);
    return 0;
}

/* The first with this id or a higher one; NULL. */
static struct rule *rule_from(u32 id)
{
    FOR_EACH_RULE(l)
    if (RULE(l)->r.id >= id)
        return RULE(l);
    return NULL;
}

int rule_get(struct xl_rule *r)
{
    const struct rule *rule = rule_from(r->id);

    if (!rule)
        return refuse(XEN_ENOENT, "there are no more rules");
    *r = rule->r;
    return 0;
}

static void rule_remove(struct rule *rule)
{
    held_let_go(rule, ~0U);
    list_remove(&rule->link);
    pages_free(rule, 0);
}

int rule_delete(u32 id)
{
    struct rule *rule = rule_from(id);

    if (!rule || rule->r.id != id)
        return refuse(XEN_ENOENT, "there is no such rule");
    rule_remove(rule);
    return 0;
}

int rule_release(struct xl_release *r)
{
    struct rule *rule = rule_from(r->id);

    if (!rule || rule->r.id != r->id)
        return refuse(XEN_ENOENT, "there is no such rule");
    r->count = held_let_go(rule, r->count ? r->count : ~0U);
    return 0;
}

int rules_reset(u16 id)
{
    for (struct list *l = going.link.next, *after = l->next; l != &rules;
         l = after, after = l->next) {
        if (id != XL_ANY_DOMAIN && RULE(l)->r.domain != id)
            continue;
        preempt_charge((u32)RULE(l)->r.holds / 4);
        rule_remove(RULE(l));
        if (preempt_point(4))
            return RESTART;
    }
    if (id == XL_ANY_DOMAIN && entries) {
        pages_free(entries, LOG_ORDER);
        entries = NULL;
        log_first = log_next;
    }
    return 0;
}

int event_inject(struct domain *d, evtchn_port_t port)
{
    const struct channel *c = channel_find(d, port);
    struct event e = {.kind = c ? channel_bond(c).kind : EVTCHNSTAT_closed};

    if (e.kind == EVTCHNSTAT_closed || e.kind == EVTCHNSTAT_unbound)
        return refuse(XEN_EINVAL, "the port is not bound");
    event_aim(&e, d, port);
    trace(injected, event_to_who(&e), port);
    event_arrive(&e);
    return 0;
}

static bool vcpu_sleeps(const struct vcpu *v)
{
    return v->sched.stopped & (STOP_BLOCKED | STOP_DOWN) && !timer_is_set(&v->time.oneshot) &&
           !timer_is_set(&v->time.poll);
}

bool domain_sleeps(const struct domain *d)
{
    bool all = !held_now;

    for (u32 i = 0; i < d->max_vcpus; i++)
        all &= !d->vcpus[i] || vcpu_sleeps(d->vcpus[i]);
    for (u32 i = 0; i < WATCHDOGS; i++)
        all &= !timer_is_set(&d->watchdogs[i]);
    return all;
}

/* Nothing more is held for it from now on (event_hold): it is dying. */
int intercept_leave(struct domain *d)
{
    int rc;

    intercept_lock();
    rc = redirects_drop(d);
    LIST_FOR_EACH(r, &rules)
    LIST_FOR_EACH_SAFE(l, after, &RULE(r)->held)
    {
        if (rc || HELD(l)->e.to != d)
            continue;
        held_free(RULE(r), HELD(l));
        rc = preempt_point(2) ? RESTART : 0;
    }
    intercept_unlock();
    return rc;
}

void intercept_show(void)
{
    FOR_EACH_RULE(l)
    log_always(" rule %u, action %u: %lu matched, %lu taken, holds %lu, %lu had no room",
               RULE(l)->r.id, RULE(l)->r.action, RULE(l)->r.matched, RULE(l)->r.taken,
               RULE(l)->r.holds, RULE(l)->r.overflowed);
    log_always(" %lu redirections, %u events held, %lu of them on their way", redirects_assigned,
               held_now, going.r.holds);
}
