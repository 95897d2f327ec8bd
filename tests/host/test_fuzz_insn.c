// LINK: xen-like/lib/insn.c xen-like/lib/insn_compute.c hypervisor/cpu/emulate_decode.c
// LINK: tests/fuzz/fuzz_insn.c tests/fuzz/replay.c
/* What fuzzing the decoders of instructions has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("insn")
