/* What the files of the command `intercept` share. */
#ifndef DOM0_SHELL_INTERCEPT_H
#define DOM0_SHELL_INTERCEPT_H

#include "dom0/shell/words.h"

/* Answers !answer; otherwise says that @what was refused. */
bool intercept_told(const char *what, int answer);

/* record [File] and log (intercept_record.c): subcommands, with the words behind their names. */
bool intercept_record(struct words *words);
bool intercept_show_log(struct words *words);

/* For completion: the index-th word that may stand at line[word]. */
const char *intercept_candidate(const char *line, size_t word, unsigned int index);

#endif
