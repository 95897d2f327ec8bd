/* See content.h. */
#include "dom0/xenstore/content.h"

#include "dom0/mm/heap.h"
#include "dom0/xenstore/account.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

static const char letters[] = "nrwb"; /* by MAY_READ and MAY_WRITE */

static struct content *content_new(u32 permissions, u32 value, u32 names)
{
    struct content *c =
        heap_alloc(sizeof(*c) + permissions * sizeof(struct permission) + value + names);

    if (c)
        *c = (struct content){1, permissions, value, names, 0};
    return c;
}

void content_drop(struct content *c)
{
    if (c && !--c->references)
        heap_free(c);
}

/* An account that was opened later than the permission was given is somebody else's. In a content
 * that was not put anywhere yet (given 0) it is known already. */
static bool is_stale(const struct permission *permission, u64 given)
{
    const struct account *account = account_find(permission->domain);

    return permission->stale || (given && (!account || account->since > given));
}

/* What is stale now stays so, also when the copy counts as a later change. */
static void permissions_copy(struct content *to, const struct content *from)
{
    for (u32 i = 0; i < from->permissions_count; i++) {
        to->permissions[i] = from->permissions[i];
        if (i)
            to->permissions[i].stale = is_stale(&from->permissions[i], from->generation);
    }
}

struct content *content_with_value(const struct content *old, const void *value, u32 length)
{
    struct content *c = content_new(old->permissions_count, length, old->names_length);

    if (!c)
        return NULL;
    permissions_copy(c, old);
    if (length)
        memcpy(content_value(c), value, length);
    memcpy(content_names(c), content_names(old), old->names_length);
    return c;
}

struct content *content_with_name(const struct content *old, const char *name)
{
    u32 more = (u32)strlen(name) + 1;
    struct content *c =
        content_new(old->permissions_count, old->value_length, old->names_length + more);

    if (!c)
        return NULL;
    permissions_copy(c, old);
    memcpy(content_value(c), content_value(old), old->value_length + old->names_length);
    memcpy(content_names(c) + old->names_length, name, more);
    return c;
}

s64 content_name_at(const struct content *c, const char *name)
{
    const char *names = content_names(c);

    for (u32 at = 0; at < c->names_length; at += (u32)strlen(names + at) + 1) {
        if (!strcmp(names + at, name))
            return at;
    }
    return -1;
}

struct content *content_without_name(const struct content *old, const char *name)
{
    s64 found = content_name_at(old, name);
    u32 at = found < 0 ? old->names_length : (u32)found;
    u32 less = found < 0 ? 0 : (u32)strlen(name) + 1;
    struct content *c =
        content_new(old->permissions_count, old->value_length, old->names_length - less);

    if (!c)
        return NULL;
    permissions_copy(c, old);
    memcpy(content_value(c), content_value(old), old->value_length + at);
    memcpy(content_names(c) + at, content_names(old) + at + less, old->names_length - at - less);
    return c;
}

struct content *content_with_permissions(const struct content *old,
                                         const struct permission *permissions, u32 count)
{
    struct content *c = content_new(count, old->value_length, old->names_length);

    if (!c)
        return NULL;
    memcpy(c->permissions, permissions, count * sizeof(*permissions));
    for (u32 i = 1; i < count; i++)
        c->permissions[i].stale = is_stale(&permissions[i], store_generation);
    memcpy(content_value(c), content_value(old), old->value_length + old->names_length);
    return c;
}

struct content *content_of_child(const struct content *parent, domid_t owner)
{
    struct content *c = content_new(parent->permissions_count, 0, 0);

    if (!c)
        return NULL;
    permissions_copy(c, parent);
    c->permissions[0].domain = owner;
    return c;
}

struct content *content_of_dom0(void)
{
    struct content *c = content_new(1, 0, 0);

    if (c)
        c->permissions[0] = (struct permission){0, 0, false};
    return c;
}

u32 content_may(const struct content *c, domid_t domain, domid_t other)
{
    for (u32 i = 1; i < c->permissions_count; i++) {
        const struct permission *permission = &c->permissions[i];

        if ((permission->domain == domain || permission->domain == other) &&
            !is_stale(permission, c->generation))
            return permission->may;
    }
    return c->permissions[0].may;
}

void permission_text(const struct permission *permission, char to[PERMISSION_TEXT])
{
    fmt_snprintf(to, PERMISSION_TEXT, "%c%u", letters[permission->may], permission->domain);
}

bool permission_read(struct permission *permission, const char *text)
{
    const char *letter = *text ? strchr(letters, *text) : NULL, *end;
    u64 domain;

    if (!letter || !parse_unsigned(text + 1, &end, &domain) || *end)
        return false;
    *permission = (struct permission){(domid_t)MIN(domain, (u64)DOMID_INVALID),
                                      (u8)(letter - letters), false};
    return true;
}
