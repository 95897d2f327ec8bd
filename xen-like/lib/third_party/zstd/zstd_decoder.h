/* zstd's decoder: whole frames in one call, into memory that is there already. */
#ifndef XEN_LIKE_ZSTD_DECODER_H
#define XEN_LIKE_ZSTD_DECODER_H

#include <stddef.h>

#define ZSTD_WORK_BYTES (192 << 10)

enum zstd_answer {
    ZSTD_GOOD,
    ZSTD_DAMAGED,
    ZSTD_MORE, /* than *made bytes would come out */
};

/* The length of the frame that from[0..size) begins with; 0 if it is no whole frame. */
size_t zstd_frame_size(const void *from, size_t size);

/*
 * Unpacks the frames from[0..size) into to[0..*made); *made is then how much came out. `work' are
 * ZSTD_WORK_BYTES, aligned to 8.
 */
enum zstd_answer zstd_decode(void *to, size_t *made, const void *from, size_t size, void *work);

#endif
