/*
 * The privileged instructions, told apart by their bytes.
 *
 * A guest's kernel believes that it runs in ring 0; what it may not do there comes to us as #GP. So
 * does `int n` from either of its modes.
 * The decoder says which instruction it was and which registers it names, and nothing of what it
 * means: so it runs on the host. Encodings: Intel SDM vol. 2.
 */
#ifndef HYPERVISOR_CPU_EMULATE_DECODE_H
#define HYPERVISOR_CPU_EMULATE_DECODE_H

#include "xen-like/lib/types.h"

enum priv_op {
    PRIV_NONE,
    PRIV_CLTS,
    PRIV_WBINVD,
    PRIV_CR_READ,
    PRIV_CR_WRITE,
    PRIV_DR_READ,
    PRIV_DR_WRITE,
    PRIV_RDMSR,
    PRIV_WRMSR,
    PRIV_XSETBV,
    PRIV_CPUID, /* this and those below may be allowed to user space too */
    PRIV_RDTSC,
    PRIV_RDTSCP,
    PRIV_CLI,
    PRIV_STI,
    PRIV_PORT, /* in, out, ins, outs */
    PRIV_INT,  /* int n */
};

struct priv_insn {
    u8 op;      /* enum priv_op */
    u8 length;  /* of the whole instruction */
    u8 control; /* PRIV_CR_*, PRIV_DR_*: number of the control or debug register, 0 to 15 */
    u8 reg;     /* likewise: number of the general register, as encoded: rax rcx rdx rbx rsp ... */
    u8 number;  /* PRIV_INT: the vector; PRIV_PORT: the port */
    u8 bits;    /* of the code: 16, 32 or 64 */
    bool lock;  /* with that prefix they are all #UD */

    /* PRIV_PORT: */
    u8 width; /* of the operand: 1, 2 or 4 bytes */
    bool write, string;
    bool port_in_dx;  /* else it is @number */
    bool repeated;    /* strings: rcx counts */
    u8 address_bytes; /* likewise: so many has the index, and rcx */
    u8 segment; /* outs: the prefix, INSN_* (xen-like/lib/insn.h); 0: none that means something */
};

/*
 * Decode the instruction at the beginning of @bytes, of which @have may be read, in code of @bits
 * (16, 32 or 64). False: none that may be emulated, or it is cut off; @insn has no meaning then.
 */
bool priv_decode(struct priv_insn *insn, const u8 *bytes, size_t have, unsigned bits);

#endif
