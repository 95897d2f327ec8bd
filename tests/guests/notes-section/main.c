/*
 * The form that kernels used before there were ELF notes: a section __xen_guest with one line of
 * text. Old kernels still boot that way, and its defaults are not those of the notes.
 */
#include "tests/guests/early.h"

void guest_main(void)
{
}

void early_main(const struct start_info *info)
{
    early_say_registers(info);
    early_say_info(info);
    early_say_lists(info);
    guest_end();
}
