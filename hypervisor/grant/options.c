/* What the command line says about grants, in Xen's words. */
#include "hypervisor/grant/grant.h"

#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define FRAMES_MAX (1U << 20) /* grants of 4 TiB; sizes are computed in 32 bits */

static const char *number(const char *value, u32 least, u32 *to)
{
    const char *end;
    u64 n;

    if (!parse_unsigned(value, &end, &n) || *end || n < least || n > FRAMES_MAX)
        return "a number of frames, at most 1048576";
    *to = (u32)n;
    return NULL;
}

const char *grants_set_frames(const char *value)
{
    return number(value, 1, &grants_options.max.frames);
}

const char *grants_set_maptrack(const char *value)
{
    return number(value, 0, &grants_options.max.maptrack_frames);
}

/* `name`, `no-name` or `name=yes` in @word[0..length): as it says. -1: another name. */
static int word_bool(const char *word, size_t length, const char *name)
{
    size_t n = strlen(name);
    bool no = length > 3 && !memcmp(word, "no-", 3);

    if (no) {
        word += 3;
        length -= 3;
    }
    if (length < n || memcmp(word, name, n))
        return -1;
    if (length == n)
        return !no;
    return word[n] == '=' && !no ? parse_bool(word + n + 1, length - n - 1) : -1;
}

/* gnttab=max-ver:1,transitive,no-transfer */
const char *grants_set(const char *value)
{
    for (;;) {
        const char *comma = strchr(value, ',');
        size_t length = comma ? (size_t)(comma - value) : strlen(value);
        int transitive = word_bool(value, length, "transitive");
        int transfer = word_bool(value, length, "transfer");

        if (length == 9 && (!memcmp(value, "max-ver:", 8) || !memcmp(value, "max_ver:", 8)) &&
            (value[8] == '1' || value[8] == '2'))
            grants_options.max.version = (u32)(value[8] - '0');
        else if (transitive >= 0)
            grants_options.transitive = transitive;
        else if (transfer >= 0)
            grants_options.transfer = transfer;
        else
            return "a list of max-ver:1 or 2, transitive, transfer";
        if (!comma)
            return NULL;
        value = comma + 1;
    }
}
