/*
 * What the specifications of disks and network cards have in common: a text of fields with commas
 * between, key=value or a word alone, each given to the function that a table has for its key. Only
 * config_disk.c and config_vif.c include this.
 */
#ifndef DOM0_TOOLSTACK_CONFIG_FIELDS_H
#define DOM0_TOOLSTACK_CONFIG_FIELDS_H

#include "dom0/toolstack/config_devices.h"

bool slice_is(struct slice s, const char *word);
/* Takes a prefix off, if it is there. */
bool slice_takes(struct slice *s, const char *prefix);
/* Without the blanks at both ends. */
struct slice slice_trim(const char *from, const char *to);
/* All of it is a number. */
bool slice_number(struct slice s, u64 *number);

/* The next field of a text; *rest is then behind its comma, or NULL behind the last. */
struct slice field_take(const char **rest);
/* "key=value" in two. False: there is no =. */
bool field_split(struct slice field, struct slice *key, struct slice *value);

/* What one key of a specification does with its value; answers NULL, or what is wrong. */
struct field {
    const char *key;
    const char *(*take)(void *spec, struct slice value);
};

/* The key's entry, or NULL; a table ends with an entry that has no key. */
const struct field *field_find(const struct field *fields, struct slice key);

/* For tables: what means nothing here; and who else's devices cannot be had. */
const char *pass_over(void *spec, struct slice value);
const char *backend_take(void *spec, struct slice value);

#endif
