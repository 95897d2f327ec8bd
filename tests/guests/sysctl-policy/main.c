/*
 * What a toolstack may give its guests of the CPU: sysctl get_cpu_policy and get_cpu_featureset.
 * libxl compares the policy of the machine that a guest comes from with the one it goes to, leaf by
 * leaf, so leaves that Xen lists must be listed, in its order, and no others.
 */
#include "tests/guests/common.h"

#define NOWHERE     ((void *)0x70000000)
#define LEAVES_MAX  200
#define MSRS_MAX    8
#define FEATURES    32
#define POISON      0xa5
#define LEAF_XSTATE 0xd
#define LEAF_SVM    0x8000000a
#define ECX_OSPKE   (1u << 4)
#define WORD_7_ECX  6

static struct xen_sysctl op;
static xen_cpuid_leaf_t leaves[LEAVES_MAX];
static xen_msr_entry_t msrs[MSRS_MAX];
static u32 features[FEATURES];

static struct xen_sysctl *prepared(u32 cmd)
{
    memset(&op, 0, sizeof(op));
    op.cmd = cmd;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return &op;
}

static long policy_get(u32 index, void *to, u32 count, void *msrs_to, u32 msr_count)
{
    struct xen_sysctl_cpu_policy *p = &prepared(XEN_SYSCTL_get_cpu_policy)->u.cpu_policy;

    p->index = index;
    p->nr_leaves = count;
    p->nr_msrs = msr_count;
    p->leaves.p = to;
    p->msrs.p = msrs_to;
    return hypercall_sysctl((uintptr_t)&op);
}

static void counts_row(const char *group, const char *name)
{
    row(name_of(group, name), (s64)op.u.cpu_policy.nr_leaves * 1000 + op.u.cpu_policy.nr_msrs);
}

/* Those for guests of virtualization hardware are not asked for: Xen has such guests. */
static const struct {
    const char *name;
    u32 index;
} policies[] = {
    {"raw", XEN_SYSCTL_cpu_policy_raw},
    {"host", XEN_SYSCTL_cpu_policy_host},
    {"pv_max", XEN_SYSCTL_cpu_policy_pv_max},
    {"pv_default", XEN_SYSCTL_cpu_policy_pv_default},
};

static bool is_set_of_pv(u32 index)
{
    return index != XEN_SYSCTL_cpu_featureset_hvm && index != XEN_SYSCTL_cpu_featureset_hvm_max;
}

/* What depends on which extended state is switched on at the moment, and for virtualization. */
static void leaf_row(const char *policy, xen_cpuid_leaf_t *l)
{
    char name[64], value[64];

    if (l->leaf == LEAF_XSTATE && l->subleaf < 2)
        l->b = 0;
    if (l->leaf == 7 && !l->subleaf)
        l->c &= ~ECX_OSPKE;
    if (l->leaf == LEAF_SVM)
        return;
    fmt_snprintf(name, sizeof(name), "%s.%x-%x", policy, l->leaf, l->subleaf);
    fmt_snprintf(value, sizeof(value), "%08x-%08x-%08x-%08x", l->a, l->b, l->c, l->d);
    row_text(name, value);
}

static void policy_rows(const char *name, u32 index)
{
    u32 i;
    char text[64];

    memset(leaves, POISON, sizeof(leaves));
    row(name_of(name, "answer"), policy_get(index, leaves, LEAVES_MAX, msrs, MSRS_MAX));
    counts_row(name, "counts");
    for (i = 0; i < op.u.cpu_policy.nr_leaves && i < LEAVES_MAX; i++)
        leaf_row(name, &leaves[i]);
    for (i = 0; i < op.u.cpu_policy.nr_msrs && i < MSRS_MAX; i++) {
        fmt_snprintf(text, sizeof(text), "%s.msr-%x", name, msrs[i].idx);
        row_hex(text, msrs[i].val);
    }
}

static void featureset_rows(u32 index)
{
    struct xen_sysctl_cpu_featureset *f;
    char name[64];

    f = &prepared(XEN_SYSCTL_get_cpu_featureset)->u.cpu_featureset;
    memset(features, 0, sizeof(features));
    f->index = index;
    f->nr_features = FEATURES;
    f->features.p = features;
    row(name_nth("featureset", "answer", index), hypercall_sysctl((uintptr_t)&op));
    row(name_nth("featureset", "count", index), f->nr_features);
    for (u32 i = 0; i < f->nr_features && i < FEATURES; i++) {
        fmt_snprintf(name, sizeof(name), "featureset.%u-%u", index, i);
        row_hex(name, features[i] & (i == WORD_7_ECX ? ~ECX_OSPKE : ~0u));
    }
}

static void featureset_refused_rows(void)
{
    struct xen_sysctl_cpu_featureset *f;

    f = &prepared(XEN_SYSCTL_get_cpu_featureset)->u.cpu_featureset;
    f->index = 99;
    row("featureset.count_of_any", hypercall_sysctl((uintptr_t)&op));
    row("featureset.most", f->nr_features);
    f->features.p = features;
    row("featureset.unknown", hypercall_sysctl((uintptr_t)&op));
    f->index = XEN_SYSCTL_cpu_featureset_pv;
    f->nr_features = 2;
    row("featureset.no_room", hypercall_sysctl((uintptr_t)&op));
    row("featureset.no_room_count", f->nr_features);
    f->features.p = NOWHERE;
    row("featureset.unwritable", hypercall_sysctl((uintptr_t)&op));
}

static void refused_rows(void)
{
    const u32 pv = XEN_SYSCTL_cpu_policy_pv_max;

    row("refused.unknown", policy_get(6, leaves, LEAVES_MAX, msrs, MSRS_MAX));
    row("refused.counts_only", policy_get(pv, NULL, 0, NULL, 0));
    counts_row("refused", "counts");
    row("refused.leaves_no_room", policy_get(pv, leaves, 5, msrs, MSRS_MAX));
    counts_row("refused", "leaves_no_room_counts");
    row("refused.msrs_no_room", policy_get(pv, leaves, LEAVES_MAX, msrs, 1));
    row("refused.leaves_unwritable", policy_get(pv, NOWHERE, LEAVES_MAX, msrs, MSRS_MAX));
    row("refused.msrs_unwritable", policy_get(pv, leaves, LEAVES_MAX, NOWHERE, MSRS_MAX));
    row("refused.msrs_alone", policy_get(pv, NULL, 0, msrs, MSRS_MAX));
    counts_row("refused", "msrs_alone_counts");
    prepared(XEN_SYSCTL_get_cpu_policy)->u.cpu_policy._rsvd = 1;
    row("refused.reserved", hypercall_sysctl((uintptr_t)&op));
}

void guest_main(void)
{
    for (u32 i = 0; i < ARRAY_SIZE(policies); i++)
        policy_rows(policies[i].name, policies[i].index);
    for (u32 i = 0; i <= XEN_SYSCTL_cpu_featureset_hvm_max; i++)
        if (is_set_of_pv(i))
            featureset_rows(i);
    featureset_refused_rows();
    refused_rows();
    guest_end();
}
