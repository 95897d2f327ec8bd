/* The groups of rows; each sets up what it needs, prints its rows, and leaves the rest as it was.
 */
#ifndef TESTS_GUESTS_BENCH_ROWS_H
#define TESTS_GUESTS_BENCH_ROWS_H

void rows_calls(void);   /* the way in and out, multicall, small calls on the vcpu */
void rows_updates(void); /* entries of page tables, one and many */
void rows_tables(void);  /* whole tables: hook, pin; base pointers and flushes */
void rows_memory(void);  /* frames given back and asked for; pages cleared and copied */
void rows_emulation(void);
void rows_trace(void);    /* privileged instructions that the hypervisor carries out */
void rows_events(void);   /* event channels, in both ABIs */
void rows_grants(void);   /* mapping and copying of what is granted */
void rows_timers(void);   /* timers set, stopped, and how late they come */
void rows_switches(void); /* two vcpus on one CPU */
void rows_bounces(void);  /* traps, bounced into the kernel and returned from */

#endif
