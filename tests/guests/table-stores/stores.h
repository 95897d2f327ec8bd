/* What the pieces of code need, and those that each width has of its own. */
#ifndef TESTS_GUESTS_TABLE_STORES_STORES_H
#define TESTS_GUESTS_TABLE_STORES_STORES_H

#include "tests/guests/user_space.h"

/* Global, as pages of user space are made to be in 64 bits. */
#define RO (PTE_PRESENT | PTE_USER | PTE_GLOBAL)
#define RW (RO | PTE_WRITE)

#define ARITHMETIC_FLAGS 0x8d5u
#define LOGICAL_FLAGS    0x8c5u /* without AF, which logical operations leave undefined */
#define CARRY_AND_ZERO   0x041u /* what is defined after bts, btr, btc */

#define SPOT    8 /* the entry that most stores are for; its neighbours are looked at too */
#define PATTERN 0x1122334455667788ull

#ifdef __x86_64__
#define FRAME_R9(frame) (frame)->r9
#else
#define FRAME_R9(frame) 0
#endif

/* In 32 bits the lower halves are the registers. */
struct registers {
    u64 rdi, rax, rcx, rdx, rsi, r9, flags;
};

/* A name and its code; a table ends with one that has none. */
struct store {
    const char *what;
    void (*piece)(void);
};

void store_run(struct registers *registers, void (*piece)(void));

struct run {
    struct registers registers;
    void (*piece)(void);
};

extern const struct store store_table[];
void taking_store(void); /* exchanges the entry, or its lower half, for (r|e)ax */

extern mfn_t table[PT_LEVELS + 1], data; /* by level; table[1] is in table[2], and so on */
extern u64 *entries;                     /* table[1] as it is mapped for stores */

/* Runs a piece; the registers are those behind it, or those of the fault. */
struct fault run_store(struct run *run);

/* Which flags a piece of that name leaves defined. */
u64 flags_of(const char *what);

/* Stores that are refused, and what a 32-bit kernel may do in two steps. */
void say_halves(void);

#endif
