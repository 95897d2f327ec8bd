/*
 * See image_maker.h. Headers are filled as ELF64 and narrowed field by field for ELF32, so the
 * tests of both classes run over the same descriptions.
 */
#include "tests/host/maker/image_maker.h"

#include <assert.h>
#include <string.h>

#include "xen-like/abi/xen.h"

void maker_segment(struct maker *m, u32 type, u64 offset, u64 paddr, u64 file_size, u64 memory_size)
{
    const u32 flags = PF_R | PF_X;
    Elf64_Phdr wide = {type, flags, offset, 0, paddr, file_size, memory_size, 4};
    Elf32_Phdr narrow = {type,           (u32)offset,      0,     (u32)paddr,
                         (u32)file_size, (u32)memory_size, flags, 4};
    size_t at = MAKER_SEGMENTS + m->segments++ * (m->wide ? sizeof(wide) : sizeof(narrow));

    assert(at + sizeof(wide) <= MAKER_SECTIONS);
    if (m->wide)
        memcpy(m->bytes + at, &wide, sizeof(wide));
    else
        memcpy(m->bytes + at, &narrow, sizeof(narrow));
}

static void add_section(struct maker *m, u32 name, u32 type, u64 offset, u64 size)
{
    const u32 link = type == SHT_SYMTAB ? m->symbols_link : 0;
    Elf64_Shdr wide = {
        .sh_name = name, .sh_type = type, .sh_link = link, .sh_offset = offset, .sh_size = size};
    Elf32_Shdr narrow = {.sh_name = name,
                         .sh_type = type,
                         .sh_link = link,
                         .sh_offset = (u32)offset,
                         .sh_size = (u32)size};
    size_t at = MAKER_SECTIONS + m->sections++ * (m->wide ? sizeof(wide) : sizeof(narrow));

    assert(at + sizeof(wide) <= MAKER_NAMES);
    if (m->wide)
        memcpy(m->bytes + at, &wide, sizeof(wide));
    else
        memcpy(m->bytes + at, &narrow, sizeof(narrow));
}

void maker_start(struct maker *m, bool wide)
{
    memset(m, 0, sizeof(*m));
    m->wide = wide;
    m->entry = MAKER_PADDR;
    for (size_t i = MAKER_CODE; i < MAKER_SIZE; i++)
        m->bytes[i] = (u8)(i * 13 + 1);
    maker_segment(m, PT_LOAD, MAKER_CODE, MAKER_PADDR, MAKER_FILL, PAGE_SIZE);
}

void maker_note(struct maker *m, const char *owner, u32 type, const void *value, u32 length)
{
    Elf64_Nhdr header = {(u32)strlen(owner) + 1, length, type};
    u8 *at = m->bytes + MAKER_NOTES + m->notes;

    m->notes += sizeof(header) + ALIGN_UP(header.n_namesz, 4u) + ALIGN_UP(length, 4u);
    assert(MAKER_NOTES + m->notes <= MAKER_CODE);
    memcpy(at, &header, sizeof(header));
    at += sizeof(header);
    memcpy(at, owner, header.n_namesz);
    at += ALIGN_UP(header.n_namesz, 4u);
    memcpy(at, value, length);
}

void maker_number(struct maker *m, u32 type, u64 value)
{
    maker_note(m, "Xen", type, &value, m->wide ? 8 : 4);
}

void maker_text(struct maker *m, u32 type, const char *value)
{
    maker_note(m, "Xen", type, value, (u32)strlen(value) + 1);
}

void maker_old_text(struct maker *m, const char *text)
{
    m->notes = (u32)strlen(text) + 1;
    assert(MAKER_NOTES + m->notes <= MAKER_CODE);
    memcpy(m->bytes + MAKER_NOTES, text, m->notes);
}

static void write_header(struct maker *m)
{
    const unsigned char ident[EI_NIDENT] = {
        ELFMAG0,     ELFMAG1,   ELFMAG2, ELFMAG3, m->wide ? ELFCLASS64 : ELFCLASS32,
        ELFDATA2LSB, EV_CURRENT};
    Elf64_Ehdr wide = {
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_entry = m->entry,
        .e_phoff = MAKER_SEGMENTS,
        .e_shoff = MAKER_SECTIONS,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (u16)m->segments,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (u16)m->sections,
        .e_shstrndx = 1,
    };
    Elf32_Ehdr narrow = {
        .e_type = ET_EXEC,
        .e_machine = EM_386,
        .e_entry = (u32)m->entry,
        .e_phoff = MAKER_SEGMENTS,
        .e_shoff = MAKER_SECTIONS,
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = (u16)m->segments,
        .e_shentsize = sizeof(Elf32_Shdr),
        .e_shnum = (u16)m->sections,
        .e_shstrndx = 1,
    };

    if (m->wide)
        memcpy(m->bytes, &wide, sizeof(wide));
    else
        memcpy(m->bytes, &narrow, sizeof(narrow));
    memcpy(m->bytes, ident, sizeof(ident));
}

void maker_finish(struct maker *m, enum maker_place place)
{
    static const char names[] = "\0.shstrtab\0.notes\0__xen_guest";
    const u32 strtab_name = 1, notes_name = 11, old_name = 18;

    assert(MAKER_NAMES + sizeof(names) <= MAKER_NOTES);
    memcpy(m->bytes + MAKER_NAMES, names, sizeof(names));
    add_section(m, 0, SHT_NULL, 0, 0);
    add_section(m, strtab_name, SHT_STRTAB, MAKER_NAMES, sizeof(names));
    if (place == IN_SECTION)
        add_section(m, notes_name, SHT_NOTE, MAKER_NOTES, m->notes);
    if (place == IN_OLD_SECTION)
        add_section(m, old_name, SHT_PROGBITS, MAKER_NOTES, m->notes);
    if (place == IN_SEGMENT)
        maker_segment(m, PT_NOTE, MAKER_NOTES, 0, m->notes, m->notes);
    if (m->symbols.size) {
        add_section(m, 0, SHT_SYMTAB, m->symbols.offset, m->symbols.size);
        add_section(m, 0, SHT_STRTAB, m->strings.offset, m->strings.size);
    }
    write_header(m);
}

void maker_make_kernel(struct maker *m)
{
    maker_start(m, true);
    maker_segment(m, PT_LOAD, MAKER_CODE + 0x100, MAKER_PADDR + PAGE_SIZE, 0x80, 0x280);
    maker_text(m, XEN_ELFNOTE_GUEST_OS, "linux");
    maker_text(m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
    maker_number(m, XEN_ELFNOTE_VIRT_BASE, MAKER_VIRT_BASE);
    maker_number(m, XEN_ELFNOTE_ENTRY, MAKER_VIRT_BASE + MAKER_PADDR);
    maker_finish(m, IN_SEGMENT);
}
