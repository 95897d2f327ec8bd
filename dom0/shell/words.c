/* See words.h. Words are made in place: what is left of a quoted word is never longer. */
#include "dom0/shell/words.h"
#include "xen-like/lib/string.h"

/* Copies one word from *from to *to, without its quotes. False: one is not closed. */
static bool word_copy(char **from, char **to)
{
    char quote = 0;

    for (; **from && (quote || **from != ' '); ++*from) {
        if (quote ? **from == quote : **from == '"' || **from == '\'')
            quote = quote ? 0 : **from;
        else
            *(*to)++ = **from;
    }
    return !quote;
}

bool words_split(struct words *w, char *line)
{
    char *from = line, *to = line;

    w->count = w->next = 0;
    w->rest = NULL;
    w->options_end = false;
    for (;;) {
        bool last;

        while (*from == ' ')
            from++;
        if (!*from || w->count == WORDS_MAX)
            return !*from;
        w->word[w->count++] = to;
        if (!word_copy(&from, &to))
            return false;
        last = !*from; /* or the 0 below may be written over it */
        from += !last;
        *to++ = 0;
        if (last)
            return true;
    }
}

const char *words_next(struct words *w)
{
    return words_left(w) ? w->word[w->next++] : NULL;
}

/* Takes the word at @at out of its order. */
static const char *word_take(struct words *w, unsigned int at)
{
    const char *word = w->word[at];

    for (; at > w->next; at--)
        w->word[at] = w->word[at - 1];
    w->word[w->next++] = word;
    return word;
}

/* The next word of options becomes w->rest. False: there is none. */
static bool options_find(struct words *w)
{
    for (unsigned int at = w->next; at < w->count && !w->options_end; at++) {
        if (w->word[at][0] != '-' || !w->word[at][1])
            continue;
        w->rest = word_take(w, at) + 1;
        w->behind = at + 1;
        w->options_end = !strcmp(w->rest, "-");
        return !w->options_end;
    }
    return false;
}

char words_option(struct words *w, const char *known)
{
    const char *letter, *name;

    if ((!w->rest || !*w->rest) && !options_find(w))
        return 0;
    letter = w->rest++;
    w->value = letter;
    name = *letter == ':' ? NULL : strchr(known, *letter);
    if (!name)
        return '?';
    if (name[1] != ':')
        return *letter;
    if (!*w->rest && w->behind == w->count)
        return '?';
    w->value = *w->rest ? w->rest : word_take(w, w->behind);
    w->rest = NULL;
    return *letter;
}
