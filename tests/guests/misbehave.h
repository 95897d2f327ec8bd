/*
 * For tests of shares: what a vcpu may do with its time. Each goes on until `stop`.
 *
 * Each `pause`s once a round, which costs it nothing: the emulator under -icount lets the next CPU
 * have its turn there. Without it a CPU runs up to the next timer of any, the ones after it find no
 * time left to run in, and so on for ever.
 */
#ifndef TESTS_GUESTS_MISBEHAVE_H
#define TESTS_GUESTS_MISBEHAVE_H

#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"
#include "tests/guests/common.h"

static volatile bool stop;

static inline void on_event(u32 port, void *data)
{
    (void)port;
    (void)data;
}

static inline void let_next_cpu(void)
{
    asm volatile("pause");
}

static inline void compute(void *unused)
{
    (void)unused;
    while (!stop)
        let_next_cpu();
}

static inline void loop_in_calls(void *unused)
{
    (void)unused;
    for (; !stop; let_next_cpu())
        call_xen_version(XENVER_version, NULL);
}

/* Another address space each time: the one it has, with all translations gone. */
static inline void change_spaces(void *unused)
{
    u64 root = table_boot_root().n;

    (void)unused;
    for (; !stop; let_next_cpu()) {
        mmuext(MMUEXT_NEW_BASEPTR, root);
        mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
    }
}

static inline void fault_for_ever(void *unused)
{
    unsigned long value;

    (void)unused;
    for (; !stop; let_next_cpu())
        probe_read((const void *)0x1000, &value);
}

static inline void flood(void *unused)
{
    long port = event_bind_ipi(vcpu_self(), on_event, NULL);
    struct evtchn_send send = {.port = (evtchn_port_t)port};

    (void)unused;
    upcalls_unmask();
    for (; !stop; let_next_cpu())
        call_event_channel_op(EVTCHNOP_send, &send);
    upcalls_mask();
}

#endif
