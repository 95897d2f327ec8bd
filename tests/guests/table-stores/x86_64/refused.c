/* Stores of more than a move, of a value that is refused. */
#include "tests/guests/table-stores/stores.h"

/* Refused in the middle of more than a store: nothing of it has happened. */
void say_halves(void)
{
    static const char *const names[] = {"xchg_64",
                                        "xadd_64",
                                        "cmpxchg_64",
                                        "or_64",
                                        "stosq",
                                        "rep_stosq",
                                        "or_locked",
                                        "bts_64_immediate_locked",
                                        "cmpxchg_64_differs"};
    u64 slot = table_entry_address(table[1], SPOT);

    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
        for (const struct store *s = store_table; s->what; s++) {
            struct run run = {.piece = s->piece,
                              .registers = {.rdi = (uintptr_t)&entries[SPOT],
                                            .rax = pte_make(table[2], RW),
                                            .rcx = 7,
                                            .rdx = pte_make(table[2], RW),
                                            .flags = 2}};
            struct fault fault;

            if (strcmp(s->what, names[i]))
                continue;
            pte_update(slot, 0);
            fault = run_store(&run);
            console_printf("ROW refused.%s = trap %d %u entry %" F64 "x rdi %" F64 "d rax %" F64
                           "x rcx %" F64 "x "
                           "flags %" F64 "x\n",
                           s->what, fault.taken ? (int)fault.vector : -1, fault.error,
                           entry_flags(entries[SPOT]), run.registers.rdi - (uintptr_t)entries,
                           entry_flags(run.registers.rax), run.registers.rcx,
                           run.registers.flags & flags_of(s->what));
        }
    pte_update(slot, 0);
}
