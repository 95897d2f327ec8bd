/* What stubs.asm has: handlers of bounced traps, and the code that provokes them. */
#ifndef TESTS_GUESTS_BENCH_STUBS_H
#define TESTS_GUESTS_BENCH_STUBS_H

#include "xen-like/lib/types.h"

extern const u8 vector_int80;

/* Handlers: after int3 and int n; after ud2, going on behind it; after a load that faulted,
 * likewise; after a system call; for what never happens here. */
extern const char handle_plain[], handle_ud2[], handle_load[], handle_syscall[];
extern const char handle_unexpected[];

/* One return by the hypercall iret, one fault; each answers 0. */
long kernel_iret(void);
long kernel_page_fault(void);
long kernel_general_protection(void);

/*
 * Code that runs at any address, to be copied into user space: loops of rdi rounds each. At the end
 * of one rax has its ticks and a division by zero calls the kernel.
 */
extern const char user_code[], user_code_end[];
extern const char user_empty[], user_page_fault[], user_int3[], user_ud2[], user_int80[];
extern const char user_syscall[];

#endif
