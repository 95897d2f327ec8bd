/*
 * Commands that make domains, stop them and end them. `shutdown` and `reboot` ask the guest
 * (ask.h); what its configuration says about such an end is done when it has ended.
 */
#include "dom0/mm/heap.h"
#include "dom0/shell/ask.h"
#include "dom0/shell/attach.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/files.h"
#include "dom0/shell/service.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

/* ---- create -----------------------------------------------------------------------------------
 */

/* True for what the shell took the quotes off: a text, where xl.cfg wants quotes. */
static bool value_is_bare(const char *value)
{
    return !*value || !strchr("\"'[0123456789", *value);
}

/* A line of a configuration from a word name=value. How long it is; with size 0 nothing is written.
 */
static size_t setting_line(char *to, size_t size, const char *word)
{
    const char *value = strchr(word, '=') + 1;
    const char *quote = value_is_bare(value) ? strchr(value, '"') ? "'" : "\"" : "";

    return fmt_snprintf(to, size, "\n%.*s%s%s%s", (int)(value - word), word, quote, value, quote);
}

/* The file's text with a line for each of the other words. NULL, and it was said why. */
static char *settings_make(struct words *words, const struct blob *file)
{
    size_t length = file->size, size;
    char *settings;

    for (unsigned int i = words->next; i < words->count; i++) {
        if (!strchr(words->word[i], '=')) {
            terminal_print("'%s' is no setting; write name=value\n", words->word[i]);
            return NULL;
        }
        length += setting_line(NULL, 0, words->word[i]);
    }
    size = length + 1;
    settings = heap_alloc(size);
    if (!settings) {
        terminal_print("create: not enough memory\n");
        return NULL;
    }
    memcpy(settings, file->bytes, file->size);
    for (length = file->size; words_left(words);)
        length += setting_line(settings + length, size - length, words_next(words));
    return settings;
}

static void domain_create(const char *name, const char *settings, bool console, bool paused)
{
    char message[BUILD_REASON_SIZE] = "";
    struct guest *guest = guest_create_text(name, settings, strlen(settings), paused, message);

    if (*message)
        terminal_print("%s\n", message);
    if (guest && console && guest->console)
        attach(guest);
}

bool command_create(struct words *words)
{
    bool console = false, paused = false;
    const char *name;
    struct blob file;
    char *settings, c;

    while ((c = words_option(words, "cp"))) {
        if (c == '?')
            return false;
        console |= c == 'c';
        paused |= c == 'p';
    }
    name = words_next(words);
    if (!name)
        return false;
    file = config_find(&name);
    if (!file.bytes) {
        configs_tell(name);
        return true;
    }
    terminal_print("Parsing config from %s\n", name);
    settings = settings_make(words, &file);
    if (settings)
        domain_create(name, settings, console, paused);
    heap_free(settings);
    return true;
}

/* ---- All that is done to each of some domains -------------------------------------------------
 */

/* Domain 0 is this one: the hypervisor refuses, and rightly. */
static bool each_domain(struct words *words, const char *what, int (*act)(domid_t domain))
{
    const char *word;
    domid_t domain;

    if (!words_left(words))
        return false;
    while ((word = words_next(words))) {
        if (!domain_find(word, &domain))
            continue;
        if (!domain)
            terminal_print("%s: %s: it is this domain; poweroff ends it\n", word, what);
        else
            domain_told(word, what, act(domain));
    }
    return true;
}

static int pause_one(domid_t domain)
{
    return domain_pause(domain);
}

static int unpause_one(domid_t domain)
{
    return domain_unpause(domain);
}

static int destroy_one(domid_t domain)
{
    struct guest *guest = guest_find_id(domain);

    return guest ? guest_destroy(guest) : domain_destroy(domain);
}

bool command_pause(struct words *words)
{
    return each_domain(words, "cannot be paused", pause_one);
}

bool command_unpause(struct words *words)
{
    return each_domain(words, "cannot be unpaused", unpause_one);
}

bool command_destroy(struct words *words)
{
    return each_domain(words, "cannot be destroyed", destroy_one);
}

/* ---- shutdown, reboot -------------------------------------------------------------------------
 */

static unsigned int guests_count(void)
{
    unsigned int count = 0;

    LIST_FOR_EACH(link, &guests)
    {
        (void)link;
        count++;
    }
    return count;
}

/* Asks those that are named, or all; puts those that were asked in domains. How many. */
static unsigned int ask_each(struct words *words, const struct ask_kind *kind, bool all,
                             bool fallback, domid_t *domains)
{
    unsigned int count = 0;
    const char *word;
    domid_t domain;

    LIST_FOR_EACH(link, &guests)
    {
        const struct guest *guest = LIST_ENTRY(link, struct guest, link);

        if (all && !guest->kept)
            domains[count++] = guest->domain.domid;
    }
    while (!all && (word = words_next(words))) {
        if (!domain_find(word, &domain))
            continue;
        if (guest_find_id(domain))
            domains[count++] = domain;
        else
            terminal_print("%s: only guests that were made here can be asked; see: %s\n", word,
                           domain ? "destroy" : "poweroff");
    }
    for (unsigned int i = 0; i < count; i++)
        ask_guest(kind, domains[i], fallback);
    return count;
}

static bool ask_command(struct words *words, const struct ask_kind *kind)
{
    bool all = false, wait = false, fallback = false;
    unsigned int count;
    domid_t *domains;
    char c;

    while ((c = words_option(words, "awF"))) {
        if (c == '?')
            return false;
        all |= c == 'a';
        wait |= c == 'w';
        fallback |= c == 'F';
    }
    if (all == !!words_left(words)) {
        terminal_print("You must specify -a or a domain id.\n");
        return true;
    }
    domains = heap_alloc((guests_count() + words_left(words) + 1) * sizeof(*domains));
    if (!domains) {
        terminal_print("%s: not enough memory\n", kind->command);
        return true;
    }
    count = ask_each(words, kind, all, fallback, domains);
    if (wait && count)
        ask_wait(domains, count);
    else
        heap_free(domains);
    return true;
}

bool command_shutdown(struct words *words)
{
    return ask_command(words, &ask_shutdown);
}

bool command_reboot(struct words *words)
{
    return ask_command(words, &ask_reboot);
}
