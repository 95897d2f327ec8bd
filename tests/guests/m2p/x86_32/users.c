/* In 32 bits no page table of a guest's lets its users read the table. */
#include "tests/guests/m2p/m2p.h"

void say_users(void)
{
    static struct trap_frame frame;

    user_space_init();
    user_frame_init(&frame, (unsigned long)user_address(user_code),
                    (unsigned long)user_stack_top());
    frame.rbx = (uintptr_t)entry;
    user_run(&frame);
    row_want("user-reads.vector", (long)frame.vector, VECTOR_PF);
    row_want("user-reads.error", (long)frame.error, PF_PRESENT | PF_USER);
}
