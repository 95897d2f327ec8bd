/*
 * `console`: the terminal is the guest's until Ctrl-] is typed. First comes what is kept of what it
 * wrote. A guest that ends lets the terminal go.
 */
#include "dom0/shell/attach.h"

#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"

#define KEY_LEAVE 0x1d /* Ctrl-] */

static struct guest *attached;

static void follow(struct guest_console *console, const char *text, size_t length)
{
    (void)console;
    terminal_write(text, length);
}

static void key_take(u8 byte)
{
    if (byte == KEY_LEAVE)
        attach_leave();
    else if (!guest_console_type(console_of(attached), (char)byte))
        terminal_print("\a");
}

static const struct terminal_owner owner = {.key = key_take};

static void scrollback_print(const struct scrollback *back)
{
    const char *piece;
    size_t length;
    u64 at = 0;

    while ((length = scrollback_next(back, &at, &piece)))
        terminal_write(piece, length);
}

void attach(struct guest *guest)
{
    attached = guest;
    terminal_give(&owner);
    scrollback_print(&console_of(guest)->back);
    console_of(guest)->follower = follow;
}

void attach_leave(void)
{
    console_of(attached)->follower = NULL;
    attached = NULL;
    terminal_print("\n");
    shell_start();
}

struct guest *attach_guest(void)
{
    return attached;
}

bool command_console(struct words *words)
{
    const char *name = words_next(words);
    const struct record *record;
    struct guest *guest;
    domid_t domain;

    if (!name || words_left(words))
        return false;
    record = record_find(name);
    if (!guest_find(name) && record) {
        scrollback_print(&record->back);
        terminal_print("\n%s (domain %u) %s.\n", record->name, record->domain,
                       reason_words(record->reason));
        return true;
    }
    if (!domain_find(name, &domain))
        return true;
    guest = guest_find_id(domain);
    if (!guest || !guest->console) {
        terminal_print("%s: only guests that were made here have a console here\n", name);
        return true;
    }
    terminal_print("Ctrl-] leaves the console of %s.\n", guest->name);
    attach(guest);
    return true;
}
