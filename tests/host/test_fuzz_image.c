// LINK: xen-like/lib/image_elf.c xen-like/lib/image_notes.c xen-like/lib/image_text.c
// LINK: xen-like/lib/image_symtab.c
// LINK: xen-like/lib/image_unpack.c xen-like/lib/image_*z*.c
// LINK: xen-like/lib/third_party/puff/puff.c xen-like/lib/third_party/*z*/*.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: tests/fuzz/fuzz_image.c tests/fuzz/replay.c
/* What fuzzing the reader of kernel images has found worth keeping: replayed. */
#include "tests/fuzz/replay.h"

REPLAY_MAIN("image")
