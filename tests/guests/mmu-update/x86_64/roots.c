/* Levels 3 and 4 have entries as level 2 has. */
#include "tests/guests/mmu-update/width.h"

void say_roots(void)
{
    say_upper_forms(3);
    say_upper_forms(4);
}
