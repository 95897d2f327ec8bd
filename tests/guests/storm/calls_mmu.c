/*
 * Arguments of the calls on page tables: mmu_update, update_va_mapping, mmuext_op.
 */
#include "tests/guests/storm/storm.h"

/* A list of `real` elements for a call that is told `*count`: should that be more, the list ends
 * where the mapping does, so that no other memory is taken for elements. */
static void *list_new(u64 real, u64 *count, size_t size)
{
    *count = one_in(12) ? any_count() : real;
    return *count > real ? argument_at_end(real * size) : argument_new(real * size);
}

/*
 * Where a call says how far it came. If that is in the call's own list, what becomes of the
 * elements behind depends on where the call is interrupted, which says it there in between: when
 * answers are compared it is left away.
 */
static u64 done_pointer(const void *list, u64 bytes)
{
    u64 at = one_in(2) ? 0 : pointer_to(argument_new(sizeof(u32)));
    bool overlaps = at + sizeof(u32) > (uintptr_t)list && at < (uintptr_t)list + bytes;

    return options.same && overlaps ? 0 : at;
}

static mmu_update_t any_update(void)
{
    static const u8 commands[] = {MMU_NORMAL_PT_UPDATE, MMU_NORMAL_PT_UPDATE, MMU_NORMAL_PT_UPDATE,
                                  MMU_PT_UPDATE_PRESERVE_AD, MMU_PT_UPDATE_NO_TRANSLATE};
    unsigned int level;
    u64 entry = any_entry_address(&level);

    if (one_in(24))
        return (mmu_update_t){.ptr = any_mfn() << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
                              .val = any_word()};
    return (mmu_update_t){.ptr = entry + (one_in(64) ? draw(8) : PICK(commands)),
                          .val = any_entry(level)};
}

void make_mmu_update(struct call *c)
{
    u64 real = 1 + draw(4), count;
    mmu_update_t *list = list_new(real, &count, sizeof(*list));

    for (u64 i = 0; i < real; i++)
        list[i] = any_update();
    c->a[0] = pointer_to(list);
    c->a[1] = count;
    c->a[2] = done_pointer(list, real * sizeof(*list));
    c->a[3] = any_domid() | (one_in(24) ? draw(4) << 16 : 0);
}

static u64 any_flush_flags(void)
{
    static const u64 flush[] = {UVMF_NONE, UVMF_TLB_FLUSH, UVMF_INVLPG, UVMF_INVLPG, 3};
    static const u64 whose[] = {UVMF_LOCAL, UVMF_ALL};

    if (one_in(12)) {
        u64 *bitmap = argument_new(sizeof(*bitmap));

        *bitmap = 1;
        return PICK(flush) | (pointer_to(bitmap) & ~UVMF_FLUSHTYPE_MASK);
    }
    return PICK(flush) | PICK(whose);
}

void make_va_mapping(struct call *c)
{
    c->a[0] = any_va();
    c->a[1] = any_entry(1);
    c->a[2] = any_flush_flags();
}

void make_va_mapping_other(struct call *c)
{
    make_va_mapping(c);
    c->a[3] = any_domid();
}

#define SUBOP_NUMBER(number, who, argument, direction, state, sentence) number,
static const u32 operations[] = {XL_SUBOPS_mmuext(SUBOP_NUMBER)};

/*
 * A root that the kernel can live on, or a frame that is certainly none. What an earlier operation
 * of the same call may yet change cannot be trusted: there it must not be a frame of the arena.
 */
u64 livable_root(bool first)
{
    mfn_t mfn = arena_frame_of_level(PT_LEVELS);

    if (one_in(4) || !first)
        return one_in(2) ? BEYOND_MEMORY : mfn_to_address(table_boot_root()) >> PAGE_SHIFT;
    if (!arena_root_is_fit(mfn))
        arena_root_fit(mfn);
    return arena_root_is_fit(mfn) ? mfn.n : NO_FRAME_AT_ALL;
}

static mmuext_op_t any_operation(bool first)
{
    mmuext_op_t op = {.cmd = one_in(32) ? (u32)draw(64) : PICK(operations)};

    switch (op.cmd) {
    case MMUEXT_PIN_L1_TABLE ... MMUEXT_PIN_L4_TABLE:
        op.arg1.mfn =
            one_in(16) ? any_mfn() : arena_frame_of_level(op.cmd - MMUEXT_PIN_L1_TABLE + 1).n;
        break;
    case MMUEXT_NEW_BASEPTR:
        op.arg1.mfn = livable_root(first);
        break;
    case MMUEXT_NEW_USER_BASEPTR:
        op.arg1.mfn = one_in(4) ? any_mfn() : arena_frame_of_level(PT_LEVELS).n;
        break;
    case MMUEXT_UNPIN_TABLE:
    case MMUEXT_CLEAR_PAGE:
        op.arg1.mfn = any_mfn();
        break;
    case MMUEXT_COPY_PAGE:
        op.arg1.mfn = any_mfn();
        op.arg2.src_mfn = any_mfn();
        break;
    case MMUEXT_SET_LDT:
        op.arg1.linear_addr = any_va() & ~(one_in(8) ? 0ul : 0xffful);
        op.arg2.nr_ents = (u32)(one_in(4) ? any_count() : draw(600));
        break;
    default: /* flushes */
        op.arg1.linear_addr = any_va();
        op.arg2.vcpumask.p = (void *)(uintptr_t)pointer_to(argument_new(sizeof(u64)));
    }
    return op;
}

void make_mmuext(struct call *c)
{
    u64 real = 1 + draw(3), count;
    mmuext_op_t *list = list_new(real, &count, sizeof(*list));

    for (u64 i = 0; i < real; i++)
        list[i] = any_operation(!i && c->place != IN_LIST);
    c->sub = (s64)list[0].cmd;
    c->a[0] = pointer_to(list);
    c->a[1] = count;
    c->a[2] = done_pointer(list, real * sizeof(*list));
    c->a[3] = any_domid();
}
