/*
 * A command's words. They are parted by spaces; '...' and "..." keep spaces in a word (and are not
 * part of it), anywhere in the word. Options are read as getopt reads them, wherever they stand:
 * -c, -sc (two), -w 512 and -w512 (with a value); behind -- there are none.
 */
#ifndef DOM0_SHELL_WORDS_H
#define DOM0_SHELL_WORDS_H

#include "xen-like/lib/types.h"

#define WORDS_MAX 256 /* more than a line of the editor has */

struct words {
    unsigned int count, next; /* words [next..count) have not been taken yet */
    const char *word[WORDS_MAX];
    const char *rest;    /* letters that come next in a word of options */
    const char *value;   /* of the option that words_option answered */
    unsigned int behind; /* where the word behind the options stands */
    bool options_end;    /* -- was seen */
};

/* Parts @line, which is changed and stays in use. False: a quote is not closed. */
bool words_split(struct words *w, char *line);

/*
 * The next option: its letter; 0: no more. @known lists the letters, with a colon behind those that
 * take a value. '?': not one of them, or the value is missing; its letter is then *w->value.
 */
char words_option(struct words *w, const char *known);

/* The next word; NULL: no more. */
const char *words_next(struct words *w);

/* How many words have not been taken. */
static inline unsigned int words_left(const struct words *w)
{
    return w->count - w->next;
}

#endif
