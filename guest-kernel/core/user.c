/*
 * The trick of user_run: stack_switch tells the hypervisor where a trap from user mode shall push
 * its frame, and we name the end of the struct trap_frame itself. The hypervisor writes the user's
 * registers straight to where they belong; the stub in entry.asm fills in the rest below them.
 */
#include "guest-kernel/core/user.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/x86_64/hypercall.h"

void user_enter(struct trap_frame *frame);

void user_frame_init(struct trap_frame *frame, u64 entry, u64 stack_top)
{
    /*
     * rflags.IF stands for "events unmasked" when returning by the iret hypercall. This kernel
     * binds no events yet, so it stays clear.
     */
    *frame =
        (struct trap_frame){.rip = entry, .cs = FLAT_USER_CS, .rsp = stack_top, .ss = FLAT_USER_SS};
}

void user_run(struct trap_frame *frame)
{
    static struct trap_frame *current;

    if (frame != current) {
        long answer = call_stack_switch(FLAT_KERNEL_SS, frame + 1);

        if (answer)
            guest_panic("stack_switch: error %ld", answer);
        current = frame;
    }
    user_enter(frame);
}
