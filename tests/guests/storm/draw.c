/*
 * Where arguments come from: pools of values that mean something, right or wrong. Uniform numbers
 * would be refused at the first check, every time; so most are nearly right.
 */
#include "tests/guests/storm/storm.h"

static u64 state;

/* splitmix64: each state gives one number, and states that follow one another may be near. */
static u64 draw_word(void)
{
    u64 z = state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

u64 draw(u64 limit)
{
    return (draw_word() >> 16) % limit;
}

/* ---- Memory for arguments: a page, a hole, a page that is read-only ---------------------------
 */

static char *guard;
static size_t used_front, used_back;

/* Three frames that follow one another in the direct map. */
static void guard_init(void)
{
    pfn_t first = frame_alloc_zeroed(), hole = frame_alloc(), last = frame_alloc_zeroed();

    if (hole.n != first.n + 1 || last.n != first.n + 2)
        guest_panic("frames do not follow one another");
    guard = pfn_to_virt(first);
    if (map_page(guard + PAGE_SIZE, 0) ||
        map_page(guard + 2 * PAGE_SIZE, pte_make(pfn_to_mfn(last), PTE_READ_ONLY)))
        guest_panic("no hole in the direct map");
}

void draw_begin(u64 seed, u64 number)
{
    if (!guard)
        guard_init();
    memset(guard, 0, used_front);
    memset(guard + PAGE_SIZE - used_back, 0, used_back);
    used_front = used_back = 0;
    state = seed * 0xd1342543de82ef95ull;
    state = draw_word() + number;
}

void *argument_new(size_t size)
{
    char *argument = guard + used_front;

    used_front += ALIGN_UP(size, 16);
    if (used_front + used_back > PAGE_SIZE)
        guest_panic("arguments of %u bytes", (u32)used_front);
    return argument;
}

void *argument_at_end(size_t size)
{
    used_back += ALIGN_UP(size, 8);
    if (used_front + used_back > PAGE_SIZE)
        guest_panic("arguments of %u bytes", (u32)used_back);
    return guard + PAGE_SIZE - used_back;
}

u64 argument_word(size_t index)
{
    size_t front = used_front / sizeof(u64);

    return index < front ? ((const u64 *)guard)[index]
                         : ((const u64 *)(guard + PAGE_SIZE - used_back))[index - front];
}

size_t argument_words(void)
{
    return (used_front + used_back) / sizeof(u64);
}

u64 pointer_to(const void *argument)
{
    switch (draw(48)) {
    case 0:
        return bad_va();
    case 1:
        return (uintptr_t)guard + PAGE_SIZE - 2; /* the hole begins inside */
    case 2:
        return (uintptr_t)guard + 2 * PAGE_SIZE;
    case 3:
        return (uintptr_t)guard + 2 * PAGE_SIZE + 1 +
               draw(8); /* zeros, misaligned: never half of a word */
    default:
        return (uintptr_t)argument;
    }
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

/* Frames that are not the domain's to have; some may be mapped by a domain with devices. */
static u64 strange_mfn(void)
{
    static const u64 pool[] = {
        0,          0xb8,      0xfee00, 0xfec00, BEYOND_MEMORY, 0xffffffffffull, NO_FRAME_AT_ALL,
        1ull << 40, 1ull << 52};

    if (!options.same && one_in(8)) /* what is in it is no two hypervisors' affair */
        return start_info->shared_info >> PAGE_SHIFT;
    return PICK(pool);
}

u64 any_mfn(void)
{
    return one_in(12) ? strange_mfn() : arena_frame().n;
}

/* Bits that an entry of any level may have; the second half of the list are seldom allowed. */
static u64 any_flags(void)
{
    static const u64 usual[] = {PTE_READ_ONLY, PTE_READ_WRITE,         PTE_READ_WRITE,
                                PTE_TABLE,     PTE_PRESENT | PTE_USER, PTE_PRESENT | PTE_WRITE};
    static const u64 extra[] = {
        PTE_NX, PTE_GLOBAL,       PTE_PAT_OR_LARGE, PTE_NO_CACHE, PTE_WRITE_THROUGH, 0x200,
        0x400,  PTE_GUEST_KERNEL, 1ull << 53,       1ull << 58,   PTE_DIRTY,         1ull << 62};
    u64 flags = PICK(usual);

    while (one_in(8))
        flags ^= PICK(extra);
    return one_in(32) ? flags & ~PTE_PRESENT : flags;
}

u64 any_entry(unsigned int level)
{
    mfn_t mfn = arena_frame_of_level(level ? level - 1 : 0);

    switch (draw(24)) {
    case 0:
        return 0;
    case 1 ... 2:
        mfn = arena_frame();
        break;
    case 5: /* its own kind: a linear table */
        return pte_make(arena_frame_of_level(level), any_flags() & ~PTE_WRITE);
    case 6:
        return (strange_mfn() << PAGE_SHIFT & ~PTE_NX) | any_flags();
    case 7:
        mfn = table_boot_root();
        break;
    case 8:
        return any_word();
    }
    return pte_make(mfn, any_flags());
}

/*
 * Few slots, so that calls meet one another's work; seldom any other, the hypervisor's among them.
 * Not the first and the last that a kernel may have: addresses in the pool of bad ones stay
 * unmapped.
 */
static unsigned int any_slot(void)
{
    unsigned int slot = 1 + (unsigned int)draw(one_in(16) ? ARENA_SLOTS - 1 : STORM_SLOTS);

    return slot == 255 ? 1 : slot;
}

u64 any_entry_address(unsigned int *level)
{
    u64 slot = any_slot();

    *level = 1 + (unsigned int)draw(PT_LEVELS);
    if (one_in(24)) /* the first of its slots are ours */
        return table_entry_address(table_boot_root(), storm_root_slot(slot % 32));
    if (one_in(48))
        return (strange_mfn() << PAGE_SHIFT) + slot * 8;
    return table_entry_address(arena_frame_of_level(*level), storm_slot(*level, slot - 1)) +
           (one_in(64) ? draw(8) : 0);
}

/* ---- Addresses --------------------------------------------------------------------------------
 */

u64 scratch_va(void)
{
    u64 va = 0;

    for (unsigned int level = PT_LEVELS; level; level--) {
        u64 i = draw(STORM_SLOTS);

        va |= (u64)(level == PT_LEVELS ? storm_root_slot(i) : storm_slot(level, i))
              << (PAGE_SHIFT + 9 * (level - 1));
    }
    return va + draw(ARENA_SLOTS) * 8;
}

u64 bad_va(void)
{
    static const u64 pool[] = BAD_ADDRESSES;

    /* Of a list that begins there Xen finds only later that it ends in no address. */
    return !options.same && one_in(8) ? USER_END - 8 : PICK(pool);
}

u64 any_va(void)
{
    return one_in(8) ? bad_va() : scratch_va();
}

static u64 word_of(bool entries)
{
    static const u64 pool[] = {0,          1,          2,          3,          4,         7,
                               8,          31,         32,         63,         255,       ~0ull,
                               1ull << 63, 0xffffffff, 0x80000000, DOMID_SELF, DOMID_XEN, DOMID_IO};

    switch (draw(6)) {
    case 0:
        return any_va();
    case 1:
        return pte_make(arena_frame(), draw(0x800)) & (entries ? ~0ull : ~PTE_ADDRESS_MASK);
    default:
        return PICK(pool);
    }
}

u64 any_word(void)
{
    return word_of(true);
}

u64 any_number(void)
{
    return word_of(!options.same);
}

u64 any_count(void)
{
    static const u64 odd[] = {0, 5, 64, 512, 0x7fffffff, 0xffffffff, 1ull << 32, ~0ull};

    return one_in(10) ? PICK(odd) : 1 + draw(4);
}

u64 any_domid(void)
{
    static const u64 pool[] = {0, 1, DOMID_IO, DOMID_XEN, DOMID_IDLE, DOMID_COW, DOMID_INVALID};

    return one_in(16) ? PICK(pool) : DOMID_SELF;
}
