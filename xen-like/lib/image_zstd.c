/*
 * zstd (RFC 8878), as Linux's build packs a kernel: one frame, or several.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/third_party/zstd/zstd_decoder.h"

_Static_assert(ZSTD_WORK_BYTES <= IMAGE_WORK_BYTES, "zstd needs more room to work");

enum unpacked image_unpack_zstd(struct unpacking *u)
{
    size_t made = u->room, frame;
    enum zstd_answer answer;

    do {
        frame = zstd_frame_size(u->from + u->taken, u->size - u->taken);
        u->taken += frame;
    } while (frame && u->taken < u->size);
    if (!u->taken)
        return UNPACK_DAMAGED;
    answer = zstd_decode(u->to, &made, u->from, u->taken, u->work);
    u->made = made;
    return answer == ZSTD_GOOD ? UNPACK_DONE : answer == ZSTD_MORE ? UNPACK_MORE : UNPACK_DAMAGED;
}
