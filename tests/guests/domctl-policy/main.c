/*
 * What CPUID and some MSRs tell a domain, as its toolstack reads and sets it before the domain
 * runs: which leaves there are, what is refused and by which words the toolstack is told what was
 * wrong, and that no domain is told more than it can have. Figures of the CPU are not compared,
 * only how they relate.
 */
#include "tests/guests/domctl.h"

#define NO_SUBLEAF XEN_CPUID_NO_SUBLEAF
#define LEAVES     200
#define EXTENDED   0x80000000
#define MSRS       8

static xen_cpuid_leaf_t leaves[LEAVES], before[LEAVES];
static xen_msr_entry_t msrs[MSRS];
static u32 d, leaves_before;

static struct xen_domctl_cpu_policy *policy_begin(u32 nr_leaves, u32 nr_msrs)
{
    domctl_begin();
    op.u.cpu_policy.nr_leaves = nr_leaves;
    op.u.cpu_policy.nr_msrs = nr_msrs;
    op.u.cpu_policy.leaves.p = leaves;
    op.u.cpu_policy.msrs.p = msrs;
    return &op.u.cpu_policy;
}

static long get(void)
{
    return domctl(XEN_DOMCTL_get_cpu_policy, d);
}

static long set(void)
{
    return domctl(XEN_DOMCTL_set_cpu_policy, d);
}

static xen_cpuid_leaf_t *find(xen_cpuid_leaf_t *list, u32 leaf, u32 subleaf)
{
    static xen_cpuid_leaf_t none;

    for (u32 i = 0; i < LEAVES; i++)
        if (list[i].leaf == leaf && list[i].subleaf == subleaf)
            return &list[i];
    return &none;
}

static void get_rows(void)
{
    struct xen_domctl_cpu_policy *p = policy_begin(0, 0);

    p->leaves.p = NULL;
    p->msrs.p = NULL;
    row("get.how_many", get());
    row("get.leaves_at_most", p->nr_leaves);
    row("get.msrs_at_most", p->nr_msrs);
    row("get.too_few_leaves", (policy_begin(3, MSRS), get()));
    row("get.too_few_msrs", (policy_begin(LEAVES, 0), get()));
    policy_begin(LEAVES, MSRS)->leaves.p = NOWHERE;
    row("get.leaves_unwritable", get());
    policy_begin(LEAVES, MSRS)->msrs.p = NOWHERE;
    row("get.msrs_unwritable", get());
    policy_begin(LEAVES, MSRS);
    row("get.all", get());
    leaves_before = p->nr_leaves;
    memcpy(before, leaves, sizeof(leaves));
    row("get.leaves", p->nr_leaves);
    row("get.msrs", p->nr_msrs);
    for (u32 i = 0; i < p->nr_msrs; i++)
        console_printf("ROW get.msr-%u = %x %x %" F64 "x\n", i, msrs[i].idx, msrs[i].flags,
                       msrs[i].val);
    for (u32 i = 0; i < p->nr_leaves; i++)
        console_printf("ROW get.leaf-%u = %x.%x: %x %x %x %x\n", i, leaves[i].leaf,
                       leaves[i].subleaf, leaves[i].a, leaves[i].b, leaves[i].c, leaves[i].d);
}

static void set_leaf_row(const char *what, u32 leaf, u32 subleaf, u32 a, u32 b, u32 c, u32 edx)
{
    struct xen_domctl_cpu_policy *p = policy_begin(1, 0);
    long rc;

    leaves[0] = (xen_cpuid_leaf_t){leaf, subleaf, a, b, c, edx};
    rc = set();
    console_printf("ROW set.%s = %ld (at %x %x %x)\n", what, rc, p->err_leaf, p->err_subleaf,
                   p->err_msr);
}

static void set_msr_row(const char *what, u32 msr, u32 flags, u64 value)
{
    struct xen_domctl_cpu_policy *p = policy_begin(0, 1);
    long rc;

    msrs[0] = (xen_msr_entry_t){msr, flags, value};
    rc = set();
    console_printf("ROW set.%s = %ld (at %x %x %x)\n", what, rc, p->err_leaf, p->err_subleaf,
                   p->err_msr);
}

static void bad_rows(void)
{
    struct xen_domctl_cpu_policy *p = policy_begin(121, 0);

    row("set.many_leaves", set());
    row_hex("set.many_leaves_at", p->err_leaf);
    row("set.many_msrs", (policy_begin(0, 3), set()));
    policy_begin(1, 0)->leaves.p = NOWHERE;
    row("set.leaves_unreadable", set());
    policy_begin(0, 1)->msrs.p = NOWHERE;
    row("set.msrs_unreadable", set());
    set_leaf_row("leaf_of_no_kind", 0x20000000, NO_SUBLEAF, 0, 0, 0, 0);
    set_leaf_row("leaf_behind_the_last", 0xe, NO_SUBLEAF, 0, 0, 0, 0);
    set_leaf_row("extended_behind_the_last", EXTENDED | 0x22, NO_SUBLEAF, 0, 0, 0, 0);
    set_leaf_row("leaf_1_has_no_subleaf", 1, 0, 0, 0, 0, 0);
    set_leaf_row("leaf_7_has", 7, NO_SUBLEAF, 0, 0, 0, 0);
    set_leaf_row("feature_subleaf", 7, 3, 0, 0, 0, 0);
    set_leaf_row("cache_subleaf", 4, 6, 0, 0, 0, 0);
    set_leaf_row("topology_subleaf", 0xb, 2, 0, 0, 0, 0);
    set_leaf_row("state_subleaf", 0xd, 63, 0, 0, 0, 0);
    set_leaf_row("extended_subleaf", EXTENDED, 0, 0, 0, 0, 0);
    set_leaf_row("hypervisor_subleaf", 0x40000000, 0, 0, 0, 0, 0);
    set_leaf_row("hypervisor_leaf", 0x40000001, NO_SUBLEAF, 0, 0, 0, 0);
    set_leaf_row("more_leaves_than_there_are", 0, NO_SUBLEAF, 0x50, 0, 0, 0);
    set_leaf_row("more_extended", EXTENDED, NO_SUBLEAF, EXTENDED | 0x50, 0, 0, 0);
    set_leaf_row("more_feature_leaves", 7, 0, 77, 0, 0, 0);
    set_msr_row("msr_flags", 0xce, 1, 0);
    set_msr_row("msr_of_no_policy", 0x10, 0, 0);
    set_msr_row("msr_too_long", 0xce, 0, 1ull << 32);
    set_msr_row("msr_more_than_there_is", 0xce, 0, 1ull << 31);
    set_msr_row("msr_nothing", 0xce, 0, 0);
    set_msr_row("capabilities", 0x10a, 0, ~0ull);
}

/* All as it was? */
static void same_row(const char *what)
{
    u32 differ = 0;

    policy_begin(LEAVES, MSRS);
    row(name_of("read.get", what), get());
    for (u32 i = 0; i < leaves_before; i++)
        differ += memcmp(&leaves[i], &before[i], sizeof(leaves[i])) != 0;
    row(name_of("read.leaves_that_differ", what), differ);
    row(name_of("read.leaves", what), op.u.cpu_policy.nr_leaves);
}

#define RDRAND (1u << 30)
#define AVX    (1u << 28)
#define VMX    (1u << 5)

static void feature_row(const char *what, u32 leaf, u32 subleaf)
{
    const xen_cpuid_leaf_t *now, *then = find(before, leaf, subleaf);

    policy_begin(LEAVES, MSRS);
    get();
    now = find(leaves, leaf, subleaf);
    console_printf("ROW feature.%s = %x %x %x %x (of %x %x %x %x)\n", what, now->a, now->b, now->c,
                   now->d, then->a, then->b, then->c, then->d);
}

static void good_rows(void)
{
    xen_cpuid_leaf_t zero = *find(before, 0, NO_SUBLEAF);
    xen_cpuid_leaf_t one = *find(before, 1, NO_SUBLEAF), seven = *find(before, 7, 0);

    same_row("nothing_set");
    memcpy(leaves, before, sizeof(leaves));
    row("set.as_it_was", (policy_begin(leaves_before, 0), set()));
    same_row("as_it_was");
    set_leaf_row("less", 1, NO_SUBLEAF, one.a, one.b, one.c & ~RDRAND, one.d);
    policy_begin(LEAVES, MSRS);
    get();
    row_hex("feature.less_is_gone", find(leaves, 1, NO_SUBLEAF)->c ^ one.c);
    set_leaf_row("more", 1, NO_SUBLEAF, one.a, one.b, one.c | VMX, one.d);
    policy_begin(LEAVES, MSRS);
    get();
    row_hex("feature.more_is_not_there", find(leaves, 1, NO_SUBLEAF)->c ^ one.c);
    set_leaf_row("without_avx", 1, NO_SUBLEAF, one.a, one.b, one.c & ~AVX, one.d);
    policy_begin(LEAVES, MSRS);
    get();
    row_hex("feature.avx_goes", find(leaves, 1, NO_SUBLEAF)->c ^ one.c);
    row_hex("feature.its_state_goes", find(leaves, 0xd, 0)->a);
    row("feature.its_bytes_go", find(leaves, 0xd, 0)->c);
    row_hex("feature.avx2_goes", find(leaves, 7, 0)->b ^ seven.b);
    set_leaf_row("another_model", 1, NO_SUBLEAF, 0x12345, one.b, one.c, one.d);
    policy_begin(LEAVES, MSRS);
    get();
    row_hex("feature.model", find(leaves, 1, NO_SUBLEAF)->a);
    set_leaf_row("name", EXTENDED | 2, NO_SUBLEAF, 0x41414141, 0x42424242, 0x43434343, 0x44444444);
    feature_row("name_of_the_cpu_is_A", EXTENDED | 2, NO_SUBLEAF);
    set_leaf_row("fewer_leaves", 0, NO_SUBLEAF, 7, zero.b, zero.c, zero.d);
    policy_begin(LEAVES, MSRS);
    get();
    row("feature.leaves_left", op.u.cpu_policy.nr_leaves);
    row_hex("feature.last_leaf", find(leaves, 0, NO_SUBLEAF)->a);
    row_hex("feature.vendor", find(leaves, 0, NO_SUBLEAF)->b);
}

#define PAE        (1u << 6)
#define PSE36      (1u << 17)
#define LM         (1u << 29)
#define FPU_NO_SEL (1u << 13) /* and FDP_EXCP_ONLY, of leaf 7 */
#define FDP_EXCP   (1u << 6)

static u32 eax_now(u32 leaf)
{
    policy_begin(LEAVES, MSRS);
    get();
    return find(leaves, leaf, NO_SUBLEAF)->a;
}

/* What a toolstack says of these the hypervisor corrects: it knows better. */
static void corrected_rows(void)
{
    static const u32 widths[] = {0x2020, 0x3010, 0x392c, 0x00ff, 0xffffff, 0x0000};
    xen_cpuid_leaf_t one = *find(before, 1, NO_SUBLEAF), seven = *find(before, 7, 0);
    xen_cpuid_leaf_t amd = *find(before, EXTENDED | 1, NO_SUBLEAF);

    row_hex("widths.at_first", find(before, EXTENDED | 8, NO_SUBLEAF)->a);
    for (u32 i = 0; i < ARRAY_SIZE(widths); i++) {
        set_leaf_row(name_nth("widths", "set", i), EXTENDED | 8, NO_SUBLEAF, widths[i], 0, 0, 0);
        row_hex(name_nth("widths", "then", i), eax_now(EXTENDED | 8));
    }
    set_leaf_row("no_pse36", 1, NO_SUBLEAF, one.a, one.b, one.c, one.d & ~PSE36);
    row_hex("widths.no_pse36", eax_now(EXTENDED | 8));
    set_leaf_row("no_pae", 1, NO_SUBLEAF, one.a, one.b, one.c, one.d & ~PAE);
    row_hex("widths.no_pae", eax_now(EXTENDED | 8));
    feature_row("no_pae", EXTENDED | 1, NO_SUBLEAF);
    set_leaf_row("neither", 1, NO_SUBLEAF, one.a, one.b, one.c, one.d & ~(PAE | PSE36));
    row_hex("widths.neither", eax_now(EXTENDED | 8));
    set_leaf_row("both", 1, NO_SUBLEAF, one.a, one.b, one.c, one.d);
    set_leaf_row("no_lm", EXTENDED | 1, NO_SUBLEAF, amd.a, amd.b, amd.c, amd.d & ~LM);
    row_hex("widths.no_lm", eax_now(EXTENDED | 8));
    set_leaf_row("lm", EXTENDED | 1, NO_SUBLEAF, amd.a, amd.b, amd.c, amd.d);
    row_hex("widths.lm", eax_now(EXTENDED | 8));
    set_leaf_row("flushed_lines", 1, NO_SUBLEAF, one.a, one.b ^ 0x3f00, one.c, one.d);
    eax_now(1);
    row_hex("feature.flushed_lines", (find(leaves, 1, NO_SUBLEAF)->b ^ one.b) & 0xff00);
    set_leaf_row("fpu_details", 7, 0, seven.a, seven.b ^ (FPU_NO_SEL | FDP_EXCP), seven.c, seven.d);
    eax_now(7);
    row_hex("feature.fpu_details", find(leaves, 7, 0)->b ^ seven.b);
}

/* Features that others are nothing without: all there are, without one; and what is left of them.
 */
static void needed_rows(void)
{
    static const struct {
        const char *name;
        u32 leaf, ecx, edx;
    } needed[] = {
        {"fpu", 1, 0, 1u << 0},
        {"tsc", 1, 0, 1u << 4},
        {"apic", 1, 0, 1u << 9},
        {"mmx", 1, 0, 1u << 23},
        {"fxsr", 1, 0, 1u << 24},
        {"sse", 1, 0, 1u << 25},
        {"sse2", 1, 0, 1u << 26},
        {"sse3", 1, 1u << 0, 0},
        {"ssse3", 1, 1u << 9, 0},
        {"pclmulqdq", 1, 1u << 1, 0},
        {"aes", 1, 1u << 25, 0},
        {"xsave", 1, 1u << 26, 0},
        {"avx", 1, 1u << 28, 0},
        {"nx", EXTENDED | 1, 0, 1u << 20},
        {"lm", EXTENDED | 1, 0, 1u << 29},
    };
    static const u32 shown[][2] = {
        {1, NO_SUBLEAF}, {7, 0}, {0xd, 0}, {0xd, 1}, {EXTENDED | 1, NO_SUBLEAF}};

    for (u32 i = 0; i < ARRAY_SIZE(needed); i++) {
        xen_cpuid_leaf_t *less;

        memcpy(leaves, before, sizeof(leaves));
        less = find(leaves, needed[i].leaf, NO_SUBLEAF);
        less->c &= ~needed[i].ecx;
        less->d &= ~needed[i].edx;
        row(name_of("needed.set", needed[i].name), (policy_begin(leaves_before, 0), set()));
        policy_begin(LEAVES, MSRS);
        get();
        for (u32 j = 0; j < ARRAY_SIZE(shown); j++) {
            const xen_cpuid_leaf_t *l = find(leaves, shown[j][0], shown[j][1]);

            console_printf("ROW needed.without-%s.%x.%x = %x %x %x %x\n", needed[i].name, l->leaf,
                           l->subleaf, l->a, l->b, l->c, l->d);
        }
    }
    memcpy(leaves, before, sizeof(leaves));
    row("needed.all_again", (policy_begin(leaves_before, 0), set()));
    same_row("all_again");
}

static void life_rows(void)
{
    u32 made = d;

    d = 0;
    row("life.own", (policy_begin(0, 0), set()));
    row("life.get_own", (policy_begin(LEAVES, MSRS), get()));
    d = made;
    row("life.unpause", domctl_bare(XEN_DOMCTL_unpausedomain, d));
    row("life.set_of_what_ran", (policy_begin(0, 0), set()));
    row_hex("life.where", op.u.cpu_policy.err_leaf);
    row("life.pause", domctl_bare(XEN_DOMCTL_pausedomain, d));
    row("life.set_of_what_has_run", (policy_begin(0, 0), set()));
    row("life.get", (policy_begin(LEAVES, MSRS), get()));
}

void guest_main(void)
{
    d = domain_made(1);
    get_rows();
    bad_rows();
    good_rows();
    corrected_rows();
    needed_rows();
    life_rows();
    row("domain.end", domctl_bare(XEN_DOMCTL_destroydomain, d));
    guest_end();
}
