/*
 * Ports and their handlers. Handlers stand in pages that are added as ports come, so that a kernel
 * with ten ports has one page and none has too few.
 *
 * The race of unmasking: clearing MASKED is not enough, for a send that came while it was set has
 * left PENDING and told nobody. So event_unmask clears MASKED, then looks at PENDING, and if it is
 * set lets the hypervisor unmask, which makes the event anew. A send between the two is delivered
 * twice at most; the handler then finds PENDING clear and is not called.
 */
#include "guest-kernel/core/lock.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/event/form.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "xen-like/lib/string.h"

struct binding {
    event_handler *fn;
    void *data;
    struct vcpu *vcpu;
    u64 spare; /* a power of two of bytes */
};

#define BINDINGS_PER_PAGE (PAGE_SIZE / sizeof(struct binding))

const struct event_ops *event_ops;
void (*event_after_upcall)(void);

static struct binding *bindings[EVTCHN_FIFO_NR_CHANNELS / BINDINGS_PER_PAGE];
static struct lock bindings_lock; /* guards the pages' coming, not what is in them */

static struct binding *binding_find(u32 port)
{
    struct binding *page = bindings[port / BINDINGS_PER_PAGE];

    return page ? &page[port % BINDINGS_PER_PAGE] : NULL;
}

static struct binding *binding_make(u32 port)
{
    struct binding **page = &bindings[port / BINDINGS_PER_PAGE];
    bool open = lock_take(&bindings_lock);

    if (!*page)
        *page = pfn_to_virt(frame_alloc_zeroed());
    event_ops->port_init(port);
    lock_release(&bindings_lock, open);
    return binding_find(port);
}

struct vcpu *event_vcpu(u32 port)
{
    const struct binding *binding = binding_find(port);

    return binding && binding->vcpu ? binding->vcpu : &vcpu_boot;
}

void event_rebind(u32 port, struct vcpu *vcpu)
{
    binding_make(port)->vcpu = vcpu;
}

void event_deliver(u32 port)
{
    const struct binding *binding = binding_find(port);

    if (event_ops->take(port) && binding && binding->fn)
        binding->fn(port, binding->data);
}

void event_upcall(void)
{
    struct vcpu *self = vcpu_self();

    /* First this, then look: what comes meanwhile sets it again, and unmasking sees that. */
    ACCESS_ONCE(self->info->evtchn_upcall_pending) = 0;
    event_ops->scan(self);
    if (event_after_upcall)
        event_after_upcall();
}

static bool on_upcall(struct trap_frame *frame)
{
    (void)frame;
    event_upcall();
    return true;
}

long event_init(enum event_form form)
{
    const struct event_ops *ops = form == EVENT_FIFO ? &fifo_ops : &two_level_ops;
    long answer = ops->vcpu_init(&vcpu_boot);

    if (answer)
        return answer;
    memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
    event_ops = ops;
    trap_mask_upcalls();
    trap_handle(VECTOR_EVENT, on_upcall);
    return 0;
}

void event_init_most(void)
{
    if (event_init(EVENT_FIFO))
        event_init(EVENT_TWO_LEVEL);
}

bool event_in_use(void)
{
    return event_ops != NULL;
}

void event_bind_on(struct vcpu *vcpu, u32 port, event_handler *fn, void *data)
{
    *binding_make(port) = (struct binding){.fn = fn, .data = data, .vcpu = vcpu};
    event_unmask(port);
}

void event_bind(u32 port, event_handler *fn, void *data)
{
    event_bind_on(&vcpu_boot, port, fn, data);
}

void event_mask(u32 port)
{
    event_ops->mask(port);
}

void event_unmask(u32 port)
{
    struct evtchn_unmask unmask = {.port = port};

    event_ops->unmask(port);
    if (!event_ops->is_pending(port))
        return;
    event_ops->mask(port); /* the hypervisor acts on a port that is masked */
    call_event_channel_op(EVTCHNOP_unmask, &unmask);
}

bool event_clear(u32 port)
{
    return event_ops->clear(port);
}

bool event_is_pending(u32 port)
{
    return event_ops->is_pending(port);
}
