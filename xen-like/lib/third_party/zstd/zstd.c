/*
 * zstd's decoder as one piece: fitted to its surroundings, in its small form, with nothing visible
 * but the two functions of zstd_decoder.h.
 */
#include "xen-like/lib/third_party/zstd/zstd_decoder.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#define ZSTDLIB_VISIBLE      static
#define ZSTDLIB_STATIC_API   static
#define ZSTDERRORLIB_VISIBLE static
#define ZSTD_STATIC_LINKING_ONLY
#define ZSTD_DISABLE_ASM                      1
#define ZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT 1
#define ZSTD_LEGACY_SUPPORT                   0
#define ZSTD_NO_INLINE                        1
#define ZSTD_NO_INTRINSICS
#define ZSTD_STRIP_ERROR_STRINGS 1
#define ZSTD_TRACE               0
#define DYNAMIC_BMI2             0 /* it would ask the CPU */
#define HUF_FORCE_DECOMPRESS_X1  1
#define XXH_INLINE_ALL
#define XXH_NO_STDLIB
#define XXH_NO_XXH3
#define XXH_VECTOR 0 /* none */

#include "src/common/entropy_common.c"
#include "src/common/error_private.c"
#include "src/common/fse_decompress.c"
#include "src/common/zstd_common.c"
#include "src/decompress/huf_decompress.c"
#include "src/decompress/zstd_ddict.c"
#include "src/decompress/zstd_decompress.c"
#include "src/decompress/zstd_decompress_block.c"

_Static_assert(sizeof(ZSTD_DCtx) <= ZSTD_WORK_BYTES, "zstd needs more room");

size_t zstd_frame_size(const void *from, size_t size)
{
    size_t found = ZSTD_findFrameCompressedSize(from, size);

    return ZSTD_isError(found) ? 0 : found;
}

enum zstd_answer zstd_decode(void *to, size_t *made, const void *from, size_t size, void *work)
{
    ZSTD_DCtx *context = ZSTD_initStaticDCtx(work, ZSTD_WORK_BYTES);
    size_t answer;

    answer = ZSTD_decompressDCtx(context, to, *made, from, size);
    if (ZSTD_isError(answer))
        return ZSTD_getErrorCode(answer) == ZSTD_error_dstSize_tooSmall ? ZSTD_MORE : ZSTD_DAMAGED;
    *made = answer;
    return ZSTD_GOOD;
}
