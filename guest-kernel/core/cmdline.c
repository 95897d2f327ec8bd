/*
 * The command line: words parted by spaces, some of them `name=value`. It arrives in start_info and
 * is read where it lies. Xen's field is a fixed array that need not end in a NUL when it is full.
 */
#include "guest-kernel/core/guest.h"
#include "xen-like/lib/string.h"

/* Steps to the next word: its start in *word, its length as the answer, 0 at the end of the line.
 */
static size_t word_next(const char **at, const char **word)
{
    const char *end = (const char *)start_info->cmd_line + MAX_GUEST_CMDLINE;
    const char *c = *at;

    while (c < end && *c == ' ')
        c++;
    *word = c;
    while (c < end && *c && *c != ' ')
        c++;
    *at = c;
    return (size_t)(c - *word);
}

bool cmdline_has(const char *name)
{
    const char *at = (const char *)start_info->cmd_line, *word;
    size_t length;

    while ((length = word_next(&at, &word))) {
        if (length == strlen(name) && !strncmp(word, name, length))
            return true;
    }
    return false;
}

bool cmdline_value(const char *name, char *value, size_t size)
{
    const char *at = (const char *)start_info->cmd_line, *word;
    size_t length, skip = strlen(name) + 1;

    while ((length = word_next(&at, &word))) {
        if (length < skip || strncmp(word, name, skip - 1) || word[skip - 1] != '=')
            continue;
        /* str_copy stops at a NUL only; the word ends at a space: give it room for just the word.
         */
        str_copy(value, word + skip, MIN(size, length - skip + 1));
        return true;
    }
    return false;
}
