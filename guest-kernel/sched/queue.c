/*
 * Who runs next, and when the vcpu has to be interrupted. The one timer of a vcpu is set to what
 * comes first: the end of the slice, if somebody else is ready, or the first sleeper's time. So
 * nothing ticks: a thread that is alone runs undisturbed, and a vcpu with nothing to do blocks
 * until there is an event.
 *
 * Only the vcpu itself takes threads from its queue; others add to it, and then send to wake_port.
 * So a thread may stand in the list of the ready before it has left the CPU: nobody else will run
 * it.
 */
#include "guest-kernel/sched/queue.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"

struct thread *context_switch(unsigned long *save_sp, unsigned long load_sp, struct thread *prev);

/* The queue's lock held: others may take a sleeper from its list. */
static void timer_program(struct run_queue *run)
{
    bool others = !list_is_empty(&run->ready);
    u64 deadline = others ? run->slice_end : 0;

    if (!list_is_empty(&run->sleepers)) {
        u64 wake_at = LIST_ENTRY(run->sleepers.next, struct thread, link)->wake_at;

        deadline = deadline ? MIN(deadline, wake_at) : wake_at;
    }
    if (deadline == run->timer)
        return;
    run->timer = deadline;
    timer_set(deadline);
}

void queue_add(struct thread *thread)
{
    thread->state = THREAD_READY;
    list_add_tail(&thread->vcpu->run->ready, &thread->link);
}

void queue_add_sleeper(struct thread *thread)
{
    struct list *at = thread->vcpu->run->sleepers.next;

    while (at != &thread->vcpu->run->sleepers &&
           LIST_ENTRY(at, struct thread, link)->wake_at <= thread->wake_at)
        at = at->next;
    thread->state = THREAD_SLEEPING;
    list_add_tail(at, &thread->link); /* before `at` */
}

static void sleepers_wake(struct run_queue *run, u64 now)
{
    LIST_FOR_EACH_SAFE(link, after, &run->sleepers)
    {
        struct thread *thread = LIST_ENTRY(link, struct thread, link);

        if (thread->wake_at > now)
            return;
        list_remove(link);
        queue_add(thread);
    }
}

static struct thread *next_choose(struct vcpu *self, struct thread *prev, u64 now)
{
    struct run_queue *run = self->run;
    bool open = lock_take(&run->lock);
    struct thread *next = run->idle;
    struct list *first;

    sleepers_wake(run, now);
    if (prev->state == THREAD_RUNNING && prev != run->idle)
        queue_add(prev);
    first = list_take_first(&run->ready);
    if (first)
        next = LIST_ENTRY(first, struct thread, link);
    next->state = THREAD_RUNNING;
    run->must_look = false;
    run->slice_end = now + run->slice;
    timer_program(run);
    lock_release(&run->lock, open);
    return next;
}

void queue_switch(void)
{
    struct vcpu *self = vcpu_self();
    struct thread *prev = self->thread, *next = next_choose(self, prev, time_now_ns());

    if (next == prev)
        return;
    prev->faults = self->faults;
    self->thread = next;
    self->faults = next->faults;
    thread_switched(context_switch(&prev->sp, next->sp, prev));
}

/* Something was added to this vcpu's queue. */
static void queue_look(struct vcpu *self)
{
    struct run_queue *run = self->run;
    bool open = lock_take(&run->lock);

    if (self->thread == run->idle)
        run->must_look = true;
    else
        timer_program(run);
    lock_release(&run->lock, open);
}

void queue_tell(struct vcpu *vcpu)
{
    bool open = upcalls_mask();

    if (vcpu == vcpu_self())
        queue_look(vcpu);
    else
        event_send(vcpu->run->wake_port);
    upcalls_restore(open);
}

static void on_timer(u32 port, void *data)
{
    struct run_queue *run = data;

    (void)port;
    run->timer = 0;
    run->must_look = true;
}

static void on_wake(u32 port, void *data)
{
    (void)port;
    queue_look(data);
}

static void after_upcall(void)
{
    struct vcpu *self = vcpu_self();
    struct thread *thread = self->thread;

    if (!self->run || !self->run->must_look)
        return;
    if (thread != self->run->idle && !list_is_empty(&self->run->ready))
        thread->preempted++;
    queue_switch();
}

void queue_start(struct vcpu *vcpu, struct thread *first, struct thread *idle, u64 slice)
{
    struct run_queue *run = pfn_to_virt(frame_alloc_zeroed());
    long port;

    list_init(&run->ready);
    list_init(&run->sleepers);
    run->slice = slice;
    run->slice_end = time_now_ns();
    run->idle = idle;
    vcpu->thread = first;
    timer_stop_periodic();
    port = event_bind_virq(VIRQ_TIMER, vcpu, on_timer, run);
    if (port >= 0)
        run->wake_port = (u32)(port = event_bind_ipi(vcpu, on_wake, vcpu));
    if (port < 0)
        guest_panic("vcpu %u has no events for its threads: error %ld", vcpu->id, port);
    event_after_upcall = after_upcall;
    __atomic_store_n(&vcpu->run, run, __ATOMIC_RELEASE); /* others may add threads now */
}
