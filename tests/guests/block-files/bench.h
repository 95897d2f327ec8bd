#ifndef TESTS_GUESTS_BLOCK_FILES_BENCH_H
#define TESTS_GUESTS_BLOCK_FILES_BENCH_H

/* Prints the rows; on the guest's second disk. */
void bench(void);

#endif
