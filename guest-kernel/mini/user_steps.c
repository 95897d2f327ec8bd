/*
 * The steps with user processes. Each starts one of the programs in user/, lets all processes run
 * to their end, and judges by their exit codes (a program checks what it sees and exits with 0) and
 * by what the kernel counted.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/mini/process.h"
#include "guest-kernel/mini/programs.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"

#define TICK NS_PER_MILLISECOND

/* Two processes run the same program; each has its own memory, so each counts for itself. */
bool step_processes(void)
{
    struct process_totals totals;

    process_start(rounds_bin, rounds_bin_len);
    process_start(rounds_bin, rounds_bin_len);
    totals = process_run_all();
    console_printf("    %u processes ended, %u of them badly\n", totals.ended, totals.failed);
    return totals.ended == 2 && !totals.failed;
}

bool step_demand_page(void)
{
    struct process_totals totals;

    process_start(pages_bin, pages_bin_len);
    totals = process_run_all();
    console_printf(
        "    pages filled by the fault handler: %u of program, %u of heap, %u of stack\n",
        totals.filled[REGION_IMAGE], totals.filled[REGION_HEAP], totals.filled[REGION_STACK]);
    return totals.ended == 1 && !totals.failed && totals.filled[REGION_HEAP] == PAGES_TOUCHED;
}

/* Parent and child share all pages until one of them writes; the writer then gets a copy. */
bool step_fork(void)
{
    struct process_totals totals;

    process_start(family_bin, family_bin_len);
    totals = process_run_all();
    console_printf("    heap pages shared by fork: %u, copied on a write: %u, not copied as the "
                   "other was gone: %u\n",
                   totals.shared[REGION_HEAP], totals.copied[REGION_HEAP],
                   totals.reclaimed[REGION_HEAP]);
    return totals.ended == 2 && !totals.failed && totals.shared[REGION_HEAP] == FAMILY_PAGES &&
           totals.copied[REGION_HEAP] == FAMILY_CHANGED;
}

/* Two processes that compute and never call: an event comes while they do, and the kernel is back.
 */
bool step_preemption(void)
{
    struct process_totals totals;

    if (timer_set_periodic(TICK))
        return false;
    process_start(busy_bin, busy_bin_len);
    process_start(busy_bin, busy_bin_len);
    totals = process_run_all();
    timer_stop_periodic();
    console_printf("    %u processes computed without a call; taken off the CPU by a timer: %s\n",
                   totals.ended, totals.interrupted ? "yes" : "no");
    return totals.ended == 2 && !totals.failed && totals.interrupted;
}
