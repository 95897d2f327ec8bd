/*
 * The first four steps: what a PV kernel finds when it starts, and how it and the hypervisor talk.
 * The kernel asks by hypercall; the hypervisor tells by calling a handler that the kernel
 * registered.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/mm/frame_number.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/string.h"

#define PROTOCOL_LENGTH 7 /* of the magic, "xen-3.0": then comes the width */

#define NOWHERE 0x60000000ul /* an address of processes, at which nothing is mapped */

/*
 * The loader filled in start_info. It says who we are, how much memory we have, and which frames of
 * the machine that memory is: a list from our frame numbers (pfn) to the machine's (mfn). The
 * hypervisor's own list goes the other way, and the two must agree.
 */
bool step_start(void)
{
    u64 disagree = 0;

    console_printf("    started by %.*s, as the %s domain\n", PROTOCOL_LENGTH, start_info->magic,
                   start_info->flags & SIF_INITDOMAIN ? "control" : "unprivileged");
    console_printf("    command line: \"%.*s\"\n", MAX_GUEST_CMDLINE,
                   (const char *)start_info->cmd_line);
    for (u64 pfn = 0; pfn < start_info->nr_pages; pfn++) {
        if (mfn_to_pfn(pfn_to_mfn((pfn_t){pfn})).n != pfn)
            disagree++;
    }
    console_printf("    frames that pfn -> mfn -> pfn does not bring back: %" F64 "u\n", disagree);
    return !disagree && !strcmp(start_info->magic, START_MAGIC);
}

/* A hypercall is a call into the hypercall page; a number that means nothing is refused, no more.
 */
bool step_hypercalls(void)
{
    long version = call_xen_version(XENVER_version, NULL);
    long unknown = hypercall_any(XL_CALL_LIMIT - 1, 0, 0, 0, 0, 0);

    console_printf("    xen_version answers: %s\n", version > 0 ? "yes" : "no");
    console_printf("    a call that does not exist answers: %ld (-ENOSYS is %d)\n", unknown,
                   -XEN_ENOSYS);
    return version > 0 && unknown == -XEN_ENOSYS;
}

/* All lines so far came this way, if this is the control domain; an ordinary guest's came by a
 * ring. The hypervisor reads the text from our memory, if it is ours. */
bool step_console(void)
{
    static const char text[] = "    this line is one console_io hypercall\n";
    long good = call_console_io(CONSOLEIO_write, sizeof(text) - 1, text), bad;

    if (!(start_info->flags & SIF_INITDOMAIN)) {
        console_printf("    console_io answers an ordinary guest: %ld (-EPERM is %d)\n", good,
                       -XEN_EPERM);
        return good == -XEN_EPERM;
    }
    bad = call_console_io(CONSOLEIO_write, 1, (const char *)NOWHERE);

    console_printf("    text at an address that is not mapped answers: %ld (-EFAULT is %d)\n", bad,
                   -XEN_EFAULT);
    return good == 0 && bad == -XEN_EFAULT;
}

static unsigned int breakpoints, undefined;

static bool on_breakpoint(struct trap_frame *frame)
{
    (void)frame; /* rip already points behind the int3 */
    breakpoints++;
    return true;
}

static bool on_undefined(struct trap_frame *frame)
{
    undefined++;
    frame->rip += 2; /* over the ud2, or it would strike again for ever */
    return true;
}

/*
 * The CPU's exceptions go to the hypervisor, and it passes them on: it makes our stack look as if
 * the CPU had called our handler. Two that a handler deals with, and one that fault_catch catches.
 */
bool step_traps(void)
{
    struct fault fault;
    unsigned long value;

    trap_handle(VECTOR_BP, on_breakpoint);
    trap_handle(VECTOR_UD, on_undefined);
    asm volatile("int3");
    asm volatile("ud2");
    trap_handle(VECTOR_BP, NULL);
    trap_handle(VECTOR_UD, NULL);
    console_printf("    int3 came to its handler: %u time, ud2: %u time\n", breakpoints, undefined);

    fault = probe_read((void *)NOWHERE, &value);
    console_printf("    reading where nothing is mapped: trap %u, error code %u, cr2 0x%" F64 "x\n",
                   fault.vector, fault.error, fault.address);
    return breakpoints == 1 && undefined == 1 && fault.taken && fault.vector == VECTOR_PF &&
           fault.error == 0 && fault.address == NOWHERE;
}
