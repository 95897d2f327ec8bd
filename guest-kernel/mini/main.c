/*
 * The mini-kernel: what a paravirtual kernel is, in nineteen steps. Each step does one thing that
 * a kernel on this hypervisor has to do, checks that it worked, and prints what it did. Read the
 * steps in the order of the table below; what they lean on is in ../core, ../mm and ../x86_64.
 *
 * The text is the same on every hypervisor that speaks Xen's ABI: no line shows a number that may
 * differ (machine addresses, amounts of memory, versions). Only lines that begin with ~ do: times.
 * With `time` on the command line it shows something else: see time_demo.c. With `shell` it reads
 * commands afterwards: see shell.c.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/mini/steps.h"

static const struct {
    const char *name;
    bool (*run)(void);
} steps[] = {
    {"start", step_start},               /* what the loader hands over */
    {"hypercalls", step_hypercalls},     /* asking the hypervisor */
    {"console", step_console},           /* being heard */
    {"traps", step_traps},               /* exceptions come to our own handlers */
    {"frames", step_frames},             /* a page allocator */
    {"page tables", step_page_tables},   /* a table of our own: build, pin, switch */
    {"processes", step_processes},       /* two user processes take turns */
    {"demand paging", step_demand_page}, /* memory that appears when it is touched */
    {"fork", step_fork},                 /* a copy-on-write child */
    {"end of memory", step_end},         /* every frame is back */
    {"events", step_events},             /* being interrupted */
    {"clock", step_clock},               /* the time, real and on the wall; an alarm */
    {"threads", step_threads},           /* a timer takes the CPU from one for another */
    {"two vcpus", step_vcpus},           /* another CPU, and interrupts between the two */
    {"idle", step_idle},                 /* nothing to do, and the account of time */
    {"pre-emption", step_preemption},    /* processes that never call */
    {"xenstore", step_xenstore},         /* who tells a guest of its devices, and when to end */
    {"disk", step_disk},                 /* files on a disk that another domain has */
    {"network", step_network},           /* a network card, an address, a neighbour */
};

static void steps_run(void)
{
    unsigned int failed = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
        console_printf("[%u] %s\n", i + 1, steps[i].name);
        if (!steps[i].run()) {
            console_printf("    FAILED\n");
            failed++;
        }
    }
    if (failed)
        console_printf("mini-kernel: %u steps FAILED\n", failed);
    else
        console_printf("mini-kernel: %u steps, all steps passed\n",
                       (unsigned int)ARRAY_SIZE(steps));
}

void guest_main(void)
{
    grant_init(); /* before the first process; who needs it asks again whether it worked */
    if (cmdline_has("time"))
        console_printf("mini-kernel: time, %s\n",
                       time_demonstration() ? "all steps passed" : "FAILED");
    else if (cmdline_has("shell") || !shell_wanted())
        steps_run();
    if (shell_wanted())
        shell_run();
    guest_shutdown(SHUTDOWN_poweroff);
}
