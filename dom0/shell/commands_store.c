/*
 * The xenstore by hand: the commands of xenstore-utils, on the tree that guests see too, with
 * domain 0's rights. A path without a slash at its front begins at domain 0's home.
 */
#include "dom0/shell/commands.h"
#include "dom0/xenstore/store.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define HOME "/local/domain/0/"

static const char *whole_path(const char *path)
{
    static char whole[STORE_PATH_MAX + 1];

    if (path[0] == '/')
        return path;
    fmt_snprintf(whole, sizeof(whole), HOME "%s", path);
    return whole;
}

/* A value is bytes: those that are no characters are shown as C writes them. */
static void value_print(const char *value, u32 length)
{
    for (u32 i = 0; i < length; i++) {
        char c = value[i];

        if (c == '\n')
            terminal_print("\\n");
        else if (c == '\\')
            terminal_print("\\\\");
        else if (c >= ' ' && c <= '~')
            terminal_write(&c, 1);
        else
            terminal_print("\\x%02x", (u8)c);
    }
}

/* ---- xenstore-ls ------------------------------------------------------------------------------
 */

static bool whole_names, with_permissions;

static void node_print(const char *path, u32 depth, const char *value, u32 length)
{
    const char *name = path;
    char permissions[128];

    if (!depth)
        return;
    while (!whole_names && strchr(name, '/'))
        name = strchr(name, '/') + 1;
    terminal_print("%*s%s = \"", whole_names ? 0 : (int)depth - 1, "", name);
    value_print(value, length);
    terminal_print("\"");
    if (with_permissions && store_permissions(path, permissions, sizeof(permissions)) > 0)
        terminal_print("   (%s)", permissions);
    terminal_print("\n");
}

bool command_xenstore_ls(struct words *words)
{
    const char *path;
    char c;

    whole_names = with_permissions = false;
    while ((c = words_option(words, "fp"))) {
        if (c == '?')
            return false;
        whole_names |= c == 'f';
        with_permissions |= c == 'p';
    }
    path = words_left(words) ? words_next(words) : "/";
    if (words_left(words))
        return false;
    if (store_each(whole_path(path), node_print))
        terminal_print("xenstore-ls: %s: no such path\n", path);
    return true;
}

/* ---- One by one -------------------------------------------------------------------------------
 */

bool command_xenstore_read(struct words *words)
{
    static char value[XENSTORE_PAYLOAD_MAX + 1];
    bool prefix = false;
    const char *path;
    char c;

    while ((c = words_option(words, "p"))) {
        if (c == '?')
            return false;
        prefix = true;
    }
    if (!words_left(words))
        return false;
    while ((path = words_next(words))) {
        long length = store_read(whole_path(path), value, sizeof(value));

        if (length < 0) {
            terminal_print("couldn't read path %s\n", path);
            return true;
        }
        if (prefix)
            terminal_print("%s: ", path);
        value_print(value, (u32)length);
        terminal_print("\n");
    }
    return true;
}

bool command_xenstore_list(struct words *words)
{
    char name[STORE_PATH_MAX + 1];
    const char *path = words_next(words);
    int answer = 0;
    u32 count = 0;

    if (!path || words_left(words))
        return false;
    while (!(answer = store_child(whole_path(path), count, name, sizeof(name)))) {
        terminal_print("%s\n", name);
        count++;
    }
    if (!count && store_read(whole_path(path), name, sizeof(name)) == -XEN_ENOENT)
        terminal_print("couldn't list path %s\n", path);
    return true;
}

bool command_xenstore_write(struct words *words)
{
    if (!words_left(words) || words_left(words) % 2)
        return false;
    while (words_left(words)) {
        const char *path = words_next(words), *value = words_next(words);

        if (store_write(whole_path(path), value)) {
            terminal_print("could not write path %s\n", path);
            return true;
        }
    }
    return true;
}

/* The words of permissions become one text, with commas. */
bool command_xenstore_chmod(struct words *words)
{
    char text[128] = "";
    const char *path = words_next(words);
    size_t length = 0;

    if (!path || !words_left(words))
        return false;
    while (words_left(words) && length < sizeof(text))
        length += fmt_snprintf(text + length, sizeof(text) - length, "%s%s", length ? "," : "",
                               words_next(words));
    if (length >= sizeof(text) || store_set_permissions(whole_path(path), text))
        terminal_print("Error occurred setting permissions on '%s'\n", path);
    return true;
}

bool command_xenstore_rm(struct words *words)
{
    const char *path;

    if (!words_left(words))
        return false;
    while ((path = words_next(words))) {
        if (store_remove(whole_path(path)))
            terminal_print("could not remove path %s\n", path);
    }
    return true;
}
