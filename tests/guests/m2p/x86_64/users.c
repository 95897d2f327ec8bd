/* Who reads the table through roots of tables that were made before and after the assist. */
#include "tests/guests/m2p/m2p.h"

static struct trap_frame frame;

/* As the user's root, and then as the kernel's: who can read the table? */
static void say_root(const char *group, mfn_t root)
{
    struct fault fault;
    unsigned long word;

    row(name_of(group, "user-base"), mmuext(MMUEXT_NEW_USER_BASEPTR, root.n));
    user_frame_init(&frame, user_address(user_code), user_stack_top());
    frame.rbx = (uintptr_t)entry;
    user_run(&frame);
    console_printf("ROW %s = vector %u error 0x%x\n", name_of(group, "user-reads"),
                   (u32)frame.vector, (u32)frame.error);
    mmuext(MMUEXT_NEW_BASEPTR, root.n);
    fault = probe_read(entry, &word);
    mmuext(MMUEXT_NEW_BASEPTR, table_boot_root().n);
    say_fault(name_of(group, "kernel-reads"), fault);
    user_run(&frame);
    console_printf("ROW %s = vector %u error 0x%x\n", name_of(group, "user-reads-then"),
                   (u32)frame.vector, (u32)frame.error);
    row(name_of(group, "slot"), (table_entries(root)[pt_index(where.v_start, 4)] & 1) != 0);
}

static mfn_t root_new(void)
{
    mfn_t root = table_new_kernel_root();
    u64 lower = entry_read(scratch_entry(PT_LEVELS));

    pte_update(table_entry_address(root, pt_index(SCRATCH_VA, PT_LEVELS)), lower);
    return root;
}

void say_users(void)
{
    mfn_t before, pinned;

    user_space_init();
    before = root_new();
    say_root("lax", root_new());
    pinned = root_new();
    row("strict.pin-before", table_pin(pinned, PT_LEVELS));
    row("strict.on", call_vm_assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict));
    say_root("strict", root_new());
    say_root("strict-empty-before", before);
    say_root("strict-pinned-before", pinned);
    row("strict.off", call_vm_assist(VMASST_CMD_disable, VMASST_TYPE_m2p_strict));
    say_root("lax-again", pinned);
}
