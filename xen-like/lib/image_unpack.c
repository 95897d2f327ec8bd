/*
 * Takes the wrapping off a kernel: a packed file, a Linux bzImage, or both at once.
 *
 * A bzImage is a real-mode loader, then a payload whose place its boot header states (protocol 2.08
 * and later, Documentation/arch/x86/boot.rst); the payload is the ELF file, mostly compressed: by
 * any of the packers that Linux's build knows, as on Xen. The size of the result must be known
 * before there is memory to unpack to, and it is believed no further than that: gzip has it in its
 * trailer (image_gzip.c), behind all others Linux's build appends it as a word of four bytes.
 */
#include "xen-like/lib/image_internal.h"

#include <asm/bootparam.h>
#include <elf.h>

#include "xen-like/lib/string.h"

#define BZIMAGE_MAGIC       "HdrS"
#define BZIMAGE_VERSION     0x208 /* the first with payload_offset */
#define BZIMAGE_SECTOR      512
#define BZIMAGE_OLD_SECTORS 4 /* what setup_sects 0 means */

/* A packing: what a file begins with, and by how much it can shrink what is in it, at best. */
struct packing {
    const char *magic;
    size_t length;
    u32 max_ratio;
    enum unpacked (*decode)(struct unpacking *u); /* NULL: gzip */
    const char *stateless, *impossible;           /* what is said of its faults */
    const char *damaged, *more, *less, *unknown, *followed;
};

#define PACKING(name, magic_, max_ratio_, decode_)                                                 \
    {                                                                                              \
        .magic = (magic_), .length = sizeof(magic_) - 1, .max_ratio = (max_ratio_),                \
        .decode = (decode_), .stateless = "it is packed by " name " with no size behind it",       \
        .impossible = "it is packed by " name ", and the size behind it is impossible",            \
        .damaged = "its " name " data is damaged",                                                 \
        .more = "its " name " data unpacks to more than the size behind it says",                  \
        .less = "its " name " data unpacks to less than the size behind it says",                  \
        .unknown = "its " name " data is of a kind that kernels are not packed in",                \
        .followed = "something follows its " name " data",                                         \
    }

static const struct packing packings[] = {
    PACKING("gzip", "\x1f\x8b", 0, NULL),
    PACKING("xz",
            "\xfd"
            "7zXZ",
            8192, image_unpack_xz), /* 273 bytes from 14 decisions of 0.02 bits */
    PACKING("lzma", "\x5d\0\0", 8192, image_unpack_lzma),
    PACKING("zstd", "\x28\xb5\x2f\xfd", 65536,
            image_unpack_zstd), /* a block of one byte: 128 KiB */
    PACKING("lz4", "\x02\x21\x4c\x18", 255, image_unpack_lz4),
    PACKING("lzo", "\x89LZO", 255, image_unpack_lzo),
    PACKING("bzip2", "BZh", 1 << 21, image_unpack_bzip2), /* a block of one byte: 45 MB */
};

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

static bool find_packing(struct payload *payload, const struct packing **packing, const char **why)
{
    *packing = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(packings); i++) {
        if (begins_with(payload->bytes, payload->size, packings[i].magic, packings[i].length)) {
            *packing = &packings[i];
            return true;
        }
    }
    if (payload->wrapped && !begins_with(payload->bytes, payload->size, ELFMAG, SELFMAG)) {
        *why = "the payload of its bzImage is in no form that is known";
        return false;
    }
    return true;
}

static bool open_payload(struct payload *payload, const struct packing **packing, const void *file,
                         size_t size, const char **why)
{
    *payload = (struct payload){file, size, false};
    *why = NULL;
    return open_bzimage(payload, why) && find_packing(payload, packing, why);
}

/* The word behind the packed data, if it can be true. */
static u64 stated_size(const struct packing *packing, const struct payload *payload,
                       const char **why)
{
    u32 length = 0;

    if (payload->size > sizeof(length))
        memcpy(&length, payload->bytes + payload->size - sizeof(length), sizeof(length));
    if (length == 0)
        *why = packing->stateless;
    else if (length / packing->max_ratio > payload->size)
        *why = packing->impossible;
    return *why == NULL ? length : 0;
}

static const char *explain(const struct packing *packing, enum unpacked answer)
{
    switch (answer) {
    case UNPACK_DONE:
        return NULL;
    case UNPACK_MORE:
        return packing->more;
    case UNPACK_UNKNOWN:
        return packing->unknown;
    default:
        return packing->damaged;
    }
}

static bool decode(const struct packing *packing, struct unpacking *u, const char **why)
{
    *why = explain(packing, packing->decode(u));
    if (*why == NULL && u->taken != u->size)
        *why = packing->followed;
    else if (*why == NULL && u->made != u->room)
        *why = packing->less;
    return *why == NULL;
}

u64 image_unpacked_size(const void *file, size_t size, const char **why)
{
    const struct packing *packing;
    struct payload payload;

    if (!open_payload(&payload, &packing, file, size, why))
        return 0;
    if (packing == NULL)
        return payload.wrapped ? payload.size : 0;
    return packing->decode ? stated_size(packing, &payload, why) : image_gzip_size(&payload, why);
}

bool image_unpack(void *dst, size_t dst_size, void *work, const void *file, size_t size,
                  const char **why)
{
    const struct packing *packing;
    struct payload payload;

    if (!open_payload(&payload, &packing, file, size, why))
        return false;
    if (packing != NULL && !packing->decode)
        return image_unpack_gzip(dst, dst_size, &payload, why);
    if (packing != NULL && stated_size(packing, &payload, why)) {
        struct unpacking u = {
            .from = payload.bytes,
            .size = payload.size - sizeof(u32),
            .to = dst,
            .room = dst_size,
            .work = work,
        };

        return decode(packing, &u, why);
    }
    if (packing != NULL)
        return false;
    if (!payload.wrapped || dst_size < payload.size) {
        *why = "it is not packed, or larger than the room for it";
        return false;
    }
    memcpy(dst, payload.bytes, payload.size);
    return true;
}
