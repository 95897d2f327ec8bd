/*
 * See parse.h. The words and suffixes are those of Xen's command line document
 * (xen-command-line, "Boolean" and "Size").
 */
#include "xen-like/lib/parse.h"

#include "xen-like/lib/string.h"

#define NO_DIGIT 255u

static unsigned int read_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned int)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned int)(c - 'A') + 10;
    return NO_DIGIT;
}

/* Steps over the prefix. The 0 of an octal number stays: it is a digit as well. */
static unsigned int read_base(const char **s)
{
    const char *p = *s;

    if (p[0] != '0')
        return 10;
    if ((p[1] == 'x' || p[1] == 'X') && read_digit(p[2]) < 16) {
        *s += 2;
        return 16;
    }
    return 8;
}

bool parse_unsigned(const char *s, const char **end, u64 *value)
{
    const char *first;
    unsigned int base = read_base(&s), digit;
    u64 sum = 0;

    for (first = s; (digit = read_digit(*s)) < base; s++) {
        if (__builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum)) {
            *end = s;
            return false;
        }
    }
    *end = s;
    if (s == first)
        return false;
    *value = sum;
    return true;
}

bool parse_size(const char *s, const char **end, u64 *bytes)
{
    static const char letters[] = "bkmgt"; /* each is 10 bits above the one before it */
    unsigned int shift = 10;
    const char *letter;
    u64 count;

    if (!parse_unsigned(s, end, &count))
        return false;
    letter = **end != '\0' ? strchr(letters, **end | 0x20) : NULL;
    if (letter != NULL) {
        shift = 10 * (unsigned int)(letter - letters);
        (*end)++;
    }
    if (count > UINT64_MAX >> shift)
        return false;
    *bytes = count << shift;
    return true;
}

int parse_bool(const char *s, size_t length)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"off", "on"}, {"false", "true"}, {"disable", "enable"}, {"0", "1"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        for (int truth = 0; truth < 2; truth++)
            if (strlen(words[i][truth]) == length && strncmp(s, words[i][truth], length) == 0)
                return truth;
    return -1;
}
