/*
 * The storm's grammar, made from the tables of calls and sub-operations (xen-like/abi/calls.h): a
 * call that is added there is stormed from then on, with arguments by its structure's size. Whoever
 * adds it may give it a maker of its own in `makers`, or a line in `left_out` if this kernel would
 * not survive it.
 */
#include "tests/guests/storm/storm.h"

struct known_call {
    u32 number, arity;
    const char *name;
    bool implemented;
};

#define IS_IMPLEMENTED                                           true
#define IS_ABSENT                                                false
#define KNOWN(number, name, who, arity, state, family, sentence) {number, arity, #name, IS_##state},
static const struct known_call known[] = {XL_CALLS(KNOWN)};

struct known_subop {
    u64 number;
    size_t size;
    bool implemented;
};

#define SUBOP(number, who, argument, direction, state, sentence)                                   \
    {number, sizeof(argument), IS_##state},
#define FAMILY_SUBOPS(family, call)                                                                \
    static const struct known_subop subops_##family[] = {XL_SUBOPS_##family(SUBOP)};
XL_SUBOP_FAMILIES(FAMILY_SUBOPS)

static const struct {
    u64 call;
    const struct known_subop *subops;
    size_t count;
} families[] = {
#define FAMILY(family, call) {__HYPERVISOR_##call, subops_##family, ARRAY_SIZE(subops_##family)},
    XL_SUBOP_FAMILIES(FAMILY)};

#define ANY_SUBOP (~0ull)

/* What the storm would not outlive, or not be heard after. */
static const struct {
    u64 call, sub;
    const char *why;
} left_out[] = {
    {__HYPERVISOR_iret, ANY_SUBOP, "goes elsewhere; touches.c does it with a frame of its own"},
    {__HYPERVISOR_sched_op_compat, ANY_SUBOP, "ends the domain, or sleeps"},
    {__HYPERVISOR_sched_op, SCHEDOP_shutdown, "ends the domain"},
    {__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, "ends the domain"},
    {__HYPERVISOR_sched_op, SCHEDOP_shutdown_code, "would be told as this guest's end"},
    {__HYPERVISOR_sched_op, SCHEDOP_block, "nobody would wake it"},
    {__HYPERVISOR_sched_op, SCHEDOP_poll, "nobody would wake it, but a timeout years away"},
    {__HYPERVISOR_sched_op, SCHEDOP_watchdog, "ends the domain later"},
    {__HYPERVISOR_memory_op, XENMEM_increase_reservation, "frame_swap does it, and keeps count"},
    {__HYPERVISOR_memory_op, XENMEM_populate_physmap, "frame_swap does it, and keeps count"},
    {__HYPERVISOR_memory_op, XENMEM_decrease_reservation, "frame_swap does it, and keeps count"},
    {__HYPERVISOR_memory_op, XENMEM_exchange, "frame_swap does it, and keeps count"},
    {__HYPERVISOR_physdev_op, PHYSDEVOP_apic_write, "Xen stops at a line that is told twice"},
    {__HYPERVISOR_physdev_op, PHYSDEVOP_setup_gsi, "likewise"},
    {__HYPERVISOR_physdev_op, PHYSDEVOP_prepare_msix, "Xen stops at a device without MSI-X"},
    {__HYPERVISOR_physdev_op, PHYSDEVOP_release_msix, "likewise"},
    {__HYPERVISOR_physdev_op_compat, ANY_SUBOP, "makes the same"},
    {__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, "ours reaches segment 0 only"},
    {__HYPERVISOR_memory_op, XENMEM_claim_pages, "others would find no memory left"},
};

static const struct {
    call_maker *make;
    u32 weight; /* beside the others; what is not listed has 1 */
} makers[XL_CALL_LIMIT] = {
    [__HYPERVISOR_mmu_update] = {make_mmu_update, 240},
    [__HYPERVISOR_mmuext_op] = {make_mmuext, 120},
    [__HYPERVISOR_update_va_mapping] = {make_va_mapping, 120},
    [__HYPERVISOR_update_va_mapping_otherdomain] = {make_va_mapping_other, 16},
    [__HYPERVISOR_multicall] = {make_multicall, 40},
    [__HYPERVISOR_set_trap_table] = {make_trap_table, 2},
    [__HYPERVISOR_set_callbacks] = {make_callbacks, 2},
    [__HYPERVISOR_stack_switch] = {make_stack_switch, 2},
    [__HYPERVISOR_set_gdt] = {make_gdt, 16},
    [__HYPERVISOR_update_descriptor] = {make_descriptor, 24},
    [__HYPERVISOR_set_segment_base] = {make_segment_base, 8},
    [__HYPERVISOR_set_debugreg] = {make_debugreg, 6},
    [__HYPERVISOR_vcpu_op] = {make_vcpu, 16},
    [__HYPERVISOR_console_io] = {make_console, 1},
    [__HYPERVISOR_event_channel_op] = {make_event_channel, 24},
    [__HYPERVISOR_event_channel_op_compat] = {make_event_channel, 4},
    [__HYPERVISOR_memory_op] = {NULL, 8},
    [__HYPERVISOR_xen_version] = {NULL, 6},
};

static bool is_left_out(u64 call, u64 sub)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(left_out); i++) {
        if (left_out[i].call == call && (left_out[i].sub == ANY_SUBOP || left_out[i].sub == sub))
            return true;
    }
    return false;
}

/* A structure of words that mean something, some somewhere. */
static void fill(u64 *argument, size_t size)
{
    for (size_t i = 0; i < size / sizeof(u64); i++)
        argument[i] = one_in(3) ? 0 : one_in(8) ? any_mfn() : any_number();
    if (size >= sizeof(struct xen_memory_domain) && one_in(2))
        *(u16 *)argument = DOMID_SELF;
}

/* What the machine or the build decides, and which may come to lie in a frame of the arena. */
static const struct {
    u64 call, sub;
} different[] = {
    {__HYPERVISOR_xen_version, XENVER_build_id},
    {__HYPERVISOR_memory_op, XENMEM_memory_map},
    {__HYPERVISOR_memory_op, XENMEM_machine_memory_map},
    {__HYPERVISOR_memory_op, XENMEM_machphys_mfn_list},
    {__HYPERVISOR_memory_op, XENMEM_machphys_compat_mfn_list},
};

/* A sub-operation that is not to be made, or not where its answer must be Xen's. */
static bool is_out(u64 call, const struct known_subop *subop)
{
    bool same = subop->implemented;

    for (unsigned int i = 0; i < ARRAY_SIZE(different); i++)
        same &= different[i].call != call || different[i].sub != subop->number;
    return is_left_out(call, subop->number) || (options.same && !same);
}

/* Long structures, texts mostly, are written and not read: they share one place. */
#define LONG_SIZE 256ul
static u64 long_structure[PAGE_SIZE / sizeof(u64)];

static void make_by_family(struct call *c, const struct known_subop *subops, size_t count)
{
    const struct known_subop *subop = &subops[draw(count)];
    size_t size = ALIGN_UP(MAX(subop->size, 8 * sizeof(u64)), 8);
    u64 *argument;

    c->skip = is_out(c->number, subop);
    if (c->skip)
        return;
    argument = size > LONG_SIZE ? long_structure : argument_at_end(size);
    fill(argument, MIN(size, LONG_SIZE));
    c->sub = (s64)subop->number;
    c->a[0] = one_in(32) ? 64 + draw(64) /* no call has such an operation */ : subop->number;
    c->a[1] = subop->size > 1 ? pointer_to(argument) : any_number();
    c->mend = c->number == __HYPERVISOR_callback_op || c->number == __HYPERVISOR_nmi_op;
}

/* Sub-operation and structure if the tables know any, words otherwise. */
static void make_by_table(struct call *c)
{
    for (unsigned int i = 0; i < 5; i++)
        c->a[i] = any_number();
    for (unsigned int i = 0; i < ARRAY_SIZE(families); i++) {
        if (families[i].call == c->number)
            make_by_family(c, families[i].subops, families[i].count);
    }
}

/* What it would print might look like rows. */
void make_console(struct call *c)
{
    c->sub = (s64)draw(3);
    c->a[0] = (u64)c->sub;
    c->a[1] = any_count();
    c->a[2] = bad_va();
    if (c->sub == CONSOLEIO_read)
        c->a[2] = pointer_to(argument_new(4 * sizeof(u64)));
}

/* In 32 bits an argument of 64 takes two words: which of the call is one? 5: none. */
static unsigned int wide_argument(u64 number)
{
    switch (number) {
    case __HYPERVISOR_set_timer_op:
        return 0;
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return 1;
    default:
        return 5;
    }
}

/* What the call's arguments are in the registers of this width. */
static void words_of(const struct call *c, unsigned long words[6])
{
    unsigned int wide = sizeof(*words) == 8 ? 5 : wide_argument(c->number);
    bool all = sizeof(*words) == 4 && c->number == __HYPERVISOR_update_descriptor;

    memset(words, 0, 6 * sizeof(*words));
    for (unsigned int i = 0, at = 0; i < 5 && at < 6; i++) {
        words[at++] = (unsigned long)c->a[i];
        if ((i == wide || all) && at < 6)
            words[at++] = (unsigned long)(c->a[i] >> 32);
    }
}

void make_multicall(struct call *c)
{
    u64 real = 1 + draw(5), count = one_in(12) ? any_count() : real;
    multicall_entry_t *list = argument_at_end(real * sizeof(*list));

    for (u64 i = 0; i < real; i++) {
        struct call inner;

        do
            call_make(&inner, i ? IN_LIST : FIRST_IN_LIST);
        while (inner.skip);
        list[i].op = one_in(64) ? 60 + draw(500) : inner.number;
        words_of(&inner, list[i].args);
    }
    c->mend = true; /* a call may write over those behind it, and make of one whatever it likes */
    c->a[0] = one_in(16) ? bad_va() : (uintptr_t)list;
    c->a[1] = count;
}

static u32 weight_of(const struct known_call *k)
{
    return k->number < XL_CALL_LIMIT && makers[k->number].weight ? makers[k->number].weight : 1;
}

static const struct known_call *known_draw(void)
{
    static u32 total;
    static bool total_known;
    u64 at;
    unsigned int i;

    for (i = 0; !total_known && i < ARRAY_SIZE(known); i++)
        total += weight_of(&known[i]);
    total_known = true;
    at = draw(total);
    for (i = 0; at >= weight_of(&known[i]); i++)
        at -= weight_of(&known[i]);
    return &known[i];
}

/* In a list that is to have the same answers on Xen are no grants: with too high a count they write
 * results over the list itself, and what that makes of it depends on where it was interrupted. */
void call_make(struct call *c, enum call_place place)
{
    const struct known_call *k = known_draw();

    *c = (struct call){.number = k->number, .name = k->name, .sub = -1, .place = place};
    c->skip = (options.same && (!k->implemented || k->number == __HYPERVISOR_xl_intercept)) ||
              is_left_out(k->number, ANY_SUBOP) ||
              (place != ALONE && k->number == __HYPERVISOR_multicall) ||
              (options.same && place != ALONE && k->number == __HYPERVISOR_grant_table_op);
    if (c->skip)
        return;
    if (makers[k->number].make)
        makers[k->number].make(c);
    else
        make_by_table(c);
}

#ifdef __x86_64__

/*
 * Made by hand, so that the number of the call stands in R9 when the hypervisor prints the
 * registers of a guest that it has ended, or its own.
 */
long call_do(const struct call *c)
{
    u64 a1 = c->a[0], a2 = c->a[1], a3 = c->a[2];
    register u64 r10 asm("r10") = c->a[3];
    register u64 r8 asm("r8") = c->a[4];
    register u64 r9 asm("r9") = call_number;
    long answer;

    asm volatile("syscall"
                 : "=a"(answer), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8), "+r"(r9)
                 : "a"(c->number)
                 : "rcx", "r11", "memory");
    return answer;
}

#else

long call_do(const struct call *c)
{
    unsigned long w[6];

    words_of(c, w);
    return hypercall_any(c->number, w[0], w[1], w[2], w[3], w[4]);
}

#endif
