/*
 * `intercept`: what stands between a guest's events and their receivers, by hand. Each subcommand
 * is a function that takes the words behind its name; rules are typed as schedules have them
 * (intercept/schedule.h). Recording and exploring have files of their own.
 */
#include "dom0/console/editor.h"
#include "dom0/intercept/control.h"
#include "dom0/intercept/kept.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/explore.h"
#include "dom0/shell/files.h"
#include "dom0/shell/intercept.h"

#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

/* Answers !answer; otherwise says that it was refused. */
bool intercept_told(const char *what, int answer)
{
    if (answer == -XEN_ENOSYS)
        terminal_print("intercept: this hypervisor cannot\n");
    else if (answer == -XEN_ENOENT)
        terminal_print("intercept: %s: there is none; see: intercept list\n", what);
    else if (answer)
        terminal_print("intercept: %s: %s\n", what, control_reason(answer));
    return !answer;
}

/* A number is the whole of the word; said if not. */
static bool number_take(const char *word, u64 most, u64 *number)
{
    const char *end = "";

    if (parse_unsigned(word, &end, number) && !*end && *number <= most)
        return true;
    terminal_print("intercept: '%s' is no number from 0 to %" F64 "u\n", word, most);
    return false;
}

/* ---- Rules ------------------------------------------------------------------------------------
 */

static void added_print(const struct schedule_line *line)
{
    char text[SCHEDULE_LINE_MAX];

    schedule_line_print(text, sizeof(text), line, &domain_names_here);
    if (line->is_redirect)
        terminal_print("     %s\n", text);
    else
        terminal_print("%4u %s\n", line->rule.id, text);
}

static bool do_add(struct words *words)
{
    char text[SCHEDULE_LINE_MAX] = "", message[SCHEDULE_MESSAGE_SIZE];
    struct schedule_line line;
    size_t length = 0;

    if (!words_left(words))
        return false;
    while (words_left(words) && length < sizeof(text))
        length += fmt_snprintf(text + length, sizeof(text) - length, "%s ", words_next(words));
    if (length >= sizeof(text))
        terminal_print("intercept add: that is too long\n");
    else if (!schedule_line_read(&line, text, &domain_names_here, message))
        terminal_print("intercept add: %s\n", message);
    else if (intercept_told("add", intercept_add(&line)))
        added_print(&line);
    return true;
}

static void rules_list(void)
{
    struct schedule_line line;
    char text[SCHEDULE_LINE_MAX];

    for (u32 id = 0; !intercept_rule_next(&id, &line);) {
        schedule_line_print(text, sizeof(text), &line, &domain_names_here);
        terminal_print("%4u %8" F64 "u %8" F64 "u %6" F64 "u  %s%s\n", line.rule.id,
                       line.rule.matched, line.rule.taken, line.rule.holds, text,
                       line.rule.overflowed ? "  # some passed for want of room" : "");
    }
}

static void redirects_list(void)
{
    struct schedule_line line;
    char text[SCHEDULE_LINE_MAX];
    evtchn_port_t port = 0;

    for (domid_t domain = 0; !intercept_redirect_next(&domain, &port, &line);) {
        schedule_line_print(text, sizeof(text), &line, &domain_names_here);
        terminal_print("   - %8" F64 "u %8" F64 "u %6u  %s\n", line.redirect.hits,
                       line.redirect.hits, 0u, text);
    }
}

static bool do_list(struct words *words)
{
    struct schedule_line line;
    u32 id = 0;
    int answer = intercept_rule_next(&id, &line);

    if (words_left(words))
        return false;
    if (answer != -XEN_ENOENT && !intercept_told("list", answer))
        return true;
    terminal_print("%4s %8s %8s %6s  %s\n", "ID", "Matched", "Taken", "Held", "Line");
    rules_list();
    redirects_list();
    return true;
}

static bool do_del(struct words *words)
{
    const char *word;
    u64 id;

    if (!words_left(words))
        return false;
    while ((word = words_next(words)) && number_take(word, XL_ANY - 1, &id))
        intercept_told(word, intercept_delete((u32)id));
    return true;
}

static bool do_reset(struct words *words)
{
    const char *word = words_next(words);
    domid_t domain = XL_ANY_DOMAIN;

    if (words_left(words))
        return false;
    if (!word || domain_find(word, &domain))
        intercept_told("reset", intercept_reset(domain));
    return true;
}

/* ---- Events -----------------------------------------------------------------------------------
 */

static bool do_release(struct words *words)
{
    const char *word = words_next(words), *most = words_next(words);
    u64 id, count = 0;
    u32 went;

    if (!word || words_left(words))
        return false;
    if (!number_take(word, XL_ANY - 1, &id) || (most && !number_take(most, XL_ANY - 1, &count)))
        return true;
    went = (u32)count;
    if (intercept_told(word, intercept_release((u32)id, &went)))
        terminal_print("%u released\n", went);
    return true;
}

static bool do_inject(struct words *words)
{
    const char *word = words_next(words), *number = words_next(words);
    domid_t domain;
    u64 port;

    if (!number || words_left(words))
        return false;
    if (domain_find(word, &domain) && number_take(number, XL_ANY - 1, &port) &&
        intercept_inject(domain, (u32)port))
        terminal_print("intercept: %s has no bound port %s\n", word, number);
    return true;
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static bool line_make(void *data, const struct schedule_line *line,
                      char message[SCHEDULE_MESSAGE_SIZE])
{
    struct schedule_line made = *line;
    int answer = intercept_add(&made);

    if (answer)
        str_copy(message, control_reason(answer), SCHEDULE_MESSAGE_SIZE);
    else
        ++*(u32 *)data;
    return !answer;
}

static bool line_check(void *data, const struct schedule_line *line,
                       char message[SCHEDULE_MESSAGE_SIZE])
{
    (void)data, (void)line, (void)message;
    return true;
}

/* All lines are understood before the first is made. */
static void schedule_load(const char *name, bool alone)
{
    char message[SCHEDULE_MESSAGE_SIZE];
    struct blob file = kept_find(name);
    const struct domain_names *names = &domain_names_here;
    u32 count = 0;

    if (!file.bytes) {
        terminal_print("intercept: %s: there is no such schedule; see: intercept show\n", name);
        return;
    }
    if (!schedule_read(name, file.bytes, file.size, names, line_check, NULL, message) ||
        (alone && !intercept_told("reset", intercept_reset(XL_ANY_DOMAIN))) ||
        !schedule_read(name, file.bytes, file.size, names, line_make, &count, message))
        terminal_print("intercept: %s\n", message);
    else
        terminal_print("%u line%s of %s\n", count, count == 1 ? "" : "s", name);
}

static bool do_load(struct words *words)
{
    const char *name = words_next(words);

    if (!name || words_left(words))
        return false;
    schedule_load(name, false);
    return true;
}

static bool do_replay(struct words *words)
{
    const char *name = words_next(words);

    if (!name || words_left(words))
        return false;
    schedule_load(name, true);
    return true;
}

static bool do_show(struct words *words)
{
    const char *name = words_next(words);
    struct blob file;

    if (words_left(words))
        return false;
    for (u32 i = 0; !name && kept_name_at(i); i++)
        terminal_print("%s\n", kept_name_at(i));
    if (!name)
        return true;
    file = kept_find(name);
    if (file.bytes)
        terminal_write(file.bytes, file.size);
    else
        terminal_print("intercept: %s: there is no such schedule\n", name);
    return true;
}

/* ---- explore ----------------------------------------------------------------------------------
 */

static bool explore_word(struct exploration *what, const char *word)
{
    if (str_starts_with(word, "schedules="))
        return number_take(strchr(word, '=') + 1, 1000000, &what->schedules) && what->schedules;
    if (str_starts_with(word, "seed="))
        return number_take(strchr(word, '=') + 1, ~0ull, &what->seed);
    if (str_starts_with(word, "timeout=") &&
        schedule_time_read(strchr(word, '=') + 1, &what->timeout) &&
        what->timeout >= NS_PER_MICROSECOND)
        return true;
    terminal_print("intercept explore: %s: write schedules=200, seed=1 or timeout=1s\n", word);
    return false;
}

static bool do_explore(struct words *words)
{
    struct exploration what = {.schedules = 200, .seed = 1, .timeout = NS_PER_SECOND};

    what.file = words_next(words);
    if (!what.file)
        return false;
    while (words_left(words))
        if (!explore_word(&what, words_next(words)))
            return true;
    what.config = config_find(&what.file);
    if (what.config.bytes)
        explore_begin(&what);
    else
        configs_tell(what.file);
    return true;
}

/* ---- The table --------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    bool (*run)(struct words *words);
} subcommands[] = {
    {"add", do_add},
    {"list", do_list},
    {"del", do_del},
    {"reset", do_reset},
    {"release", do_release},
    {"inject", do_inject},
    {"load", do_load},
    {"record", intercept_record},
    {"replay", do_replay},
    {"show", do_show},
    {"log", intercept_show_log},
    {"explore", do_explore},
};

bool command_intercept(struct words *words)
{
    const char *name = words_next(words);

    for (u32 i = 0; name && i < ARRAY_SIZE(subcommands); i++) {
        if (!strcmp(subcommands[i].name, name))
            return subcommands[i].run(words);
    }
    return false;
}

/* ---- Completion -------------------------------------------------------------------------------
 */

/* to=NAME and from=NAME for each domain. */
static const char *side_candidate(unsigned int index)
{
    static char text[EDITOR_LINE_MAX];
    const char *name = domain_name_at(index / 2);

    if (name)
        fmt_snprintf(text, sizeof(text), "%s=%s", index % 2 ? "from" : "to", name);
    return name ? text : NULL;
}

static const char *word_candidate(const char *subcommand, bool is_first, unsigned int index)
{
    if (!strcmp(subcommand, "add"))
        return is_first ? schedule_action_at(index) : side_candidate(index);
    if (!strcmp(subcommand, "explore"))
        return is_first ? config_name_at(index) : NULL;
    if (!strcmp(subcommand, "reset") || !strcmp(subcommand, "inject"))
        return domain_name_at(index);
    return kept_name_at(index);
}

const char *intercept_candidate(const char *line, size_t word, unsigned int index)
{
    char before[EDITOR_LINE_MAX + 1];
    struct words words;

    memcpy(before, line, word);
    before[word] = 0;
    if (!words_split(&words, before))
        return NULL;
    if (words.count == 1)
        return index < ARRAY_SIZE(subcommands) ? subcommands[index].name : NULL;
    return word_candidate(words.word[1], words.count == 2, index);
}
