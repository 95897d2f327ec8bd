/* See config_fields.h. */
#include "dom0/toolstack/config_fields.h"

#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

bool slice_is(struct slice s, const char *word)
{
    return strlen(word) == (size_t)s.length && !strncmp(s.at, word, strlen(word));
}

bool slice_takes(struct slice *s, const char *prefix)
{
    int length = (int)strlen(prefix);

    if (s->length < length || strncmp(s->at, prefix, (size_t)length))
        return false;
    *s = (struct slice){s->at + length, s->length - length};
    return true;
}

struct slice slice_trim(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (struct slice){from, (int)(to - from)};
}

/* The next field of a text; *rest is then behind its comma, or NULL behind the last. */
struct slice field_take(const char **rest)
{
    const char *from = *rest, *comma = strchr(from, ',');

    *rest = comma ? comma + 1 : NULL;
    return slice_trim(from, comma ? comma : from + strlen(from));
}

bool slice_number(struct slice s, u64 *number)
{
    const char *end;

    return s.length && parse_unsigned(s.at, &end, number) && end == s.at + s.length;
}

/* @key's entry, or NULL; the table ends with one that has no key. */
const struct field *field_find(const struct field *fields, struct slice key)
{
    for (; fields->key; fields++) {
        if (slice_is(key, fields->key))
            return fields;
    }
    return NULL;
}

/* "key=value" in two. False: there is no =. */
bool field_split(struct slice field, struct slice *key, struct slice *value)
{
    for (int i = 0; i < field.length; i++) {
        if (field.at[i] == '=') {
            *key = slice_trim(field.at, field.at + i);
            *value = slice_trim(field.at + i + 1, field.at + field.length);
            return true;
        }
    }
    return false;
}

const char *pass_over(void *spec, struct slice value)
{
    (void)spec;
    (void)value;
    return NULL;
}

const char *backend_take(void *spec, struct slice value)
{
    (void)spec;
    return slice_is(value, "0") || slice_is(value, "Domain-0")
               ? NULL
               : "only Domain-0 has devices to give";
}
