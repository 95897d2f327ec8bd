/*
 * The smallest kernel that does something: it counts ten ticks a second and answers each event on
 * its console's port with one. Tests of scale make a thousand of it, in 64 KiB each.
 *
 * It polls for its two ports with upcalls masked, so it needs no handler, no trap table and no
 * stack but the loader's; whatever is refused crashes it, so that somebody sees it.
 */
#include "guest-kernel/tiny/tiny.h"
#include "xen-like/abi/guest_stubs.h"
#include "xen-like/abi/xen.h"

#define PAGE_FLAGS  3 /* present, writable */
#define WORD_BITS   (8 * sizeof(xen_ulong_t))
#define TICK_PERIOD (1000000000ull / TINY_TICKS_HERTZ)

extern struct shared_info shared_page;
extern char image_base[];
NORETURN void tiny_main(const struct start_info *info);

static NORETURN void end(unsigned int reason)
{
    struct sched_shutdown shutdown = {.reason = reason};

    for (;;)
        hypercall_sched_op(SCHEDOP_shutdown, (unsigned long)&shutdown);
}

static void must(long answer)
{
    if (answer)
        end(SHUTDOWN_crash);
}

/* Asks for the tick after the last one, which may be long ago: then it comes at once. (A periodic
 * timer would not wake a vcpu that polls.) */
static void tick_next(void)
{
    static u64 deadline;

    if (!deadline)
        deadline = ACCESS_ONCE(shared_page.vcpu_info[0].time.system_time);
    deadline += TICK_PERIOD;
    must(hypercall_set_timer_op(deadline));
}

static u32 timer_start(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER};

    must(hypercall_event_channel_op(EVTCHNOP_bind_virq, (unsigned long)&bind));
    must(hypercall_vcpu_op(VCPUOP_stop_periodic_timer, 0, 0));
    tick_next();
    return bind.port;
}

/* Takes a port's event, if there is one. */
static bool port_take(u32 port)
{
    xen_ulong_t bit = 1ul << port % WORD_BITS;
    xen_ulong_t *word = &shared_page.evtchn_pending[port / WORD_BITS];

    return __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit;
}

NORETURN void tiny_main(const struct start_info *info)
{
    unsigned long store_pfn = machine_to_phys_mapping[info->store_mfn];
    volatile struct tiny_report *report = (void *)(image_base + (store_pfn << PAGE_SHIFT));
    struct evtchn_send send = {.port = info->console.domU.evtchn};
    evtchn_port_t ports[2] = {send.port};
    struct sched_poll poll = {.nr_ports = ARRAY_SIZE(ports)};

    must(hypercall_update_va_mapping((unsigned long)&shared_page, info->shared_info | PAGE_FLAGS,
                                     UVMF_INVLPG));
    ports[1] = timer_start();
    set_xen_guest_handle(poll.ports, ports);
    for (;;) {
        must(hypercall_sched_op(SCHEDOP_poll, (unsigned long)&poll));
        if (port_take(ports[1])) {
            report->ticks++;
            tick_next();
        }
        if (port_take(send.port)) {
            report->events++;
            must(hypercall_event_channel_op(EVTCHNOP_send, (unsigned long)&send));
        }
    }
}
