/*
 * What the boot loader told us, behind functions that check it.
 *
 * The Multiboot2 information is a list of tags that GRUB left somewhere in memory. We copy nothing:
 * struct boot_info remembers where the list lies (its frames stay reserved for ever) and the
 * functions below walk it. So there is no table of modules or memory ranges to overflow. The list
 * is checked once, as a whole, by mb2_parse(); afterwards every tag is known to lie inside it and
 * every string to end inside its tag.
 */
#ifndef HYPERVISOR_BOOT_MULTIBOOT2_H
#define HYPERVISOR_BOOT_MULTIBOOT2_H

#include "xen-like/lib/types.h"

#define MB2_BOOTLOADER_MAGIC 0x36d76289U
#define MB2_HEADER_MAGIC     0xe85250d6U
#define MB2_ARCH_I386        0

#define MB2_TAG_END         0
#define MB2_TAG_CMDLINE     1
#define MB2_TAG_MODULE      3
#define MB2_TAG_MMAP        6
#define MB2_TAG_FRAMEBUFFER 8
#define MB2_TAG_ACPI_OLD    14
#define MB2_TAG_ACPI_NEW    15

#define MB2_HEADER_TAG_INFORMATION_REQUEST 1
#define MB2_HEADER_TAG_CONSOLE_FLAGS       4
#define MB2_HEADER_TAG_MODULE_ALIGN        6

/* Types in the memory map: ACPI's numbers, as e820 has them. Others mean "reserved". */
#define MEMORY_RAM              1
#define MEMORY_ACPI_RECLAIMABLE 3
#define MEMORY_ACPI_NVS         4

/* A boot module: bytes [start, end) of physical memory, and its words after the file name. */
struct boot_module {
    u64 start, end;
    const char *cmdline;
};

/* An entry of the firmware's memory map: bytes [start, end) of physical memory. */
struct memory_range {
    u64 start, end;
    u32 type;
};

struct boot_info {
    const char *cmdline;  /* never NULL */
    u64 mbi_start;        /* the tag list itself, physical bytes [mbi_start, mbi_end) */
    u64 mbi_end;          /* */
    u64 rsdp;             /* physical address of a copy of the RSDP inside the tag list, or 0 */
    u32 module_count;     /* */
    u32 range_count;      /* entries of the memory map */
    u32 range_entry_size; /* bytes from one entry to the next */
    bool text_screen;     /* the loader left a VGA text screen */
    const u8 *tags;       /* first tag, mapped */
    const u8 *ranges;     /* first entry of the memory map, mapped */
};

/*
 * Check the list at `mbi` (mapped; physical address `phys`) and fill `info`. `limit` is how many
 * bytes may be read there at most. Returns NULL, or what is wrong with the list in words.
 */
const char *mb2_parse(struct boot_info *info, const void *mbi, u64 phys, u64 limit);

/* Module n (from 0) in the loader's order; false when there is none. */
bool boot_module_get(const struct boot_info *info, u32 n, struct boot_module *module);

/* Entry n of the memory map as the firmware gave it; false past the end. An empty entry or one that
 * wraps has start == end. */
bool boot_range_get(const struct boot_info *info, u32 n, struct memory_range *range);

#endif
