/*
 * A kernel that asks for its symbol table (XEN_ELFNOTE_BSD_SYMTAB), as the BSDs do for their
 * debuggers, finds it behind itself: a small file of three sections, by headers that say where in
 * memory each is. Whoever builds the domain has to leave room for it, and all that comes behind a
 * kernel comes behind this.
 */
#include "tests/guests/common.h"

#include <elf.h>

#ifdef __x86_64__
typedef Elf64_Ehdr file_header;
typedef Elf64_Shdr section_header;
typedef Elf64_Sym symbol;
#else
typedef Elf32_Ehdr file_header;
typedef Elf32_Shdr section_header;
typedef Elf32_Sym symbol;
#endif

#define WORD sizeof(long)
/* Room for headers, which is as large in either width. */
#define HEADERS (sizeof(u32) + sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Shdr))

extern const char image_start[], image_end[], bss_end[];

static const u8 *table; /* its first word */
static const file_header *file;
static const section_header *symbols, *strings;

static void header_rows(void)
{
    row_want("header.magic", memcmp(file->e_ident, ELFMAG, SELFMAG), 0);
    row_want("header.class-is-own", file->e_ident[EI_CLASS] == WORD / 4, 1);
    row_want("header.type", file->e_type, ET_EXEC);
    row_want("header.version", file->e_version, EV_CURRENT);
    row_want("header.entry-is-ours",
             file->e_entry >= (uintptr_t)image_start && file->e_entry < (uintptr_t)bss_end, 1);
    row_want("header.size", file->e_ehsize == sizeof(*file), 1);
    row_want("header.segments", file->e_phnum, 0);
    row_want("header.segments-at", (s64)file->e_phoff, 0);
    row_want("header.segment-size", file->e_phentsize, 0);
    row_want("header.sections", file->e_shnum, 3);
    row_want("header.sections-at", (s64)file->e_shoff, sizeof(Elf64_Ehdr));
    row_want("header.section-size", file->e_shentsize == sizeof(*symbols), 1);
    row_want("header.names", file->e_shstrndx, 0);
}

static void section_rows(void)
{
    const u64 first = ALIGN_UP(HEADERS, WORD) - sizeof(u32);
    const u64 second = ALIGN_UP(first + sizeof(u32) + symbols->sh_size, WORD) - sizeof(u32);

    row_want("section.symbols-type", symbols->sh_type, SHT_SYMTAB);
    row_want("section.symbols-link", symbols->sh_link, 2);
    row_want("section.symbols-follow", symbols->sh_offset == first, 1);
    row_want("section.symbol-size", symbols->sh_entsize == sizeof(symbol), 1);
    row_want("section.strings-type", strings->sh_type, SHT_STRTAB);
    row_want("section.strings-follow", strings->sh_offset == second, 1);
    row_want("section.bytes", *(const u32 *)table == second + strings->sh_size, 1);
}

/* Each name lies in the table, and each address in the image; but for absolute ones. */
static void symbol_rows(void)
{
    const symbol *list = (const symbol *)((const u8 *)file + symbols->sh_offset);
    const char *names = (const char *)file + strings->sh_offset;
    const u64 count = symbols->sh_size / sizeof(*list);
    u64 nameless = 0, elsewhere = 0, found = 0;

    for (u64 i = 1; i < count; i++) {
        const symbol *s = &list[i];

        nameless += s->st_name >= strings->sh_size;
        elsewhere += s->st_shndx != SHN_ABS &&
                     (s->st_value < (uintptr_t)image_start || s->st_value > (uintptr_t)image_end);
        if (s->st_name < strings->sh_size && !strcmp(names + s->st_name, "guest_main"))
            found += s->st_value == (uintptr_t)guest_main;
    }
    row_want("symbols.enough", count > 100, 1);
    row_want("symbols.first-is-none", list[0].st_name | (long)list[0].st_value, 0);
    row_want("symbols.nameless", (s64)nameless, 0);
    row_want("symbols.elsewhere", (s64)elsewhere, 0);
    row_want("symbols.guest-main", (s64)found, 1);
    row_want("symbols.strings-end", names[0] | names[strings->sh_size - 1], 0);
}

void guest_main(void)
{
    uintptr_t end;

    table = (const u8 *)ALIGN_UP((uintptr_t)bss_end, WORD);
    file = (const file_header *)(table + sizeof(u32));
    header_rows();
    if (memcmp(file->e_ident, ELFMAG, SELFMAG))
        guest_end();
    symbols = (const section_header *)((const u8 *)file + file->e_shoff) + 1;
    strings = symbols + 1;
    section_rows();
    symbol_rows();
    end = (uintptr_t)table + sizeof(u32) + *(const u32 *)table;
    row_want("symtab.list-follows", start_info->mfn_list == ALIGN_UP(end, PAGE_SIZE), 1);
    guest_end();
}
