/* Timing; measure.h says how. */
#include "tests/guests/bench/measure.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"

#define PASSES 7 /* odd, so that one of them is the median */

static long nothing(void)
{
    return 0;
}

void bench_require(const char *what, long answer)
{
    if (answer < 0)
        guest_panic("bench: %s: error %ld", what, answer);
}

/* The loop reads run through a volatile pointer, so that nothing() is not inlined away. */
static u64 pass_repeated(const struct bench *bench, bench_operation *volatile *run)
{
    bench_operation *operation = *run;
    long answers = 0;
    u64 start = ticks_now(), end;

    for (unsigned int i = 0; i < bench->runs; i++)
        answers |= operation();
    end = ticks_now();
    bench_require(bench->name, answers);
    return end - start;
}

static u64 pass_undone(const struct bench *bench, bench_operation *volatile *run)
{
    bench_operation *operation = *run;
    long answers = 0;
    u64 total = 0;

    for (unsigned int i = 0; i < bench->runs; i++) {
        u64 start = ticks_now();

        answers |= operation();
        total += ticks_now() - start;
        if (operation != nothing)
            bench_require(bench->name, bench->undo());
    }
    bench_require(bench->name, answers);
    return total;
}

static u64 median_of(u64 *values)
{
    for (unsigned int i = 1; i < PASSES; i++) {
        for (unsigned int j = i; j > 0 && values[j] < values[j - 1]; j--) {
            u64 swap = values[j];

            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    }
    return values[PASSES / 2];
}

static u64 bench_median(const struct bench *bench, bench_operation *run)
{
    bench_operation *volatile operation = run;
    u64 passes[PASSES];

    for (int i = -1; i < PASSES; i++) {
        u64 ticks = bench->undo ? pass_undone(bench, &operation) : pass_repeated(bench, &operation);

        if (i >= 0)
            passes[i] = ticks;
    }
    return median_of(passes);
}

void bench_rows(const struct bench *benches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bench bench = benches[i];
        u64 total, empty;

        bench.runs = bench.runs ? bench.runs : RUNS_DEFAULT;
        empty = bench_median(&bench, nothing);
        total = bench_median(&bench, bench.run);
        row_bench(bench.name, (u64)bench.runs * MAX(bench.per_run, 1u),
                  total > empty ? total - empty : 0);
    }
}

static u64 timed_median(u64 (*measure)(const void *what), const void *what)
{
    u64 passes[PASSES];

    measure(what); /* warms up */
    for (unsigned int i = 0; i < PASSES; i++)
        passes[i] = measure(what);
    return median_of(passes);
}

void bench_timed_row(const char *name, u64 count, u64 (*measure)(const void *what),
                     const void *what, const void *empty)
{
    row_bench(name, count, timed_median(measure, what) - timed_median(measure, empty));
}
