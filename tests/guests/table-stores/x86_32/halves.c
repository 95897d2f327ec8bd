/*
 * A 32-bit kernel writes an entry in two halves, and not all kernels in the right order: if the
 * upper half of a present entry makes nonsense of it, it is taken for the first of two such stores,
 * and the entry is not present until the second. But only for an instruction that cannot mean
 * anything else. The lower half is refused like any other store.
 */
#include "tests/guests/table-stores/stores.h"

#define NONSENSE 0x000ff000u /* in an upper half: a frame that no machine has */

extern const struct store way_table[], half_table[];

static struct run run_at(const struct store *s, void *where, u32 value)
{
    return (struct run){.piece = s->piece,
                        .registers = {.rdi = (uintptr_t)where, .rax = value, .rcx = 1, .flags = 2}};
}

static void say_ways(void)
{
    for (const struct store *s = way_table; s->what; s++) {
        struct run run = run_at(s, &entries[SPOT], 0x70605040);
        struct fault fault;

        pte_update(table_entry_address(table[1], SPOT), PATTERN);
        fault = run_store(&run);
        row_want(name_of("way-fault", s->what), fault.taken ? (long)fault.vector : -1, -1);
        row_want_hex(name_of("way", s->what), entries[SPOT], 0x1122334470605040);
    }
}

/* May the instruction be the first of two? */
static bool is_first_of_two(const char *what)
{
    static const char *const others[] = {"or_locked", "xchg", "cmpxchg", "cmpxchg_locked"};

    for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
        if (!strcmp(what, others[i]))
            return false;
    return true;
}

static void say_upper(const struct store *s)
{
    u64 slot = table_entry_address(table[1], SPOT), good = pte_make(data, RW);
    struct run run = run_at(s, (u32 *)&entries[SPOT] + 1, NONSENSE);
    bool first = is_first_of_two(s->what);
    struct fault fault;

    pte_update(slot, 0);
    pte_update(slot, good);
    fault = run_store(&run);
    row_want(name_of("upper-fault", s->what), fault.taken ? (long)fault.vector : -1,
             first ? -1 : VECTOR_PF);
    row_want_hex(name_of("upper-flags", s->what), entry_flags(entries[SPOT]),
                 first ? entry_flags(good) & ~PTE_PRESENT : entry_flags(good));
    row_want(name_of("upper-written", s->what), entries[SPOT] >> 32 == NONSENSE, first);
    pte_update(slot, 0);
}

static void say_lower(const struct store *s)
{
    u64 slot = table_entry_address(table[1], SPOT);
    struct run run = run_at(s, &entries[SPOT], (u32)pte_make(table[2], RW));
    struct fault fault;

    pte_update(slot, 0);
    fault = run_store(&run);
    row_want(name_of("lower-fault", s->what), fault.taken ? (long)fault.vector : -1, VECTOR_PF);
    row_want(name_of("lower-error", s->what), fault.error, PF_PRESENT | PF_WRITE);
    row_want_hex(name_of("lower-entry", s->what), entries[SPOT], 0);
    row_want(name_of("lower-edi", s->what), (long)(run.registers.rdi - (uintptr_t)&entries[SPOT]),
             0);
    run = run_at(s, &entries[SPOT], (u32)pte_make(data, RW));
    fault = run_store(&run);
    row_want(name_of("lower-good", s->what), fault.taken ? (long)fault.vector : -1, -1);
    row_want(name_of("lower-is", s->what), entries[SPOT] == pte_make(data, RW), 1);
    pte_update(slot, 0);
}

/* Both orders, as kernels write an entry: what is there in the end is the entry or nothing. */
static void say_orders(void)
{
    volatile u32 *lower = (u32 *)&entries[SPOT], *upper = lower + 1;
    u64 slot = table_entry_address(table[1], SPOT), entry = pte_make(data, RW | PTE_NX);

    pte_update(slot, 0);
    *upper = (u32)(entry >> 32);
    *lower = (u32)entry;
    row_want("order.upper-first", entries[SPOT] == entry, 1);
    *lower = 0;
    *upper = 0;
    row_want_hex("order.cleared", entries[SPOT], 0);
    *lower = (u32)entry;
    *upper = (u32)(entry >> 32);
    row_want("order.lower-first", entries[SPOT] == entry, 1);
    *upper = NONSENSE;
    row_want("order.nonsense-is-absent", entries[SPOT] & PTE_PRESENT, 0);
    row_want("order.and-stays-so", probe_write((void *)lower, (u32)entry).vector, VECTOR_PF);
    *upper = 0;
    *lower = (u32)entry;
    row_want("order.mended", entries[SPOT] == (entry & ~PTE_NX), 1);
    *lower = 0;
}

void say_halves(void)
{
    say_ways();
    for (const struct store *s = half_table; s->what; s++) {
        say_upper(s);
        say_lower(s);
    }
    say_orders();
}
