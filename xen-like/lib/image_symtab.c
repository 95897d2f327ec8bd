/*
 * The symbol table behind a kernel. One that says BSD_SYMTAB=yes (the BSDs do) finds there, as Xen
 * puts it:
 *
 *     the next multiple of a word   u32: bytes from the next field to the end
 *                                   a file header: the kernel's, but with three sections only
 *                                   the sections' headers: none, symbols, strings
 *     multiples of a word           the symbols; the strings
 *
 * Offsets in the headers count from the file header, so that the kernel may take it all for a file.
 * Room for a header is that of the larger class in either; what a 32-bit one leaves is zeros.
 * A kernel that has no such table gets nothing.
 */
#include "xen-like/lib/image_internal.h"

#include <elf.h>

#include "xen-like/lib/string.h"

enum {
    NO_SECTION,
    SYMBOLS,
    STRINGS,
    SECTIONS
};

#define FILE_AT     sizeof(u32)
#define SECTIONS_AT (FILE_AT + sizeof(Elf64_Ehdr))
#define HEADER_END  (SECTIONS_AT + SECTIONS * sizeof(Elf64_Shdr))

/* Counted from the table's beginning. */
struct symtab {
    unsigned int symbols, strings; /* numbers of the file's sections */
    struct elf_section from[SECTIONS];
    u64 at[SECTIONS]; /* where they go */
    u64 end;
};

static u64 word_bytes(const struct elf_view *elf)
{
    return elf->wide ? sizeof(u64) : sizeof(u32);
}

/* As Xen: the first one decides. */
static bool symtab_find(struct symtab *t, const struct elf_view *elf)
{
    for (t->symbols = 1; t->symbols < elf->section_count; t->symbols++) {
        t->from[SYMBOLS] = elf_read_section(elf, t->symbols);
        if (t->from[SYMBOLS].type == SHT_SYMTAB)
            break;
    }
    if (t->symbols >= elf->section_count)
        return false;
    t->strings = t->from[SYMBOLS].link;
    if (t->strings == SHN_UNDEF || t->strings >= elf->section_count)
        return false;
    t->from[STRINGS] = elf_read_section(elf, t->strings);
    return t->from[STRINGS].type == SHT_STRTAB;
}

/* Both are in the file, so no sum wraps. */
static void symtab_place(struct symtab *t, const struct elf_view *elf)
{
    t->at[SYMBOLS] = ALIGN_UP(HEADER_END, word_bytes(elf));
    t->at[STRINGS] = ALIGN_UP(t->at[SYMBOLS] + t->from[SYMBOLS].size, word_bytes(elf));
    t->end = t->at[STRINGS] + t->from[STRINGS].size;
}

bool image_measure_symtab(struct image *img, const struct elf_view *elf, const char **why)
{
    struct symtab t;

    if (!img->bsd_symtab || !symtab_find(&t, elf))
        return true;
    for (unsigned int i = SYMBOLS; i < SECTIONS; i++)
        if (!file_has(elf->size, t.from[i].offset, t.from[i].size)) {
            *why = "its symbol table reaches past the end of the file";
            return false;
        }
    symtab_place(&t, elf);
    img->symtab = ALIGN_UP(img->pend, word_bytes(elf));
    img->symtab_end = ALIGN_UP(img->symtab + t.end, word_bytes(elf));
    if (img->symtab_end <= img->pend)
        *why = "its symbol table reaches past the last address";
    return img->symtab_end > img->pend;
}

static const u8 *section_header(const struct elf_view *elf, unsigned int index)
{
    return elf->bytes + elf->sections_at + (u64)index * elf->section_size;
}

/* The headers of a class, in @to: HEADER_END bytes of zeros. */
#define HEADERS_WRITE(Ehdr, Shdr, to, t, elf)                                                      \
    do {                                                                                           \
        Ehdr file;                                                                                 \
        Shdr section;                                                                              \
                                                                                                   \
        memcpy(&file, (elf)->bytes, sizeof(file));                                                 \
        file.e_version = EV_CURRENT;                                                               \
        file.e_ehsize = sizeof(file);                                                              \
        file.e_shoff = SECTIONS_AT - FILE_AT;                                                      \
        file.e_shentsize = sizeof(section);                                                        \
        file.e_shnum = SECTIONS;                                                                   \
        file.e_phoff = 0;                                                                          \
        file.e_phentsize = file.e_phnum = file.e_shstrndx = 0;                                     \
        memcpy((to) + FILE_AT, &file, sizeof(file));                                               \
        memcpy(&section, section_header(elf, (t)->symbols), sizeof(section));                      \
        section.sh_offset = (__typeof__(section.sh_offset))((t)->at[SYMBOLS] - FILE_AT);           \
        section.sh_link = STRINGS;                                                                 \
        memcpy((to) + SECTIONS_AT + SYMBOLS * sizeof(section), &section, sizeof(section));         \
        memcpy(&section, section_header(elf, (t)->strings), sizeof(section));                      \
        section.sh_offset = (__typeof__(section.sh_offset))((t)->at[STRINGS] - FILE_AT);           \
        memcpy((to) + SECTIONS_AT + STRINGS * sizeof(section), &section, sizeof(section));         \
    } while (0)

const char *image_load_symtab(const struct image *img, const struct elf_view *elf,
                              image_copy_fn copy, void *ctx)
{
    u8 headers[HEADER_END] = {0};
    struct symtab t;
    const char *fault;
    u32 bytes;

    if (!img->symtab_end || !symtab_find(&t, elf))
        return NULL;
    symtab_place(&t, elf);
    bytes = (u32)(t.end - FILE_AT);
    memcpy(headers, &bytes, sizeof(bytes));
    if (elf->wide)
        HEADERS_WRITE(Elf64_Ehdr, Elf64_Shdr, headers, &t, elf);
    else
        HEADERS_WRITE(Elf32_Ehdr, Elf32_Shdr, headers, &t, elf);
    fault = copy(ctx, img->symtab, headers, sizeof(headers));
    for (unsigned int i = SYMBOLS; i < SECTIONS && !fault; i++)
        if (t.from[i].size)
            fault = copy(ctx, img->symtab + t.at[i], elf->bytes + t.from[i].offset, t.from[i].size);
    return fault;
}
