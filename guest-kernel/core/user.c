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

/* Where the process's traps go, unless they do so already. */
static void stack_choose(struct trap_frame *frame)
{
    static struct trap_frame *current;
    long answer;

    if (frame == current)
        return;
    answer = call_stack_switch(FLAT_KERNEL_SS, frame + 1);
    if (answer)
        guest_panic("stack_switch: error %ld", answer);
    current = frame;
}

/*
 * Upcalls stay masked from the choice of the stack until the process runs: one in between might let
 * another thread run a process of its own, which chooses otherwise. They are masked when it is back
 * (trap_mask_upcalls), too: an upcall would push its frame onto the process's, which is all the
 * stack that there is then.
 */
static void run_with_events(struct trap_frame *frame)
{
    bool open = upcalls_mask();

    stack_choose(frame);
    user_enter(frame);
    if (frame->vector == VECTOR_EVENT)
        event_upcall();
    upcalls_restore(open);
}

void user_run(struct trap_frame *frame)
{
    if (event_in_use()) {
        run_with_events(frame);
    } else {
        stack_choose(frame);
        user_enter(frame);
    }
}
