// LINK: ioring/block.c ioring/network.c xen-like/lib/string.c
// LINK: tests/fuzz/fuzz_ring.c tests/fuzz/replay.c
/* What fuzzing one end of a ring as the other has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("ring")
