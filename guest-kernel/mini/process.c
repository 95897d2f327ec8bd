/*
 * The round of processes. The list `round` holds all of them; the one at its head that is ready
 * runs, and goes to the tail when it yields.
 *
 * Invariant: `current` is the process whose address space is in force, NULL when it is the kernel's
 * own. A space is left before it is destroyed.
 */
#include "guest-kernel/mini/process.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/user.h"
#include "guest-kernel/mini/syscall.h"
#include "guest-kernel/mm/frame.h"

_Static_assert(sizeof(struct process) <= PAGE_SIZE, "a process lives in one frame");

static struct list round = LIST_INIT(round);
static struct process *current;
static unsigned int last_pid;
static struct process_totals totals;

static struct process *process_new(struct process *parent)
{
    struct process *process = pfn_to_virt(frame_alloc_zeroed());

    process->pid = ++last_pid;
    process->parent = parent;
    process->state = PROCESS_READY;
    list_add_tail(&round, &process->link);
    return process;
}

/* Removes the last trace of a process that has ended. */
static void process_reap(struct process *process)
{
    list_remove(&process->link);
    frame_free(virt_to_pfn(process));
}

void process_start(const void *image, size_t size)
{
    struct process *process = process_new(NULL);
    unsigned long entry = space_create(&process->space, image, size);

    user_frame_init(&process->frame, entry,
                    (unsigned long)process->space.regions[REGION_STACK].end);
}

static struct process *process_find(enum process_state state, const struct process *parent)
{
    LIST_FOR_EACH(link, &round)
    {
        struct process *process = LIST_ENTRY(link, struct process, link);

        if (process->state == state && (!parent || process->parent == parent))
            return process;
    }
    return NULL;
}

static bool process_has_children(const struct process *parent)
{
    LIST_FOR_EACH(link, &round)
    {
        if (LIST_ENTRY(link, struct process, link)->parent == parent)
            return true;
    }
    return false;
}

void process_yield(struct process *process)
{
    list_remove(&process->link);
    list_add_tail(&round, &process->link);
}

unsigned int process_fork(struct process *parent)
{
    struct process *child = process_new(parent);

    child->frame = parent->frame;
    child->frame.rax = 0; /* fork's answer to the child */
    space_fork(&child->space, &parent->space);
    return child->pid;
}

void process_wait(struct process *process)
{
    struct process *child = process_find(PROCESS_ENDED, process);

    if (!child && process_has_children(process)) {
        process->state = PROCESS_WAITING; /* process_exit of a child calls again */
        return;
    }
    process->state = PROCESS_READY;
    if (!child) {
        process->frame.rax = (unsigned long)-XEN_ECHILD;
        return;
    }
    process->frame.rax = child->pid;
    process->frame.rdx = (unsigned long)child->exit_code;
    process_reap(child);
}

static void totals_add(const struct process *process)
{
    totals.ended++;
    if (process->exit_code)
        totals.failed++;
    for (unsigned int i = 0; i < REGION_COUNT; i++) {
        const struct region *region = &process->space.regions[i];

        totals.filled[i] += region->filled;
        totals.shared[i] += region->shared;
        totals.copied[i] += region->copied;
        totals.reclaimed[i] += region->reclaimed;
    }
}

/* Children that outlive their parent belong to the kernel, which asks for no exit code. */
static void children_release(const struct process *parent)
{
    LIST_FOR_EACH_SAFE(link, after, &round)
    {
        struct process *child = LIST_ENTRY(link, struct process, link);

        if (child->parent != parent)
            continue;
        child->parent = NULL;
        if (child->state == PROCESS_ENDED)
            process_reap(child);
    }
}

void process_exit(struct process *process, int code)
{
    process->exit_code = code;
    process->state = PROCESS_ENDED;
    totals_add(process);

    space_leave();
    current = NULL;
    space_destroy(&process->space);
    children_release(process);

    if (!process->parent)
        process_reap(process);
    else if (process->parent->state == PROCESS_WAITING)
        process_wait(process->parent);
}

/* A page fault in the kernel while it reads a process's memory: fill the page in, as for the
 * process. */
static bool on_kernel_page_fault(struct trap_frame *frame)
{
    return current && space_fault(&current->space, trap_fault_address(), frame->error & PF_WRITE);
}

/* Looks why a process came back. */
static void process_serve(struct process *process)
{
    const struct trap_frame *frame = &process->frame;

    if (frame->vector == VECTOR_SYSCALL) {
        syscall_serve(process);
        return;
    }
    if (frame->vector == VECTOR_EVENT) {
        totals.interrupted++;
        process_yield(process);
        return;
    }
    if (frame->vector == VECTOR_PF &&
        space_fault(&process->space, trap_fault_address(), frame->error & PF_WRITE))
        return;
    console_printf("    process %u: trap %lu at 0x%lx, error code 0x%lx: ended\n", process->pid,
                   frame->vector, frame->rip, frame->error);
    process_exit(process, -1);
}

struct process_totals process_run_all(void)
{
    struct process *process;

    totals = (struct process_totals){0};
    trap_handle(VECTOR_PF, on_kernel_page_fault);
    while ((process = process_find(PROCESS_READY, NULL))) {
        if (process != current) {
            current = process;
            space_enter(&process->space);
        }
        user_run(&process->frame);
        process_serve(process);
    }
    trap_handle(VECTOR_PF, NULL);
    return totals;
}
