/*
 * More vcpus than shared_info has room for: each beyond the first 32 must have registered a
 * vcpu_info in memory of the guest before it can begin. 130 of them run here, each adds itself to a
 * sum and goes down.
 */
#include "tests/guests/evtchn.h"
#include "tests/guests/vcpus.h"

#define VCPUS 130u
#define LAST  (VCPUS - 1)

static struct vcpu_info infos[VCPUS] __attribute__((aligned(PAGE_SIZE)));
static u8 stacks[VCPUS][2048] __attribute__((aligned(16)));
static struct vcpu_guest_context c;
static volatile u64 sum;

static NORETURN void work(u64 id)
{
    __atomic_fetch_add(&sum, id, __ATOMIC_SEQ_CST);
    for (;;)
        vcpu_op(VCPUOP_down, id, NULL);
}

static long initialise(u64 id)
{
    context_fill(&c, work, id, stacks[id] + sizeof(stacks[id]));
    return vcpu_op(VCPUOP_initialise, id, &c);
}

static long info_register(u64 id)
{
    u64 at = (uintptr_t)&infos[id];
    struct vcpu_register_vcpu_info info = {.mfn = virt_to_mfn((void *)(uintptr_t)at).n,
                                           .offset = at % PAGE_SIZE};

    return vcpu_op(VCPUOP_register_vcpu_info, id, &info);
}

static void say_edges(void)
{
    static const u64 ids[] = {30, 31, 32, 33, LAST, VCPUS, VCPUS + 1};
    struct vcpu_runstate_info r;

    for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
        row(name_nth("edge", "is_up", ids[i]), vcpu_op(VCPUOP_is_up, ids[i], NULL));
        row(name_nth("edge", "up", ids[i]), vcpu_op(VCPUOP_up, ids[i], NULL));
        row(name_nth("edge", "initialise-bad", ids[i]),
            vcpu_op(VCPUOP_initialise, ids[i], (void *)(uintptr_t)NON_CANONICAL));
        row(name_nth("edge", "runstate", ids[i]), vcpu_op(VCPUOP_get_runstate_info, ids[i], &r));
        row(name_nth("edge", "nmi", ids[i]), vcpu_op(VCPUOP_send_nmi, ids[i], (void *)1));
    }
    row("edge.initialise-32", initialise(32));
}

/* An event for a vcpu that has nowhere to be told of it. */
static void say_event(void)
{
    evtchn_port_t port = (evtchn_port_t)evtchn_ipi(LAST);

    port_mask_set(port, false);
    row("event.send", evtchn_send(port));
    row("event.pending", port_pending(port));
    row("event.register", info_register(LAST));
    console_printf("ROW event.info = pending %u mask %u sel 0x%lx\n",
                   infos[LAST].evtchn_upcall_pending, infos[LAST].evtchn_upcall_mask,
                   infos[LAST].evtchn_pending_sel);
    infos[LAST].evtchn_upcall_pending = 0;
    infos[LAST].evtchn_pending_sel = 0;
    port_pending_set(port, false);
    row("event.send-again", evtchn_send(port));
    console_printf("ROW event.told = pending %u sel 0x%lx\n", infos[LAST].evtchn_upcall_pending,
                   infos[LAST].evtchn_pending_sel);
}

static void say_all(void)
{
    u64 refused = 0, wanted = 0;

    for (u64 id = 1; id < VCPUS; id++) {
        refused += id >= XEN_LEGACY_MAX_VCPUS && id != LAST && info_register(id);
        refused += initialise(id) || vcpu_op(VCPUOP_up, id, NULL);
        wanted += id;
    }
    row_want("all.refused", (s64)refused, 0);
    wait_for(&sum, wanted);
    for (u64 id = 1; id < VCPUS; id++)
        while (vcpu_op(VCPUOP_is_up, id, NULL))
            yield();
    row_want("all.sum", (s64)sum, (s64)wanted);
}

void guest_main(void)
{
    say_edges();
    say_event();
    say_all();
    guest_end();
}
