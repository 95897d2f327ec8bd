/*
 * Packed files for the tests of unpacking: what the system's gzip makes of a known text, and the
 * two questions that a test asks of a file, whether it unpacks to that text or with which reason
 * not.
 */
#ifndef TESTS_HOST_MAKER_GZIP_MAKER_H
#define TESTS_HOST_MAKER_GZIP_MAKER_H

#include "xen-like/lib/types.h"

#define PLAIN_SIZE 50000u
#define FILE_ROOM  (PLAIN_SIZE * 2)

struct file {
    u8 bytes[FILE_ROOM];
    size_t size;
};

/* What is packed; it begins as an ELF file does. */
extern u8 plain[PLAIN_SIZE];

/* Fills plain: a cmocka group setup. */
int make_plain(void **state);

/* Runs the system's gzip over size bytes of plain. */
void run_gzip(struct file *out, size_t size, const char *options);

void append(struct file *file, const void *bytes, size_t size);

/*
 * Reads file from an allocation of exactly its size into one of exactly what it promises, so that
 * the sanitizer sees a byte too many on either side. *unpacked is the caller's to free.
 */
bool unpack(const struct file *file, u8 **unpacked, u64 *size, const char **why);

void expect_plain(const struct file *file, size_t wanted);
void expect_refused(const struct file *file, const char *wanted);

#endif
