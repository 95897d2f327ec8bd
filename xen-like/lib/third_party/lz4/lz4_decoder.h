/* LZ4's decoder: one block in one call, into memory that is there already. */
#ifndef XEN_LIKE_LZ4_DECODER_H
#define XEN_LIKE_LZ4_DECODER_H

/* Unpacks the block from[0..size) into to[0..room). How much came out; below 0: it is damaged, or is
 * more than that. */
int lz4_decode(void *to, int room, const void *from, int size);

#endif
