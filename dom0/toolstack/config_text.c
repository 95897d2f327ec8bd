/*
 * The form of xl.cfg: text to settings. config_text.h has the grammar.
 *
 * Room: each setting has an equals sign of its own, and no text is longer than what stands for it
 * in the file: a quoted one loses its quotes and gains a NUL, a number is followed by something or
 * is the file's last. config.c adds values of one key together and makes the command line of two:
 * each makes a text at most once more.
 */
#include "dom0/toolstack/config_text.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

struct reader {
    struct settings *s;
    const char *at, *end;
    u32 line;
};

#define TEXTS_SLACK 64 /* words that config.c adds, and NULs */

u64 config_room(const char *text, u64 size)
{
    u64 settings = 0;

    for (u64 i = 0; i < size; i++)
        settings += text[i] == '=';
    return settings * sizeof(struct setting) + 3 * size + TEXTS_SLACK;
}

bool setting_wrong(struct settings *s, u32 line, const char *format, ...)
{
    size_t used = line ? fmt_snprintf(s->message, CONFIG_LINE_SIZE, "%s:%u: ", s->file, line)
                       : fmt_snprintf(s->message, CONFIG_LINE_SIZE, "%s: ", s->file);
    va_list args;

    if (used >= CONFIG_LINE_SIZE)
        return false;
    va_start(args, format);
    fmt_vsnprintf(s->message + used, CONFIG_LINE_SIZE - used, format, args);
    va_end(args);
    return false;
}

static char peek(const struct reader *r)
{
    return r->at < r->end ? *r->at : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Blanks and comments, and with @lines line ends, too. */
static void blanks_skip(struct reader *r, bool lines)
{
    bool comment = false;

    for (; r->at < r->end; r->at++) {
        char c = *r->at;

        if (c == '\n') {
            if (!lines)
                return;
            comment = false;
            r->line++;
        } else if (c == '#') {
            comment = true;
        } else if (!comment && c != ' ' && c != '\t' && c != '\r') {
            return;
        }
    }
}

static int digit_value(char c, unsigned int base)
{
    unsigned int value = is_digit(c)                          ? (unsigned int)(c - '0')
                         : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned int)((c | 32) - 'a') + 10
                                                              : base;

    return value < base ? (int)value : -1;
}

/* A character by its number, in at most @most digits. A NUL would end the text: it is refused. */
static bool escape_number(struct reader *r, unsigned int base, unsigned int most, char *to)
{
    unsigned int value = 0, digits = 0;

    for (; digits < most && digit_value(peek(r), base) >= 0; digits++, r->at++)
        value = value * base + (unsigned int)digit_value(*r->at, base);
    if (!digits || !value || value > 255)
        return setting_wrong(r->s, r->line, "a character's number is missing or not 1 to 255");
    *to = (char)value;
    return true;
}

static bool escape_read(struct reader *r, char *to)
{
    static const char letters[] = "abfnrtv\\\"'", meanings[] = "\a\b\f\n\r\t\v\\\"'";
    char c = peek(r);
    const char *known = c ? strchr(letters, c) : NULL;

    if (is_digit(c))
        return escape_number(r, 8, 3, to);
    if (c == 'x') {
        r->at++;
        return escape_number(r, 16, 2, to);
    }
    if (!known)
        return setting_wrong(r->s, r->line, "an escape in a text is not known");
    *to = meanings[known - letters];
    r->at++;
    return true;
}

static bool quoted_read(struct reader *r)
{
    char quote = *r->at++, c;

    while ((c = peek(r)) != quote) {
        if (!c || c == '\n')
            return setting_wrong(r->s, r->line, "a text has no end on its line");
        r->at++;
        if (c != '\\')
            *r->s->texts++ = c;
        else if (escape_read(r, r->s->texts))
            r->s->texts++;
        else
            return false;
    }
    r->at++;
    *r->s->texts++ = '\0';
    return true;
}

static bool value_read(struct reader *r)
{
    char c = peek(r);

    if (c == '"' || c == '\'')
        return quoted_read(r);
    if (!is_digit(c) && c != '-')
        return setting_wrong(r->s, r->line, "here a value is expected: a \"text\", a number or [");
    do
        *r->s->texts++ = *r->at++;
    while (is_digit(peek(r)) || is_letter(peek(r)));
    *r->s->texts++ = '\0';
    return true;
}

static bool list_read(struct reader *r, struct setting *set)
{
    u32 first_line = r->line;

    set->is_list = true;
    r->at++;
    for (;;) {
        blanks_skip(r, true);
        if (peek(r) == ']')
            break;
        if (r->at == r->end)
            return setting_wrong(r->s, first_line, "this list has no ]");
        if (!value_read(r))
            return false;
        set->values.count++;
        blanks_skip(r, true);
        if (peek(r) == ',')
            r->at++;
        else if (peek(r) != ']')
            return setting_wrong(r->s, r->line, "in a list, expected a comma or ]");
    }
    r->at++;
    return true;
}

static bool setting_read(struct reader *r, struct setting *set)
{
    *set = (struct setting){.key = r->at, .line = r->line};
    while (is_letter(peek(r)) || (r->at > set->key && is_digit(peek(r))))
        r->at++;
    set->key_length = (u32)(r->at - set->key);
    if (!set->key_length)
        return setting_wrong(r->s, r->line, "here a key is expected");
    blanks_skip(r, false);
    set->adds = peek(r) == '+';
    r->at += set->adds;
    if (peek(r) != '=')
        return setting_wrong(r->s, r->line, "after a key, = is expected");
    r->at++;
    blanks_skip(r, false);
    set->values.first = r->s->texts;
    if (peek(r) == '[')
        return list_read(r, set);
    set->values.count = 1;
    return value_read(r);
}

bool settings_read(struct settings *s, const char *text, u64 size, void *room)
{
    struct reader r = {.s = s, .at = text, .end = text + size, .line = 1};
    struct setting set;
    u64 most = 0;

    for (u64 i = 0; i < size; i++)
        most += text[i] == '=';
    s->all = room;
    s->texts = (char *)(s->all + most);
    for (;;) {
        blanks_skip(&r, true);
        if (r.at == r.end)
            return true;
        if (*r.at == ';') {
            r.at++;
            continue;
        }
        if (!setting_read(&r, &set))
            return false;
        s->all[s->count++] = set;
        blanks_skip(&r, false);
        if (r.at < r.end && *r.at != '\n' && *r.at != ';')
            return setting_wrong(s, r.line, "after a value, the end of the line or ; is expected");
    }
}
