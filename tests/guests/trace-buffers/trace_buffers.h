/* What the files of this test share. */
#ifndef TESTS_GUESTS_TRACE_BUFFERS_H
#define TESTS_GUESTS_TRACE_BUFFERS_H

#include "tests/guests/trace.h"

/* Nothing else from here on, and nothing of before. */
static inline void trace_only(u32 mask)
{
    tbuf_op(XEN_SYSCTL_TBUFOP_set_evt_mask, mask);
    trace_drain();
}

/* Records that Xen makes too: of hypercalls; of faults and emulation. */
void say_calls(void);
void say_faults(void);

/* The way by which recorded calls come in keeps what the shortest of them, iret, does not save:
 * true if it has. */
bool iret_keeps_registers(void);

/* Those that are ours. Ends the guest. */
NORETURN void say_own(void);

#endif
