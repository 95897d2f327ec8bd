/*
 * A thread's life. Its stack is a run of frames with struct thread at the bottom. The end is the
 * subtle part: a thread cannot give back the stack that it stands on. It leaves the CPU for ever,
 * whoever runs next marks it as left, and who joins it frees the stack.
 */
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/sched/queue.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/sched/stack.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "xen-like/lib/string.h"

#define CANARY 0x6e6f206675727468ull

extern char thread_entry[];
NORETURN void thread_begin(struct thread *prev);

struct thread *thread_self(void)
{
    return vcpu_self()->thread;
}

#ifdef __x86_64__
#define REGISTERS_PUSHED 6 /* by context_switch */
#else
#define REGISTERS_PUSHED 4
#endif

/* The first time that the thread runs: as if it came back from a switch. */
static struct thread *thread_make(struct vcpu *vcpu, void (*fn)(void *arg), void *arg)
{
    struct thread *thread = stack_alloc();
    unsigned long *sp = (unsigned long *)((u8 *)thread + STACK_SIZE);

    *--sp = 0; /* so that the stack is aligned as behind a call */
    *--sp = (unsigned long)thread_entry;
    sp -= REGISTERS_PUSHED;
    memset(sp, 0, REGISTERS_PUSHED * sizeof(*sp));
    *thread = (struct thread){.sp = (unsigned long)sp,
                              .vcpu = vcpu,
                              .fn = fn,
                              .arg = arg,
                              .canary = CANARY,
                              .state = THREAD_READY};
    list_init(&thread->link);
    return thread;
}

struct thread *thread_create(struct vcpu *vcpu, void (*fn)(void *arg), void *arg)
{
    struct thread *thread = thread_make(vcpu, fn, arg);
    bool open = lock_take(&vcpu->run->lock);

    queue_add(thread);
    lock_release(&vcpu->run->lock, open);
    queue_tell(vcpu);
    return thread;
}

/* Upcalls masked. */
void thread_switched(struct thread *prev)
{
    struct thread *joiner;
    bool open;

    if (prev->canary != CANARY)
        guest_panic("a thread's stack was too small");
    if (prev->state != THREAD_ENDED)
        return;
    open = lock_take(&prev->vcpu->run->lock);
    joiner = prev->joiner;
    prev->left = true; /* from here on it may vanish at any moment */
    lock_release(&vcpu_self()->run->lock, open);
    if (joiner)
        thread_wake(joiner);
}

NORETURN void thread_begin(struct thread *prev)
{
    struct thread *self = thread_self();

    thread_switched(prev);
    upcalls_unmask();
    self->fn(self->arg);
    upcalls_mask();
    self->state = THREAD_ENDED;
    queue_switch();
    guest_panic("an ended thread ran");
}

void thread_join(struct thread *thread)
{
    struct run_queue *run = thread->vcpu->run;
    bool open = lock_take(&run->lock);

    thread->joiner = thread_self();
    while (!thread->left) {
        lock_release(&run->lock, open);
        thread_wait();
        open = lock_take(&run->lock);
    }
    lock_release(&run->lock, open);
    stack_free(thread);
}

void thread_yield(void)
{
    bool open = upcalls_mask();

    queue_switch();
    upcalls_restore(open);
}

void thread_sleep(u64 ns)
{
    struct thread *self = thread_self();
    bool open = lock_take(&self->vcpu->run->lock);

    self->wake_at = time_now_ns() + ns;
    queue_add_sleeper(self);
    lock_release(&self->vcpu->run->lock, false); /* nobody else may run before the switch */
    queue_switch();
    upcalls_restore(open);
}

#define FOR_EVER (~0ull)

void thread_wait_until(u64 when)
{
    struct thread *self = thread_self();
    bool open = lock_take(&self->vcpu->run->lock);

    if (!self->woken) {
        if (when != FOR_EVER) {
            self->wake_at = when;
            queue_add_sleeper(self);
        }
        self->state = THREAD_WAITING;
    }
    self->woken = false;
    lock_release(&self->vcpu->run->lock, false);
    if (self->state != THREAD_RUNNING)
        queue_switch();
    upcalls_restore(open);
}

void thread_wait(void)
{
    thread_wait_until(FOR_EVER);
}

void thread_wake(struct thread *thread)
{
    struct vcpu *vcpu = thread->vcpu;
    bool open = lock_take(&vcpu->run->lock);
    bool waited = thread->state == THREAD_WAITING;

    if (waited) {
        list_remove(&thread->link); /* of the sleepers, if it waits only so long */
        queue_add(thread);
    } else {
        thread->woken = true;
    }
    lock_release(&vcpu->run->lock, open);
    if (waited)
        queue_tell(vcpu);
}

/*
 * Nobody is ready: until there is an event the hypervisor may give the CPU to others. Looking and
 * blocking with upcalls masked: nobody can become ready in between and be slept over, since
 * blocking opens upcalls, and does not block if one is due.
 */
NORETURN static void idle(void *arg)
{
    const struct run_queue *run = vcpu_self()->run;

    (void)arg;
    for (;;) {
        upcalls_mask();
        if (ACCESS_ONCE(run->must_look))
            queue_switch();
        else
            vcpu_block();
    }
}

void threads_start(u64 slice_ns)
{
    struct vcpu *self = vcpu_self();
    struct thread *first = thread_make(self, NULL, NULL);

    upcalls_mask();
    first->state = THREAD_RUNNING;
    queue_start(self, first, thread_make(self, idle, NULL), slice_ns);
    upcalls_unmask();
}

static void vcpu_run_threads(void *slice)
{
    threads_start((unsigned long)slice);
    for (;;)
        thread_wait();
}

long threads_start_vcpu(unsigned int id, u64 slice_ns)
{
    long answer = vcpu_start(id, vcpu_run_threads, (void *)(unsigned long)slice_ns);

    while (!answer && !ACCESS_ONCE(vcpu_find(id)->run)) {
        call_sched_op(SCHEDOP_yield, NULL);
        __builtin_ia32_pause(); /* as in lock.h */
    }
    return answer;
}
