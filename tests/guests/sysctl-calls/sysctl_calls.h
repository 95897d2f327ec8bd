/* The parts of this guest, by what is asked about. */
#ifndef TESTS_GUESTS_SYSCTL_CALLS_H
#define TESTS_GUESTS_SYSCTL_CALLS_H

void machine_rows(void); /* CPUs, memory, nodes, devices */
void sched_rows(void);   /* the scheduler and pools of CPUs */
void console_rows(void); /* the log and debug keys */

#endif
