/*
 * How an operation is timed. A pass runs it `runs` times and reads the TSC before and after; the
 * same loop around a function that does nothing is subtracted; the first pass only warms up; what
 * is printed is the median of the others. Under -icount shift=0 a tick is an instruction and all
 * passes agree.
 *
 * An operation that must be undone before it can be done again is timed run by run, and the undoing
 * is not timed.
 */
#ifndef TESTS_GUESTS_BENCH_MEASURE_H
#define TESTS_GUESTS_BENCH_MEASURE_H

#include "xen-like/lib/types.h"

/* Answers 0 or more; below 0 the row is worth nothing and the bench ends. */
typedef long bench_operation(void);

struct bench {
    const char *name;
    bench_operation *run;
    bench_operation *undo; /* NULL: run can simply be repeated */
    unsigned int per_run;  /* operations in one run; 0 stands for 1 */
    unsigned int runs;     /* runs in one pass; 0 stands for RUNS_DEFAULT */
};

#define RUNS_DEFAULT 400
#define RUNS_LONG    40 /* for operations of tens of thousands of instructions */

void bench_rows(const struct bench *benches, size_t count);

/* For operations that time themselves: measure(what) answers the ticks of `count` of them, and
 * measure(empty) those of the same without the operation. */
void bench_timed_row(const char *name, u64 count, u64 (*measure)(const void *what),
                     const void *what, const void *empty);

/* What a measured operation is made of must have worked: ends the bench otherwise. */
void bench_require(const char *what, long answer);

static inline u64 ticks_now(void)
{
    u32 low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (u64)high << 32 | low;
}

#endif
