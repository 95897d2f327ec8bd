/*
 * The trick of user_run: stack_switch tells the hypervisor where a trap from user mode shall push
 * its frame, and we name the end of the struct trap_frame itself. The hypervisor writes the user's
 * registers straight to where they belong; the stub in entry.asm fills in the rest below them.
 */
#include "guest-kernel/core/user.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"

void user_enter(struct trap_frame *frame);

void user_frame_init(struct trap_frame *frame, unsigned long entry, unsigned long stack_top)
{
    /* For the hypercall iret this bit means: upcalls are open. */
    unsigned long flags = event_in_use() ? UPCALLS_OPEN : 0;

    *frame = (struct trap_frame){
        .rip = entry, .cs = FLAT_USER_CS, .rflags = flags, .rsp = stack_top, .ss = FLAT_USER_SS};
    frame_begin(frame);
}

/*
 * Upcalls stay masked until the process runs, and are masked when it is back (trap_mask_upcalls):
 * one in between would push its frame onto the process's, which is all the stack that there is
 * then.
 */
static void run_with_events(struct trap_frame *frame)
{
    bool open = upcalls_mask();

    user_enter(frame);
    if (frame->vector == VECTOR_EVENT)
        event_upcall();
    upcalls_restore(open);
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
    if (event_in_use())
        run_with_events(frame);
    else
        user_enter(frame);
}
