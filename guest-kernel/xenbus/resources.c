/*
 * What the toolstack gives a guest while it runs, and the guest takes or lets go by itself: memory
 * (memory/target, in KiB) and vcpus (cpu/N/availability, "online" or "offline"); see
 * docs/misc/xenstore-paths of Xen. Nobody forces it: what the kernel does not give back it keeps,
 * and the toolstack sees that.
 *
 * A vcpu that goes down keeps its threads, which do not run until it is up again: a thread of its
 * own makes the call, and finds itself behind it when another vcpu has brought this one up.
 */
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/mm/balloon.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define SLICE         (2 * NS_PER_MILLISECOND)
#define KIB_PER_FRAME (PAGE_SIZE / 1024)

static void on_target(struct xenstore_watch *watch)
{
    static u64 had;
    u64 kib = xenstore_read_number("memory/target", 0), has;

    (void)watch;
    if (!kib)
        return;
    has = balloon_set(kib / KIB_PER_FRAME);
    if (has != (had ? had : start_info->nr_pages))
        console_printf("memory: %" F64 "u KiB of %" F64 "u\n", has * KIB_PER_FRAME, kib);
    had = has;
}

static void go_down(void *arg)
{
    bool open = upcalls_mask();

    (void)arg;
    call_vcpu_op(VCPUOP_down, vcpu_self()->id, NULL);
    upcalls_restore(open);
}

static void vcpu_take(unsigned int id)
{
    struct vcpu *vcpu = vcpu_find(id);
    long answer;

    if (!vcpu) {
        answer = threads_start_vcpu(id, SLICE);
    } else {
        answer = call_vcpu_op(VCPUOP_up, id, NULL);
        if (vcpu->down)
            thread_join(vcpu->down);
        vcpu->down = NULL;
    }
    console_printf("vcpu %u: online%s\n", id, answer ? ", but it cannot be" : "");
}

static void vcpu_leave(unsigned int id)
{
    struct vcpu *vcpu = vcpu_find(id);

    if (!vcpu || !vcpu->run)
        return;
    vcpu->down = thread_create(vcpu, go_down, NULL);
    vcpu_wait_down(id);
    console_printf("vcpu %u: offline\n", id);
}

/* The first one stays: it is what makes these calls. */
static void on_cpus(struct xenstore_watch *watch)
{
    char path[32], word[16];

    (void)watch;
    for (unsigned int id = 1;; id++) {
        bool is_up;

        fmt_snprintf(path, sizeof(path), "cpu/%u/availability", id);
        if (xenstore_read(path, word, sizeof(word)) <= 0)
            return;
        is_up = vcpu_is_up(id);
        if (!is_up && !strcmp(word, "online"))
            vcpu_take(id);
        else if (is_up && !strcmp(word, "offline"))
            vcpu_leave(id);
    }
}

long resources_watch(void)
{
    static struct xenstore_watch target, cpus;
    long answer;

    if (target.fired)
        return 0;
    answer = xenstore_watch(&target, "memory/target", on_target);
    return answer ? answer : xenstore_watch(&cpus, "cpu", on_cpus);
}
