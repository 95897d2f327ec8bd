/*
 * System calls. A process is not to be trusted: its pointers are used under fault_catch, and only
 * below USER_END, since the kernel's own memory begins above. A page of the process that is not
 * there yet is no error: the page-fault handler in process.c fills it in, for the kernel as for the
 * process.
 */
#include "guest-kernel/mini/syscall.h"
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/mini/syscall_numbers.h"
#include "guest-kernel/mm/page_table.h"
#include "xen-like/lib/string.h"

struct copy {
    void *to;
    const void *from;
    size_t length;
};

static void copy_body(void *arg)
{
    struct copy *copy = arg;

    memcpy(copy->to, copy->from, copy->length);
}

static bool copy_from_user(void *to, u64 from, size_t length)
{
    struct copy copy = {to, (const void *)(unsigned long)from, length};

    if (from >= USER_END || length > USER_END - from)
        return false;
    return !fault_catch(copy_body, &copy).taken;
}

static long serve_write(u64 text, u64 length)
{
    char copy[SYSCALL_WRITE_MAX];

    if (length > sizeof(copy))
        return -XEN_EINVAL;
    if (!copy_from_user(copy, text, length))
        return -XEN_EFAULT;
    console_write(copy, length);
    return 0;
}

void syscall_serve(struct process *process)
{
    struct trap_frame *frame = &process->frame;
    unsigned long number = frame->rax;

    frame->rax = 0;
    switch (number) {
    case SYSCALL_WRITE:
        frame->rax = (unsigned long)serve_write(frame->rdi, frame->rsi);
        break;
    case SYSCALL_GETPID:
        frame->rax = process->pid;
        break;
    case SYSCALL_YIELD:
        process_yield(process);
        break;
    case SYSCALL_EXIT:
        process_exit(process, (int)frame->rdi);
        break;
    case SYSCALL_FORK:
        frame->rax = process_fork(process);
        break;
    case SYSCALL_WAIT:
        process_wait(process);
        break;
    default:
        frame->rax = (unsigned long)-XEN_ENOSYS;
    }
}
