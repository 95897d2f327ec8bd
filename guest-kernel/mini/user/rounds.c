/*
 * Two of these take turns. The counter is at the same address in both: each sees only its own.
 */
#include "guest-kernel/mini/user/system.h"

#define ROUNDS 3

static volatile int counter;

NORETURN void program_main(void)
{
    for (int round = 1; round <= ROUNDS; round++) {
        counter++;
        say("round %d", counter);
        yield();
    }
    exit(counter == ROUNDS ? 0 : 1);
}
