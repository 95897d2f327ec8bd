/*
 * xz, and the bare LZMA that came before it, as Linux's build packs a kernel: one stream.
 *
 * The decoder writes straight to the destination and uses it as its dictionary, so all it needs
 * beside that are its state, of a size known in advance, and the table of its check sum. It
 * believes nothing; what it cannot see is whether the size behind the stream is true.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/string.h"
#include "xen-like/lib/third_party/xz/xz.h"

static u8 *work_next;
static size_t work_left;

static void work_begin(struct unpacking *u)
{
    work_next = u->work;
    work_left = IMAGE_WORK_BYTES;
}

/* The decoder's allocator: what it takes goes all at once, when its unpacking ends. */
void *image_xz_take(size_t size)
{
    void *place = work_next;

    size = ALIGN_UP(size, (size_t)16);
    if (size > work_left)
        return NULL;
    work_next += size;
    work_left -= size;
    return place;
}

static enum unpacked answer_of(enum xz_ret answer)
{
    switch (answer) {
    case XZ_STREAM_END:
        return UNPACK_DONE;
    case XZ_OPTIONS_ERROR: /* a filter or a check sum other than those of kernels */
        return UNPACK_UNKNOWN;
    case XZ_BUF_ERROR:
        return UNPACK_MORE;
    default:
        return UNPACK_DAMAGED;
    }
}

enum unpacked image_unpack_xz(struct unpacking *u)
{
    struct xz_buf buf = {.in = u->from, .in_size = u->size, .out = u->to, .out_size = u->room};
    struct xz_dec *decoder;
    enum unpacked answer;

    work_begin(u);
    xz_crc32_init();
    decoder = xz_dec_init(XZ_SINGLE, 0);
    answer = decoder ? answer_of(xz_dec_run(decoder, &buf)) : UNPACK_UNKNOWN;
    u->taken = buf.in_pos;
    u->made = buf.out_pos;
    return answer;
}

/* What a .lzma file begins with; the first byte of the stream behind it is 0. */
struct lzma_header {
    u8 properties;
    u8 dictionary[4];
    u8 length[8]; /* of what is in it, or LZMA_ENDS */
};

#define LZMA_ENDS       UINT64_MAX /* not stated: the stream has an end mark */
#define LZMA_DICTIONARY (3U << 30) /* as large as the decoder goes: it is the output */

/*
 * To XZ Embedded this is "MicroLZMA", whose stream has the properties, inverted, in place of its
 * first byte. Its end mark is not read: the decoder stops when all has come out.
 */
enum unpacked image_unpack_lzma(struct unpacking *u)
{
    struct xz_buf buf = {.in_size = 1, .out = u->to, .out_size = u->room};
    struct lzma_header header;
    struct xz_dec_microlzma *decoder;
    enum xz_ret answer;
    u64 length;
    u8 first;

    if (u->size <= sizeof(header) || u->from[sizeof(header)])
        return UNPACK_DAMAGED;
    memcpy(&header, u->from, sizeof(header));
    memcpy(&length, header.length, sizeof(length));
    if (length != LZMA_ENDS && length > u->room)
        return UNPACK_MORE;
    work_begin(u);
    decoder = xz_dec_microlzma_alloc(XZ_SINGLE, LZMA_DICTIONARY);
    if (!decoder)
        return UNPACK_UNKNOWN;
    xz_dec_microlzma_reset(decoder, (u32)(u->size - sizeof(header)), (u32)u->room, false);
    first = (u8)~header.properties;
    buf.in = &first;
    answer = xz_dec_microlzma_run(decoder, &buf);
    if (answer == XZ_OK) {
        buf.in = u->from + sizeof(header);
        buf.in_size = u->size - sizeof(header);
        answer = xz_dec_microlzma_run(decoder, &buf);
    }
    u->taken = u->size;
    u->made = buf.out_pos;
    return answer == XZ_STREAM_END ? UNPACK_DONE : UNPACK_DAMAGED;
}
