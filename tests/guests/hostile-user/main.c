/*
 * A user process that makes hypercalls. `syscall` is the door of both: of a process into its
 * kernel, of the kernel into the hypervisor. Only the mode that the vcpu is in tells them apart,
 * and if a process could pass for its kernel it would own the domain. So each number that there is,
 * with arguments that would do harm, from a process: by its own `syscall`, and by the hypercall
 * page, which a careless kernel may have mapped for it. All have to arrive in the guest's kernel as
 * a system call, registers untouched, nothing done. In 32 bits the hypervisor's door is one of its
 * own, `int 0x82`, and closed to processes: there each is a general protection fault.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

extern char user_syscall[], user_syscall_back[], user_call[];

#define RFLAGS_IF 0x200ull
#define NUMBERS   80u
#define PAGE_COPY                                                                                  \
    ((uintptr_t)scratch_page(USER_PAGES)) /* where a process sees the hypercall page */

/* Where a call's arguments are, and the address that user_call calls. */
#ifdef __x86_64__
#define ARG_1  rdi
#define ARG_2  rsi
#define ARG_4  r10
#define CALLED rbx
#else
#define ARG_1  rbx
#define ARG_2  rcx
#define ARG_4  rsi
#define CALLED rdi
#endif

static struct trap_frame frame;
static unsigned int int3_seen;

/* Arguments that this call would take as its kernel's, and what it would then do is seen. */
static void arguments_set(u64 number)
{
    static struct sched_shutdown crash = {.reason = SHUTDOWN_crash};

    frame.ARG_1 = 0; /* no trap table, no frames, no new base */
    frame.ARG_2 = 0;
    frame.rdx = 0;
    frame.ARG_4 = DOMID_SELF;
    if (number == __HYPERVISOR_sched_op) {
        frame.ARG_1 = SCHEDOP_shutdown;
        frame.ARG_2 = (uintptr_t)&crash;
    }
    frame.rax = (unsigned long)number;
    frame.rflags = RFLAGS_IF;
}

static bool note_int3(struct trap_frame *f)
{
    (void)f;
    int3_seen++;
    return true;
}

/* The kernel's own traps, stack and tables work as before. */
static bool kernel_is_well(void)
{
    unsigned int before = int3_seen;

    asm volatile("int3");
    return int3_seen == before + 1 && call_sched_op(SCHEDOP_yield, NULL) == 0;
}

static void say(const char *name, u64 after)
{
    console_printf("ROW %s = vector %" F64 "u error 0x%lx rax 0x%lx rip %ld rsi-kept %d well %d\n",
                   name, seen_vector(frame.vector), frame.error, frame.rax,
                   (long)(frame.rip - after), frame.ARG_2 == 0 || frame.ARG_1 == SCHEDOP_shutdown,
                   kernel_is_well());
}

static void say_syscalls(void)
{
    for (u64 number = 0; number < NUMBERS; number++) {
        user_frame_init(&frame, user_address(user_syscall), user_stack_top());
        arguments_set(number);
        user_run(&frame);
        say(name_nth("syscall", "number", number), user_address(user_syscall_back));
    }
}

/* Numbers that look like others when cut, and the flags that a kernel's caller may have set. */
static void say_odd_numbers(void)
{
    static const u64 odd[] = {~0ull, 1ull << 32, (1ull << 32) | __HYPERVISOR_iret, 0x80000000,
                              0xffffffffffffff00};

    for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
        user_frame_init(&frame, user_address(user_syscall), user_stack_top());
        arguments_set(odd[i]);
        frame.rflags |= i % 2 ? 0x40000 : 0x400;
        user_run(&frame);
        say(name_nth("odd", "number", i), user_address(user_syscall_back));
    }
}

/* The entries are the hypervisor's, and so is where in one it stops: only whether it is a system
 * call of that number is asked. */
static void say_page(void)
{
    map_page((void *)(uintptr_t)PAGE_COPY,
             pte_make(virt_to_mfn(hypercall_page), PTE_PRESENT | PTE_USER));
    for (u64 number = 0; number < NUMBERS / 2; number++) {
        user_frame_init(&frame, user_address(user_call), user_stack_top());
        arguments_set(0);
        frame.CALLED = (uintptr_t)PAGE_COPY + number * XL_STUB_SIZE;
        user_run(&frame);
        console_printf("ROW %s = vector %" F64 "u rax 0x%lx in-page %d well %d\n",
                       name_nth("page", "number", number), seen_vector(frame.vector), frame.rax,
                       frame.rip - PAGE_COPY < PAGE_SIZE, kernel_is_well());
    }
}

void guest_main(void)
{
    user_space_init();
    trap_handle(VECTOR_BP, note_int3);
    say_syscalls();
    say_odd_numbers();
    say_page();
    guest_end();
}
