/*
 * Reading the Multiboot2 tag list. The format is of the Multiboot2 specification, section 3.6: a
 * header of total size and a reserved word, then tags on 8-byte boundaries, each with its type and
 * size, closed by a tag of type 0.
 *
 * The trick is to check first and read later: mb2_parse() walks the whole list once and refuses it
 * if any tag reaches outside, any string lacks its end or any module ends before it begins. What
 * comes after may then trust the sizes without a test of its own.
 */
#include "hypervisor/boot/multiboot2.h"
#include "xen-like/lib/string.h"

struct mb2_info {
    u32 total_size;
    u32 reserved;
};

struct mb2_tag {
    u32 type;
    u32 size; /* of the tag without the padding after it */
};

struct mb2_string_tag {
    struct mb2_tag tag;
    char string[];
};

struct mb2_module_tag {
    struct mb2_tag tag;
    u32 start, end;
    char cmdline[];
};

struct mb2_mmap_tag {
    struct mb2_tag tag;
    u32 entry_size;
    u32 entry_version;
    u8 entries[];
};

struct mb2_mmap_entry {
    u64 base, length;
    u32 type, reserved;
};

struct mb2_framebuffer_tag {
    struct mb2_tag tag;
    u64 address;
    u32 pitch, width, height;
    u8 bits, type;
};

#define TAG_ALIGN              8
#define FRAMEBUFFER_TEXT       2
#define RSDP_BYTES_OLD         20
#define MB2_MMAP_ENTRY_VERSION 0

static const struct mb2_tag *tag_next(const struct mb2_tag *tag)
{
    return (const struct mb2_tag *)((const u8 *)tag + ALIGN_UP((u64)tag->size, TAG_ALIGN));
}

static bool string_ends(const struct mb2_tag *tag, size_t offset)
{
    size_t room = tag->size - offset;

    return tag->size > offset && strnlen((const char *)tag + offset, room) < room;
}

static const char *mmap_accept(struct boot_info *info, const struct mb2_tag *tag)
{
    const struct mb2_mmap_tag *map = (const struct mb2_mmap_tag *)tag;

    if (tag->size < sizeof(*map) || map->entry_size < sizeof(struct mb2_mmap_entry) ||
        map->entry_size % TAG_ALIGN || map->entry_version != MB2_MMAP_ENTRY_VERSION)
        return "its memory map has a form we do not know";
    if (info->ranges)
        return "it has two memory maps";
    info->ranges = map->entries;
    info->range_entry_size = map->entry_size;
    info->range_count = (tag->size - sizeof(*map)) / map->entry_size;
    return NULL;
}

static const char *module_accept(struct boot_info *info, const struct mb2_tag *tag)
{
    const struct mb2_module_tag *module = (const struct mb2_module_tag *)tag;

    if (!string_ends(tag, sizeof(*module)))
        return "a module's command line does not end";
    if (module->start > module->end)
        return "a module ends before it begins";
    info->module_count++;
    return NULL;
}

/* A copy of the RSDP: the newer kind is preferred, since it may know the 64-bit XSDT. */
static void rsdp_accept(struct boot_info *info, const struct mb2_tag *tag, u64 tag_phys)
{
    if (tag->size < sizeof(*tag) + RSDP_BYTES_OLD)
        return;
    if (tag->type == MB2_TAG_ACPI_NEW || !info->rsdp)
        info->rsdp = tag_phys + sizeof(*tag);
}

static const char *tag_accept(struct boot_info *info, const struct mb2_tag *tag, u64 tag_phys)
{
    const struct mb2_framebuffer_tag *screen = (const struct mb2_framebuffer_tag *)tag;

    switch (tag->type) {
    case MB2_TAG_CMDLINE:
        if (!string_ends(tag, sizeof(*tag)))
            return "the command line does not end";
        info->cmdline = ((const struct mb2_string_tag *)tag)->string;
        return NULL;
    case MB2_TAG_MODULE:
        return module_accept(info, tag);
    case MB2_TAG_MMAP:
        return mmap_accept(info, tag);
    case MB2_TAG_FRAMEBUFFER:
        if (tag->size >= offsetof(struct mb2_framebuffer_tag, type) + 1)
            info->text_screen = screen->type == FRAMEBUFFER_TEXT;
        return NULL;
    case MB2_TAG_ACPI_OLD:
    case MB2_TAG_ACPI_NEW:
        rsdp_accept(info, tag, tag_phys);
        return NULL;
    default:
        return NULL;
    }
}

const char *mb2_parse(struct boot_info *info, const void *mbi, u64 phys, u64 limit)
{
    const struct mb2_info *head = mbi;
    const u8 *base = mbi;
    u64 at = sizeof(*head);

    memset(info, 0, sizeof(*info));
    info->cmdline = "";
    info->text_screen = true; /* what GRUB leaves on a PC when it says nothing */
    if (limit < sizeof(*head) || head->total_size > limit)
        return "it does not lie in the first 4 GiB";
    info->mbi_start = phys;
    info->mbi_end = phys + head->total_size;
    info->tags = base + at;

    for (;;) {
        const struct mb2_tag *tag = (const struct mb2_tag *)(base + at);
        const char *wrong;

        if (at > head->total_size || head->total_size - at < sizeof(*tag))
            return "its list of tags does not end";
        if (tag->size < sizeof(*tag) || tag->size > head->total_size - at)
            return "a tag reaches outside of it";
        if (tag->type == MB2_TAG_END)
            break;
        wrong = tag_accept(info, tag, phys + at);
        if (wrong)
            return wrong;
        at += ALIGN_UP((u64)tag->size, TAG_ALIGN);
    }
    return info->ranges ? NULL : "it has no memory map";
}

bool boot_module_get(const struct boot_info *info, u32 n, struct boot_module *module)
{
    const struct mb2_tag *tag = (const struct mb2_tag *)info->tags;
    const struct mb2_module_tag *found;

    if (n >= info->module_count)
        return false;
    for (;; tag = tag_next(tag))
        if (tag->type == MB2_TAG_MODULE && n-- == 0)
            break;
    found = (const struct mb2_module_tag *)tag;
    module->start = found->start;
    module->end = found->end;
    module->cmdline = found->cmdline;
    return true;
}

bool boot_range_get(const struct boot_info *info, u32 n, struct memory_range *range)
{
    const struct mb2_mmap_entry *entry;

    if (n >= info->range_count)
        return false;
    entry = (const struct mb2_mmap_entry *)(info->ranges + (u64)n * info->range_entry_size);
    range->start = entry->base;
    range->type = entry->type;
    if (__builtin_add_overflow(entry->base, entry->length, &range->end))
        range->end = range->start;
    return true;
}
