/*
 * A line editor: it is fed the bytes that a terminal sends, and writes the bytes that keep the
 * terminal showing the line. It knows no console and no hypercall, so the tests feed it what nobody
 * would type.
 *
 * Keys: left, right, Home, End (Ctrl-a, e, b, f); Backspace, Delete (Ctrl-d), Ctrl-w a word, Ctrl-u
 * all before the cursor, Ctrl-k all behind it; up, down (Ctrl-p, n) earlier lines; Ctrl-r searches
 * them; TAB completes; Ctrl-l clears the screen; Ctrl-c gives the line up.
 *
 * Invariant: at <= length <= EDITOR_LINE_MAX, line[length] is 0, and the cursor of the terminal
 * stands where `at` is shown. A line longer than the screen is shown in part.
 */
#ifndef DOM0_CONSOLE_EDITOR_H
#define DOM0_CONSOLE_EDITOR_H

#include "dom0/console/completion.h"
#include "dom0/console/history.h"
#include "dom0/console/keys.h"

#define EDITOR_QUERY_MAX 40
#define EDITOR_COLUMNS   80 /* nobody tells us how wide the terminal is */

enum editor_outcome {
    EDITOR_MORE,     /* the line is not finished */
    EDITOR_LINE,     /* Enter: it is in editor->line */
    EDITOR_GIVEN_UP, /* Ctrl-c */
};

/* What an editor needs of who uses it. */
struct editor_owner {
    const char *prompt;
    void (*write)(const char *text, size_t length); /* to the terminal */
    completion_candidate *candidate;
};

struct editor {
    const struct editor_owner *owner;
    char line[EDITOR_LINE_MAX + 1];
    size_t length, at;
    struct key_reader keys;
    struct history history;
    size_t back;                     /* the line is a copy of the back-th last one; 0: of none */
    char draft[EDITOR_LINE_MAX + 1]; /* what was being typed when back became more than 0 */
    bool searching, tabbed;          /* tabbed: the last key was TAB, and did not help */
    char query[EDITOR_QUERY_MAX + 1];
    size_t query_length;
};

void editor_init(struct editor *e, const struct editor_owner *owner);

/* Begins a new line: shows the prompt. */
void editor_begin(struct editor *e);

/* Takes a byte. After EDITOR_LINE or EDITOR_GIVEN_UP the terminal stands at the beginning of a
 * line, and editor_begin comes next. */
enum editor_outcome editor_feed(struct editor *e, u8 byte);

/* Takes the line off the screen, for somebody else's text, and shows it again. */
void editor_hide(const struct editor *e);
void editor_show(const struct editor *e);

#endif
