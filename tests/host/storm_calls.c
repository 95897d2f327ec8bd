#include "tests/host/storm_calls.h"

#include "hypercalls/calls32.h"
#include "hypercalls/hypercalls.h"
#include "hypercalls/layout32.h"
#include "hypercalls/memory.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/pt_store.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/uaccess.h"

#include <sys/mman.h>

#define ROLE_DATA 0 /* 1 to 4: a table of that level */
#define ROLE_L4   4
#define ROLE_GDT  5
#define ANY_ROLE  6
#define CALL_RIP  0x1000 /* where the guest made its call */

static bool chance(u32 percent)
{
    return machine_random(100) < percent;
}

static int role_of(u64 n)
{
    static const u8 roles[16] = {4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 5, 0, 0, 0, 0, 0};

    return roles[n * 7 % 16];
}

/* Some frame of @d in @role; now and then any frame at all. */
static mfn_t frame_pick(const struct domain *d, int role)
{
    const u64 frames = machine_ram_end - machine_ram_start;
    u64 at;

    if (chance(6))
        return MFN(machine_random((u32)frames_max + 8));
    at = machine_random((u32)frames);
    for (u64 i = 0; i < frames; i++) {
        u64 n = machine_ram_start + (at + i) % frames;

        if (frame_table[n].owner == d && (role == ANY_ROLE || role_of(n) == role))
            return MFN(n);
    }
    return d->shared_mfn;
}

static u64 random_bits(void)
{
    u64 bits = 0;

    for (int i = 0; i < 8; i++)
        bits = bits << 8 | machine_random(256);
    return bits;
}

/* An entry for a table of @level, that may well be one. */
static u64 entry_pick(const struct domain *d, int level)
{
    int role = level == 1 ? ROLE_DATA : level - 1;
    u64 flags = PTE_P;

    if (chance(22))
        return chance(60) ? 0 : random_bits() & ~PTE_P;
    flags |= chance(60) ? PTE_RW : 0;
    flags |= chance(70) ? PTE_US : 0;
    /* What is no table now may be mapped writable, and be one soon. */
    if (chance(level == 1 ? 25 : 8))
        role = ANY_ROLE;
    if (level == 1 && chance(12)) { /* read-only mappings of tables are how kernels use them */
        role = chance(40) ? ROLE_GDT : (int)machine_random(ANY_ROLE);
        flags &= ~PTE_RW;
    }
    if (level > 1 && chance(10)) { /* a table of the same level, as linear entries name it */
        role = level;
        flags &= ~(chance(90) ? PTE_RW : 0);
    }
    if (chance(12))
        flags |= 1UL << (chance(50) ? machine_random(12) : 48 + machine_random(16));
    return chance(2) ? random_bits() : pte_make(frame_pick(d, role), flags);
}

static u64 slot_pick(int level)
{
    if (level == 3 && current->domain->is_32bit && chance(30))
        return PAE_L3_ENTRIES - 1;
    if (chance(75))
        return machine_random(STORM_SLOTS);
    if (level == 4 && chance(60))
        return 254 + machine_random(20);
    return machine_random(PT_ENTRIES);
}

/* Only where a traced instruction was emulated: none is. */
void bounce_exception(struct cpu_user_regs *regs, u32 vector, u32 error)
{
    (void)regs;
    fail_msg("bounced: vector %u, error %#x", vector, error);
}

/* ---- The operations: each answers 0, or that it was refused ---------------------------------- */

/* The list that a domain has given to a call, and the call, which may have been interrupted. What
 * 32-bit domains give lies below 4 GiB. */
static struct list {
    struct mmu_update requests[4];
    struct mmuext_op operation;
    u32 done;
    u32 words[4];       /* mfns or pfns, */
    u8 reservation[64]; /* and what names them, in the form of 32 bits */
    machine_call_fn call;
    u64 args[4]; /* of the call when it is made again */
    bool waits;
} * lists;

bool storm_call_waits(const struct domain *d)
{
    return lists[d->id - 1].waits;
}

/* A new list takes the place of one that is still waiting, which is never gone on with. */
static struct list *list_begin(struct domain *d)
{
    struct list *l = &lists[d->id - 1];

    *l = (struct list){0};
    return l;
}

/* The call is made (again). Interrupted, it is neither refused nor done, and may be both later. */
static long list_go_on(struct list *l)
{
    struct cpu_user_regs *regs = &host_percpu.regs;
    long rc;

    *regs = (struct cpu_user_regs){.rip = CALL_RIP};
    rc = l->call(l->args[0], l->args[1], l->args[2], l->args[3]);
    l->waits = regs->rip != CALL_RIP;
    if (l->waits) {
        const u64 args[4] = {regs->rdi, regs->rsi, regs->rdx, regs->r10};
        const u64 narrow[4] = {regs->rbx, regs->rcx, regs->rdx, regs->rsi};

        memcpy(l->args, current->domain->is_32bit ? narrow : args, sizeof(args));
    }
    return l->waits || l->done ? 0 : rc;
}

static long list_run(struct domain *d, machine_call_fn call, u64 list, u32 count, u16 whose)
{
    struct list *l = &lists[d->id - 1];
    const u64 args[4] = {list, count, (u64)&l->done, whose};

    l->call = call;
    memcpy(l->args, args, sizeof(args));
    return list_go_on(l);
}

static long call_mmu_update(u64 requests, u64 count, u64 done, u64 whose)
{
    return hc_mmu_update(requests, count, done, whose);
}

static long call_mmuext_op(u64 operations, u64 count, u64 done, u64 whose)
{
    return (current->domain->is_32bit ? hc32_mmuext_op : hc_mmuext_op)(operations, count, done,
                                                                       whose);
}

/* What an update may be about to unmap: pinned next, it shows whether that is remembered. */
static mfn_t dropped;

void storm_calls_begin(void)
{
    dropped = MFN(0);
    if (!lists)
        lists = mmap(NULL, 2 * sizeof(*lists), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    assert_ptr_not_equal(lists, MAP_FAILED);
    memset(lists, 0, 2 * sizeof(*lists));
}

static void dropped_note(mfn_t table, u64 slot)
{
    u64 e = mfn_is_io(table) ? 0 : machine_page(table)[slot];

    if ((e & GUEST_RW) == GUEST_RW && !mfn_is_io(pte_mfn(e)))
        dropped = pte_mfn(e);
}

static long do_mmu_update(struct domain *d)
{
    int level = chance(90) ? 1 + (int)machine_random(4) : ANY_ROLE;
    struct mmu_update *req = list_begin(d)->requests;
    u32 n = 1 + machine_random(chance(30) ? 3 : 1);
    mfn_t table = frame_pick(d, level);

    for (u32 i = 0; i < n; i++) {
        u64 cmd = chance(90) ? machine_random(4) : machine_random(8), slot = slot_pick(level);

        if (chance(20))
            table = frame_pick(d, level);
        req[i].ptr = table.n << PAGE_SHIFT | slot * 8 | cmd;
        dropped_note(table, slot);
        req[i].val = entry_pick(d, level == ANY_ROLE ? 1 : level);
        if (chance(1))
            req[i].ptr = random_bits();
    }
    return list_run(d, call_mmu_update, (u64)req, n, chance(97) ? DOMID_SELF : DOMID_IO);
}

/* An address in the running space, mostly one that its tables reach. */
static u64 va_pick(const struct domain *d)
{
    const u64 *t = mfn_to_virt(MFN(d->vcpus[0]->cr3_kernel >> PAGE_SHIFT));
    u64 va = 0;

    for (int level = 4; level >= 1; level--) {
        u64 i = level > storm_top(d) ? 0 : slot_pick(level);

        for (u64 s = 0; t && !(t[i] & PTE_P) && s < STORM_SLOTS; s++)
            i = s;
        va |= i << PT_SHIFT(level);
        /* A linear entry may lead to an L4 at any level: its slots of the hypervisor lead nowhere
         * here. */
        if (t && frame_type(mfn_to_frame(virt_to_mfn(t))) == FT_L4 && l4_slot_is_ours((unsigned)i))
            t = NULL;
        t = t && (t[i] & (PTE_P | PTE_PSE)) == PTE_P && level > 1 ? mfn_to_virt(pte_mfn(t[i]))
                                                                  : NULL;
    }
    return va & GUEST_LOW_END ? va | ~(2 * GUEST_LOW_END - 1) : va;
}

static long do_update_va_mapping(struct domain *d)
{
    u64 va = va_pick(d);

    u64 entry = entry_pick(d, 1);

    return hc_update_va_mapping(va, entry, chance(10) ? UVMF_TLB_FLUSH : UVMF_NONE);
}

static long mmuext(u32 cmd, mfn_t m, mfn_t source)
{
    const struct mmuext_op op = {.cmd = cmd, .arg1.mfn = m.n, .arg2.src_mfn = source.n};
    struct domain *d = host_percpu.running->domain;
    struct mmuext_op *given = &list_begin(d)->operation;

    *given = op;
    if (d->is_32bit) /* three words of 32 bits */
        memcpy(given, (u32[]){cmd, (u32)m.n, (u32)source.n}, 3 * sizeof(u32));
    return list_run(d, call_mmuext_op, (u64)given, 1, DOMID_SELF);
}

/* Not the next step, perhaps: in between the guest does other things, or abandons it. */
static long do_go_on(struct domain *d)
{
    struct list *l = &lists[d->id - 1];

    return l->waits ? list_go_on(l) : -XEN_EINVAL;
}

/* All four entries of what may become an L3: by chance alone that would be rare. */
static long l3_fill(struct domain *d)
{
    struct mmu_update *req = list_begin(d)->requests;
    u64 table = frame_pick(d, 3).n << PAGE_SHIFT;

    for (u32 i = 0; i < PAE_L3_ENTRIES; i++) {
        req[i].ptr = table + i * sizeof(u64);
        req[i].val = pte_make(frame_pick(d, 2), PTE_P);
        if (i < PAE_L3_ENTRIES - 1 && chance(60))
            req[i].val = 0;
    }
    return list_run(d, call_mmu_update, (u64)req, PAE_L3_ENTRIES, DOMID_SELF);
}

static long do_pin(struct domain *d)
{
    int level = 1 + (int)machine_random(4), role = level;

    if (d->is_32bit && chance(25))
        return l3_fill(d);
    if (d->is_32bit && chance(30))
        return mmuext(MMUEXT_PIN_L3_TABLE, frame_pick(d, 3), MFN(0));
    if (chance(30))
        return mmuext(MMUEXT_PIN_L1_TABLE, dropped, MFN(0));
    if (chance(10))
        role = 1 + (int)machine_random(4);
    return mmuext(MMUEXT_PIN_L1_TABLE + (u32)level - 1, frame_pick(d, role), MFN(0));
}

static long do_unpin(struct domain *d)
{
    return mmuext(MMUEXT_UNPIN_TABLE, frame_pick(d, 1 + (int)machine_random(4)), MFN(0));
}

static long do_base(struct domain *d)
{
    return mmuext(MMUEXT_NEW_BASEPTR, frame_pick(d, storm_top(d)), MFN(0));
}

static long do_user_base(struct domain *d)
{
    if (d->is_32bit && chance(70)) /* which has none */
        return do_base(d);
    return mmuext(MMUEXT_NEW_USER_BASEPTR, chance(20) ? MFN(0) : frame_pick(d, ROLE_L4), MFN(0));
}

static long do_clear_page(struct domain *d)
{
    return mmuext(MMUEXT_CLEAR_PAGE, frame_pick(d, ANY_ROLE), MFN(0));
}

static long do_copy_page(struct domain *d)
{
    mfn_t to = frame_pick(d, ANY_ROLE);

    return mmuext(MMUEXT_COPY_PAGE, to, frame_pick(d, ANY_ROLE));
}

static long do_set_gdt(struct domain *d)
{
    u32 *words = lists[d->id - 1].words;
    u64 frames[4];
    u32 n = machine_random(5);

    for (u32 i = 0; i < n; i++)
        words[i] = (u32)(frames[i] = frame_pick(d, ROLE_GDT).n);
    return hc_set_gdt(d->is_32bit ? (u64)words : (u64)frames, n * 512);
}

static long do_update_descriptor(struct domain *d)
{
    static const u64 descriptors[] = {
        0x00af9b000000ffffUL, /* code of ring 0 */
        0x00cff3000000ffffUL, /* data of ring 3 */
        0x0000ec0000080000UL, /* call gates: to the guest's selector 8, */
        0x0000ec00e0080000UL, /* to the hypervisor's code */
    };
    u64 value;
    u64 at = frame_pick(d, chance(80) ? ROLE_GDT : ANY_ROLE).n << PAGE_SHIFT;

    at |= machine_random(512) * 8;
    value = chance(70) ? descriptors[machine_random(ARRAY_SIZE(descriptors))] : random_bits();
    return hc_update_descriptor(at, value);
}

/* Is it meant to be that, or is it? */
static bool has_role(mfn_t m, int role)
{
    return role_of(m.n) == role ||
           (mfn_valid(m) &&
            frame_type(mfn_to_frame(m)) == (role == ROLE_GDT ? FT_SEGDESC : FT_LEVEL(role)));
}

/* A page that is mapped read-only and has @role, if the first slots of all tables lead to one. */
static u64 read_only_pick(const struct domain *d, int role)
{
    u32 combinations = STORM_SLOTS * STORM_SLOTS * STORM_SLOTS * STORM_SLOTS;
    u32 at = machine_random(combinations);

    for (u32 i = 0; i < combinations; i++) {
        u32 slots = (at + i) % combinations;
        u64 *slot, va = 0;

        for (int level = 1; level <= 4; level++, slots /= STORM_SLOTS)
            va |= (u64)(slots % STORM_SLOTS) << PT_SHIFT(level);
        slot = pt_find_l1e(MFN(d->vcpus[0]->cr3_kernel >> PAGE_SHIFT), va);
        if (slot && (*slot & (PTE_P | PTE_RW)) == PTE_P && has_role(pte_mfn(*slot), role))
            return va;
    }
    return va_pick(d) & PAGE_MASK;
}

static long do_set_ldt(struct domain *d)
{
    u64 va = chance(90) ? read_only_pick(d, ROLE_GDT) : random_bits();

    return vcpu_set_ldt(d->vcpus[0], va, chance(95) ? 1 + machine_random(1024) : 8193);
}

static long do_touch_ldt(struct domain *d)
{
    u64 at = ldt_window(&host_percpu) + (chance(20) ? PAGE_SIZE : 0);

    return vcpu_map_ldt(d->vcpus[0], at) ? 0 : -XEN_EFAULT;
}

/* The same, in the form of 32 bits. */
static long reservation_narrow(struct domain *d, u32 op, struct xen_memory_reservation *r)
{
    struct list *l = &lists[d->id - 1];
    const u64 *extents = r->extent_start.p;

    for (u32 i = 0; i < r->nr_extents; i++)
        l->words[i] = (u32)extents[i];
    r->extent_start.p = (void *)l->words;
    assert_int_equal(layout32_narrow(l->reservation, r, LAYOUT_xen_memory_reservation), 0);
    return memory_reservation(op, 0, (u64)l->reservation) ? 0 : -XEN_EINVAL;
}

/* One or two extents: 0 if any was done. */
static long reservation(struct domain *d, u32 op, u64 *extents, u32 order)
{
    struct xen_memory_reservation r = {.extent_order = order};

    r.nr_extents = 1 + machine_random(2);
    r.domid = chance(50) ? DOMID_SELF : d->id;
    r.mem_flags = chance(10) ? XENMEMF_address_bits(20) : 0;
    r.extent_start.p = extents;
    if (d->is_32bit)
        return reservation_narrow(d, op, &r);
    return memory_reservation(op, 0, (u64)&r) ? 0 : -XEN_EINVAL;
}

/* Seldom one that is worked through in steps. */
static u32 order_pick(void)
{
    return chance(8) ? EXTENT_ORDER_MIN : machine_random(4);
}

static long do_increase(struct domain *d)
{
    u64 mfns[2];

    return reservation(d, XENMEM_increase_reservation, mfns, order_pick());
}

static long do_populate(struct domain *d)
{
    u64 pfns[2];

    pfns[0] = machine_random(1000);
    pfns[1] = machine_random(1000);
    return reservation(d, XENMEM_populate_physmap, pfns, order_pick());
}

static long do_decrease(struct domain *d)
{
    u64 mfns[2];

    mfns[0] = chance(85) ? frame_pick(d, ANY_ROLE).n : machine_random((u32)frames_max + 8);
    mfns[1] = frame_pick(d, ANY_ROLE).n;
    return reservation(d, XENMEM_decrease_reservation, mfns, 0);
}

/* Frames for as many others: one block of two, or two blocks of one. One that was interrupted stays
 * where it is; the next one, which has the same address, goes on with it, whatever it says by then.
 */
static long do_exchange(struct domain *d)
{
    static struct {
        u64 in[2], out[2];
        struct xen_memory_exchange x;
    } of[2];
    u64 *in = of[d->id - 1].in, *out = of[d->id - 1].out;
    struct xen_memory_exchange *x = &of[d->id - 1].x;
    long rc;

    if (d->is_32bit)
        return -XEN_ENOSYS; /* of the gate's forms: nothing that is tables' */
    *x = (struct xen_memory_exchange){.in.nr_extents = 2, .out.nr_extents = 2};
    out[0] = machine_random(1000);
    out[1] = 7;
    in[0] = frame_pick(d, ROLE_DATA).n;
    in[1] = chance(50) ? in[0] + 1 : frame_pick(d, chance(80) ? ROLE_DATA : ANY_ROLE).n;
    x->in.domid = x->out.domid = DOMID_SELF;
    x->in.extent_start.p = in;
    x->out.extent_start.p = out;
    x->out.mem_flags = chance(10) ? XENMEMF_address_bits(18) : 0;
    switch (machine_random(3)) {
    case 0:
        x->in.nr_extents = x->in.extent_order = 1;
        break;
    case 1:
        x->out.nr_extents = x->out.extent_order = 1;
    }
    do
        rc = memory_exchange((u64)x);
    while (rc == __HYPERVISOR_memory_op && chance(60));
    return rc == __HYPERVISOR_memory_op || x->nr_exchanged ? 0 : rc;
}

/* A plain store through a read-only mapping: to an L1, it is an update. */
static long do_store(struct domain *d)
{
    static const char *const stores[] = {
        "\x48\x89\x07",         /* mov [rdi], rax */
        "\x48\x87\x07",         /* xchg [rdi], rax */
        "\x48\x0f\xc1\x07",     /* xadd [rdi], rax */
        "\x48\x0f\xb1\x17",     /* cmpxchg [rdi], rdx */
        "\x48\x09\x07",         /* or [rdi], rax */
        "\x48\x21\x07",         /* and [rdi], rax */
        "\x89\x07",             /* mov [rdi], eax */
        "\x88\x07",             /* mov [rdi], al */
        "\x48\x0f\xba\x3f\x01", /* btc qword [rdi], 1 */
        "\x48\x0f\xba\x37\x00", /* btr qword [rdi], 0 */
        "\xf3\x48\xab",         /* rep stosq */
    };
    u64 va = chance(90) ? read_only_pick(d, 1) : va_pick(d) & PAGE_MASK;
    struct cpu_user_regs regs = {.rdi = va + slot_pick(1) * 8, .rcx = 1};
    char code[16] = {0};

    if (d->is_32bit) /* whose instructions are others, at addresses that these cannot be */
        return -XEN_ENOSYS;
    strcpy(code, stores[machine_random(ARRAY_SIZE(stores))]);
    regs.rip = (u64)code;
    regs.rax = entry_pick(d, 1);
    regs.rdx = chance(50) ? regs.rax : 0;
    return pt_store_emulate(&regs, regs.rdi) ? 0 : -XEN_EFAULT;
}

const struct storm_call storm_calls[] = {
    {do_mmu_update, 50, "mmu_update"},
    {do_update_va_mapping, 12, "update_va_mapping"},
    {do_pin, 14, "pin"},
    {do_unpin, 6, "unpin"},
    {do_base, 1, "new base"},
    {do_user_base, 3, "new user base"},
    {do_clear_page, 3, "clear page"},
    {do_copy_page, 2, "copy page"},
    {do_set_gdt, 2, "set_gdt"},
    {do_update_descriptor, 4, "update_descriptor"},
    {do_set_ldt, 5, "set ldt"},
    {do_touch_ldt, 8, "touch ldt"},
    {do_populate, 4, "populate"},
    {do_decrease, 3, "decrease"},
    {do_increase, 1, "increase"},
    {do_exchange, 3, "exchange"},
    {do_store, 6, "store"},
    {do_go_on, 6, "go on"},
};

const unsigned storm_call_count = ARRAY_SIZE(storm_calls);
