/* System calls as a user program makes them; what they do is in syscall_numbers.h. */
#ifndef GUEST_KERNEL_MINI_USER_SYSTEM_H
#define GUEST_KERNEL_MINI_USER_SYSTEM_H

#include "guest-kernel/mini/programs.h"
#include "guest-kernel/mini/syscall_numbers.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

/* What each program consists of. It ends by exit. */
NORETURN void program_main(void);

#ifdef __x86_64__
#define SYSTEM_CALL        "syscall"
#define SYSTEM_CALL_SPOILS "rcx", "r11"
#else
#define SYSTEM_CALL        "int $0x80"
#define SYSTEM_CALL_SPOILS "ecx"
#endif

static inline long system_call(enum syscall_number number, unsigned long a1, unsigned long a2,
                               unsigned long *second_answer)
{
    long answer;
    unsigned long second;

    asm volatile(SYSTEM_CALL
                 : "=a"(answer), "=d"(second)
                 : "a"((unsigned long)number), "D"(a1), "S"(a2)
                 : SYSTEM_CALL_SPOILS, "memory");
    if (second_answer)
        *second_answer = second;
    return answer;
}

static inline long getpid(void)
{
    return system_call(SYSCALL_GETPID, 0, 0, NULL);
}

static inline void yield(void)
{
    system_call(SYSCALL_YIELD, 0, 0, NULL);
}

NORETURN static inline void exit(int code)
{
    for (;;)
        system_call(SYSCALL_EXIT, (unsigned long)code, 0, NULL);
}

static inline long fork(void)
{
    return system_call(SYSCALL_FORK, 0, 0, NULL);
}

static inline long wait(unsigned long *exit_code)
{
    return system_call(SYSCALL_WAIT, 0, 0, exit_code);
}

/* Prints "    process N: ..." and a newline. */
static inline void PRINTF_LIKE(1, 2) say(const char *format, ...)
{
    char line[SYSCALL_WRITE_MAX];
    size_t length = fmt_snprintf(line, sizeof(line), "    process %ld: ", getpid());
    va_list args;

    va_start(args, format);
    length += fmt_vsnprintf(line + length, sizeof(line) - length, format, args);
    va_end(args);
    length = MIN(length, sizeof(line) - 1);
    line[length++] = '\n'; /* in the place of the NUL */
    system_call(SYSCALL_WRITE, (unsigned long)line, length, NULL);
}

#endif
