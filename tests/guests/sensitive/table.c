/* The list of probes, and what their values mean in words. */
#include "tests/guests/sensitive/sensitive.h"

#define LETTERS(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
#define RFLAGS_IF           0x200u

/* How a value is told. */
typedef const char *teller(const struct ring *ring, unsigned long value);

static const char *own_or_not(bool own)
{
    return own ? "its own" : "another's";
}

static const char *tell_gdt(const struct ring *ring, unsigned long value)
{
    return own_or_not(value == ring->gdt);
}

static const char *tell_idt(const struct ring *ring, unsigned long value)
{
    return own_or_not(value == ring->idt);
}

static const char *tell_ldt(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return own_or_not(value == OWN_LDT);
}

static const char *tell_task(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return own_or_not(value == OWN_TASK);
}

static const char *tell_cr0(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return own_or_not((value & 0xffff) == OWN_CR0_LOW);
}

static const char *tell_if(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return value & RFLAGS_IF ? "IF is 1" : "IF is 0";
}

static const char *tell_iopl(const struct ring *ring, unsigned long value)
{
    static const char *const levels[] = {"IOPL is 0", "IOPL is 1", "IOPL is 2", "IOPL is 3"};

    (void)ring;
    return levels[value >> 12 & 3];
}

/* What lar answers; all ones: the selector is not to be seen. */
static const char *tell_dpl(const struct ring *ring, unsigned long value)
{
    static const char *const levels[] = {"DPL 0", "DPL 1", "DPL 2", "DPL 3"};

    (void)ring;
    return value == ~0ul ? "hidden" : levels[value >> 13 & 3];
}

/* lsl, in pages */
static const char *tell_limit(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return value == ~0ul ? "hidden" : value == 0xfffff ? "4 GiB" : "another limit";
}

static const char *tell_yes(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return value ? "yes" : "no";
}

static const char *tell_ring(const struct ring *ring, unsigned long value)
{
    static const char *const rings[] = {"RPL 0", "RPL 1", "RPL 2", "RPL 3"};

    (void)ring;
    return rings[value & 3];
}

static const char *tell_done(const struct ring *ring, unsigned long value)
{
    (void)ring;
    (void)value;
    return "done";
}

/* The first four letters of what leaf 0x40000000 is signed with. */
static const char *tell_signature(const struct ring *ring, unsigned long value)
{
    (void)ring;
    switch ((u32)value) {
    case LETTERS('T', 'C', 'G', 'T'):
        return "the machine's";
    case LETTERS('X', 'e', 'n', 'V'):
        return "the hypervisor's";
    default:
        return "somebody's";
    }
}

static const char *tell_count(const struct ring *ring, unsigned long value)
{
    (void)ring;
    return value ? "counts" : "stands";
}

/* Name, which is also its label, and how its value is told. In probes.asm is what each does. */
#define PROBES(X)                                                                                  \
    X(sgdt, tell_gdt)                                                                              \
    X(sidt, tell_idt)                                                                              \
    X(sldt, tell_ldt)                                                                              \
    X(str, tell_task)                                                                              \
    X(smsw, tell_cr0)                                                                              \
    X(pushf, tell_if)                                                                              \
    X(popf_if, tell_if)                                                                            \
    X(popf_iopl, tell_iopl)                                                                        \
    X(lar, tell_dpl)                                                                               \
    X(lsl, tell_limit)                                                                             \
    X(verr, tell_yes)                                                                              \
    X(verw, tell_yes)                                                                              \
    X(mov_from_cs, tell_ring)                                                                      \
    X(push_seg, tell_ring)                                                                         \
    X(mov_to_ds, tell_ring)                                                                        \
    X(mov_to_ss, tell_ring)                                                                        \
    X(pop_seg, tell_ring)                                                                          \
    X(pop_ss, tell_ring)                                                                           \
    X(call_far, tell_ring)                                                                         \
    X(ret_far, tell_ring)                                                                          \
    X(int_n, tell_done)                                                                            \
    X(cpuid, tell_signature)                                                                       \
    X(cpuid_forced, tell_signature)                                                                \
    X(rdtsc, tell_count)                                                                           \
    X(cli, tell_done)                                                                              \
    X(lgdt, tell_done)                                                                             \
    X(lidt, tell_done)                                                                             \
    X(mov_from_cr0, tell_done)                                                                     \
    X(mov_to_cr3, tell_done)                                                                       \
    X(rdmsr, tell_done)                                                                            \
    X(in, tell_done)                                                                               \
    X(wbinvd, tell_done)

#define DECLARE(name, teller) extern const char probe_##name[];
PROBES(DECLARE)

static const struct {
    const char *name, *code;
    teller *tell;
} probes[] = {
#define PROBE(name, teller) {#name, probe_##name, teller},
    PROBES(PROBE)};

static const char *vector_name(unsigned vector)
{
    static const char *const names[] = {
        [6] = "#UD", [10] = "#TS", [11] = "#NP", [12] = "#SS", [13] = "#GP", [14] = "#PF"};

    if (vector == VECTOR_OWN)
        return "its gate";
    return vector < ARRAY_SIZE(names) && names[vector] ? names[vector] : "another exception";
}

void probes_run(const struct ring *ring, struct outcome (*run)(const char *code))
{
    for (unsigned i = 0; i < ARRAY_SIZE(probes); i++) {
        struct outcome o = run(probes[i].code);

        probe_row(ring->name, probes[i].name,
                  o.vector == NOTHING_RAISED ? probes[i].tell(ring, o.value)
                                             : vector_name(o.vector));
    }
}
