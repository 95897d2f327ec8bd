/*
 * Takes the wrapping off a kernel: a gzip file (RFC 1952), a Linux bzImage, or both at once.
 *
 * A bzImage is a real-mode loader, then a payload whose place its boot header states (protocol 2.08
 * and later, Documentation/arch/x86/boot.rst); the payload is the ELF file, mostly compressed. The
 * size of the result must be known before there is memory to unpack to. gzip has it in its last
 * four bytes, which are as untrusted as the rest: they are believed only within what DEFLATE can
 * reach from the bytes at hand, and must then agree with what really comes out.
 */
#include "xen-like/lib/image_internal.h"

#include <asm/bootparam.h>
#include <elf.h>

#include "xen-like/lib/string.h"
#include "xen-like/lib/third_party/puff/puff.h"

#define BZIMAGE_MAGIC       "HdrS"
#define BZIMAGE_VERSION     0x208 /* the first with payload_offset */
#define BZIMAGE_SECTOR      512
#define BZIMAGE_OLD_SECTORS 4 /* what setup_sects 0 means */

#define DEFLATE_MAX_RATIO 1032 /* 258 bytes from two bits, at best */

enum packing {
    PACKED_NOT,
    PACKED_GZIP,
    PACKED_OTHER
};

struct payload {
    const u8 *bytes;
    size_t size;
    enum packing packing;
    bool wrapped; /* in a bzImage */
};

/* What a file begins with, when its packing is one that is not read. */
static const struct other_packing {
    const char *magic;
    size_t length;
    const char *why;
} other_packings[] = {
    {"\xfd"
     "7zXZ",
     6, "it is compressed with xz, which is not read yet"},
    {"\x28\xb5\x2f\xfd", 4, "it is compressed with zstd, which is not read yet"},
    {"\x02\x21\x4c\x18", 4, "it is compressed with lz4, which is not read yet"},
    {"\x04\x22\x4d\x18", 4, "it is compressed with lz4, which is not read yet"},
    {"BZh", 3, "it is compressed with bzip2, which is not read yet"},
    {"\x5d\0\0", 3, "it is compressed with lzma, which is not read yet"},
    {"\x89LZO", 5, "it is compressed with lzo, which is not read yet"},
};

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

#define GZIP_MAGIC          "\x1f\x8b"
#define GZIP_DEFLATE        8
#define GZIP_HAS_HEADER_CRC 0x02
#define GZIP_HAS_EXTRA      0x04
#define GZIP_HAS_NAME       0x08
#define GZIP_HAS_COMMENT    0x10
#define GZIP_RESERVED       0xe0

static bool begins_with(const u8 *bytes, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(bytes, magic, length) == 0;
}

/* If the file is a bzImage, narrows the payload to what is inside. */
static bool open_bzimage(struct payload *payload, const char **why)
{
    const size_t at = offsetof(struct boot_params, hdr);
    struct setup_header header;
    u64 start, sectors;

    if (!file_has(payload->size, at, sizeof(header)))
        return true;
    memcpy(&header, payload->bytes + at, sizeof(header));
    if (memcmp(&header.header, BZIMAGE_MAGIC, sizeof(header.header)) != 0)
        return true;
    if (header.version < BZIMAGE_VERSION) {
        *why = "it is a bzImage older than boot protocol 2.08";
        return false;
    }
    sectors = header.setup_sects != 0 ? header.setup_sects : BZIMAGE_OLD_SECTORS;
    start = (sectors + 1) * BZIMAGE_SECTOR + header.payload_offset;
    if (!file_has(payload->size, start, header.payload_length)) {
        *why = "the payload of its bzImage reaches past the end of the file";
        return false;
    }
    payload->bytes += start;
    payload->size = header.payload_length;
    payload->wrapped = true;
    return true;
}

static bool find_packing(struct payload *payload, const char **why)
{
    if (begins_with(payload->bytes, payload->size, GZIP_MAGIC, 2)) {
        payload->packing = PACKED_GZIP;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(other_packings); i++) {
        const struct other_packing *other = &other_packings[i];

        if (begins_with(payload->bytes, payload->size, other->magic, other->length)) {
            payload->packing = PACKED_OTHER;
            *why = other->why;
            return false;
        }
    }
    if (payload->wrapped && !begins_with(payload->bytes, payload->size, ELFMAG, SELFMAG)) {
        *why = "the payload of its bzImage is in no form that is known";
        return false;
    }
    return true;
}

static bool open_payload(struct payload *payload, const void *file, size_t size, const char **why)
{
    *payload = (struct payload){file, size, PACKED_NOT, false};
    *why = NULL;
    return open_bzimage(payload, why) && find_packing(payload, why);
}

static struct gzip_trailer read_trailer(const u8 *at)
{
    struct gzip_trailer trailer;

    memcpy(&trailer, at, sizeof(trailer));
    return trailer;
}

u64 image_unpacked_size(const void *file, size_t size, const char **why)
{
    struct payload payload;
    u64 length;

    if (!open_payload(&payload, file, size, why))
        return 0;
    if (payload.packing == PACKED_NOT)
        return payload.wrapped ? payload.size : 0;
    if (payload.size < sizeof(struct gzip_header) + sizeof(struct gzip_trailer)) {
        *why = "it is a gzip file that ends inside its header";
        return 0;
    }
    length = read_trailer(payload.bytes + payload.size - sizeof(struct gzip_trailer)).length;
    if (length == 0)
        *why = "it is a gzip file with nothing in it";
    else if (length / DEFLATE_MAX_RATIO > payload.size)
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

static bool unpack_gzip(void *dst, size_t dst_size, const struct payload *gz, const char **why)
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

bool image_unpack(void *dst, size_t dst_size, const void *file, size_t size, const char **why)
{
    struct payload payload;

    if (!open_payload(&payload, file, size, why))
        return false;
    if (payload.packing == PACKED_GZIP)
        return unpack_gzip(dst, dst_size, &payload, why);
    if (!payload.wrapped || dst_size < payload.size) {
        *why = "it is not packed, or larger than the room for it";
        return false;
    }
    memcpy(dst, payload.bytes, payload.size);
    return true;
}
