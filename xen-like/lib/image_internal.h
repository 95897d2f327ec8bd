/*
 * What the files of the image reader share: a view of an ELF file in which both classes look alike,
 * the one test that every access to the file passes, and the unpackers.
 */
#ifndef XEN_LIKE_LIB_IMAGE_INTERNAL_H
#define XEN_LIKE_LIB_IMAGE_INTERNAL_H

#include "xen-like/lib/image.h"

struct elf_view {
    const u8 *bytes;
    size_t size;
    bool wide; /* ELF64 */
    u64 entry;
    u64 segments_at, sections_at; /* offsets of the two tables in the file */
    unsigned int segment_size, segment_count;
    unsigned int section_size, section_count;
    unsigned int names_index; /* of the section with the sections' names */
};

struct elf_segment {
    u32 type, flags;
    u64 offset, paddr, file_size, memory_size;
};

struct elf_section {
    u32 name, type, link;
    u64 offset, size;
};

/* True if bytes [offset, offset + length) exist in a file of size bytes. Cannot wrap. */
static inline bool file_has(u64 size, u64 offset, u64 length)
{
    return offset <= size && length <= size - offset;
}

/* What is in a bzImage, or the file itself. */
struct payload {
    const u8 *bytes;
    size_t size;
    bool wrapped; /* in a bzImage */
};

/* gzip states what is inside in a trailer of its own, and more can be said of its faults: the size
 * (0 with *why set), and unpacking into memory of exactly that size (false with *why set). */
u64 image_gzip_size(const struct payload *gz, const char **why);
bool image_unpack_gzip(void *dst, size_t dst_size, const struct payload *gz, const char **why);

/* What a decoder of another packing works on. The word with the size is not part of what it is
 * given. */
struct unpacking {
    const u8 *from;
    size_t size;
    size_t taken; /* out: of `from' */
    u8 *to;
    size_t room;
    size_t made; /* out: in `to' */
    void *work;  /* IMAGE_WORK_BYTES, aligned to a page */
};

enum unpacked {
    UNPACK_DONE,
    UNPACK_DAMAGED,
    UNPACK_MORE,   /* than there is room for */
    UNPACK_UNKNOWN /* in a way that the packer knows, and kernels are not packed in */
};

enum unpacked image_unpack_xz(struct unpacking *u);
enum unpacked image_unpack_lzma(struct unpacking *u);
enum unpacked image_unpack_zstd(struct unpacking *u);
enum unpacked image_unpack_lz4(struct unpacking *u);
enum unpacked image_unpack_lzo(struct unpacking *u);
enum unpacked image_unpack_bzip2(struct unpacking *u);

/* Checks the file's header and that both tables lie in the file. */
bool elf_open(struct elf_view *elf, const void *bytes, size_t size, const char **why);

/* Entry index (below segment_count, section_count) of the tables; their contents are unchecked. */
struct elf_segment elf_read_segment(const struct elf_view *elf, unsigned int index);
struct elf_section elf_read_section(const struct elf_view *elf, unsigned int index);

/*
 * Fills the fields of img that come from notes; what the kernel does not say is IMAGE_UNSET, zero,
 * or empty. False with *why set if there are no notes of Xen, or a note is malformed.
 */
bool image_read_notes(struct image *img, const struct elf_view *elf, const char **why);

/*
 * Reads a list of features: names between '|', those with '!' before them required. Unknown names
 * are passed over, unless required: then false.
 */
bool image_read_features(struct image *img, const char *text, size_t length);

/* image_symtab.c. Where the symbol table goes, if img asks for it: after its segments and notes are
 * known. False with *why set if the file has not all of it. And NULL, or what copy says. */
bool image_measure_symtab(struct image *img, const struct elf_view *elf, const char **why);
const char *image_load_symtab(const struct image *img, const struct elf_view *elf,
                              image_copy_fn copy, void *ctx);

/* Reads the text of a __xen_guest section. False with *why set if a value makes no sense. */
bool image_read_old_notes(struct image *img, const char *text, size_t length, const char **why);

/* Writes a reason into img->reason and points *why to it. Always false, for "return fail(...)". */
bool image_fail(struct image *img, const char **why, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
