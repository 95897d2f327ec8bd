/*
 * THE READER OF KERNEL IMAGES: turns the bytes of a paravirtual kernel into a plain structure that
 * says where it wants to be and what it needs, and copies its segments out.
 *
 * The bytes come from outside and are believed in nothing: every offset and length is checked
 * against the size of the file before use, with arithmetic that cannot wrap, and every loop is
 * bounded by what fits in the file. Failure is one clear line, the caller's to print.
 *
 * The order of use:
 *   size = image_unpacked_size(file, file_size, &why)    0 with no reason: it is not packed
 *   image_unpack(buffer, size, work, file, file_size, &why)
 *                                                        only if it was
 *   image_read(&img, bytes, size, &why)                  reads headers and notes; img points to
 *                                                        bytes
 *   image_load(&img, copy, ctx, &why)                    hands out the segments
 *
 * The meaning of notes and their defaults are Xen's (elfnote.h, and the behaviour of 4.17).
 */
#ifndef XEN_LIKE_LIB_IMAGE_H
#define XEN_LIKE_LIB_IMAGE_H

#include "xen-like/lib/types.h"

/* An address that the kernel did not give. */
#define IMAGE_UNSET UINT64_MAX

/* Lengths of the texts, with their NUL; a longer one is cut, as Xen does. */
#define IMAGE_TEXT_SIZE   32
#define IMAGE_REASON_SIZE 128

enum image_pae {
    IMAGE_PAE_NO,
    IMAGE_PAE_YES,
    IMAGE_PAE_EXTENDED_CR3, /* page directories may lie above 4 GiB */
    IMAGE_PAE_BIMODAL,
};

struct image {
    const u8 *bytes; /* the unpacked file; must live as long as this structure is used */
    size_t size;
    unsigned int class; /* 32 or 64 */

    /* Physical range of the loadable segments as the file states it, [pstart, pend). */
    u64 pstart, pend;
    u64 symtab, symtab_end; /* likewise of its symbol table, behind it (BSD_SYMTAB); 0: none */
    /* Virtual address of what lies at paddr: paddr - paddr_offset + virt_base. */
    u64 virt_base, paddr_offset;
    u64 virt_kstart, virt_kend; /* where pstart and the end of all that comes to lie */
    u64 entry;                  /* virtual */
    u64 hypercall_page;         /* virtual; IMAGE_UNSET: the kernel asks for none */
    u64 p2m_base;               /* where it wants its list of frames; IMAGE_UNSET: behind itself */
    u64 hv_start_low;           /* 32-bit: lowest start of the hypervisor it can bear, or unset */
    u64 l1_mfn_mask, l1_mfn_value; /* L1_MFN_VALID: an entry is valid if (entry & mask) == value */

    bool old_notes;         /* read from a __xen_guest section */
    bool initrd_unmapped;   /* MOD_START_PFN: start_info.mod_start may be a frame number */
    bool bsd_symtab;        /* it asks for its symbol table behind itself: symtab */
    bool suspend_cancel;    /* it can resume from a suspension that was called off */
    enum image_pae pae;     /* of a 32-bit kernel */
    u32 features_supported; /* bits XENFEAT_...; what is required is also supported */
    u32 features_required;  /* it refuses to run without these */
    char guest_os[IMAGE_TEXT_SIZE];
    char guest_version[IMAGE_TEXT_SIZE];
    char xen_version[IMAGE_TEXT_SIZE];
    char loader[IMAGE_TEXT_SIZE];

    char reason[IMAGE_REASON_SIZE]; /* backing store of *why where it names a thing of the file */
};

/* Can a PV guest be made of it: is it a 64-bit kernel, or a 32-bit one that knows PAE? */
static inline bool image_can_run(const struct image *img)
{
    return img->class == 64 || img->pae != IMAGE_PAE_NO;
}

/* May its top-level table lie above 4 GiB? A 32-bit kernel that leaves the choice to us takes it.
 */
static inline bool image_takes_extended_cr3(const struct image *img)
{
    return img->pae == IMAGE_PAE_EXTENDED_CR3 ||
           (img->class == 32 && img->pae == IMAGE_PAE_BIMODAL);
}

/*
 * How large the kernel in file[0..size) is once unpacked: from the last word of a file or of a
 * bzImage's payload that is packed with gzip, xz, lzma, zstd, lz4, lzo or bzip2 (Linux's build
 * appends that word; gzip has it anyway); for a bzImage with a bare ELF payload, the payload's own
 * size. 0 with *why NULL: not packed, use the file itself. 0 with *why set: it cannot be unpacked.
 */
u64 image_unpacked_size(const void *file, size_t size, const char **why);

/*
 * Unpacks into dst[0..dst_size), where dst_size is what image_unpacked_size said, with
 * IMAGE_WORK_BYTES at `work' to work in, aligned to a page; none may overlap. Headers, length and
 * what check sums the packing has are checked. False with *why set on any fault; dst then holds
 * nothing of use. One at a time: xz has a table in one place.
 */
#define IMAGE_WORK_BYTES MIB(4) /* bzip2 needs most of it */
bool image_unpack(void *dst, size_t dst_size, void *work, const void *file, size_t size,
                  const char **why);

/* Reads headers and notes of an unpacked kernel. False with *why set if Xen would not start it. */
bool image_read(struct image *img, const void *bytes, size_t size, const char **why);

/*
 * Puts length bytes at physical address paddr, counted as in img->pstart. from == NULL: zeros.
 * Returns NULL or what went wrong. Segments arrive in the order of the file; should they overlap,
 * the later one wins.
 */
typedef const char *(*image_copy_fn)(void *ctx, u64 paddr, const void *from, u64 length);

/* Hands all loadable segments to copy. False with *why set if it, or a segment, fails. */
bool image_load(const struct image *img, image_copy_fn copy, void *ctx, const char **why);

#endif
