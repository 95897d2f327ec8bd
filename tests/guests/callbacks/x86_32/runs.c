/* There is nothing to run that entries-32 would not: it has each callback, and its frame. */
#include "tests/guests/callbacks/callbacks.h"

void say_runs(void)
{
}
