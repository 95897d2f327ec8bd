/*
 * From the first C function to guest_main. The order matters: the console needs nothing but the
 * hypercall page, so it works from the first line; traps come next, so that a mistake in all that
 * follows is reported; memory last.
 */
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/vcpu.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/pte.h"
#include "guest-kernel/core/hypercall.h"

const struct start_info *start_info;
struct shared_info *shared_info;

/*
 * start_info names the shared page by its machine address: it is no frame of ours and has no place
 * in our address space until we give it one. This page of the image lends its address.
 */
static u8 shared_info_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void shared_info_map(void)
{
    long answer = call_update_va_mapping(
        shared_info_page, start_info->shared_info | PTE_PRESENT | PTE_WRITE, UVMF_INVLPG);

    if (answer)
        guest_panic("the shared page cannot be mapped: error %ld", answer);
    shared_info = (struct shared_info *)shared_info_page;
    vcpu_boot.info = &shared_info->vcpu_info[0];
}

NORETURN void guest_start(const struct start_info *info);

NORETURN void guest_start(const struct start_info *info)
{
    start_info = info;
    shared_info_map();
    trap_init();
    frame_init(direct_map_init());
    guest_main();
    guest_shutdown(SHUTDOWN_poweroff);
}

NORETURN void guest_shutdown(unsigned int reason)
{
    struct sched_shutdown shutdown = {.reason = reason};

    call_sched_op(SCHEDOP_shutdown, &shutdown);
    for (;;) { /* only a hypervisor without sched_op gets here */
        call_sched_op(SCHEDOP_yield, NULL);
        __builtin_ia32_pause(); /* as in lock.h */
    }
}
