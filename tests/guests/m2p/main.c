/*
 * The machine-to-physical table: the hypervisor's, at an address that the ABI fixes, there to be
 * read by kernels. Who may see it (a kernel; its users only in the absence of the m2p_strict
 * assist, by accident of what the tables were used as before), that nobody can write it, neither
 * there nor through a mapping of its frames, and that nothing else of the hypervisor can be
 * reached.
 */
#include "tests/guests/m2p/m2p.h"

struct xen_machphys_mapping where;
unsigned long *entry;
static mfn_t ours;

static void fetch(void *arg)
{
    ((void (*)(void))arg)();
}

void say_fault(const char *name, struct fault fault)
{
    console_printf("ROW %s = vector %u error 0x%x\n", name, fault.vector, fault.error);
}

static void say_access(const char *group, void *address)
{
    unsigned long word;

    say_fault(name_of(group, "read"), probe_read(address, &word));
    say_fault(name_of(group, "write"), probe_write(address, 0));
    say_fault(name_of(group, "fetch"), fault_catch(fetch, address));
}

static void say_accesses(void)
{
    say_access("own-entry", entry);
    say_access("first-entry", (void *)where.v_start);
    say_access("last-entry", (unsigned long *)where.v_start + where.max_mfn);
    say_access("end", (void *)(where.v_end - sizeof(long)));
#ifdef __x86_64__
    say_access("slot-257", (void *)(HYPERVISOR_VIRT_START + (1ull << 39)));
    say_access("slot-271", (void *)(HYPERVISOR_VIRT_END - PAGE_SIZE));
#endif
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
    u64 address;
    unsigned long word = 0;

    list.extent_start.p = &mfn;
    row("frames.list", call_memory_op(XENMEM_machphys_mfn_list, &list));
    address = mfn_to_address((mfn_t){mfn});
    for (unsigned int i = 0; i < ARRAY_SIZE(owners); i++) {
        void *page = scratch_page(USER_PAGES);
        u64 pte = address | PTE_READ_ONLY;

        row(name_of("frames-read-only", owners[i].what),
            hypercall_update_va_mapping_otherdomain((uintptr_t)page, pte, UVMF_INVLPG,
                                                    owners[i].id));
        say_fault(name_of("frames-write", owners[i].what), probe_write(page, 0));
        if (!probe_read(page, &word).taken)
            row(name_of("frames-same", owners[i].what), word == *(unsigned long *)where.v_start);
        row(name_of("frames-writable", owners[i].what),
            hypercall_update_va_mapping_otherdomain((uintptr_t)page, pte | PTE_WRITE, UVMF_INVLPG,
                                                    owners[i].id));
        row(name_of("frames-uncached", owners[i].what),
            hypercall_update_va_mapping_otherdomain((uintptr_t)page, pte | PTE_NO_CACHE,
                                                    UVMF_INVLPG, owners[i].id));
        map_page(page, 0);
    }
    row("frames.pin", mmuext(MMUEXT_PIN_L1_TABLE, mfn));
    row("frames.write-by-request", pte_update(address, 0));
    row("frames.clear", mmuext(MMUEXT_CLEAR_PAGE, mfn));
    row("frames.descriptor", call_update_descriptor(address, 0));
    row("frames.m2p-entry", pte_update(address | MMU_MACHPHYS_UPDATE, 0));
}

void guest_main(void)
{
    scratch_entry(1);
    row("m2p.where", call_memory_op(XENMEM_machphys_mapping, &where));
    ours = pfn_to_mfn(frame_alloc_zeroed());
    entry = (unsigned long *)where.v_start + ours.n;
    say_accesses();
    say_frames();
    say_users();
    guest_end();
}
