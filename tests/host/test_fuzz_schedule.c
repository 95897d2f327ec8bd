// LINK: dom0/intercept/schedule.c dom0/intercept/values.c dom0/intercept/values_names.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/fuzz/fuzz_schedule.c tests/fuzz/replay.c
/* What fuzzing the reader of schedules has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("schedule")
