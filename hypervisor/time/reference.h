/* The counter of known rate that the TSC is measured against: HPET, ACPI's timer or the PIT. */
#ifndef HYPERVISOR_TIME_REFERENCE_H
#define HYPERVISOR_TIME_REFERENCE_H

#include "hypervisor/time/scale.h"

struct reference {
    const char *name;
    struct time_scale to_ns;
    u64 mask; /* it counts up to here, then from 0 again */
    u64 (*read)(void);
};

/* The same moment on two clocks. */
struct moment {
    u64 tsc, ref;
    u32 alarm; /* alarm_measure() */
    u64 width; /* TSC ticks that it took to look: so far may the two be apart */
};

extern struct reference reference; /* the machine's, after reference_init() */

/* Where the HPET is, as ACPI says: before reference_init(). */
void reference_hpet_is_at(u64 phys);

/* clocksource=NAME: "hpet", "acpi", "pit", or "tsc": the TSC is never corrected. NULL or what was
 * expected. */
const char *reference_choose(const char *name);
extern bool reference_is_tsc;

/* Start the one that was chosen, or the best there is. */
void reference_init(void);

/* Look at both; the closest look of several, since an interrupt of the machine or another process
 * of an emulator's host may come between. */
struct moment reference_look(void);

/* Nanoseconds of the reference between two looks, less than half its round apart. */
u64 reference_between(const struct moment *from, const struct moment *to);

#endif
