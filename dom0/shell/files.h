/* The files of dom0's boot module (toolstack/archive.h), as they are shown to people. */
#ifndef DOM0_SHELL_FILES_H
#define DOM0_SHELL_FILES_H

#include "dom0/toolstack/guests.h"

/* The index-th file whose name ends in .cfg; NULL: no more. */
const char *config_name_at(unsigned int index);

/* The configuration of that name, or with .cfg behind it: then *name is that. bytes NULL: there is
 * none. */
struct blob config_find(const char **name);

/* Says that there is none of that name, and which there are. */
void configs_tell(const char *name);

#endif
