/*
 * console_io: the control domain writes to the hypervisor's console, and reads what was typed
 * there.
 *
 * What it writes goes out as it is (a terminal may be at the other end), in pieces, so that any
 * length passes through a buffer on the stack.
 */
#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/input.h"
#include "hypervisor/mm/uaccess.h"

#define PIECE_BYTES     256U
#define CHARACTER_UNITS 1 /* of work, see cpu/preempt.h */

static long guest_to_console(u32 count, u64 from)
{
    char piece[PIECE_BYTES];

    while (count) {
        u32 n = MIN(count, PIECE_BYTES);

        if (guest_read(piece, from, n))
            return refuse(XEN_EFAULT, "the text cannot be read");
        console_write_guest(piece, n);
        count -= n;
        from += n;
        if (preempt_point(n * CHARACTER_UNITS) && count)
            return call_continue(__HYPERVISOR_console_io, CONSOLEIO_write, count, from, 0);
    }
    return 0;
}

/* Never waits: the answer is how many characters there were, perhaps none. What could not be
 * written is still there to be read. */
static long console_to_guest(u32 count, u64 to)
{
    char piece[PIECE_BYTES];
    u32 done = 0, n;

    if (count > INT32_MAX)
        return refuse(XEN_E2BIG, "the count would look like an errno");
    while ((n = input_peek(piece, MIN(count - done, PIECE_BYTES)))) {
        if (guest_write(to + done, piece, n))
            return refuse(XEN_EFAULT, "the buffer cannot be written");
        input_take(n);
        done += n;
        if (preempt_point(n))
            break; /* what else was typed can wait for another call */
    }
    return done;
}

long hc_console_io(unsigned long cmd, unsigned long count, unsigned long buffer)
{
    if (!is_authorised(DEED_CONSOLE, NULL))
        return refuse(XEN_EPERM, "only the control domain has the console");
    switch ((u32)cmd) {
    case CONSOLEIO_write:
        return guest_to_console((u32)count, buffer);
    case CONSOLEIO_read:
        return console_to_guest((u32)count, buffer);
    default:
        return refuse(XEN_ENOSYS, "the console is written or read, nothing else");
    }
}
