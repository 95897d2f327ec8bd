/* libbzip2's decoder as one piece, fitted to its surroundings; its compressor is not here. */
#include "xen-like/lib/third_party/bzip2/bzip2_decoder.h"

#include <stdlib.h>

#include "xen-like/lib/string.h"
#include "xen-like/lib/types.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#define BZ_NO_STDIO
#define malloc(size) NULL /* memory comes from bzip2_take alone */
#define free(place)  ((void)(place))

#include "src/crctable.c"
#include "src/randtable.c"
#include "src/huffman.c"
#include "src/decompress.c"

/* What the compressor's half of bzlib.c, never called, would call. */
void BZ2_compressBlock(EState *state, Bool last)
{
    (void)state, (void)last;
}

#include "src/bzlib.c"

/* The library's assertions are about its own tables, which it has checked: none can fail. */
void bz_internal_error(int number)
{
    (void)number;
    __builtin_trap();
}

struct room {
    unsigned char *place;
    size_t left;
};

static void *bzip2_take(void *opaque, int count, int size)
{
    struct room *room = opaque;
    size_t bytes = ALIGN_UP((size_t)count * size, (size_t)16);
    void *place = room->place;

    if (bytes > room->left)
        return NULL;
    room->place += bytes;
    room->left -= bytes;
    return place;
}

static void bzip2_give(void *opaque, void *place)
{
    (void)opaque, (void)place;
}

enum bzip2_answer bzip2_decode(void *to, size_t *made, const void *from, size_t *size, void *work)
{
    struct room room = {work, BZIP2_WORK_BYTES};
    bz_stream stream = {
        .next_in = (char *)from,
        .avail_in = *size,
        .next_out = to,
        .avail_out = *made,
        .bzalloc = bzip2_take,
        .bzfree = bzip2_give,
        .opaque = &room,
    };
    int answer = BZ2_bzDecompressInit(&stream, 0, 0);

    if (answer == BZ_OK)
        answer = BZ2_bzDecompress(&stream);
    *size -= stream.avail_in;
    *made -= stream.avail_out;
    return answer == BZ_STREAM_END                   ? BZIP2_GOOD
           : answer == BZ_OK && !stream.avail_out ? BZIP2_MORE
                                                     : BZIP2_DAMAGED;
}
