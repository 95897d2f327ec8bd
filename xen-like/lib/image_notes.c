/*
 * What a kernel says about itself in its notes (public/elfnote.h). They are looked for in three
 * places, and the first that has any counts: note segments, note sections, and the text of a
 * __xen_guest section, the form from before notes.
 *
 * A note is three 32-bit words (length of its owner's name, length of its value, type), then name
 * and value, each padded to 4 bytes. A table maps each type to where its value goes; types that are
 * not in it say nothing that a hypervisor needs.
 */
#include "xen-like/lib/image_internal.h"

#include <elf.h>

#include "xen-like/abi/xen.h"
#include "xen-like/lib/string.h"

/* As many as Xen looks at: a hostile file can name one large segment in thousands of headers. */
#define MAX_NOTES 65536u

/* Longer than any text of a kernel's; bounds the work that one note can ask for. */
#define MAX_VALUE 4096u

#define OWNER       "Xen"
#define NOTE_ALIGN  4u
#define OLD_SECTION "__xen_guest"

struct note {
    u32 type;
    const char *value;
    u32 length;
};

enum note_kind {
    NUMBER,
    FLAG,
    TEXT
};

struct note_field {
    u32 type;
    enum note_kind kind;
    size_t offset; /* into struct image */
};

static const struct note_field note_fields[] = {
    {XEN_ELFNOTE_ENTRY, NUMBER, offsetof(struct image, entry)},
    {XEN_ELFNOTE_HYPERCALL_PAGE, NUMBER, offsetof(struct image, hypercall_page)},
    {XEN_ELFNOTE_VIRT_BASE, NUMBER, offsetof(struct image, virt_base)},
    {XEN_ELFNOTE_PADDR_OFFSET, NUMBER, offsetof(struct image, paddr_offset)},
    {XEN_ELFNOTE_INIT_P2M, NUMBER, offsetof(struct image, p2m_base)},
    {XEN_ELFNOTE_HV_START_LOW, NUMBER, offsetof(struct image, hv_start_low)},
    {XEN_ELFNOTE_MOD_START_PFN, FLAG, offsetof(struct image, initrd_unmapped)},
    {XEN_ELFNOTE_SUSPEND_CANCEL, FLAG, offsetof(struct image, suspend_cancel)},
    {XEN_ELFNOTE_GUEST_OS, TEXT, offsetof(struct image, guest_os)},
    {XEN_ELFNOTE_GUEST_VERSION, TEXT, offsetof(struct image, guest_version)},
    {XEN_ELFNOTE_XEN_VERSION, TEXT, offsetof(struct image, xen_version)},
    {XEN_ELFNOTE_LOADER, TEXT, offsetof(struct image, loader)},
};

/* True for a value of 1, 2, 4 or 8 bytes, the sizes that a number may have. */
static bool read_number(const struct note *note, u64 *number)
{
    *number = 0;
    if (note->length == 0 || note->length > sizeof(*number) ||
        (note->length & (note->length - 1)) != 0)
        return false;
    memcpy(number, note->value, note->length);
    return true;
}

static void copy_text(char *to, const char *text, size_t length)
{
    size_t kept = MIN(strnlen(text, length), (size_t)IMAGE_TEXT_SIZE - 1);

    memcpy(to, text, kept);
    to[kept] = '\0';
}

static bool text_is(const char *text, size_t length, const char *wanted)
{
    length = strnlen(text, length);
    return length == strlen(wanted) && memcmp(text, wanted, length) == 0;
}

static bool text_contains(const char *text, size_t length, const char *wanted)
{
    size_t need = strlen(wanted);

    length = strnlen(text, length);
    for (size_t i = 0; i + need <= length; i++)
        if (memcmp(text + i, wanted, need) == 0)
            return true;
    return false;
}

static bool store_field(struct image *img, const struct note_field *field, const struct note *note,
                        const char **why)
{
    char *to = (char *)img + field->offset;
    u64 number;

    if (field->kind == TEXT) {
        copy_text(to, note->value, note->length);
        return true;
    }
    if (!read_number(note, &number))
        return image_fail(img, why, "its note %u has %u bytes, which is no number", note->type,
                          note->length);
    if (field->kind == FLAG)
        *(bool *)to = number != 0;
    else
        *(u64 *)to = number;
    return true;
}

/* Pairs of mask and value, each as wide as a page-table entry; the first pair is the one used. */
static void read_l1_mfn_valid(struct image *img, const struct note *note)
{
    u64 pair[2] = {0, 0};
    u32 half[2];

    if (note->length >= sizeof(pair)) {
        memcpy(pair, note->value, sizeof(pair));
    } else if (note->length == sizeof(half)) {
        memcpy(half, note->value, sizeof(half));
        pair[0] = half[0];
        pair[1] = half[1];
    }
    img->l1_mfn_mask = pair[0];
    img->l1_mfn_value = pair[1];
}

static void read_pae(struct image *img, const struct note *note)
{
    if (text_is(note->value, note->length, "yes"))
        img->pae = IMAGE_PAE_EXTENDED_CR3;
    if (text_contains(note->value, note->length, "bimodal"))
        img->pae = IMAGE_PAE_BIMODAL;
}

static bool read_note(struct image *img, const struct note *note, const char **why)
{
    for (size_t i = 0; i < ARRAY_SIZE(note_fields); i++)
        if (note_fields[i].type == note->type)
            return store_field(img, &note_fields[i], note, why);

    switch (note->type) {
    case XEN_ELFNOTE_FEATURES:
        if (image_read_features(img, note->value, note->length))
            return true;
        *why = "it requires a feature that is not known";
        return false;
    case XEN_ELFNOTE_SUPPORTED_FEATURES: {
        u32 submap = 0;

        memcpy(&submap, note->value, note->length >= sizeof(submap) ? sizeof(submap) : 0);
        img->features_supported |= submap;
        return true;
    }
    case XEN_ELFNOTE_L1_MFN_VALID:
        read_l1_mfn_valid(img, note);
        return true;
    case XEN_ELFNOTE_PAE_MODE:
        read_pae(img, note);
        return true;
    case XEN_ELFNOTE_BSD_SYMTAB:
        img->bsd_symtab = text_is(note->value, note->length, "yes");
        return true;
    default:
        return true;
    }
}

static bool check_note(struct image *img, const struct note *note, const char **why)
{
    if (note->length <= MAX_VALUE)
        return true;
    return image_fail(img, why, "its note %u is longer than %u bytes", note->type, MAX_VALUE);
}

/* GRUB's image for 32 bits ends behind the "yes" of its last note, which says 12 bytes. Xen, for
 * which a text ends with its NUL, takes it. */
static bool value_fits(u32 type, const u8 *value, u64 left, u64 length)
{
    return length <= left ||
           (type == XEN_ELFNOTE_PAE_MODE && strnlen((const char *)value, left) < left);
}

/* One pass over one range of notes; counts all of them in *seen and Xen's in *found. */
static bool read_range(struct image *img, const u8 *at, u64 left, unsigned int *seen,
                       unsigned int *found, const char **why)
{
    Elf64_Nhdr header; /* the same in both classes */

    while (left >= sizeof(header)) {
        u64 name_size, value_size;

        memcpy(&header, at, sizeof(header));
        name_size = ALIGN_UP((u64)header.n_namesz, NOTE_ALIGN);
        value_size = ALIGN_UP((u64)header.n_descsz, NOTE_ALIGN);
        at += sizeof(header);
        left -= sizeof(header);
        /* The padding of the last value may be missing. */
        if (name_size > left ||
            !value_fits(header.n_type, at + name_size, left - name_size, header.n_descsz)) {
            *why = "one of its notes reaches past the end of its segment";
            return false;
        }
        if (++*seen > MAX_NOTES) {
            *why = "it has too many notes";
            return false;
        }
        if (header.n_namesz >= sizeof(OWNER) && memcmp(at, OWNER, sizeof(OWNER)) == 0) {
            struct note note = {header.n_type, (const char *)at + name_size,
                                (u32)MIN(header.n_descsz, left - name_size)};

            if (!check_note(img, &note, why) || !read_note(img, &note, why))
                return false;
            ++*found;
        }
        at += MIN(name_size + value_size, left);
        left -= MIN(name_size + value_size, left);
    }
    return true;
}

static bool read_note_segments(struct image *img, const struct elf_view *elf, unsigned int *found,
                               const char **why)
{
    unsigned int seen = 0;

    for (unsigned int i = 0; i < elf->segment_count; i++) {
        struct elf_segment segment = elf_read_segment(elf, i);

        /* Old linkers left p_offset 0 in note segments; such a range is not notes. */
        if (segment.type != PT_NOTE || segment.offset == 0)
            continue;
        if (!file_has(elf->size, segment.offset, segment.file_size))
            return image_fail(img, why, "its segment %u reaches past the end of the file", i);
        if (!read_range(img, elf->bytes + segment.offset, segment.file_size, &seen, found, why))
            return false;
    }
    return true;
}

static bool read_note_sections(struct image *img, const struct elf_view *elf, unsigned int *found,
                               const char **why)
{
    unsigned int seen = 0;

    for (unsigned int i = 1; i < elf->section_count; i++) {
        struct elf_section section = elf_read_section(elf, i);

        if (section.type != SHT_NOTE)
            continue;
        if (!file_has(elf->size, section.offset, section.size))
            return image_fail(img, why, "its section %u reaches past the end of the file", i);
        if (!read_range(img, elf->bytes + section.offset, section.size, &seen, found, why))
            return false;
    }
    return true;
}

/* Finds a section by its name; a name that is not wholly in the file is nobody's name. */
static bool find_section(const struct elf_view *elf, const char *name, struct elf_section *section)
{
    struct elf_section names;
    size_t length = strlen(name) + 1;

    if (elf->names_index >= elf->section_count)
        return false;
    names = elf_read_section(elf, elf->names_index);
    if (!file_has(elf->size, names.offset, names.size))
        return false;
    for (unsigned int i = 1; i < elf->section_count; i++) {
        *section = elf_read_section(elf, i);
        if (file_has(names.size, section->name, length) &&
            memcmp(elf->bytes + names.offset + section->name, name, length) == 0)
            return true;
    }
    return false;
}

static bool read_old_section(struct image *img, const struct elf_view *elf, const char **why)
{
    struct elf_section section;

    if (!find_section(elf, OLD_SECTION, &section)) {
        *why = "it has no notes of Xen and no " OLD_SECTION " section: no paravirtual kernel";
        return false;
    }
    if (!file_has(elf->size, section.offset, section.size)) {
        *why = "its " OLD_SECTION " section reaches past the end of the file";
        return false;
    }
    img->old_notes = true;
    return image_read_old_notes(img, (const char *)elf->bytes + section.offset, section.size, why);
}

bool image_read_notes(struct image *img, const struct elf_view *elf, const char **why)
{
    unsigned int found = 0;

    img->virt_base = img->paddr_offset = img->entry = IMAGE_UNSET;
    img->hypercall_page = img->p2m_base = img->hv_start_low = IMAGE_UNSET;
    if (!read_note_segments(img, elf, &found, why))
        return false;
    if (found == 0 && !read_note_sections(img, elf, &found, why))
        return false;
    return found > 0 || read_old_section(img, elf, why);
}
