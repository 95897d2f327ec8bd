/*
 * The two small languages of notes: a list of features (name|!name|...), and the whole text of the
 * older __xen_guest section (NAME=value,NAME=value,...). Both are read in place, between two ends,
 * because neither need be followed by a NUL.
 */
#include "xen-like/lib/image_internal.h"

#include "xen-like/abi/xen.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

struct span {
    const char *at;
    size_t length;
};

/* Splits *rest at the first separator and returns what came before it. */
static struct span take_until(struct span *rest, char separator)
{
    struct span first = *rest;

    for (first.length = 0; first.length < rest->length; first.length++)
        if (rest->at[first.length] == separator)
            break;
    rest->at += first.length;
    rest->length -= first.length;
    if (rest->length > 0) {
        rest->at++;
        rest->length--;
    }
    return first;
}

static bool span_is(struct span span, const char *word)
{
    return span.length == strlen(word) && memcmp(span.at, word, span.length) == 0;
}

static bool span_starts_with(struct span span, const char *word)
{
    return span.length >= strlen(word) && memcmp(span.at, word, strlen(word)) == 0;
}

/* The names that Xen gives a meaning to in this list; other XENFEAT bits have no name there. */
#define FEATURE(name)                                                                              \
    {                                                                                              \
#name, 1u << XENFEAT_##name                                                                \
    }
static const struct feature {
    const char *name;
    u32 bit;
} known_features[] = {
    FEATURE(writable_page_tables),
    FEATURE(writable_descriptor_tables),
    FEATURE(auto_translated_physmap),
    FEATURE(supervisor_mode_kernel),
    FEATURE(pae_pgdir_above_4gb),
    FEATURE(hvm_callback_vector),
    FEATURE(dom0),
};

static u32 find_feature(struct span name)
{
    for (size_t i = 0; i < ARRAY_SIZE(known_features); i++)
        if (span_is(name, known_features[i].name))
            return known_features[i].bit;
    return 0;
}

bool image_read_features(struct image *img, const char *text, size_t length)
{
    struct span rest = {text, strnlen(text, length)};

    while (rest.length > 0) {
        struct span name = take_until(&rest, '|');
        bool required = name.length > 0 && name.at[0] == '!';
        u32 bit;

        if (required) {
            name.at++;
            name.length--;
        }
        bit = find_feature(name);
        if (required && bit == 0)
            return false;
        img->features_supported |= bit;
        if (required)
            img->features_required |= bit;
    }
    return true;
}

/* The keys whose values are numbers or texts, and where these go. */
struct old_key {
    const char *name;
    size_t offset;
};

static const struct old_key old_numbers[] = {
    {"VIRT_BASE", offsetof(struct image, virt_base)},
    {"VIRT_ENTRY", offsetof(struct image, entry)},
    {"ELF_PADDR_OFFSET", offsetof(struct image, paddr_offset)},
    {"HYPERCALL_PAGE", offsetof(struct image, hypercall_page)}, /* a page number, until the end */
};

static const struct old_key old_texts[] = {
    {"GUEST_OS", offsetof(struct image, guest_os)},
    {"GUEST_VER", offsetof(struct image, guest_version)},
    {"XEN_VER", offsetof(struct image, xen_version)},
    {"LOADER", offsetof(struct image, loader)},
};

static const struct old_key *find_key(const struct old_key *keys, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(name, keys[i].name))
            return &keys[i];
    return NULL;
}

/* The whole value must be one number. The longest one, octal with its 0, has 23 digits. */
static bool read_span_number(struct span value, u64 *number)
{
    char text[24];
    const char *end;

    if (value.length >= sizeof(text))
        return false;
    memcpy(text, value.at, value.length);
    text[value.length] = '\0';
    return parse_unsigned(text, &end, number) && *end == '\0';
}

static void read_old_pae(struct image *img, struct span value)
{
    if (span_is(value, "yes[extended-cr3]"))
        img->pae = IMAGE_PAE_EXTENDED_CR3;
    else if (span_starts_with(value, "yes"))
        img->pae = IMAGE_PAE_YES;
}

static bool read_old_key(struct image *img, struct span name, struct span value, const char **why)
{
    const struct old_key *number = find_key(old_numbers, ARRAY_SIZE(old_numbers), name);
    const struct old_key *text = find_key(old_texts, ARRAY_SIZE(old_texts), name);

    if (number != NULL) {
        if (!read_span_number(value, (u64 *)((char *)img + number->offset)))
            return image_fail(img, why, "%s in its __xen_guest section is no number", number->name);
    } else if (text != NULL) {
        size_t kept = MIN(value.length, (size_t)IMAGE_TEXT_SIZE - 1);
        char *to = (char *)img + text->offset;

        memcpy(to, value.at, kept);
        to[kept] = '\0';
    } else if (span_is(name, "PAE")) {
        read_old_pae(img, value);
    } else if (span_is(name, "BSD_SYMTAB")) {
        img->bsd_symtab = true; /* here the word alone means yes */
    } else if (span_is(name, "FEATURES") && !image_read_features(img, value.at, value.length)) {
        *why = "it requires a feature that is not known";
        return false;
    }
    return true;
}

/* The page number is counted from VIRT_BASE where there is one, and may come before it. */
static bool place_hypercall_page(struct image *img, const char **why)
{
    u64 page = img->hypercall_page;

    if (page == IMAGE_UNSET)
        return true;
    if (page > UINT64_MAX >> PAGE_SHIFT)
        return image_fail(
            img, why, "HYPERCALL_PAGE 0x%" F64 "x in its __xen_guest section is too large", page);
    img->hypercall_page = page << PAGE_SHIFT;
    if (img->virt_base != IMAGE_UNSET)
        img->hypercall_page += img->virt_base;
    return true;
}

bool image_read_old_notes(struct image *img, const char *text, size_t length, const char **why)
{
    struct span rest = {text, strnlen(text, length)};

    while (rest.length > 0) {
        struct span value = take_until(&rest, ',');
        struct span name = take_until(&value, '=');

        if (!read_old_key(img, name, value, why))
            return false;
    }
    return place_hypercall_page(img, why);
}
