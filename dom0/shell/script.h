/*
 * A script: lines that are run as if somebody typed them, each when the one before is done; with it
 * a run has nothing from outside in it, and repeats exactly. # begins a comment.
 */
#ifndef DOM0_SHELL_SCRIPT_H
#define DOM0_SHELL_SCRIPT_H

#include "dom0/toolstack/archive.h"

/* Before the first prompt. The text stays in use. */
void script_begin(struct blob text);

/* The shell shows its prompt: the next line is run soon, if there is one. */
void script_prompted(void);

#endif
