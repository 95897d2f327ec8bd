/*
 * Makes small kernel files for the tests of the image reader, in either ELF class. The layout of
 * the file is fixed, so that a test can spoil one field of it by its offset: MAKER_SEGMENTS,
 * MAKER_SECTIONS   the two tables MAKER_NAMES                      names of the sections
 *   MAKER_NOTES                      notes, or the text of a __xen_guest section
 *   MAKER_CODE                       what the loadable segments hold, up to the file's end
 * A kernel made by maker_start alone has one segment of a page and no notes.
 */
#ifndef TESTS_HOST_MAKER_IMAGE_MAKER_H
#define TESTS_HOST_MAKER_IMAGE_MAKER_H

#include <elf.h>

#include "xen-like/lib/types.h"

#define MAKER_SEGMENTS 0x0040
#define MAKER_SECTIONS 0x0200
#define MAKER_NAMES    0x03c0
#define MAKER_NOTES    0x0400
#define MAKER_CODE     0x0800
#define MAKER_SIZE     0x0c00

#define MAKER_PADDR 0x100000u /* of the first segment; also its length is known: */
#define MAKER_FILL  (MAKER_SIZE - MAKER_CODE)

enum maker_place {
    IN_SEGMENT,
    IN_SECTION,
    IN_OLD_SECTION,
    NOWHERE
};

struct maker {
    u8 bytes[MAKER_SIZE];
    bool wide;
    u64 entry;
    unsigned int segments, sections;
    u32 notes; /* bytes used at MAKER_NOTES */
    struct {
        u64 offset, size;
    } symbols, strings; /* sections, the last two, if the first has a size; and */
    u32 symbols_link;   /* what the first says is the second's number */
};

void maker_start(struct maker *m, bool wide);
void maker_segment(struct maker *m, u32 type, u64 offset, u64 paddr, u64 file_size,
                   u64 memory_size);
void maker_note(struct maker *m, const char *owner, u32 type, const void *value, u32 length);
void maker_number(struct maker *m, u32 type, u64 value);
void maker_text(struct maker *m, u32 type, const char *value);
void maker_old_text(struct maker *m, const char *text);

/* Writes the headers; after this the notes may be reached in the given way, and bytes is the file.
 */
void maker_finish(struct maker *m, enum maker_place place);

/* A kernel that Xen starts: generic loader, VIRT_BASE so that it lies at -2 GiB, one data segment.
 */
void maker_make_kernel(struct maker *m);

#define MAKER_VIRT_BASE 0xffffffff80000000ull

#endif
