/*
 * bzip2, as Linux's build packs a kernel: one stream.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/third_party/bzip2/bzip2_decoder.h"

_Static_assert(BZIP2_WORK_BYTES <= IMAGE_WORK_BYTES, "bzip2 needs more room to work");

enum unpacked image_unpack_bzip2(struct unpacking *u)
{
    enum bzip2_answer answer;

    u->taken = u->size;
    u->made = u->room;
    answer = bzip2_decode(u->to, &u->made, u->from, &u->taken, u->work);
    return answer == BZIP2_GOOD ? UNPACK_DONE : answer == BZIP2_MORE ? UNPACK_MORE : UNPACK_DAMAGED;
}
