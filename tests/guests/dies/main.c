/*
 * A guest that breaks its contract beyond return is ended, with a report that names the rule, and
 * the machine goes on to its reboot: it must not hang, and the hypervisor must not go down with it.
 * Each way of dying is a run of its own (the files run.*), chosen by how= on the command line.
 */
#include "tests/guests/user_space.h"

extern char user_syscall[], user_ud2[];
void die_on_stack(unsigned long sp), die_at_iret(unsigned long sp);

/* Bytes of a frame that lie in one page when its rest lies in another. */
#define PART_OF_FRAME (sizeof(long) == 8 ? 32 : 8)

/* Of the hypervisor's code; and where its part ends. The 32-bit runs need neither: entries-32 has
 * the stacks that a 32-bit kernel may name. */
#define HYPERVISOR_TEXT WIDE(HYPERVISOR_VIRT_START + (5ull << 39) + 0x40000000, 0)
#define HYPERVISOR_LAST WIDE(HYPERVISOR_VIRT_END, 0ull)

static struct trap_frame frame;

static void die_without_handler(void)
{
    call_set_trap_table(NULL);
    asm volatile("ud2");
}

static void die_stack_unmapped(void)
{
    die_on_stack(0x2000);
}

static void die_stack_in_hypervisor(void)
{
    die_on_stack(HYPERVISOR_VIRT_START + MIB(1));
}

static void die_stack_straddles(void)
{
    die_on_stack((unsigned long)(HYPERVISOR_LAST + 32));
}

static void die_stack_non_canonical(void)
{
    die_on_stack((unsigned long)NON_CANONICAL);
}

static void die_stack_read_only(void)
{
    map_page(scratch_page(1), pte_make(table_boot_root(), PTE_PRESENT | PTE_USER));
    die_on_stack((uintptr_t)scratch_page(2));
}

/* The frame begins in a page that is there and ends in one that is not. */
static unsigned long half_mapped(void)
{
    map_page(scratch_page(1), pte_make(pfn_to_mfn(frame_alloc_zeroed()), PTE_READ_WRITE));
    return (uintptr_t)scratch_page(1) + PART_OF_FRAME;
}

static void die_stack_half(void)
{
    die_on_stack(half_mapped());
}

/* The handler's address is not mapped: each fault pushes one more frame, until the stack ends. */
static void die_of_handler(u64 address)
{
    struct trap_info table[] = {{.vector = VECTOR_PF, .cs = FLAT_KERNEL_CS, .address = address},
                                {.address = 0}};

    row("handler.set", call_set_trap_table(table));
    map_page(scratch_page(1), pte_make(pfn_to_mfn(frame_alloc_zeroed()), PTE_READ_WRITE));
    asm volatile("mov %0, %%" WIDE("rsp", "esp") "; movb $0, 0x3000" ::"r"(scratch_page(2)));
}

static void die_handler_unmapped(void)
{
    die_of_handler(0x3000);
}

static void die_handler_in_hypervisor(void)
{
    die_of_handler(HYPERVISOR_TEXT);
}

static void die_of_user_stack(u64 top)
{
    user_space_init();
    user_frame_init(&frame, user_address(user_syscall), user_stack_top());
    user_run(&frame);
    row("user-stack.set", call_stack_switch(FLAT_KERNEL_SS, (void *)(uintptr_t)top));
    user_run(&frame); /* the runtime believes its own stack to be in force still */
}

static void die_user_stack(void)
{
    die_of_user_stack(0x2000);
}

static void die_user_stack_in_hypervisor(void)
{
    die_of_user_stack(HYPERVISOR_VIRT_START + MIB(1));
}

static void die_user_stack_non_canonical(void)
{
    die_of_user_stack(NON_CANONICAL);
}

static void die_user_stack_null(void)
{
    die_of_user_stack(0);
}

static void die_user_without_handler(void)
{
    user_space_init();
    call_set_trap_table(NULL);
    user_frame_init(&frame, user_address(user_ud2), user_stack_top());
    user_run(&frame);
}

static void die_iret_without_user_tables(void)
{
    user_frame_init(&frame, 0x1000, 0x1000);
    user_run(&frame);
}

static void die_iret_from_nowhere(void)
{
    die_at_iret(0x2000);
}

static void die_iret_from_half(void)
{
    half_mapped();
    die_at_iret((uintptr_t)scratch_page(2) - PART_OF_FRAME);
}

static void die_iret_from_hypervisor(void)
{
    die_at_iret((unsigned long)HYPERVISOR_HIDDEN);
}

static void shutdown_crash(void)
{
    guest_shutdown(SHUTDOWN_crash);
}

static void shutdown_reboot(void)
{
    guest_shutdown(SHUTDOWN_reboot);
}

static void shutdown_unknown(void)
{
    guest_shutdown(77);
}

/* The first code that was given is the one that counts, whoever ends the domain how. */
static void code_before_shutdown(void)
{
    struct sched_shutdown why = {.reason = SHUTDOWN_reboot};

    row("code.first", call_sched_op(SCHEDOP_shutdown_code, &why));
    why.reason = SHUTDOWN_poweroff;
    row("code.second", call_sched_op(SCHEDOP_shutdown_code, &why));
    guest_shutdown(SHUTDOWN_crash);
}

static void code_before_crash(void)
{
    struct sched_shutdown why = {.reason = SHUTDOWN_reboot};

    row("code.first", call_sched_op(SCHEDOP_shutdown_code, &why));
    die_without_handler();
}

static void remote_shutdown_of_itself(void)
{
    struct sched_remote_shutdown whom = {.domain_id = 0, .reason = 0x100 | SHUTDOWN_reboot};

    call_sched_op(SCHEDOP_remote_shutdown, &whom);
}

/* By the call of old kernels, whose argument is the reason; a byte of it. */
static void shutdown_of_old(void)
{
    hypercall_sched_op_compat(SCHEDOP_shutdown, 0x100 | 77);
}

static const struct {
    const char *how;
    void (*die)(void);
} deaths[] = {
    {"no-handler", die_without_handler},
    {"stack-unmapped", die_stack_unmapped},
    {"stack-in-hypervisor", die_stack_in_hypervisor},
    {"stack-straddles", die_stack_straddles},
    {"stack-non-canonical", die_stack_non_canonical},
    {"stack-read-only", die_stack_read_only},
    {"stack-half", die_stack_half},
    {"handler-unmapped", die_handler_unmapped},
    {"handler-in-hypervisor", die_handler_in_hypervisor},
    {"user-stack-in-hypervisor", die_user_stack_in_hypervisor},
    {"user-stack-non-canonical", die_user_stack_non_canonical},
    {"user-stack-null", die_user_stack_null},
    {"iret-half", die_iret_from_half},
    {"user-stack", die_user_stack},
    {"user-no-handler", die_user_without_handler},
    {"iret-no-tables", die_iret_without_user_tables},
    {"iret-nowhere", die_iret_from_nowhere},
    {"iret-hypervisor", die_iret_from_hypervisor},
    {"crash", shutdown_crash},
    {"reboot", shutdown_reboot},
    {"unknown", shutdown_unknown},
    {"code-first", code_before_shutdown},
    {"code-then-crash", code_before_crash},
    {"remote", remote_shutdown_of_itself},
    {"old-call", shutdown_of_old},
};

void guest_main(void)
{
    char how[32] = "";

    scratch_entry(1);
    cmdline_value("how", how, sizeof(how));
    for (unsigned int i = 0; i < ARRAY_SIZE(deaths); i++) {
        if (!strcmp(deaths[i].how, how)) {
            row_text("dies.by", how);
            deaths[i].die();
        }
    }
    guest_end(); /* nobody comes here */
}
