/* LZ4's decoder as one piece: nothing visible, nor kept, but the function of lz4_decoder.h. */
#include "xen-like/lib/third_party/lz4/lz4_decoder.h"

#include "xen-like/lib/string.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#define LZ4_FREESTANDING 1
#define LZ4_memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define LZ4_memmove(to, from, size) __builtin_memmove(to, from, size)
#define LZ4_memset(to, byte, size) __builtin_memset(to, byte, size)
#define LZ4LIB_VISIBILITY static

#include "src/lz4.c"

int lz4_decode(void *to, int room, const void *from, int size)
{
    return LZ4_decompress_safe(from, to, size, room);
}
