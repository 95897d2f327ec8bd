/*
 * A page on which firmware or boot loader ran keeps the emulator's translated code attached, and
 * each store to it then takes a slow path: a hypervisor's stack that lies there, or the place where
 * it keeps a vcpu's registers, seems 20 times slower. The cure is to translate so much new code
 * that the emulator throws all translations away: each two-byte jump to the next instruction is a
 * block of its own. The jumps have their pages to themselves, or what lies beside them would become
 * slow.
 *
 * Call emulator_settle() when the vcpus have been made.
 */
#ifndef TESTS_GUESTS_SETTLE_H
#define TESTS_GUESTS_SETTLE_H

#include "guest-kernel/core/guest.h"

#define JUMP_PAGES   64
#define JUMPS        (JUMP_PAGES * PAGE_SIZE / sizeof(u16) - 1)
#define JUMP_TO_NEXT 0x00eb /* jmp short +0 */
#define RETURN       0x00c3

static inline void emulator_settle(void)
{
    static u16 jumps[JUMPS + 1] __attribute__((aligned(PAGE_SIZE)));

    for (size_t i = 0; i < JUMPS; i++)
        jumps[i] = JUMP_TO_NEXT;
    jumps[JUMPS] = RETURN;
    ((void (*)(void))(uintptr_t)jumps)();
}

#endif
