/*
 * gzip (RFC 1952) around DEFLATE, which puff reads.
 *
 * gzip has the size of its contents in its last four bytes, which are as untrusted as the rest:
 * they are believed only within what DEFLATE can reach from the bytes at hand, and must then agree
 * with what really comes out.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/lib/string.h"
#include "xen-like/lib/third_party/puff/puff.h"

#define DEFLATE_MAX_RATIO 1032 /* 258 bytes from two bits, at best */

/* The fixed part of a gzip file's header; its fields are little-endian. */
struct gzip_header {
    u8 magic[2];
    u8 method;
    u8 flags;
    u8 time[4];
    u8 extra_flags;
    u8 system;
};

struct gzip_trailer {
    u32 crc;
    u32 length; /* of the unpacked data, modulo 2^32 */
};

#define GZIP_DEFLATE        8
#define GZIP_HAS_HEADER_CRC 0x02
#define GZIP_HAS_EXTRA      0x04
#define GZIP_HAS_NAME       0x08
#define GZIP_HAS_COMMENT    0x10
#define GZIP_RESERVED       0xe0

static struct gzip_trailer read_trailer(const u8 *at)
{
    struct gzip_trailer trailer;

    memcpy(&trailer, at, sizeof(trailer));
    return trailer;
}

u64 image_gzip_size(const struct payload *gz, const char **why)
{
    u64 length;

    if (gz->size < sizeof(struct gzip_header) + sizeof(struct gzip_trailer)) {
        *why = "it is a gzip file that ends inside its header";
        return 0;
    }
    length = read_trailer(gz->bytes + gz->size - sizeof(struct gzip_trailer)).length;
    if (length == 0)
        *why = "it is a gzip file with nothing in it";
    else if (length / DEFLATE_MAX_RATIO > gz->size)
        *why = "it is a gzip file whose stated length is impossible";
    return *why == NULL ? length : 0;
}

/* CRC-32 of IEEE 802.3, reflected, four bits at a time. */
static u32 crc32(const u8 *bytes, size_t size)
{
    u32 table[16], crc = ~0u;

    for (u32 i = 0; i < ARRAY_SIZE(table); i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++)
            table[i] = (table[i] >> 1) ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

/* Steps over a field of length bytes; false if the file ends first. */
static bool skip(const struct payload *gz, u64 *at, u64 length)
{
    if (!file_has(gz->size, *at, length))
        return false;
    *at += length;
    return true;
}

static bool skip_text(const struct payload *gz, u64 *at)
{
    u64 left = gz->size - *at;
    u64 length = strnlen((const char *)gz->bytes + *at, left);

    return skip(gz, at, length + 1);
}

static bool skip_extra(const struct payload *gz, u64 *at)
{
    u16 length;

    if (!file_has(gz->size, *at, sizeof(length)))
        return false;
    memcpy(&length, gz->bytes + *at, sizeof(length));
    return skip(gz, at, sizeof(length) + (u64)length);
}

static bool check_header_crc(const struct payload *gz, u64 *at, const char **why)
{
    u16 stated;

    if (!file_has(gz->size, *at, sizeof(stated)))
        return false;
    memcpy(&stated, gz->bytes + *at, sizeof(stated));
    if (stated != (u16)crc32(gz->bytes, *at)) {
        *why = "the header of its gzip data is damaged (CRC)";
        return false;
    }
    return skip(gz, at, sizeof(stated));
}

/* Leaves *at where the compressed data begins. */
static bool read_gzip_header(const struct payload *gz, u64 *at, const char **why)
{
    struct gzip_header header;

    *at = 0;
    *why = "its gzip data ends inside the header";
    if (!skip(gz, at, sizeof(header)))
        return false;
    memcpy(&header, gz->bytes, sizeof(header));
    if (header.method != GZIP_DEFLATE || (header.flags & GZIP_RESERVED) != 0) {
        *why = "its gzip data is of a kind that RFC 1952 does not know";
        return false;
    }
    if (((header.flags & GZIP_HAS_EXTRA) && !skip_extra(gz, at)) ||
        ((header.flags & GZIP_HAS_NAME) && !skip_text(gz, at)) ||
        ((header.flags & GZIP_HAS_COMMENT) && !skip_text(gz, at)) ||
        ((header.flags & GZIP_HAS_HEADER_CRC) && !check_header_crc(gz, at, why)))
        return false;
    *why = NULL;
    return true;
}

/* puff's answers, as puff.c documents them: 0 is success, below 0 is bad data. */
static const char *explain_puff(int answer)
{
    if (answer == 0)
        return NULL;
    if (answer == 1)
        return "its gzip data unpacks to more than its trailer says";
    if (answer == 2)
        return "its gzip data ends early";
    return "its gzip data is damaged";
}

bool image_unpack_gzip(void *dst, size_t dst_size, const struct payload *gz, const char **why)
{
    unsigned long made = dst_size, taken;
    struct gzip_trailer trailer;
    u64 at;

    if (!read_gzip_header(gz, &at, why))
        return false;
    taken = gz->size - at;
    *why = explain_puff(puff(dst, &made, gz->bytes + at, &taken));
    if (*why != NULL)
        return false;
    at += taken;
    if (gz->size - at != sizeof(trailer)) {
        *why = gz->size - at < sizeof(trailer) ? "its gzip data ends inside the trailer"
                                               : "something follows its gzip data";
        return false;
    }
    trailer = read_trailer(gz->bytes + at);
    if (trailer.length != made || made != dst_size)
        *why = "its gzip data unpacks to less than its trailer says";
    else if (trailer.crc != crc32(dst, made))
        *why = "its gzip data is damaged (CRC)";
    return *why == NULL;
}
