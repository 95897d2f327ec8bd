/*
 * What each operation costs. A paravirtual kernel asks the hypervisor where a kernel on the bare
 * machine just writes a register or a word of memory, so the price of asking is the price of the
 * design. The same binary runs on Debian's Xen: `make bench` prints both, in instructions
 * (-icount) and in ticks, beside what is aimed at.
 *
 * Rows are named after the table they are compared with. A row counts from the guest's first
 * instruction of asking to its first instruction after, the stub of the hypercall page included;
 * the handlers on the guest's side are in stubs.asm, as few instructions as will do.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"
#include "tests/guests/settle.h"

void guest_main(void)
{
    emulator_settle();
    rows_calls();
    rows_updates();
    rows_tables();
    rows_memory();
    rows_grants();
    rows_emulation();
    rows_trace();
    rows_bounces(); /* takes the kernel's trap handlers away: from here on nothing may trap */
    rows_events();
    rows_timers();
    rows_switches();
    guest_end();
}
