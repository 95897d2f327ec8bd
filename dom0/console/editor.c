/*
 * See editor.h. Nearly every key changes line and cursor and then shows the line anew; only a
 * character at the end of a line that fits is written by itself, so that typing costs one byte for
 * each.
 */
#include "dom0/console/editor.h"
#include "dom0/console/completion.h"
#include "xen-like/lib/fmt.h"

#define CLEAR_TO_END "\x1b[K"
#define BELL         "\a"

static void put(const struct editor *e, const char *text)
{
    e->owner->write(text, strlen(text));
}

/* ---- Showing ----------------------------------------------------------------------------------
 */

static size_t prompt_make(const struct editor *e, char *to, size_t size)
{
    if (e->searching)
        return fmt_snprintf(to, size, "(search) %s: ", e->query);
    return str_copy(to, e->owner->prompt, size);
}

void editor_show(const struct editor *e)
{
    char prompt[EDITOR_COLUMNS], move[sizeof("\r\x1b[00C")];
    size_t before = MIN(prompt_make(e, prompt, sizeof(prompt)), sizeof(prompt) - 1);
    size_t room = EDITOR_COLUMNS - 1 - before;
    size_t first = e->at > room ? e->at - room : 0;

    put(e, "\r");
    put(e, prompt);
    e->owner->write(e->line + first, MIN(room, e->length - first));
    put(e, CLEAR_TO_END);
    if (e->at == e->length)
        return; /* the cursor is there */
    fmt_snprintf(move, sizeof(move), "\r\x1b[%zuC", before + e->at - first);
    put(e, move);
}

void editor_hide(const struct editor *e)
{
    put(e, "\r" CLEAR_TO_END);
}

/* ---- The line ---------------------------------------------------------------------------------
 */

static void line_set(struct editor *e, const char *text)
{
    e->length = e->at = MIN(str_copy(e->line, text, sizeof(e->line)), sizeof(e->line) - 1);
}

/* Takes line[from..to) out; the cursor stands at from. */
static void line_cut(struct editor *e, size_t from, size_t to)
{
    memmove(e->line + from, e->line + to, e->length - to + 1);
    e->length -= to - from;
    e->at = from;
}

/* False: the line is full, and nothing was put in. */
static bool line_insert(struct editor *e, const char *text, size_t length)
{
    if (length > EDITOR_LINE_MAX - e->length) {
        put(e, BELL);
        return false;
    }
    memmove(e->line + e->at + length, e->line + e->at, e->length - e->at + 1);
    memcpy(e->line + e->at, text, length);
    e->length += length;
    e->at += length;
    return true;
}

static size_t word_before(const struct editor *e)
{
    size_t at = e->at;

    while (at && e->line[at - 1] == ' ')
        at--;
    while (at && e->line[at - 1] != ' ')
        at--;
    return at;
}

static size_t word_behind(const struct editor *e)
{
    size_t at = e->at;

    while (at < e->length && e->line[at] == ' ')
        at++;
    while (at < e->length && e->line[at] != ' ')
        at++;
    return at;
}

static void character_type(struct editor *e, char c)
{
    if (!line_insert(e, &c, 1))
        return;
    if (e->at == e->length && strlen(e->owner->prompt) + e->length < EDITOR_COLUMNS)
        e->owner->write(&c, 1);
    else
        editor_show(e);
}

/* ---- Earlier lines ----------------------------------------------------------------------------
 */

static void history_go(struct editor *e, size_t back)
{
    const char *line = back ? history_line(&e->history, back) : e->draft;

    if (!line) {
        put(e, BELL);
        return;
    }
    if (!e->back)
        str_copy(e->draft, e->line, sizeof(e->draft));
    e->back = back;
    line_set(e, line);
}

static void search_again(struct editor *e, size_t from)
{
    size_t back = e->query_length ? history_search(&e->history, from, e->query) : 0;

    if (back)
        history_go(e, back);
    else if (e->query_length)
        put(e, BELL);
}

static void search_begin(struct editor *e)
{
    e->searching = true;
    e->query_length = 0;
    e->query[0] = 0;
}

/* A key while searching. False: the search is over, and the key is one of the line's. */
static bool search_key(struct editor *e, unsigned int key)
{
    if (key == KEY_CTRL('r')) {
        search_again(e, e->back + 1);
    } else if (key == KEY_BACKSPACE || key == KEY_CTRL('h')) {
        e->query_length -= e->query_length != 0;
        e->query[e->query_length] = 0;
    } else if (key >= ' ' && key < KEY_BACKSPACE && e->query_length < EDITOR_QUERY_MAX) {
        e->query[e->query_length++] = (char)key;
        e->query[e->query_length] = 0;
        search_again(e, MAX(e->back, (size_t)1));
    } else {
        e->searching = false;
        return false;
    }
    return true;
}

/* ---- Completion -------------------------------------------------------------------------------
 */

static void candidates_list(const struct editor *e, const struct completion *c)
{
    unsigned int index = 0;
    const char *text;

    put(e, "\n");
    while ((text = completion_next(c, &index))) {
        put(e, text);
        put(e, "  ");
    }
    put(e, "\n");
}

/* Two TABs in a row, of which the first did not help, list what there is. */
static void complete(struct editor *e)
{
    struct completion c;

    completion_find(&c, e->owner->candidate, e->line, e->at);
    if (c.length > c.typed)
        line_insert(e, c.common + c.typed, c.length - c.typed);
    else if (c.count > 1 && e->tabbed)
        candidates_list(e, &c);
    else if (c.count != 1)
        put(e, BELL);
    if (c.count == 1 && e->at == e->length)
        line_insert(e, " ", 1);
    e->tabbed = true;
}

/* ---- Keys -------------------------------------------------------------------------------------
 */

static void key_erase(struct editor *e, unsigned int key)
{
    switch (key) {
    case KEY_BACKSPACE:
    case KEY_CTRL('h'):
        line_cut(e, e->at - (e->at != 0), e->at);
        break;
    case KEY_DELETE:
    case KEY_CTRL('d'):
        line_cut(e, e->at, e->at + (e->at < e->length));
        break;
    case KEY_WORD_ERASE:
    case KEY_CTRL('w'):
        line_cut(e, word_before(e), e->at);
        break;
    case KEY_CTRL('u'):
        line_cut(e, 0, e->at);
        break;
    case KEY_CTRL('k'):
        line_cut(e, e->at, e->length);
        break;
    }
}

static void key_move(struct editor *e, unsigned int key)
{
    switch (key) {
    case KEY_LEFT:
    case KEY_CTRL('b'):
        e->at -= e->at != 0;
        break;
    case KEY_RIGHT:
    case KEY_CTRL('f'):
        e->at += e->at < e->length;
        break;
    case KEY_HOME:
    case KEY_CTRL('a'):
        e->at = 0;
        break;
    case KEY_END:
    case KEY_CTRL('e'):
        e->at = e->length;
        break;
    case KEY_WORD_LEFT:
        e->at = word_before(e);
        break;
    case KEY_WORD_RIGHT:
        e->at = word_behind(e);
        break;
    case KEY_UP:
    case KEY_CTRL('p'):
        history_go(e, e->back + 1);
        break;
    case KEY_DOWN:
    case KEY_CTRL('n'):
        if (e->back)
            history_go(e, e->back - 1);
        break;
    }
}

static void key_do(struct editor *e, unsigned int key)
{
    if (key == KEY_TAB) {
        complete(e);
    } else {
        e->tabbed = false;
        if (key == KEY_CTRL('l'))
            put(e, "\x1b[H\x1b[2J");
        else if (key == KEY_CTRL('r'))
            search_begin(e);
        key_erase(e, key);
        key_move(e, key);
    }
    editor_show(e);
}

static enum editor_outcome line_finish(struct editor *e, enum editor_outcome outcome)
{
    bool whole = !e->searching && e->at == e->length;

    e->searching = false;
    e->at = e->length;
    if (!whole)
        editor_show(e); /* so that the whole line stays on the screen */
    put(e, outcome == EDITOR_LINE ? "\n" : "^C\n");
    if (outcome == EDITOR_LINE)
        history_add(&e->history, e->line);
    return outcome;
}

enum editor_outcome editor_feed(struct editor *e, u8 byte)
{
    unsigned int key = key_feed(&e->keys, byte);

    if (key == KEY_NONE)
        return EDITOR_MORE;
    if (key == KEY_CTRL('c'))
        return line_finish(e, EDITOR_GIVEN_UP);
    if (key == KEY_ENTER || key == KEY_NEWLINE)
        return line_finish(e, EDITOR_LINE);
    if (e->searching && search_key(e, key)) {
        editor_show(e);
    } else if (key >= ' ' && key < KEY_BACKSPACE) {
        e->tabbed = false;
        character_type(e, (char)key);
    } else {
        key_do(e, key);
    }
    return EDITOR_MORE;
}

void editor_init(struct editor *e, const struct editor_owner *owner)
{
    memset(e, 0, sizeof(*e));
    e->owner = owner;
}

void editor_begin(struct editor *e)
{
    line_set(e, "");
    e->back = 0;
    e->tabbed = false;
    editor_show(e);
}
