/*
 * Bringing up a vcpu. There is no real mode, no start-up IPI: vcpu_op initialise takes all
 * registers at once, with trap table, callbacks, page tables and stack (struct vcpu_guest_context:
 * what a CPU is to this ABI), and `up` makes it run. So the new vcpu begins in C, with its struct
 * vcpu as argument and found by GS.
 *
 * A vcpu is initialised once. Going down is a hypercall that returns when it is brought up again:
 * vcpu_main is a loop.
 */
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/width.h"
#include "guest-kernel/event/form.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/sched/stack.h"
#include "guest-kernel/time/timer.h"
#include "xen-like/lib/string.h"

static struct lock start_lock; /* guards vcpu_list's growth and `context` */
static struct vcpu_guest_context context;

static void vcpu_main(struct vcpu *self)
{
    for (;;) {
        timer_stop_periodic();
        self->start(self->start_arg);
        upcalls_mask();
        call_vcpu_op(VCPUOP_down, self->id, NULL);
    }
}

unsigned int vcpu_count(void)
{
    unsigned int count = 1;

    while (call_vcpu_op(VCPUOP_is_up, count, NULL) >= 0)
        count++;
    return count;
}

bool vcpu_is_up(unsigned int id)
{
    return call_vcpu_op(VCPUOP_is_up, id, NULL) == 1;
}

/* The shared page has room for the first vcpus only; others get a place in our memory. */
static long info_place(struct vcpu *vcpu, pfn_t pfn)
{
    struct vcpu_register_vcpu_info place = {.mfn = (xen_pfn_t)pfn_to_mfn(pfn).n,
                                            .offset = PAGE_SIZE / 2};

    if (vcpu->id < XEN_LEGACY_MAX_VCPUS) {
        vcpu->info = &shared_info->vcpu_info[vcpu->id];
        return 0;
    }
    vcpu->info = (void *)((u8 *)vcpu + place.offset);
    return call_vcpu_op(VCPUOP_register_vcpu_info, vcpu->id, &place);
}

static void context_fill(const struct vcpu *vcpu)
{
    void *top = (u8 *)vcpu->stack + STACK_SIZE;

    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_syscall_disables_events | VGCF_failsafe_disables_events;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    trap_table_fill(context.trap_ctxt);
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp =
        (unsigned long)top; /* for traps from user mode, until user_run says otherwise */
    context.ctrlreg[3] = xen_pfn_to_cr3(table_boot_root().n);
    context_begin(&context, vcpu, vcpu_main, top);
}

/* From now on vcpu_self has to look. */
static void self_begin(void)
{
    if (vcpu_others)
        return;
    if (vcpu_boot_begin())
        guest_panic("the GS base cannot be set");
    vcpu_others = true;
}

static struct vcpu *vcpu_create(unsigned int id)
{
    pfn_t pfn = frame_alloc_zeroed();
    struct vcpu *vcpu = pfn_to_virt(pfn);
    long answer;

    *vcpu = (struct vcpu){.self = vcpu, .id = id, .stack = stack_alloc()};
    answer = info_place(vcpu, pfn);
    if (!answer && event_ops)
        answer = event_ops->vcpu_init(vcpu);
    if (!answer) {
        context_fill(vcpu);
        answer = call_vcpu_op(VCPUOP_initialise, id, &context);
    }
    if (answer)
        guest_panic("vcpu %u cannot be made: error %ld", id, answer);
    vcpu->info->evtchn_upcall_mask = 1;
    list_add_tail(&vcpu_list, &vcpu->link);
    return vcpu;
}

long vcpu_start(unsigned int id, void (*fn)(void *arg), void *arg)
{
    struct vcpu *vcpu;
    long answer;
    bool open;

    answer = call_vcpu_op(VCPUOP_is_up, id, NULL);
    if (answer)
        return answer > 0 ? -XEN_EEXIST : answer;
    self_begin();
    open = lock_take(&start_lock);
    vcpu = vcpu_find(id);
    if (!vcpu)
        vcpu = vcpu_create(id);
    lock_release(&start_lock, open);
    vcpu->start = fn;
    vcpu->start_arg = arg;
    return call_vcpu_op(VCPUOP_up, id, NULL);
}

void vcpu_wait_down(unsigned int id)
{
    while (vcpu_is_up(id)) {
        call_sched_op(SCHEDOP_yield, NULL);
        __builtin_ia32_pause(); /* as in lock.h; an emulator of several CPUs in turns ends its turn
                                 */
    }
}
