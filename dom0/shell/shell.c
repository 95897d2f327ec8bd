/*
 * See shell.h. A command that takes the terminal for itself (console, top) gives it back by
 * shell_start; any other is done when it returns, and the prompt comes again.
 */
#include "dom0/shell/shell.h"

#include "dom0/console/editor.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/files.h"
#include "dom0/shell/intercept.h"
#include "dom0/shell/script.h"

#define PROMPT "xl> "

static struct editor editor;

/* ---- Commands ---------------------------------------------------------------------------------
 */

const struct command *command_find(const char *name)
{
    for (unsigned int i = 0; i < command_count; i++) {
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

void command_run(char *line)
{
    const struct command *command;
    struct words words;
    const char *name;

    if (!words_split(&words, line)) {
        terminal_print("A quote is not closed.\n");
        return;
    }
    name = words_next(&words);
    if (name && !strcmp(name, "xl")) /* from habit */
        name = words_next(&words);
    if (!name)
        return;
    command = command_find(name);
    if (!command)
        terminal_print("command '%s' not known; try 'help'\n", name);
    else if (!command->run(&words))
        terminal_print("Usage: %s %s; more: help %s\n", name, command->usage, name);
}

/* ---- Completion -------------------------------------------------------------------------------
 */

/* The command of a line whose first word ends before @word. */
static const struct command *command_of_line(const char *line, size_t word)
{
    char name[32];
    size_t length = 0;

    while (*line == ' ')
        line++, word--;
    while (length < sizeof(name) - 1 && length < word && line[length] != ' ')
        length++;
    memcpy(name, line, length);
    name[length] = 0;
    return command_find(name);
}

static const char *candidate(const char *line, size_t word, unsigned int index)
{
    const struct command *command = command_of_line(line, word);
    bool is_first = true;

    for (size_t i = 0; i < word; i++)
        is_first &= line[i] == ' ';
    switch (is_first ? WORD_COMMAND : command ? command->words : WORD_ANY) {
    case WORD_COMMAND:
        return index < command_count ? commands[index].name : NULL;
    case WORD_DOMAIN:
        return domain_name_at(index);
    case WORD_FILE:
        return config_name_at(index);
    case WORD_INTERCEPT:
        return intercept_candidate(line, word, index);
    default:
        return NULL;
    }
}

/* ---- The terminal -----------------------------------------------------------------------------
 */

static void key_take(u8 byte);

static void line_hide(void)
{
    editor_hide(&editor);
}

static void line_show(void)
{
    editor_show(&editor);
}

static const struct terminal_owner owner = {.key = key_take, .hide = line_hide, .show = line_show};
static const struct editor_owner editor_owner = {
    .prompt = PROMPT, .write = terminal_write, .candidate = candidate};

static void key_take(u8 byte)
{
    enum editor_outcome outcome = editor_feed(&editor, byte);

    if (outcome == EDITOR_MORE)
        return;
    if (outcome == EDITOR_LINE) {
        terminal_give(NULL); /* a notice while the command runs finds no line to hide */
        command_run(editor.line);
        if (terminal_has()) /* it has taken the terminal, and will come back */
            return;
    }
    shell_start();
}

void shell_start(void)
{
    if (!editor.owner)
        editor_init(&editor, &editor_owner);
    terminal_give(&owner);
    editor_begin(&editor);
    script_prompted();
}
