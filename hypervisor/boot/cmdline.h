/*
 * The hypervisor's command line: Xen's names and forms where we have the thing.
 *
 * Words are separated by blanks: `name=value`; for a switch also `name` and `no-name`. A word that
 * we do not know, or a value that we cannot read, is reported in one line and changes nothing: a
 * machine that boots with a warning is of more use than one that does not.
 */
#ifndef HYPERVISOR_BOOT_CMDLINE_H
#define HYPERVISOR_BOOT_CMDLINE_H

#include "xen-like/lib/types.h"

#define SMAP_DEFAULT 2 /* neither asked for nor refused */

struct options {
    bool noreboot;     /* after a failure halt, so that its report can be read */
    u8 smap;           /* false, true or SMAP_DEFAULT */
    bool smep;         /* use it where the CPU has it */
    bool umip;         /* likewise; off unless asked for */
    u32 preempt_every; /* preempt=N: every Nth preemption point stops, to test that; 0: as needed */
    bool lone;         /* first=guest: the first module is an ordinary guest, alone */
    bool nosmp;        /* the boot CPU alone */
    u32 maxcpus;       /* so many CPUs at most; 0: as many as there are */
    u64 conring_size;  /* bytes of the kept log, a power of two */
};

extern struct options options;

/*
 * Apply those words of `text` that choose where the console is, silently: so that whatever
 * cmdline_parse() has to say is seen.
 */
void cmdline_parse_console(const char *text);

/* Apply every word and report what is wrong. `text` is not kept. */
void cmdline_parse(const char *text);

#endif
