/*
 * The system calls of the mini-kernel, for both sides: number in rax, arguments in rdi and rsi, the
 * answer in rax (negative: an errno). In 64 bits by `syscall`, which itself destroys rcx and r11;
 * in 32 by `int 0x80`, with the same registers' lower halves.
 */
#ifndef GUEST_KERNEL_MINI_SYSCALL_NUMBERS_H
#define GUEST_KERNEL_MINI_SYSCALL_NUMBERS_H

enum syscall_number {
    SYSCALL_WRITE, /* (text, length): prints it; answers 0, -EFAULT, or -EINVAL if it is too long */
    SYSCALL_GETPID, /* (): answers the process's number */
    SYSCALL_YIELD,  /* (): lets the others run first; answers 0 */
    SYSCALL_EXIT,   /* (code): does not return; 0 is success */
    SYSCALL_FORK,   /* (): answers the child's number to the parent, 0 to the child */
    SYSCALL_WAIT, /* (): waits for a child's end; answers its number, its exit code in rdx; -ECHILD
                   */
};

#define SYSCALL_WRITE_MAX 256 /* bytes */

#endif
