// LINK: dom0/xenstore/path.c dom0/xenstore/content.c dom0/xenstore/account.c dom0/xenstore/tree.c
// LINK: dom0/xenstore/client.c dom0/xenstore/transaction.c dom0/xenstore/view.c
// LINK: dom0/xenstore/watch.c
// LINK: dom0/xenstore/operations.c dom0/xenstore/requests.c dom0/xenstore/requests_domain.c
// LINK: dom0/xenstore/ring.c dom0/xenstore/audit.c dom0/xenstore/store.c
// LINK: ioring/byte_ring.c ioring/xenstore_message.c tests/host/store_machine.c
// LINK: xen-like/lib/string.c xen-like/lib/fmt.c xen-like/lib/parse.c
// LINK: tests/fuzz/fuzz_xenstore.c tests/fuzz/replay.c
/* What fuzzing the xenstore's clients has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("xenstore")
