/*
 * Takes the wrapping off a kernel: a packed file, a Linux bzImage, or both at once.
 *
 * A bzImage is a real-mode loader, then a payload whose place its boot header states (protocol 2.08
 * and later, Documentation/arch/x86/boot.rst); the payload is the ELF file, mostly compressed. The
 * size of the result must be known before there is memory to unpack to; each packing has its way to
 * state it (image_gzip.c, image_xz.c).
 */
#include "xen-like/lib/image_internal.h"

#include <asm/bootparam.h>
#include <elf.h>

#include "xen-like/lib/string.h"

#define BZIMAGE_MAGIC       "HdrS"
#define BZIMAGE_VERSION     0x208 /* the first with payload_offset */
#define BZIMAGE_SECTOR      512
#define BZIMAGE_OLD_SECTORS 4 /* what setup_sects 0 means */

/* What a file begins with when it is packed; and, where that is not read, what is said of it. */
static const struct packing {
    const char *magic;
    size_t length;
    u64 (*size)(const struct payload *, const char **why);
    bool (*unpack)(void *dst, size_t dst_size, const struct payload *, const char **why);
    const char *why;
} packings[] = {
    {"\x1f\x8b", 2, image_gzip_size, image_unpack_gzip, NULL},
    {"\xfd"
     "7zXZ",
     6, image_xz_size, image_unpack_xz, NULL},
    {"\x28\xb5\x2f\xfd", 4, NULL, NULL, "it is compressed with zstd, which is not read yet"},
    {"\x02\x21\x4c\x18", 4, NULL, NULL, "it is compressed with lz4, which is not read yet"},
    {"\x04\x22\x4d\x18", 4, NULL, NULL, "it is compressed with lz4, which is not read yet"},
    {"BZh", 3, NULL, NULL, "it is compressed with bzip2, which is not read yet"},
    {"\x5d\0\0", 3, NULL, NULL, "it is compressed with lzma, which is not read yet"},
    {"\x89LZO", 5, NULL, NULL, "it is compressed with lzo, which is not read yet"},
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
            *why = packings[i].why;
            return *why == NULL;
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

u64 image_unpacked_size(const void *file, size_t size, const char **why)
{
    const struct packing *packing;
    struct payload payload;

    if (!open_payload(&payload, &packing, file, size, why))
        return 0;
    if (packing != NULL)
        return packing->size(&payload, why);
    return payload.wrapped ? payload.size : 0;
}

bool image_unpack(void *dst, size_t dst_size, const void *file, size_t size, const char **why)
{
    const struct packing *packing;
    struct payload payload;

    if (!open_payload(&payload, &packing, file, size, why))
        return false;
    if (packing != NULL)
        return packing->unpack(dst, dst_size, &payload, why);
    if (!payload.wrapped || dst_size < payload.size) {
        *why = "it is not packed, or larger than the room for it";
        return false;
    }
    memcpy(dst, payload.bytes, payload.size);
    return true;
}
