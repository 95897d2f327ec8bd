/*
 * Sensitive instructions: those that read or change the state of the machine. Popek and Goldberg
 * asked in 1974 that each of them trap when it is not privileged; on x86 many do not, and that is
 * why a kernel cannot simply be run in a lesser ring. The same probes (probes.asm) run in every
 * ring and width, each says in a word or two what came of it (table.c), and
 * docs/sensitive-instructions.md has the table, which tests/lib/test_sensitive.py makes again and
 * compares.
 */
#ifndef TESTS_GUESTS_SENSITIVE_H
#define TESTS_GUESTS_SENSITIVE_H

#include "xen-like/lib/types.h"

/* Selectors of the kernel's own descriptor table (also in probes.asm), which it makes with DPL 0.
 */
#define OWN_DATA 0x08
#define OWN_CODE 0x10
#define OWN_LDT  0x18 /* two entries, of 64-bit code */
#define OWN_TASK 0x28 /* likewise */

#define OWN_CR0_LOW 0x11u /* what it writes to the lower half of CR0: PE, ET */

#define VECTOR_OWN 0x42 /* an interrupt gate of the kernel's, for itself */

/* Where a probe runs: what the kernel set up, and believes. */
struct ring {
    const char *name;
    unsigned long gdt, idt;
};

/* What came of a probe. */
struct outcome {
    unsigned vector; /* that was raised, or NOTHING_RAISED: then */
    unsigned long value;
};
#define NOTHING_RAISED ~0u

/* Prints the row of each probe, all of which are run by @run. */
void probes_run(const struct ring *ring, struct outcome (*run)(const char *code));

/* ROW sensitive.RING.PROBE = TEXT */
void probe_row(const char *ring, const char *probe, const char *text);

/* The code of the probes, which may be copied elsewhere. */
extern const char probes_begin[], probes_end[];

#endif
