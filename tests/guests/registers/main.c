/*
 * What comes back in the registers from a hypercall and from an instruction that was emulated: what
 * went in, but for the answer (and rcx and r11, which `syscall` itself overwrites with what the
 * guest knows). Anything else would be the hypervisor's own: addresses, other guests' values.
 */
#include "tests/guests/common.h"

#define REGISTERS 14
#define CALLS     64u
#define RCX       1u
#define R11       9u

enum around {
    AROUND_SYSCALL,
    AROUND_CLTS,
    AROUND_CPUID,
};

u64 registers_around(u64 insn, u64 number, u64 *registers);

/* Addresses at which nothing is, and numbers that mean nothing. */
static u64 pattern(unsigned int i)
{
    return 0x0000700000000000ull + (i + 1) * 0x0000001111111000ull;
}

/* Which registers came back changed: a bit for each. */
static u32 changed(enum around insn, u64 number)
{
    u64 registers[REGISTERS];
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
                         1u << RCX | 1u << R11);
    }
    row_want_hex("call.changed-none", changed(AROUND_SYSCALL, ~0ull), 1u << RCX | 1u << R11);
    guest_end();
}
