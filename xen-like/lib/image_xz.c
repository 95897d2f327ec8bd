/*
 * xz, as Linux's build packs an x86 kernel: one stream, then the size of what is inside as a word
 * of four bytes. (The format itself states no size at its beginning; in this place Xen and boot
 * loaders look for it, too.)
 *
 * The decoder writes straight to the destination and uses it as its dictionary, so all it needs
 * beside that are its state, of a size known in advance, and the table of its check sum. It
 * believes nothing either; what it cannot see is whether the word behind the stream is true.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/string.h"
#include "xen-like/lib/third_party/xz/xz.h"

/* 273 bytes from 14 decisions, each of at least 0.02 bits. */
#define LZMA_MAX_RATIO 8192

#define WORK_BYTES KIB(32) /* of the decoder's structures: today 30.5 */

static u8 work[WORK_BYTES] __attribute__((aligned(16)));
static size_t work_taken;

/* The decoder's allocator: what it takes goes all at once, when the next unpacking begins. */
void *image_xz_take(size_t size)
{
    void *place = work + work_taken;

    size = ALIGN_UP(size, (size_t)16);
    if (size > sizeof(work) - work_taken)
        return NULL;
    work_taken += size;
    return place;
}

u64 image_xz_size(const struct payload *xz, const char **why)
{
    u32 length = 0;

    if (xz->size >= sizeof(length))
        memcpy(&length, xz->bytes + xz->size - sizeof(length), sizeof(length));
    if (length == 0)
        *why = "it is packed by xz with no size behind it";
    else if (length / LZMA_MAX_RATIO > xz->size)
        *why = "it is packed by xz, and the size behind it is impossible";
    return *why == NULL ? length : 0;
}

static const char *explain_xz(enum xz_ret answer)
{
    switch (answer) {
    case XZ_STREAM_END:
        return NULL;
    case XZ_OPTIONS_ERROR:
        return "its xz data has a filter or a check sum other than those of kernels";
    case XZ_BUF_ERROR:
        return "its xz data unpacks to more than the size behind it says";
    default:
        return "its xz data is damaged";
    }
}

bool image_unpack_xz(void *dst, size_t dst_size, const struct payload *xz, const char **why)
{
    struct xz_buf buf = {
        .in = xz->bytes,
        .in_size = xz->size - sizeof(u32),
        .out = dst,
        .out_size = dst_size,
    };
    struct xz_dec *decoder;

    if (xz->size < sizeof(u32)) {
        *why = "its xz data is damaged";
        return false;
    }
    xz_crc32_init();
    work_taken = 0;
    decoder = xz_dec_init(XZ_SINGLE, 0);
    *why = decoder != NULL ? explain_xz(xz_dec_run(decoder, &buf)) : "xz needs more memory";
    if (*why == NULL && buf.in_pos != buf.in_size)
        *why = "something follows its xz data";
    else if (*why == NULL && buf.out_pos != dst_size)
        *why = "its xz data unpacks to less than the size behind it says";
    return *why == NULL;
}
