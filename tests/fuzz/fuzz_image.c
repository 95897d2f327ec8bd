/*
 * The reader of kernel images under a fuzzer: whatever a guest's kernel file holds, no byte outside
 * it is read, none outside its own place in memory is written, and every "no" has its reason.
 */
#include "tests/fuzz/replay.h"
#include "xen-like/lib/image.h"

#define UNPACKED_MAX (1UL << 20) /* what a file of a few hundred bytes may cost */

static void text_end(const char *text, size_t room)
{
    assert_non_null(memchr(text, 0, room));
}

/* Segments must come from the file and go where the image said that it is; all of the symbol table
 * but its headers, too. */
static const char *segment_check(void *ctx, u64 paddr, const void *from, u64 length)
{
    const struct image *img = ctx;
    const u8 *bytes = from;
    const u64 end = MAX(img->pend, img->symtab_end);

    assert_in_range(paddr, img->pstart, end);
    assert_in_range(length, 1, end - paddr);
    if (bytes && (!img->symtab || paddr != img->symtab)) {
        assert_in_range(bytes - img->bytes, 0, img->size);
        assert_in_range(length, 1, img->size - (size_t)(bytes - img->bytes));
    }
    return NULL;
}

static void image_try(const u8 *bytes, size_t size)
{
    struct image img;
    const char *why = NULL;

    if (!image_read(&img, bytes, size, &why)) {
        assert_non_null(why);
        return;
    }
    assert_ptr_equal(img.bytes, bytes);
    assert_int_equal(img.size, size);
    assert_true(img.pstart < img.pend);
    text_end(img.guest_os, sizeof(img.guest_os));
    text_end(img.guest_version, sizeof(img.guest_version));
    text_end(img.xen_version, sizeof(img.xen_version));
    text_end(img.loader, sizeof(img.loader));
    assert_int_equal(img.features_required & ~img.features_supported, 0);
    if (!image_load(&img, segment_check, &img, &why))
        assert_non_null(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    u64 unpacked = image_unpacked_size(data, size, &why);
    u8 *room, *work;

    if (!unpacked && !why)
        image_try(data, size);
    if (!unpacked || unpacked > UNPACKED_MAX)
        return 0;
    room = malloc(unpacked);
    work = aligned_alloc(4096, IMAGE_WORK_BYTES);
    if (image_unpack(room, unpacked, work, data, size, &why))
        image_try(room, unpacked);
    else
        assert_non_null(why);
    free(room);
    free(work);
    return 0;
}
