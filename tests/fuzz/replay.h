/*
 * A fuzz target is a function that is given bytes: tests/fuzz/fuzz_NAME.c. libFuzzer makes bytes up
 * (`make fuzz`); a host test, tests/host/test_fuzz_NAME.c, gives it those that were kept, in
 * tests/fuzz/corpus/NAME, and needs neither clang nor libFuzzer.
 *
 * Whatever is wrong ends the target: a finding of a sanitizer, a BUG, or an assertion of cmocka's
 * (outside a test that is an abort: tests/lib/fuzzing.py says so to cmocka).
 */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The target, by the name that libFuzzer wants. 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Give the target each file of tests/fuzz/corpus/@name, or of $REPLAY (a file). */
void replay_corpus(const char *name);

#define REPLAY_MAIN(name)                                                                          \
    static void all_inputs_that_were_kept_are_handled(void **state)                                \
    {                                                                                              \
        (void)state;                                                                               \
        replay_corpus(name);                                                                       \
    }                                                                                              \
                                                                                                   \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {                                                        \
            cmocka_unit_test(all_inputs_that_were_kept_are_handled),                               \
        };                                                                                         \
                                                                                                   \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#endif
