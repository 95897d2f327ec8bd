/*
 * Doing something that may trap, and finding out. fault_catch(body, arg) runs body(arg); if any
 * exception strikes inside that no registered handler deals with, body is abandoned where it stands
 * (as by longjmp) and the answer says which exception it was. Calls may nest.
 */
#ifndef GUEST_KERNEL_CORE_FAULT_H
#define GUEST_KERNEL_CORE_FAULT_H

#include "guest-kernel/core/trap_frame.h"

struct fault {
    bool taken;  /* false: body ran to its end, and the rest is 0 */
    u32 vector;  /* VECTOR_* */
    u32 error;   /* the error code, 0 where the exception has none */
    u64 address; /* for #PF: the address that was touched */
    u64 rip;     /* where it struck */
};

struct fault fault_catch(void (*body)(void *arg), void *arg);

/* One access of a word. probe_read leaves *value alone when it faults. */
struct fault probe_read(const void *address, unsigned long *value);
struct fault probe_write(void *address, unsigned long value);

/* For trap_dispatch: if a fault_catch is under way, makes the frame return to it. */
bool fault_divert(struct trap_frame *frame);

#endif
