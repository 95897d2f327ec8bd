/*
 * A storm of calls with arguments that are nearly right, in a guest: what a kernel gone mad, or one
 * that looks for a hole, does to the hypervisor. It must refuse or do what it is asked, never end
 * the domain for it, never end itself; and afterwards no reference may be left that nobody holds.
 *
 *   ARGS="seed=N calls=N [from=N] [same]"
 *
 * A seed replays its storm exactly, on an unchanged build. from= prints each call from there on.
 * `same` leaves out what has a different answer on another machine or hypervisor: of those calls,
 * answers and the arena's contents are hashed, a row for each thousand, to be compared with Xen's.
 */
#include "tests/guests/storm/storm.h"

#include "guest-kernel/event/upcall.h"

#include "guest-kernel/core/user.h"

#define EPOCH  1000 /* calls between two hashes, and between two progress lines at least */
#define RESET  2500 /* calls between two resets of the arena */
#define ERRNOS 128

struct storm_options options;
u64 call_number;

/* How calls of a name were answered. */
struct tally {
    const char *name;
    u64 made, refused, trapped;
};
static struct tally tallies[XL_CALL_LIMIT + 16];
static u64 errnos[ERRNOS], traps[ENTRY_COUNT];
static unsigned int leaks;

static void count(const char *name, s64 answer)
{
    struct tally *t = tallies;

    while (t->name && t->name != name)
        t++;
    t->name = name;
    if (answer >= TRAPPED && answer < TRAPPED + ENTRY_COUNT) {
        t->trapped++;
        traps[answer - TRAPPED]++;
    } else if (answer < 0 && answer > -ERRNOS) {
        t->refused++;
        errnos[-answer]++;
    } else
        t->made++;
}

/* A call that may leave this kernel without a way in runs with upcalls masked, until it is mended.
 */
static s64 hypercall_once(const char **name, struct call *c)
{
    long answer;
    bool open;

    do
        call_make(c, ALONE);
    while (c->skip);
    *name = c->name;
    if (!c->mend)
        return call_do(c);
    open = upcalls_mask();
    answer = call_do(c);
    kernel_mend();
    upcalls_restore(open);
    return answer;
}

/* A word as it would be on another machine: a frame's address by its place in the arena. */
static void show_word(const char *before, u64 word)
{
    unsigned int index = arena_index(pte_mfn(word));

    if (index < ARENA_FRAMES)
        console_printf("%s[%u]+%" F64 "x", before, index, (u64)(word & ~PTE_ADDRESS_MASK));
    else if (arena_index((mfn_t){word}) < ARENA_FRAMES)
        console_printf("%s#%u", before, arena_index((mfn_t){word}));
    else
        console_printf("%s%" F64 "x", before, word);
}

static void show(const char *name, const struct call *c, s64 answer)
{
    console_printf("storm: call %" F64 "u %s.%" F64 "d", call_number, name, c->sub);
    for (unsigned int i = 0; i < 4; i++)
        show_word(i ? ", " : "(", c->name ? c->a[i] : touched[i]);
    console_printf(")");
    for (unsigned int i = 0; i < argument_words(); i++)
        show_word(i ? " " : " {", argument_word(i));
    console_printf("%s = %s%" F64 "d, contents %" F64 "x\n", argument_words() ? "}" : "",
                   answer >= TRAPPED ? "trap " : "", answer % TRAPPED, arena_hash());
}

/* What the answer says on any machine. */
static u64 answer_meaning(s64 answer)
{
    return (u64)(answer > 0 && answer < TRAPPED ? 1 : answer);
}

static u64 storm_step(void)
{
    struct call c = {.sub = -1};
    const char *name = "?";
    s64 answer;

    draw_begin(options.seed, call_number);
    if (options.same) /* or it would be seen what either left in the TLB */
        mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
    switch (draw(8)) {
    case 0 ... 1:
        answer = touch(&name);
        break;
    case 2:
        answer = one_in(4) ? frame_swap(&name) : hypercall_once(&name, &c);
        break;
    default:
        answer = hypercall_once(&name, &c);
    }
    count(name, answer);
    if (call_number >= options.show_from)
        show(name, &c, answer);
    return answer_meaning(answer);
}

static void say_hash(u64 *hash)
{
    row_hex(name_nth("same", "answers-to", call_number), *hash);
    row_hex(name_nth("same", "contents-at", call_number), arena_hash());
    *hash = 0;
}

static void storm(void)
{
    u64 hash = 0, progress = MAX(EPOCH, options.calls / 100);

    for (call_number = 1; call_number <= options.calls; call_number++) {
        hash = (hash ^ storm_step()) * 0x100000001b3ull;
        if (call_number % progress == 0)
            console_printf("storm: seed %" F64 "u, call %" F64 "u\n", options.seed, call_number);
        if (options.same && call_number % EPOCH == 0)
            say_hash(&hash);
        if (call_number % RESET == 0)
            leaks += arena_reset();
    }
}

/* A trap of this kernel's own, which nobody waits for, will end it: first say where that is. */
static bool position_say(struct trap_frame *frame)
{
    if (trap_is_expected)
        return false;
    console_printf("storm: seed %" F64 "u, call %" F64 "u ended in trap %lu\n", options.seed,
                   call_number, frame->vector);
    return false;
}

static bool debug_trap_pass(struct trap_frame *frame)
{
    frame->rflags &= ~0x100ull;
    return true;
}

static void say_distribution(void)
{
    for (struct tally *t = tallies; t->name; t++)
        console_printf("storm: %s: %" F64 "u done, %" F64 "u refused, %" F64 "u trapped\n", t->name,
                       t->made, t->refused, t->trapped);
    for (unsigned int i = 0; i < ERRNOS; i++) {
        if (errnos[i])
            console_printf("storm: answer -%u: %" F64 "u\n", i, errnos[i]);
    }
    for (unsigned int i = 0; i < ENTRY_COUNT; i++) {
        if (traps[i])
            console_printf("storm: entry %u: %" F64 "u\n", i, traps[i]);
    }
}

/* The hypervisor still does what it is for. */
static void say_after(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    mfn_t table = table_new();

    leaks += arena_reset();
    row_want("after.references-that-nobody-holds", leaks, 0);
    row_want("after.yield", call_sched_op(SCHEDOP_yield, NULL), 0);
    row_want("after.map", map_page(scratch_page(8), pte_make(pfn_to_mfn(pfn), PTE_READ_WRITE)), 0);
    row_want("after.store", probe_write(scratch_page(8), 1).vector, 0);
    row_want("after.pin", table_pin(table, 1), 0);
    row_want("after.unpin", table_unpin(table), 0);
    row_want("after.writable-table", map_page(scratch_page(8), pte_make(table, PTE_READ_WRITE)), 0);
}

static u64 option(const char *name, u64 otherwise)
{
    char value[24];
    u64 number = 0;

    if (!cmdline_value(name, value, sizeof(value)))
        return otherwise;
    for (const char *c = value; *c >= '0' && *c <= '9'; c++)
        number = number * 10 + (u64)(*c - '0');
    return number;
}

void guest_main(void)
{
    options = (struct storm_options){
        .seed = option("seed", 1),
        .calls = option("calls", 100000),
        .show_from = option("from", ~0ull),
        .same = cmdline_has("same"),
    };
    draw_begin(0, 0);
    arena_init();
    trap_handle(VECTOR_DB, debug_trap_pass);
    for (unsigned int vector = VECTOR_UD; vector <= VECTOR_PF; vector++)
        trap_handle(vector, position_say);
    storm();
    say_after();
    say_distribution();
    guest_end();
}
