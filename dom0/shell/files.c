/* See files.h. */
#include "dom0/shell/files.h"

#include "dom0/console/terminal.h"
#include "xen-like/lib/string.h"

static bool is_config(const char *name)
{
    size_t length = strlen(name), end = strlen(".cfg");

    return length > end && !strcmp(name + length - end, ".cfg");
}

const char *config_name_at(unsigned int index)
{
    struct archive_file file;
    const char *why;

    for (u64 at = 0; archive_next(guests_files, &at, &file, &why);) {
        if (is_config(file.name) && !index--)
            return file.name;
    }
    return NULL;
}

struct blob config_find(const char **name)
{
    struct blob file = guests_file(*name);
    size_t length = strlen(*name);
    const char *other;

    for (unsigned int i = 0; !file.bytes && (other = config_name_at(i)); i++)
        if (!strncmp(other, *name, length) && !strcmp(other + length, ".cfg")) {
            *name = other;
            file = guests_file(other);
        }
    return file;
}

void configs_tell(const char *name)
{
    terminal_print("%s: there is no such file; those that are there:\n", name);
    for (unsigned int i = 0; (name = config_name_at(i)); i++)
        terminal_print("  %s\n", name);
}
