/*
 * Control flow at its edges. Single steps and the one-instruction shadow of `mov ss` can make the
 * CPU raise an exception at the hypervisor's first instruction; the nested-task flag makes iret a
 * task switch; a `syscall` in the last two bytes of the lower half returns to an address that no
 * register may hold. Each of these has been a hole in some kernel or hypervisor.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

struct stepped {
    const char *what;
    void (*body)(void *arg);
    const char *from;
};

extern struct stepped step_table[];
extern char edge_code[], edge_code_end[], edge_code_user[];
extern char user_step_syscall[], user_step_int[], user_nested_task[], user_mov_ss[];
unsigned long flags_call(unsigned long flags);
void call_at(void *address);

/* The hypercall that flow.asm makes. */
const unsigned long flow_call = __HYPERVISOR_xen_version, flow_argument = XENVER_pagesize;
const char *const flow_call_entry = hypercall_page + __HYPERVISOR_xen_version * XL_STUB_SIZE;

#define RFLAGS_TF 0x100ull
#define RFLAGS_IF 0x200ull
#define STEPS_MAX 24u
#define CALL_MARK 1000 /* in the list of steps: the trap of the instruction itself */

/* Where code ends that the guest may have. */
#define EDGE      WIDE(USER_END, (u64)HYPERVISOR_VIRT_START)
#define LAST_PAGE (EDGE - PAGE_SIZE)

static const struct stepped *under_way;
static s64 steps[STEPS_MAX];
static unsigned int step_count;
static mfn_t user_root_in_force;

static void step_note(s64 what)
{
    if (step_count < STEPS_MAX)
        steps[step_count++] = what;
}

/* Where it stands, from the first step of the piece; -1 for all steps in the hypercall page
 * together, whose instructions are the hypervisor's own affair. */
static bool step_handle(struct trap_frame *frame)
{
    u64 offset = frame->rip - (uintptr_t)under_way->from;

    if (offset < 128)
        step_note((s64)offset);
    else if (!step_count || steps[step_count - 1] != -1)
        step_note(-1);
    return true;
}

static bool mark_handle(struct trap_frame *frame)
{
    step_note(CALL_MARK + (s64)frame->vector);
    return true;
}

static void say_steps(void)
{
    char line[256];

    trap_handle(VECTOR_DB, step_handle);
    trap_handle(VECTOR_BP, mark_handle);
    trap_handle(VECTOR_OF, mark_handle);
    trap_handle(0x80, mark_handle);
    trap_gate_set(0x80, 3);
    for (under_way = step_table; under_way->what; under_way++) {
        struct fault fault;
        size_t at = 0;

        step_count = 0;
        fault = fault_catch(under_way->body, NULL);
        line[0] = 0;
        for (unsigned int i = 0; i < step_count; i++)
            at += fmt_snprintf(line + at, sizeof(line) - at, " %ld", (long)steps[i]);
        console_printf("ROW step.%s = fault %d vector %u steps%s\n", under_way->what, fault.taken,
                       fault.vector, line);
    }
    trap_handle(VECTOR_DB, NULL);
}

/* The hypervisor runs with its own flags, and gives back the guest's. */
static void say_flags(void)
{
    for (unsigned int bit = 0; bit < 22; bit++) {
        if (1ull << bit != RFLAGS_TF)
            row_hex(name_nth("flags", "bit", bit), flags_call(1ul << bit));
    }
    row_hex("flags.all", flags_call((unsigned long)(~RFLAGS_TF & 0xffffffff)));
}

static struct trap_frame frame;

static void say_user(const char *what, const char *start)
{
    user_frame_init(&frame, user_address(start), user_stack_top());
    frame.rflags = RFLAGS_IF;
    user_run(&frame);
    console_printf("ROW user.%s = vector %" F64 "u rip %ld flags 0x%lx\n", what,
                   seen_vector(frame.vector), (long)(frame.rip - user_address(start)),
                   frame.rflags & ~0xfful);
    frame.rflags &= ~(unsigned long)RFLAGS_TF; /* and back to where it stopped, by whichever way */
    user_run(&frame);
    console_printf("ROW user.%s-on = vector %" F64 "u rip %ld flags 0x%lx\n", what,
                   seen_vector(frame.vector), (long)(frame.rip - user_address(start)),
                   frame.rflags & ~0xfful);
}

/* A `syscall` in the last two bytes: the next instruction's address is not canonical. (In 32 bits
 * it is the hypervisor's.) */
static void say_edge(void)
{
    size_t length = (size_t)(edge_code_end - edge_code);
    u8 *code = (u8 *)(uintptr_t)(EDGE - length);
    pfn_t pfn = frame_alloc_zeroed();
    u8 *place = (u8 *)pfn_to_virt(pfn) + PAGE_SIZE - length;
    struct fault fault;

    memcpy(place, edge_code, length);
    pte_update(table_reach(table_boot_root(), LAST_PAGE),
               pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER | PTE_ACCESSED));
    fault = fault_catch((void (*)(void *))call_at, code);
    console_printf("ROW edge.hypercall = vector %u error 0x%x rip 0x%" F64 "x\n", fault.vector,
                   fault.error, fault.rip);
    memcpy(place, edge_code_user, length);
    pte_update(table_entry_address(user_root_in_force, pt_index(LAST_PAGE, PT_LEVELS)),
               entry_read(table_walk(table_boot_root(), LAST_PAGE, PT_LEVELS)));
    user_frame_init(&frame, (uintptr_t)code, user_stack_top());
    user_run(&frame);
    console_printf("ROW edge.user-syscall = vector %" F64 "u rip 0x%lx rcx 0x%lx\n",
                   seen_vector(frame.vector), frame.rip, frame.rcx);
    user_run(&frame); /* goes on, as in a system call */
    console_printf("ROW edge.user-return = vector %lu error 0x%lx rip 0x%lx\n", frame.vector,
                   frame.error, frame.rip);
}

void guest_main(void)
{
    user_root_in_force = user_space_init();
    say_steps();
    say_flags();
    say_user("step-into-syscall", user_step_syscall);
    say_user("step-into-int", user_step_int);
    say_user("nested-task", user_nested_task);
    say_user("mov-ss-then-syscall", user_mov_ss);
    say_edge();
    guest_end();
}
