/*
 * Completion: what the words that may stand at a place have in common beyond what was typed. Who
 * knows the words hands them out one by one, all that might stand there; here those are picked that
 * begin with what was typed.
 */
#ifndef DOM0_CONSOLE_COMPLETION_H
#define DOM0_CONSOLE_COMPLETION_H

#include "dom0/console/history.h"

/* The index-th word that may stand at line[word], where line[0..word) is the line before it; NULL:
 * no more. It is good until the next call. */
typedef const char *completion_candidate(const char *line, size_t word, unsigned int index);

struct completion {
    completion_candidate *candidate;
    const char *line;
    size_t word, typed;               /* the word begins at line[word] and has so many characters */
    size_t count, length;             /* words that fit; characters that they have in common */
    char common[EDITOR_LINE_MAX + 1]; /* [0..length): those */
};

/* For the word that ends at line[at]. */
void completion_find(struct completion *c, completion_candidate *candidate, const char *line,
                     size_t at);

/* The next word that fits, from *index on (at first 0); NULL: no more. */
const char *completion_next(const struct completion *c, unsigned int *index);

#endif
