/*
 * What physical memory is good for, at any address: the firmware's map, the boot loader's modules
 * and what the boot has taken so far, seen together.
 *
 * Nothing is stored sorted or merged. The map answers one question, "what is this page, and up to
 * where is it so?", by looking at every source; walking from answer to answer visits all of memory.
 * That costs little (there are a few dozen sources) and leaves no table to fill.
 */
#ifndef HYPERVISOR_BOOT_MEMMAP_H
#define HYPERVISOR_BOOT_MEMMAP_H

#include "hypervisor/boot/multiboot2.h"

/* In order of precedence: where sources disagree about a page, the first one here wins. */
enum memory_kind {
    MEMORY_NONE,   /* no RAM, or firmware's */
    MEMORY_TABLES, /* ACPI's: RAM that holds its tables */
    MEMORY_TAKEN,  /* RAM in use: the image, the tag list, low memory, what boot has allocated */
    MEMORY_MODULE, /* RAM with a boot module in it */
    MEMORY_FREE,
};

struct memory_piece {
    u64 start, end; /* bytes, multiples of PAGE_SIZE */
    enum memory_kind kind;
};

/* Forget everything and begin with this boot information, which must stay where it is. */
void memmap_init(const struct boot_info *info);

/* The piece that begins at `from` (a multiple of PAGE_SIZE) and reaches as far as its kind does.
 * False when there is no memory of any kind at `from` or above. */
bool memmap_piece(u64 from, struct memory_piece *piece);

/* Bytes [start, end), rounded outwards to pages, are in use from now on. */
void memmap_take(u64 start, u64 end);

/*
 * The highest free `n` pages in one piece whose first frame is a multiple of `align` (pages) and
 * that end at or below `limit` (bytes). Takes them. ~0 when there are none.
 */
u64 memmap_alloc(u64 n, u64 align, u64 limit);

/* End of the highest RAM, bytes: every RAM frame is below it. */
u64 memmap_ram_end(void);

#endif
