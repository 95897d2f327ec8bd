/* More and less memory while the kernel runs, up to what it began with. */
#ifndef GUEST_KERNEL_MM_BALLOON_H
#define GUEST_KERNEL_MM_BALLOON_H

#include "guest-kernel/mm/frame_number.h"

/* The domain shall have so many frames. Answers how many it has: more, where too few were never
 * used; fewer, where the hypervisor has no more, or it did not begin with so many. By one thread at
 * a time. */
u64 balloon_set(u64 frames);

#endif
