/*
 * What CPUID says in a domain whose toolstack has given one leaf of its policy, and no other: what
 * depends on that leaf follows. This kernel is the control domain, and the kernel of each domain
 * that it builds, which says what it sees.
 */
#include "tests/guests/toolstack.h"

#define LEAVES     150
#define MSRS       4
#define EXTENDED   0x80000000u
#define NO_SUBLEAF XEN_CPUID_NO_SUBLEAF

static const struct {
    const char *name;
    u32 leaf, subleaf, eax, ecx, edx; /* and what of it is taken */
} less[] = {
    {"nothing", 1, NO_SUBLEAF, 0, 0, 0},      {"avx", 1, NO_SUBLEAF, 0, 1u << 28, 0},
    {"xsave", 1, NO_SUBLEAF, 0, 1u << 26, 0}, {"xsaveopt", 0xd, 1, 1u << 0, 0, 0},
    {"xgetbv1", 0xd, 1, 1u << 2, 0, 0},       {"sse2", 1, NO_SUBLEAF, 0, 0, 1u << 26},
    {"pae", 1, NO_SUBLEAF, 0, 0, 1u << 6},    {"nx", EXTENDED | 1, NO_SUBLEAF, 0, 0, 1u << 20}};

/* ---- In the domain ---- */

static void leaf_tell(u32 leaf, u32 subleaf)
{
    u32 a = leaf, b, c = subleaf, d;

    asm volatile(XEN_CPUID : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    console_printf("%x.%x = %x %x %x %x\n", leaf, subleaf, a, b, c, d);
}

static void tell(void)
{
    leaf_tell(1, 0);
    leaf_tell(7, 0);
    leaf_tell(0xd, 0);
    leaf_tell(0xd, 1);
    leaf_tell(0xd, 2);
    leaf_tell(EXTENDED | 1, 0);
    leaf_tell(EXTENDED | 7, 0);
    leaf_tell(EXTENDED | 8, 0);
    leaf_tell(EXTENDED | 0x21, 0);
    guest_end();
}

/* ---- In the control domain ---- */

static xen_cpuid_leaf_t leaves[LEAVES];
static xen_msr_entry_t msrs[MSRS];
static struct guest *guest;

static bool ended(void)
{
    return guest_ended(guest) >= 0;
}

/* The default policy's, without some bits. */
static xen_cpuid_leaf_t *leaf_less(u32 which)
{
    struct xen_sysctl op = {.u.cpu_policy = {.index = XEN_SYSCTL_cpu_policy_pv_default,
                                             .nr_leaves = LEAVES,
                                             .nr_msrs = MSRS}};

    set_xen_guest_handle(op.u.cpu_policy.leaves, leaves);
    set_xen_guest_handle(op.u.cpu_policy.msrs, msrs);
    if (control_sysctl(&op, XEN_SYSCTL_get_cpu_policy))
        guest_panic("there is no default policy");
    for (u32 i = 0; i < op.u.cpu_policy.nr_leaves; i++) {
        if (leaves[i].leaf != less[which].leaf || leaves[i].subleaf != less[which].subleaf)
            continue;
        leaves[i].a &= ~less[which].eax;
        leaves[i].c &= ~less[which].ecx;
        leaves[i].d &= ~less[which].edx;
        return &leaves[i];
    }
    guest_panic("the default policy has no such leaf");
}

static void rows_without(u32 which)
{
    static char prefix[32];
    struct xen_domctl op = {.u.cpu_policy = {.nr_leaves = 1}};

    fmt_snprintf(prefix, sizeof(prefix), "ROW without-%s.", less[which].name);
    watched_prefix = prefix;
    guest = guest_made("name='d'; kernel='itself'; memory=16", true);
    if (!guest)
        guest_panic("no guest");
    set_xen_guest_handle(op.u.cpu_policy.leaves, leaf_less(which));
    row(name_of("set", less[which].name),
        control_domctl(&op, XEN_DOMCTL_set_cpu_policy, guest->domain.domid));
    domain_unpause(guest->domain.domid);
    row_want(name_of("ended", less[which].name), serve_until(ended, 10000), 1);
    guest_destroy(guest);
}

void guest_main(void)
{
    if (!(start_info->flags & SIF_INITDOMAIN))
        tell();
    toolstack_begin();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    watched_show = true;
    for (u32 i = 0; i < ARRAY_SIZE(less); i++)
        rows_without(i);
    guest_end();
}
