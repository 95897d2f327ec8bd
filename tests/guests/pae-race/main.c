/*
 * One root for several vcpus, and what becomes of it in the meantime. In 64 bits a root is the
 * vcpu's base pointer itself; a 32-bit vcpu's is named by a root of the hypervisor's, one for each
 * vcpu, so that who changes an entry of a root changes what others walk through without touching
 * anything of theirs. Whatever is changed, a vcpu must see it when the call that flushes has
 * returned; and with no flush at all, nobody may see or write a frame that has become something
 * else, or somebody else's.
 *
 * moves.c changes one thing at a time and looks at what the others see; hammer.c has all vcpus do
 * all of it at once.
 */
#include "tests/guests/pae-race/race.h"

static u32 option(const char *name, u32 otherwise)
{
    char text[12];
    u32 number = 0;

    if (!cmdline_value(name, text, sizeof(text)))
        return otherwise;
    for (const char *c = text; *c >= '0' && *c <= '9'; c++)
        number = number * 10 + (u32)(*c - '0');
    return number;
}

void guest_main(void)
{
    row("vcpus", vcpu_count());
    moves_run(option("rounds", 2));
    hammer_run(option("calls", 1500), option("seed", 1));
    guest_end();
}
