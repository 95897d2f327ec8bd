/*
 * Which pages a guest has changed: what a controller asks over and over that moves a running guest
 * to another machine. A page that was written and is not told would arrive there with old contents,
 * and nobody would find out until much later. So every way to write is tried: the guest's own
 * stores, the bits that the CPU sets in its page tables, its page-table updates, calls that write
 * to its memory, and the control domain by mappings and by calls. What nobody wrote must stay
 * clean, or moving would never end; and the guest must see nothing of it all. With guest=32 it is a
 * 32-bit one, whose root is the hypervisor's.
 */
#include "guest-kernel/tiny/tiny.h"
#include "tests/guests/toolstack.h"

static const char *part; /* of the test: its rows begin with it */

/* The row part.name, which is to have that value. */
static void row_part(const char *name, s64 value, s64 wanted)
{
    char text[64];

    fmt_snprintf(text, sizeof(text), "%s.%s", part, name);
    row_want(text, value, wanted);
}

/* guest-kernel/tiny, in both widths: where it is, and its levels of tables */
#define TINY_BASE (narrow ? 0xc0000000ul : 0xffffffff80000000ul)
#define LEVELS    (narrow ? 3 : 4)
#define CODE_PFN  0 /* and its few variables */
#define CALLS_PFN 1 /* its hypercall page */
#define SPARE_PFN (TINY_PAGES - 1)

static bool narrow;
static struct xen_domctl op;
static domid_t tiny;
static u64 dirty;                 /* the last answer: a bit for each pfn */
static u64 report_pfn, other_pfn; /* the second: a page that the guest does not touch, either */
static struct foreign report;

static int shadow(unsigned int what, unsigned int mode, domid_t domain, void *bitmap, u64 pages)
{
    struct xen_domctl_shadow_op *sc = &op.u.shadow_op;

    op = (struct xen_domctl){0};
    sc->op = what;
    sc->mode = mode;
    sc->pages = pages;
    set_xen_guest_handle(sc->dirty_bitmap, bitmap);
    return control_domctl(&op, XEN_DOMCTL_shadow_op, domain);
}

static int ask(unsigned int what)
{
    dirty = ~0ull;
    return shadow(what, 0, tiny, &dirty, TINY_PAGES);
}

static bool is_dirty(u64 pfn)
{
    return dirty >> pfn & 1;
}

/* The entry of the guest's tables at @level that is on the way to @va; and in which frame it is. */
static u64 entry_of(u64 va, int level, xen_pfn_t *table)
{
    static union {
        struct vcpu_guest_context_x86_64 wide;
        struct vcpu_guest_context_x86_32 narrow;
    } context;
    u64 entry;
    struct foreign page;

    if (domain_vcpu_context(tiny, 0, false, &context))
        return 0;
    entry = narrow ? context.narrow.ctrlreg[3] : context.wide.ctrlreg[3];
    for (int at = LEVELS; at >= level; at--) {
        *table = (entry & PTE_ADDRESS_MASK) >> PAGE_SHIFT;
        if (foreign_map(&page, tiny, table, 1, false))
            return 0;
        entry = ((const u64 *)page.at)[va >> (PAGE_SHIFT + 9 * (at - 1)) & 511];
        foreign_unmap(&page);
    }
    return entry;
}

static u64 va_of(u64 pfn)
{
    return TINY_BASE + (pfn << PAGE_SHIFT);
}

static xen_pfn_t frame_of(u64 pfn)
{
    xen_pfn_t table;

    return (entry_of(va_of(pfn), 1, &table) & PTE_ADDRESS_MASK) >> PAGE_SHIFT;
}

/* Neither a table nor the report: below the spare page there are such. */
static void other_find(void)
{
    xen_pfn_t table;

    for (other_pfn = SPARE_PFN - 1; other_pfn; other_pfn--)
        if (entry_of(va_of(other_pfn), 1, &table) & PTE_WRITE && other_pfn != report_pfn)
            return;
}

static u64 ticks_wanted;

static bool has_ticked(void)
{
    return ACCESS_ONCE(((const struct tiny_report *)report.at)->ticks) >= ticks_wanted;
}

/* It runs for two ticks more. */
static void run(const char *name)
{
    ticks_wanted = ((const struct tiny_report *)report.at)->ticks + 2;
    row_part(name, serve_until(has_ticked, 10000), 1);
}

static void tiny_make(const char *name)
{
    char message[BUILD_REASON_SIZE];
    const char *kernel = narrow ? "tiny-32" : "tiny";
    struct domain_config config = {
        .name = "tiny", .kernel = kernel, .memory_kib = TINY_PAGES * 4, .vcpus = 1};
    struct built_domain built;

    part = name;
    row_part("built", domain_build(&built, &config, guests_file(kernel), (struct blob){0}, message),
             0);
    tiny = built.domid;
    report_pfn = machine_to_phys_mapping[built.store_frame];
    other_find();
    row_part("mapped", foreign_map(&report, tiny, &built.store_frame, 1, false), 0);
}

static void refusals_try(void)
{
    row_want("refused.self", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0, NULL, 0),
             -XEN_EINVAL);
    row_want("refused.not-there", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, 0x1234, NULL, 0),
             -XEN_ESRCH);
    row_want("refused.unknown", shadow(77, 0, tiny, NULL, 0), -XEN_EINVAL);
    row_want("refused.mode", shadow(XEN_DOMCTL_SHADOW_OP_CLEAN, 2, tiny, NULL, 0), -XEN_EINVAL);
    row_want("off.is-off", shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0, tiny, NULL, 0), 0);
}

/* While nobody runs and nobody writes, nothing is told; and with a mapping that may write, its page
 * is, for as long as there is one. */
static void by_us_try(const char *name)
{
    xen_pfn_t spare = frame_of(SPARE_PFN), other = frame_of(other_pfn);
    mmu_update_t word = {.ptr = (u64)other << PAGE_SHIFT, .val = 4711};
    struct foreign page;

    part = name;
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("still.answer", ask(XEN_DOMCTL_SHADOW_OP_CLEAN), 0);
    row_part("still.none", (s64)dirty & ((1 << TINY_PAGES) - 1), 0);
    row_part("still.count", op.u.shadow_op.stats.dirty_count, 0);

    row_part("foreign.mapped", foreign_map(&page, tiny, &spare, 1, true), 0);
    ((volatile u8 *)page.at)[0] = 1;
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("foreign.told", is_dirty(SPARE_PFN), 1);
    ((volatile u8 *)page.at)[0] = 2;
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("foreign.told-again", is_dirty(SPARE_PFN), 1);
    ((volatile u8 *)page.at)[0] = 3;
    foreign_unmap(&page);
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("foreign.told-when-gone", is_dirty(SPARE_PFN), 1);
    row_part("foreign.nothing-else", (s64)dirty & ((1 << TINY_PAGES) - 1), 1 << SPARE_PFN);
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("foreign.no-more", is_dirty(SPARE_PFN), 0);

    row_part("clear.answer", control_mmuext(MMUEXT_CLEAR_PAGE, spare, tiny), 0);
    ask(XEN_DOMCTL_SHADOW_OP_PEEK);
    row_part("clear.told", is_dirty(SPARE_PFN), 1);
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("clear.still-told", is_dirty(SPARE_PFN), 1);
    row_part("word.answer", hypercall_mmu_update((uintptr_t)&word, 1, 0, (tiny + 1u) << 16 | tiny),
             0);
    ask(XEN_DOMCTL_SHADOW_OP_CLEAN);
    row_part("word.told", is_dirty(other_pfn), 1);
    row_part("word.nothing-else", (s64)dirty & ((1 << TINY_PAGES) - 1), 1l << other_pfn);
    row_part("bitmap.unwritable",
             shadow(XEN_DOMCTL_SHADOW_OP_PEEK, 0, tiny, (void *)0x0000800000001000ul, TINY_PAGES),
             -XEN_EFAULT);
}

static void by_itself_try(const char *const rounds[3])
{
    for (int round = 0; round < 3; round++) {
        part = rounds[round];
        run("ticks");
        row_part("answer", ask(XEN_DOMCTL_SHADOW_OP_CLEAN), 0);
        row_part("report", is_dirty(report_pfn), 1);
        row_part("variables", is_dirty(CODE_PFN), 1);
        row_part("only-read", is_dirty(CALLS_PFN), 0);
        row_part("untouched", is_dirty(SPARE_PFN), 0);
    }
}

/* What the CPU would have noted in the guest's tables stands there. */
static void bits_try(void)
{
    xen_pfn_t table, unused;
    u64 entry = entry_of(va_of(report_pfn), 1, &table), ad = PTE_ACCESSED | PTE_DIRTY;

    row_want("bits.report", (entry & ad) == ad, 1);
    row_want("bits.only-read", (entry_of(va_of(CALLS_PFN), 1, &unused) & ad) == PTE_ACCESSED, 1);
    row_want("bits.spare", entry_of(va_of(SPARE_PFN), 1, &unused) & PTE_DIRTY, 0);
    row_want("bits.above", entry_of(va_of(report_pfn), 2, &unused) & PTE_ACCESSED, PTE_ACCESSED);
}

void guest_main(void)
{
    char width[8];
    u64 machine;

    narrow = cmdline_value("guest", width, sizeof(width)) && !strcmp(width, "32");
    toolstack_begin();
    tiny_make("one");
    refusals_try();
    row_want("on", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, tiny, NULL, 0), 0);
    row_want("on.twice",
             shadow(XEN_DOMCTL_SHADOW_OP_ENABLE, XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY, tiny, NULL, 0),
             -XEN_EINVAL);
    by_us_try("new");
    row_want("unpaused", domain_unpause(tiny), 0);
    by_itself_try((const char *const[]){"own-1", "own-2", "own-3"});
    row_want("paused", domain_pause(tiny), 0);
    bits_try();
    by_us_try("used");
    row_want("unpaused-again", domain_unpause(tiny), 0);
    part = "late";
    run("watched");
    row_want("off", shadow(XEN_DOMCTL_SHADOW_OP_OFF, 0, tiny, NULL, 0), 0);
    run("not-watched");
    row_want("on-again", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, tiny, NULL, 0), 0);
    by_itself_try((const char *const[]){"again-1", "again-2", "again-3"});
    foreign_unmap(&report);
    row_want("destroyed", domain_destroy(tiny), 0); /* while it is watched */

    machine = machine_free_pages();
    tiny_make("two");
    row_want("second.on", shadow(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0, tiny, NULL, 0), 0);
    row_want("second.unpaused", domain_unpause(tiny), 0);
    run("ticks");
    foreign_unmap(&report);
    row_want("second.destroyed", domain_destroy(tiny), 0);
    row_pages_are_back("second.memory-is-back", machine);
    guest_end();
}
