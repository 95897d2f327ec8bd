/* See completion.h. Words are parted by spaces. */
#include "dom0/console/completion.h"

const char *completion_next(const struct completion *c, unsigned int *index)
{
    const char *text;

    while ((text = c->candidate(c->line, c->word, (*index)++))) {
        if (!strncmp(text, c->line + c->word, c->typed))
            return text;
    }
    return NULL;
}

static void common_narrow(struct completion *c, const char *text)
{
    size_t same = 0;

    if (!c->count++)
        c->length = MIN(str_copy(c->common, text, sizeof(c->common)), (size_t)EDITOR_LINE_MAX);
    while (same < c->length && text[same] == c->common[same])
        same++;
    c->length = same;
}

void completion_find(struct completion *c, completion_candidate *candidate, const char *line,
                     size_t at)
{
    unsigned int index = 0;
    const char *text;

    c->candidate = candidate;
    c->line = line;
    for (c->word = at; c->word && line[c->word - 1] != ' ';)
        c->word--;
    c->typed = at - c->word;
    c->count = c->length = 0;
    while ((text = completion_next(c, &index)))
        common_narrow(c, text);
}
