/*
 * The form of xl.cfg, without the meaning of any key. Only config*.c include this.
 *
 *   key = value        or  key += value, which adds to what came before
 *   value              "text", 'text', a number, or [ value, value, ... ] over several lines
 *   end of a setting   the line's end or ;      # begins a comment
 *
 * Texts know C's escapes. A number is kept as text: whether it is one, the key's reader says.
 */
#ifndef DOM0_TOOLSTACK_CONFIG_TEXT_H
#define DOM0_TOOLSTACK_CONFIG_TEXT_H

#include "dom0/toolstack/config.h"

struct setting {
    const char *key; /* in the file: key_length letters */
    u32 key_length;
    u32 line;
    bool is_list, adds, used;
    struct text_list values; /* a single value: one */
};

struct settings {
    const char *file;
    struct setting *all;
    u32 count;
    char *texts; /* where the next text goes */
    char *message;
};

/* The room is for settings first, then texts; as config_room measures it. */
bool settings_read(struct settings *s, const char *text, u64 size, void *room);

/* Puts "file:line: ..." into the message; false, for the caller to answer. */
bool setting_wrong(struct settings *s, u32 line, const char *format, ...) PRINTF_LIKE(3, 4);

static inline const char *text_next(const char *text)
{
    while (*text++)
        ;
    return text;
}

#endif
