// LINK: dom0/console/editor.c dom0/console/keys.c dom0/console/completion.c
// LINK: dom0/shell/words.c dom0/shell/columns.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/fuzz/fuzz_line.c tests/fuzz/replay.c
/* What fuzzing dom0's line editor has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("line")
