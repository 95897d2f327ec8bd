/* bzip2's decoder: whole streams in one call, into memory that is there already. */
#ifndef XEN_LIKE_BZIP2_DECODER_H
#define XEN_LIKE_BZIP2_DECODER_H

#include <stddef.h>

#define BZIP2_WORK_BYTES (3800 << 10) /* four bytes for each of the 900,000 of a block, and tables */

enum bzip2_answer {
    BZIP2_GOOD,
    BZIP2_DAMAGED,
    BZIP2_MORE, /* than *made bytes would come out */
};

/*
 * Unpacks the stream that from[0..*size) begins with into to[0..*made), both below 4 GiB; then *size
 * is its length and *made how much came out. `work' are BZIP2_WORK_BYTES, aligned to 16.
 */
enum bzip2_answer bzip2_decode(void *to, size_t *made, const void *from, size_t *size, void *work);

#endif
