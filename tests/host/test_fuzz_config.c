// LINK: dom0/toolstack/config.c dom0/toolstack/config_text.c dom0/toolstack/config_cpus.c
// LINK: dom0/toolstack/archive.c
// LINK: dom0/toolstack/config_fields.c dom0/toolstack/config_disk.c dom0/toolstack/config_vif.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/fuzz/fuzz_config.c tests/fuzz/replay.c
/* What fuzzing the readers of dom0's files has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("config")
