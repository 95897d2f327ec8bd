/*
 * What comes back in the registers from a hypercall and from an instruction that was emulated: what
 * went in, but for the answer (and rcx and r11, which `syscall` itself overwrites with what the
 * guest knows). Anything else would be the hypervisor's own: addresses, other guests' values.
 */
#include "tests/guests/common.h"

#define CALLS 64u

/* What a hypercall leaves otherwise is what `syscall` does. */
#ifdef __x86_64__
#define REGISTERS 14
#define DESTROYED (1u << 1 | 1u << 9) /* rcx, r11 */
#define PATTERN   0x0000700000000000ul
#define DISTANCE  0x0000001111111000ul
#else
#define REGISTERS 6
#define DESTROYED 0
#define PATTERN   0x70000000ul
#define DISTANCE  0x01111000ul
#endif

enum around {
    AROUND_SYSCALL,
    AROUND_CLTS,
    AROUND_CPUID,
};

unsigned long registers_around(unsigned long insn, unsigned long number, unsigned long *registers);

/* Addresses at which nothing is, and numbers that mean nothing. */
static unsigned long pattern(unsigned int i)
{
    return PATTERN + (i + 1) * DISTANCE;
}

/* Which registers came back changed: a bit for each. */
static u32 changed(enum around insn, unsigned long number)
{
    unsigned long registers[REGISTERS];
    u32 bits = 0;

    for (unsigned int i = 0; i < REGISTERS; i++)
        registers[i] = pattern(i);
    registers_around(insn, number, registers);
    for (unsigned int i = 0; i < REGISTERS; i++)
        bits |= (u32)(registers[i] != pattern(i)) << i;
    return bits;
}

void guest_main(void)
{
    row_want_hex("clts.changed", changed(AROUND_CLTS, 0), 0);
    row_hex("cpuid.changed", changed(AROUND_CPUID, 0x40000000));
    for (unsigned int call = 0; call < CALLS; call++) {
        if (call != __HYPERVISOR_iret)
            row_want_hex(name_nth("call", "changed", call), changed(AROUND_SYSCALL, call),
                         DESTROYED);
    }
    row_want_hex("call.changed-none", changed(AROUND_SYSCALL, ~0ul), DESTROYED);
    guest_end();
}
