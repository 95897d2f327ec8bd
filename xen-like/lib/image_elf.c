/*
 * The ELF half of the image reader: headers, segments, and the addresses that follow from them.
 *
 * A paravirtual kernel is linked for virtual addresses, and its segments state physical ones. The
 * two meet by two numbers of the notes: the byte at paddr goes to paddr - paddr_offset + virt_base.
 * Sums of addresses wrap on purpose, as they do in Xen: a kernel at the top of the address space
 * has a "negative" offset. What would be nonsense after wrapping is caught by the order of the
 * results.
 *
 * Nothing in the file is trusted: a header is copied out before it is looked at (the file may lie
 * at any alignment), and every range passes file_has first.
 */
#include "xen-like/lib/image_internal.h"

#include <elf.h>

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

bool image_fail(struct image *img, const char **why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(img->reason, sizeof(img->reason), format, args);
    va_end(args);
    *why = img->reason;
    return false;
}

/* The fields that both classes have under the same names, taken to the common form. */
#define COMMON_HEADER(elf, h)                                                                      \
    do {                                                                                           \
        (elf)->entry = (h).e_entry;                                                                \
        (elf)->segments_at = (h).e_phoff;                                                          \
        (elf)->sections_at = (h).e_shoff;                                                          \
        (elf)->segment_size = (h).e_phentsize;                                                     \
        (elf)->segment_count = (h).e_phnum;                                                        \
        (elf)->section_size = (h).e_shentsize;                                                     \
        (elf)->section_count = (h).e_shnum;                                                        \
        (elf)->names_index = (h).e_shstrndx;                                                       \
    } while (0)

static bool read_header(struct elf_view *elf, unsigned int *machine)
{
    if (elf->wide) {
        Elf64_Ehdr header;

        if (!file_has(elf->size, 0, sizeof(header)))
            return false;
        memcpy(&header, elf->bytes, sizeof(header));
        COMMON_HEADER(elf, header);
        *machine = header.e_machine;
    } else {
        Elf32_Ehdr header;

        if (!file_has(elf->size, 0, sizeof(header)))
            return false;
        memcpy(&header, elf->bytes, sizeof(header));
        COMMON_HEADER(elf, header);
        *machine = header.e_machine;
    }
    return true;
}

/* Counts and sizes have 16 bits each: the product cannot wrap. */
static bool table_fits(const struct elf_view *elf, u64 at, unsigned int entry, unsigned int count,
                       size_t least)
{
    if (count == 0)
        return true;
    return entry >= least && file_has(elf->size, at, (u64)entry * count);
}

static const char *check_identity(const u8 *ident, size_t size)
{
    if (size < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return "it is not an ELF file";
    if (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32)
        return "its ELF class is neither 32 nor 64 bits";
    if (ident[EI_DATA] != ELFDATA2LSB)
        return "it is not a little-endian ELF file";
    return NULL;
}

bool elf_open(struct elf_view *elf, const void *bytes, size_t size, const char **why)
{
    const u8 *ident = bytes;
    unsigned int machine;

    *why = check_identity(ident, size);
    if (*why != NULL)
        return false;

    *elf = (struct elf_view){.bytes = bytes, .size = size};
    elf->wide = ident[EI_CLASS] == ELFCLASS64;
    if (!read_header(elf, &machine))
        *why = "the file ends inside its ELF header";
    else if (machine != (elf->wide ? EM_X86_64 : EM_386))
        *why = "it is built for another machine than x86";
    else if (!table_fits(elf, elf->segments_at, elf->segment_size, elf->segment_count,
                         elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
        *why = "its table of segments does not fit into the file";
    else if (!table_fits(elf, elf->sections_at, elf->section_size, elf->section_count,
                         elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
        *why = "its table of sections does not fit into the file";
    return *why == NULL;
}

#define COMMON_SEGMENT(p)                                                                          \
    (struct elf_segment)                                                                           \
    {                                                                                              \
        (p).p_type, (p).p_flags, (p).p_offset, (p).p_paddr, (p).p_filesz, (p).p_memsz              \
    }

struct elf_segment elf_read_segment(const struct elf_view *elf, unsigned int index)
{
    const u8 *at = elf->bytes + elf->segments_at + (u64)index * elf->segment_size;
    Elf64_Phdr wide;
    Elf32_Phdr narrow;

    if (elf->wide) {
        memcpy(&wide, at, sizeof(wide));
        return COMMON_SEGMENT(wide);
    }
    memcpy(&narrow, at, sizeof(narrow));
    return COMMON_SEGMENT(narrow);
}

#define COMMON_SECTION(s)                                                                          \
    (struct elf_section)                                                                           \
    {                                                                                              \
        (s).sh_name, (s).sh_type, (s).sh_link, (s).sh_offset, (s).sh_size                          \
    }

struct elf_section elf_read_section(const struct elf_view *elf, unsigned int index)
{
    const u8 *at = elf->bytes + elf->sections_at + (u64)index * elf->section_size;
    Elf64_Shdr wide;
    Elf32_Shdr narrow;

    if (elf->wide) {
        memcpy(&wide, at, sizeof(wide));
        return COMMON_SECTION(wide);
    }
    memcpy(&narrow, at, sizeof(narrow));
    return COMMON_SECTION(narrow);
}

/* A segment that nobody may read, write or run is not loaded, whatever its type (as in Xen). */
static bool is_loadable(const struct elf_segment *segment)
{
    return segment->type == PT_LOAD && (segment->flags & (PF_R | PF_W | PF_X)) != 0;
}

static const char *check_segment(const struct elf_view *elf, const struct elf_segment *segment)
{
    u64 end;

    if (segment->file_size > segment->memory_size)
        return "has more bytes in the file than in memory";
    if (!file_has(elf->size, segment->offset, segment->file_size))
        return "reaches past the end of the file";
    if (__builtin_add_overflow(segment->paddr, segment->memory_size, &end))
        return "reaches past the last address";
    return NULL;
}

static bool measure_segments(struct image *img, const struct elf_view *elf, const char **why)
{
    img->pstart = UINT64_MAX;
    img->pend = 0;
    for (unsigned int i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_read_segment(elf, i);
        const char *fault;

        if (!is_loadable(&segment))
            continue;
        fault = check_segment(elf, &segment);
        if (fault != NULL)
            return image_fail(img, why, "its segment %u %s", i, fault);
        img->pstart = MIN(img->pstart, segment.paddr);
        img->pend = MAX(img->pend, segment.paddr + segment.memory_size);
    }
    if (img->pstart >= img->pend) {
        *why = "it has nothing to load";
        return false;
    }
    return true;
}

/*
 * What a kernel leaves out. The older notes come from a time when p_paddr held virtual addresses:
 * there the offset is virt_base unless they say otherwise, and the two cancel out.
 */
static bool fill_defaults(struct image *img, const struct elf_view *elf, const char **why)
{
    if (img->virt_base == IMAGE_UNSET) {
        if (img->paddr_offset != IMAGE_UNSET) {
            *why = "its notes have PADDR_OFFSET without VIRT_BASE";
            return false;
        }
        img->virt_base = 0;
    }
    if (img->paddr_offset == IMAGE_UNSET)
        img->paddr_offset = img->old_notes ? img->virt_base : 0;
    if (img->entry == IMAGE_UNSET)
        img->entry = elf->entry;
    return true;
}

static bool check_addresses(struct image *img, const char **why)
{
    u64 shift = img->virt_base - img->paddr_offset;
    u64 start = img->pstart + shift, end = MAX(img->pend, img->symtab_end) + shift;

    img->virt_kstart = start;
    img->virt_kend = end;
    if (start > end)
        return image_fail(img, why, "VIRT_BASE and PADDR_OFFSET put it around the last address");
    if (img->entry < start || img->entry > end)
        return image_fail(img, why,
                          "its entry 0x%" F64 "x is outside of it (0x%" F64 "x to 0x%" F64 "x)",
                          img->entry, start, end);
    if (img->virt_base > start)
        return image_fail(img, why, "VIRT_BASE 0x%" F64 "x is above its first byte 0x%" F64 "x",
                          img->virt_base, start);
    if (img->p2m_base != IMAGE_UNSET && img->p2m_base >= start && img->p2m_base < end)
        return image_fail(img, why,
                          "INIT_P2M 0x%" F64 "x is inside of it (0x%" F64 "x to 0x%" F64 "x)",
                          img->p2m_base, start, end);
    return true;
}

static bool check_loader(struct image *img, const char **why)
{
    if (!str_starts_with(img->loader, "generic") && !str_starts_with(img->guest_os, "linux"))
        return image_fail(img, why, "it is for loader '%s' and system '%s', not generic or linux",
                          img->loader, img->guest_os);
    if (!str_starts_with(img->xen_version, "xen-3.0"))
        return image_fail(img, why, "it is for interface '%s', not xen-3.0", img->xen_version);
    return true;
}

bool image_read(struct image *img, const void *bytes, size_t size, const char **why)
{
    struct elf_view elf;

    *img = (struct image){.bytes = bytes, .size = size};
    if (!elf_open(&elf, bytes, size, why))
        return false;
    img->class = elf.wide ? 64 : 32;
    return measure_segments(img, &elf, why) && image_read_notes(img, &elf, why) &&
           check_loader(img, why) && fill_defaults(img, &elf, why) &&
           image_measure_symtab(img, &elf, why) && check_addresses(img, why);
}

static const char *load_segment(const struct elf_view *elf, const struct elf_segment *segment,
                                image_copy_fn copy, void *ctx)
{
    u64 zeros = segment->memory_size - segment->file_size;
    const char *fault = NULL;

    if (segment->file_size > 0)
        fault = copy(ctx, segment->paddr, elf->bytes + segment->offset, segment->file_size);
    if (fault == NULL && zeros > 0)
        fault = copy(ctx, segment->paddr + segment->file_size, NULL, zeros);
    return fault;
}

bool image_load(const struct image *img, image_copy_fn copy, void *ctx, const char **why)
{
    struct elf_view elf;
    u64 allowed =
        2 * (img->pend - img->pstart); /* thousands of overlapping segments take forever */

    if (!elf_open(&elf, img->bytes, img->size, why))
        return false;
    for (unsigned int i = 0; i < elf.segment_count; i++) {
        struct elf_segment segment = elf_read_segment(&elf, i);

        if (!is_loadable(&segment))
            continue;
        *why = check_segment(&elf, &segment);
        if (*why == NULL && segment.memory_size > allowed)
            *why = "its segments overlap too much";
        if (*why == NULL)
            *why = load_segment(&elf, &segment, copy, ctx);
        if (*why != NULL)
            return false;
        allowed -= segment.memory_size;
    }
    *why = image_load_symtab(img, &elf, copy, ctx);
    return *why == NULL;
}
