/*
 * The machine-to-physical table: the hypervisor's, at an address that the ABI fixes, there to be
 * read by kernels. Who may see it (a kernel; its users only in the absence of the m2p_strict
 * assist, by accident of what the tables were used as before), that nobody can write it, neither
 * there nor through a mapping of its frames, and that nothing else of the hypervisor can be
 * reached.
 */
#include "tests/guests/user_space.h"

static struct xen_machphys_mapping where;
static u64 *entry; /* of the table, for a frame of our own */
static mfn_t ours;

static void fetch(void *arg)
{
    ((void (*)(void))arg)();
}

static void say_fault(const char *name, struct fault fault)
{
    console_printf("ROW %s = vector %u error 0x%x\n", name, fault.vector, fault.error);
}

static void say_access(const char *group, void *address)
{
    u64 word;

    say_fault(name_of(group, "read"), probe_read(address, &word));
    say_fault(name_of(group, "write"), probe_write(address, 0));
    say_fault(name_of(group, "fetch"), fault_catch(fetch, address));
}

static void say_accesses(void)
{
    say_access("own-entry", entry);
    say_access("first-entry", (void *)where.v_start);
    say_access("last-entry", (u64 *)where.v_start + where.max_mfn);
    say_access("end", (void *)(where.v_end - sizeof(u64)));
    say_access("slot-257", (void *)(HYPERVISOR_VIRT_START + (1ull << 39)));
    say_access("slot-271", (void *)(HYPERVISOR_VIRT_END - PAGE_SIZE));
    row("own-entry.value", *entry == mfn_to_pfn(ours).n);
}

static const struct {
    const char *what;
    domid_t id;
} owners[] = {{"self", DOMID_SELF}, {"xen", DOMID_XEN}, {"io", DOMID_IO}};

/* Its frames are the hypervisor's to share, and the call that lists them says which they are. */
static void say_frames(void)
{
    struct xen_machphys_mfn_list list = {.max_extents = 1};
    xen_pfn_t mfn = 0;
    u64 word = 0;

    list.extent_start.p = &mfn;
    row("frames.list", call_memory_op(XENMEM_machphys_mfn_list, &list));
    for (unsigned int i = 0; i < ARRAY_SIZE(owners); i++) {
        void *page = scratch_page(USER_PAGES);
        u64 pte = mfn << PAGE_SHIFT | PTE_READ_ONLY;

        row(name_of("frames-read-only", owners[i].what),
            hypercall_update_va_mapping_otherdomain((u64)page, pte, UVMF_INVLPG, owners[i].id));
        say_fault(name_of("frames-write", owners[i].what), probe_write(page, 0));
        if (!probe_read(page, &word).taken)
            row(name_of("frames-same", owners[i].what), word == *(u64 *)where.v_start);
        row(name_of("frames-writable", owners[i].what),
            hypercall_update_va_mapping_otherdomain((u64)page, pte | PTE_WRITE, UVMF_INVLPG,
                                                    owners[i].id));
        row(name_of("frames-uncached", owners[i].what),
            hypercall_update_va_mapping_otherdomain((u64)page, pte | PTE_NO_CACHE, UVMF_INVLPG,
                                                    owners[i].id));
        map_page(page, 0);
    }
    row("frames.pin", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
    row("frames.write-by-request", pte_update(mfn << PAGE_SHIFT, 0));
    row("frames.clear", mmuext(MMUEXT_CLEAR_PAGE, mfn));
    row("frames.descriptor", call_update_descriptor(mfn << PAGE_SHIFT, 0));
    row("frames.m2p-entry", pte_update(mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0));
}

static struct trap_frame frame;

/* As the user's root, and then as the kernel's: who can read the table? */
static void say_root(const char *group, mfn_t root)
{
    struct fault fault;
    u64 word;

    row(name_of(group, "user-base"), mmuext(MMUEXT_NEW_USER_BASEPTR, root.n));
    user_frame_init(&frame, user_address(user_code), user_stack_top());
    frame.rbx = (u64)entry;
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

void guest_main(void)
{
    mfn_t before, pinned;

    user_space_init();
    row("m2p.where", call_memory_op(XENMEM_machphys_mapping, &where));
    ours = pfn_to_mfn(frame_alloc_zeroed());
    entry = (u64 *)where.v_start + ours.n;
    say_accesses();
    say_frames();
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
    guest_end();
}
