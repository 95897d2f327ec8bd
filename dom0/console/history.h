/*
 * The lines that were entered: the last HISTORY_LINES of them. Number 1 is the latest. A line that
 * repeats the one before it is not kept.
 */
#ifndef DOM0_CONSOLE_HISTORY_H
#define DOM0_CONSOLE_HISTORY_H

#include "xen-like/lib/string.h"

#define EDITOR_LINE_MAX 510 /* characters */
#define HISTORY_LINES   64

struct history {
    char lines[HISTORY_LINES][EDITOR_LINE_MAX + 1];
    size_t count; /* entered so far; line n is at (count - n) % HISTORY_LINES */
};

/* NULL if there is no such line (any more). */
static inline const char *history_line(const struct history *h, size_t back)
{
    if (!back || back > MIN(h->count, (size_t)HISTORY_LINES))
        return NULL;
    return h->lines[(h->count - back) % HISTORY_LINES];
}

static inline void history_add(struct history *h, const char *line)
{
    const char *last = history_line(h, 1);

    if (!*line || (last && !strcmp(last, line)))
        return;
    str_copy(h->lines[h->count++ % HISTORY_LINES], line, EDITOR_LINE_MAX + 1);
}

/* The latest line, from number @back on, that contains @text; 0 if none does. */
static inline size_t history_search(const struct history *h, size_t back, const char *text)
{
    size_t length = strlen(text);
    const char *line;

    for (; (line = history_line(h, back)); back++) {
        for (; *line; line++) {
            if (!strncmp(line, text, length))
                return back;
        }
    }
    return 0;
}

#endif
