/*
 * Arguments of the calls on the virtual CPU: traps, callbacks, descriptors, segments, debug
 * registers. What they change of this kernel's own is mended after each.
 */
#include "tests/guests/storm/storm.h"

/* Code of this kernel is never named: entered in the middle, it would do anything. */
static u64 any_handler(void)
{
    return one_in(4) ? 0 : any_va();
}

static const u16 handler_selectors[] = {FLAT_KERNEL_CS, FLAT_USER_CS, 0, 0xe008, 0xffff, 7};

void make_trap_table(struct call *c)
{
    u64 count = draw(5);
    struct trap_info *table = argument_new((count + 1) * sizeof(*table));

    for (u64 i = 0; i < count; i++) {
        table[i] = (struct trap_info){.vector = (u8)draw(256),
                                      .flags = (u8)draw(8),
                                      .cs = PICK(handler_selectors),
                                      .address = any_handler()};
    }
    c->a[0] = one_in(32) ? 0 : pointer_to(table);
    c->mend = true;
}

void make_callbacks(struct call *c)
{
    for (unsigned int i = 0; i < 3; i++)
        c->a[i] = any_handler();
    if (PT_LEVELS == 3) { /* in 32 bits two of them, each with its selector before it */
        c->a[3] = c->a[1];
        c->a[1] = c->a[0];
        c->a[0] = PICK(handler_selectors);
        c->a[2] = PICK(handler_selectors);
    }
    c->mend = true;
}

void make_stack_switch(struct call *c)
{
    static const u64 selectors[] = {FLAT_KERNEL_SS, FLAT_KERNEL_SS, 0, 3, 0xe010, 0xfff3};

    c->a[0] = PICK(selectors);
    c->a[1] = any_va();
    c->mend = true;
}

void make_gdt(struct call *c)
{
    static const u64 entries[] = {0, 1, 511, 512, 513, 1024, 7168, 7169, 8192, ~0ull};
    u64 real = draw(3), count = one_in(3) ? PICK(entries) : real * 512;
    xen_pfn_t *list = argument_at_end(real * sizeof(*list));

    for (u64 i = 0; i < real; i++)
        list[i] = one_in(8) ? any_mfn() : arena_frame_of_level(0).n;
    c->a[0] = pointer_to(list);
    c->a[1] = count;
}

/* Segments that may be, and gates, system descriptors, privileged ones, that may not. */
void make_descriptor(struct call *c)
{
    static const u64 descriptors[] = {0,
                                      0x00affb000000ffff,
                                      0x00cff3000000ffff,
                                      0x00cffb000000ffff,
                                      0x00af9b000000ffff,
                                      0x00cf93000000ffff,
                                      0x0000ec0000080000,
                                      0x0000890000000067,
                                      0x0000820000000000,
                                      0x00cff7000000ffff};

    c->a[0] = mfn_to_address(one_in(4) ? (mfn_t){any_mfn()} : arena_frame_of_level(0)) +
              draw(ARENA_SLOTS) * 8 + (one_in(16) ? draw(8) : 0);
    c->a[1] = PICK(descriptors);
}

void make_segment_base(struct call *c)
{
    static const u64 selectors[] = {0, 3, FLAT_USER_SS, 0xf, 0x17, 0xfff3, 0xe010, 0x10003};

    c->a[0] = draw(one_in(8) ? 8 : 4);
    c->a[1] = c->a[0] == 3 /* SEGBASE_GS_USER_SEL */ ? PICK(selectors) : any_va();
}

/* Breakpoints only where this kernel has nothing: their traps are the storm's, not the harness's.
 */
void make_debugreg(struct call *c)
{
    static const u64 controls[] = {0,       0x155,  0x400,      0xf0155, 0x00010001,
                                   0xd0303, 0x2000, 1ull << 32, ~0ull};

    c->a[0] = draw(9);
    c->a[1] = c->a[0] == 7 ? PICK(controls) : any_va();
}

/* Frames of the arena, taken one after the other, and in the end one that cannot be had: what was
 * taken must come back (arena_reset looks). A context that is accepted would keep them. */
static u64 any_context(void)
{
    static struct vcpu_guest_context context;
    static const u64 entries[] = {0, 1, 512, 513, 7168, 7169};

    memset(&context, 0, sizeof(context));
    context.flags = any_number() | (one_in(4) ? 0 : VGCF_in_kernel);
    context.gdt_ents = PICK(entries);
    for (u64 i = 0; i * 512 < context.gdt_ents && i < 14; i++)
        context.gdt_frames[i] = one_in(64) ? any_mfn() : arena_frame_of_level(0).n;
    context.ctrlreg[3] = xen_pfn_to_cr3(one_in(8) ? any_mfn() : arena_frame_of_level(4).n);
    /* The one that cannot be had: in 32 bits there is but one root. */
    context.ctrlreg[PT_LEVELS == 3 ? 3 : 1] = xen_pfn_to_cr3(BEYOND_MEMORY);
    if (one_in(4))
        context.kernel_sp = any_va();
    if (one_in(4))
        context.ldt_base = any_va();
    return one_in(32) ? bad_va() : (uintptr_t)&context;
}

/*
 * Of vcpus that never run. Vcpu 0 is this one: it must stay up, keep its vcpu_info, and be spared
 * NMIs. Areas that the hypervisor writes to whenever it likes are left out; so is, where Xen is
 * asked too, what it does not give back.
 */
void make_vcpu(struct call *c)
{
    static const u8 ops[] = {VCPUOP_initialise,
                             VCPUOP_initialise,
                             VCPUOP_initialise,
                             VCPUOP_up,
                             VCPUOP_down,
                             VCPUOP_is_up,
                             VCPUOP_set_periodic_timer,
                             VCPUOP_stop_periodic_timer,
                             VCPUOP_set_singleshot_timer,
                             VCPUOP_stop_singleshot_timer,
                             VCPUOP_register_vcpu_info,
                             VCPUOP_send_nmi,
                             VCPUOP_get_physid,
                             200};
    struct vcpu_register_vcpu_info *info = argument_new(sizeof(*info));

    c->sub = PICK(ops);
    c->a[0] = (u64)c->sub;
    c->a[1] = 1 + draw(one_in(8) ? 40 : 3);
    c->a[2] = pointer_to(info);
    *info = (struct vcpu_register_vcpu_info){any_mfn(), 1 + 2 * (u32)draw(4096), 0};
    if (c->sub == VCPUOP_initialise)
        c->a[2] = any_context();
    if (c->sub == VCPUOP_send_nmi)
        c->a[2] = one_in(2) ? 0 : any_number();
    if (one_in(4) && (c->sub == VCPUOP_up || c->sub == VCPUOP_is_up))
        c->a[1] = 0;
    c->skip = options.same && c->sub == VCPUOP_initialise;
}
