/*
 * Pairs of ends, and how nothing can be miscounted although all vcpus use all of them at once.
 *
 * A send is announced in the end's `sent` before it is made. The handler reads `sent` after PENDING
 * was cleared and takes all up to there as seen: whatever was announced then is either part of this
 * event or will make another, which finds nothing new and counts as empty. So at rest seen == sent,
 * unless an event was lost; and every send is one of: delivered, merged, dropped by a close.
 *
 * Who closes a port has the pair for himself first: the others count themselves in `users` and stay
 * away while `closing` is set. Nobody waits inside.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/event-stress/stress.h"

struct pair pairs[PAIRS];

#define ATOMIC_ADD(p, n) __atomic_add_fetch(p, n, __ATOMIC_SEQ_CST)
#define ATOMIC_READ(p)   __atomic_load_n(p, __ATOMIC_SEQ_CST)

/* Takes all that was announced as seen; answers how many are new. */
static u64 end_cover(struct end *end)
{
    u64 sent = ATOMIC_READ(&end->sent), seen = ATOMIC_READ(&end->seen);

    while (sent > seen && !__atomic_compare_exchange_n(&end->seen, &seen, sent, false,
                                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    return sent > seen ? sent - seen : 0;
}

static void on_event(u32 port, void *data)
{
    struct end *end = data;
    u64 covered;

    (void)port;
    stress_pause();
    covered = end_cover(end);
    ATOMIC_ADD(&end->deliveries, 1);
    if (covered)
        ATOMIC_ADD(&end->merged, covered - 1);
    else
        ATOMIC_ADD(&end->empty, 1);
    stress_delivered();
}

static bool pair_enter(struct pair *pair)
{
    ATOMIC_ADD(&pair->users, 1);
    if (!ATOMIC_READ(&pair->closing))
        return true;
    ATOMIC_ADD(&pair->users, -1);
    return false;
}

static void pair_leave(struct pair *pair)
{
    ATOMIC_ADD(&pair->users, -1);
}

static void must(const char *what, long answer)
{
    if (answer < 0)
        guest_panic("event-stress: %s: error %ld", what, answer);
}

static struct end *end_of(struct pair *pair, unsigned int which)
{
    return &pair->ends[pair->ipi ? 0 : which];
}

void pair_send(struct pair *pair, unsigned int to)
{
    if (!pair_enter(pair))
        return;
    ATOMIC_ADD(&end_of(pair, to)->sent, 1);
    stress_pause();
    must("send", event_send(end_of(pair, !to)->port));
    pair_leave(pair);
}

void pair_mask(struct pair *pair, unsigned int which)
{
    if (!pair_enter(pair))
        return;
    event_mask(end_of(pair, which)->port);
    pair_leave(pair);
}

void pair_unmask(struct pair *pair, unsigned int which)
{
    if (!pair_enter(pair))
        return;
    event_unmask(end_of(pair, which)->port);
    pair_leave(pair);
}

void pair_move(struct pair *pair, unsigned int which, struct vcpu *vcpu)
{
    if (pair->ipi || !pair_enter(pair))
        return;
    must("bind_vcpu", event_move(end_of(pair, which)->port, vcpu));
    pair_leave(pair);
}

void pair_prioritise(struct pair *pair, unsigned int which, u32 priority)
{
    if (!pair_enter(pair))
        return;
    must("set_priority", event_set_priority(end_of(pair, which)->port, priority));
    pair_leave(pair);
}

static void end_close(struct end *end)
{
    must("close", event_close(end->port));
    end->dropped += end_cover(end);
    end->rebinds++;
}

/* A port that is bound to one which waits for it is pending at once. */
static void end_bind(struct end *end, const struct end *remote)
{
    long port;

    ATOMIC_ADD(&end->sent, 1);
    port = event_bind_interdomain(DOMID_SELF, remote->port, on_event, end);
    must("bind_interdomain", port);
    end->port = (u32)port;
}

static void end_offer(struct end *end)
{
    long port = event_alloc_unbound(DOMID_SELF, on_event, end);

    must("alloc_unbound", port);
    end->port = (u32)port;
}

static void ipi_bind(struct end *end, struct vcpu *vcpu)
{
    long port = event_bind_ipi(vcpu, on_event, end);

    must("bind_ipi", port);
    end->port = (u32)port;
}

/* One end anew, or both; the one that stays may have events pending. */
void pair_rebind(struct pair *pair, struct dice *dice, unsigned int vcpus)
{
    struct end *end = end_of(pair, (unsigned int)dice_roll(dice, 2));
    struct end *other = pair->ipi ? end : &pair->ends[end == pair->ends];

    if (__atomic_exchange_n(&pair->closing, 1, __ATOMIC_SEQ_CST))
        return;
    while (ATOMIC_READ(&pair->users))
        call_sched_op(SCHEDOP_yield, NULL);
    end_close(end);
    if (pair->ipi) {
        ipi_bind(end, vcpu_find((unsigned int)dice_roll(dice, vcpus)));
    } else {
        if (dice_roll(dice, 2)) {
            end_close(other);
            end_offer(other);
        }
        end_bind(end, other);
    }
    __atomic_store_n(&pair->closing, 0, __ATOMIC_SEQ_CST);
}

void pairs_make(struct dice *dice, unsigned int vcpus)
{
    for (unsigned int i = 0; i < PAIRS; i++) {
        struct pair *pair = &pairs[i];

        pair->ipi = i < IPI_PAIRS;
        if (pair->ipi) {
            ipi_bind(&pair->ends[0], vcpu_find((unsigned int)dice_roll(dice, vcpus)));
        } else {
            end_offer(&pair->ends[0]);
            end_bind(&pair->ends[1], &pair->ends[0]);
        }
    }
}
