/*
 * The shell: reads lines, finds the command, lets it run. A command gets its words and prints; what
 * it cannot do it says in one line that names the thing and the way out.
 */
#ifndef DOM0_SHELL_SHELL_H
#define DOM0_SHELL_SHELL_H

#include "dom0/console/terminal.h"
#include "dom0/shell/words.h"

/* What the words of a command may be, for completion. */
enum word_kind {
    WORD_ANY,
    WORD_DOMAIN,
    WORD_FILE,
    WORD_COMMAND,
    WORD_INTERCEPT, /* it depends on those before */
};

struct command {
    const char *name;
    const char *usage; /* what stands behind the name */
    const char *does;
    const char *options; /* lines about them; NULL: none */
    enum word_kind words;
    bool (*run)(struct words *words); /* false: that is not how it is used */
};

extern const struct command commands[];
extern const unsigned int command_count;

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

/* Runs one line, which is changed. */
void command_run(char *line);

/* The terminal is the shell's from now on; shows the prompt. Also for who had it and is done. */
void shell_start(void);

#endif
