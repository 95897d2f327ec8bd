/*
 * LZ4 in the form of its old command line tool, which Linux's build uses: a magic word, then for
 * each 8 MiB the length of a block, and the block. (doc/lz4_Frame_format.md, "Legacy frame".)
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/string.h"
#include "xen-like/lib/third_party/lz4/lz4_decoder.h"

#define LZ4_MAGIC_BYTES 4
#define LZ4_CHUNK       MIB(8)

enum unpacked image_unpack_lz4(struct unpacking *u)
{
    u32 length;

    for (u->taken = LZ4_MAGIC_BYTES; u->taken < u->size; u->taken += length) {
        size_t left = u->room - u->made;
        int made;

        if (u->size - u->taken < sizeof(length))
            return UNPACK_DAMAGED;
        memcpy(&length, u->from + u->taken, sizeof(length));
        u->taken += sizeof(length);
        if (length > u->size - u->taken || length > INT32_MAX)
            return UNPACK_DAMAGED;
        made =
            lz4_decode(u->to + u->made, (int)MIN(left, LZ4_CHUNK), u->from + u->taken, (int)length);
        if (made < 0)
            return left ? UNPACK_DAMAGED : UNPACK_MORE;
        u->made += (size_t)made;
    }
    return UNPACK_DONE;
}
