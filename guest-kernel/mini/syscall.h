/* System calls of user processes: see syscall_numbers.h. */
#ifndef GUEST_KERNEL_MINI_SYSCALL_H
#define GUEST_KERNEL_MINI_SYSCALL_H

#include "guest-kernel/mini/process.h"

/* Does what the registers of a process ask for, and puts the answer into them. */
void syscall_serve(struct process *process);

#endif
