/*
 * How a domain is made, asked about, paused and ended: which configurations are refused, which
 * number it gets, what getdomaininfo says of it at each step. A toolstack shows its users what it
 * reads here, and finds out by it when a domain is gone.
 */
#include "tests/guests/domctl.h"

/* One member of a good configuration is made bad. */
struct bad {
    const char *what;
    size_t offset;
    u32 value;
};
#define BAD(what, member, value)                                                                   \
    {                                                                                              \
        what, offsetof(struct xen_domctl_createdomain, member), value                              \
    }

static const struct bad bad[] = {
    BAD("unknown_flag", flags, 1u << 8),
    BAD("hvm_without_hardware", flags, XEN_DOMCTL_CDF_hap),
    BAD("iommu", flags, XEN_DOMCTL_CDF_iommu),
    BAD("vpmu", flags, XEN_DOMCTL_CDF_vpmu),
    BAD("nested", flags, XEN_DOMCTL_CDF_nested_virt),
    BAD("s3_integrity", flags, XEN_DOMCTL_CDF_s3_integrity),
    BAD("iommu_options", iommu_opts, 1),
    BAD("no_vcpus", max_vcpus, 0),
    BAD("too_many_vcpus", max_vcpus, 8193),
    BAD("trace", vmtrace_size, 4096),
    BAD("grant_version_0", grant_opts, 0),
    BAD("grant_version_3", grant_opts, 3),
    BAD("grant_option", grant_opts, 0x12),
    BAD("no_grant_frames", max_grant_frames, 0),
    BAD("many_grant_frames", max_grant_frames, 65),
    BAD("many_maptrack_frames", max_maptrack_frames, 1025),
    BAD("no_such_pool", cpupool_id, 7),
    BAD("misc_flag", arch.misc_flags, 2),
    BAD("emulation_flag", arch.emulation_flags, 1u << 12),
    BAD("emulates_an_apic", arch.emulation_flags, XEN_X86_EMU_LAPIC),
};

static const struct bad good[] = {
    BAD("shadow_flag", flags, XEN_DOMCTL_CDF_oos_off),
    BAD("grant_version_1", grant_opts, 1),
    BAD("default_grant_frames", max_grant_frames, ~0u),
    BAD("default_maptrack_frames", max_maptrack_frames, ~0u),
    BAD("no_ports", max_evtchn_port, 0),
    BAD("all_ports", max_evtchn_port, ~0u),
    BAD("relaxed", arch.misc_flags, XEN_X86_MSR_RELAXED),
    BAD("emulates_a_pit", arch.emulation_flags, XEN_X86_EMU_PIT),
    BAD("other_security_id", ssidref, 5),
};

static long create(const struct bad *b)
{
    *(u32 *)((u8 *)create_begin(1) + b->offset) = b->value;
    return domctl(XEN_DOMCTL_createdomain, 0);
}

static u32 create_as(u32 domain)
{
    long rc;

    create_begin(1);
    rc = domctl(XEN_DOMCTL_createdomain, domain);
    return rc ? (u32)rc : op.domain;
}

static void config_rows(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
        row(name_of("config", bad[i].what), create(&bad[i]));
    for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
        row(name_of("config", good[i].what), create(&good[i]));
        row(name_of("config.end", good[i].what), domctl_bare(XEN_DOMCTL_destroydomain, op.domain));
    }
}

/* Refused attempts have used up numbers, on Xen too: one that is free is taken as a beginning. */
static void number_rows(void)
{
    u32 first = create_as(0), next = create_as(0);

    row("number.next", next - first);
    row("number.chosen", create_as(100));
    row("number.taken", (s32)create_as(100));
    row("number.own", (s32)create_as(0) - (s32)next);
    row("number.no_domains", create_as(DOMID_SELF) - next);
    row("number.chosen_changes_nothing", create_as(0) - next);
    row("number.last", create_as(DOMID_FIRST_RESERVED - 1));
    domctl_bare(XEN_DOMCTL_getdomaininfo, next + 50);
    row("number.info_of_the_next", op.domain);
    domctl_bare(XEN_DOMCTL_getdomaininfo, 101);
    row("number.info_of_the_last", op.domain);
    create_begin(0);
    row("number.taken_before_bad", domctl(XEN_DOMCTL_createdomain, 100));
    for (u32 i = 1; i < DOMID_FIRST_RESERVED; i++) {
        if (domctl_bare(XEN_DOMCTL_getdomaininfo, i))
            break;
        i = op.domain;
        domctl_bare(XEN_DOMCTL_destroydomain, i);
    }
    row("number.all_are_gone", domctl_bare(XEN_DOMCTL_getdomaininfo, 1));
}

static void info_row(const char *when, u32 domain)
{
    const struct xen_domctl_getdomaininfo *i = &op.u.getdomaininfo;
    long rc = domctl_bare(XEN_DOMCTL_getdomaininfo, domain);

    if (rc) {
        row(name_of("info", when), rc);
        return;
    }
    console_printf("ROW info.%s = %x pages %" F64 "u of %" F64 "u kept %" F64 "u shared %" F64
                   "u vcpus %u last %x "
                   "security %u pool %u emulates %x misc %x time %s\n",
                   when, i->flags, i->tot_pages, i->max_pages, i->outstanding_pages, i->shr_pages,
                   i->nr_online_vcpus, i->max_vcpu_id, i->ssidref, i->cpupool,
                   i->arch_config.emulation_flags, i->arch_config.misc_flags,
                   i->cpu_time ? "yes" : "none");
}

static long max_mem(u32 domain, u64 kib)
{
    domctl_begin();
    op.u.max_mem.max_memkb = kib;
    return domctl(XEN_DOMCTL_max_mem, domain);
}

static void pause_rows(u32 d)
{
    long rc = 0;
    u32 count;

    row("pause.last_is_taken_back", domctl_bare(XEN_DOMCTL_unpausedomain, d));
    info_row("unpaused", d);
    row("pause.not_paused", domctl_bare(XEN_DOMCTL_unpausedomain, d));
    for (count = 0; !rc && count < 1000; count++)
        rc = domctl_bare(XEN_DOMCTL_pausedomain, d);
    row("pause.too_often", rc);
    row("pause.how_often", count - 1);
    info_row("paused", d);
    for (rc = 0, count = 0; !rc && count < 1000; count++)
        rc = domctl_bare(XEN_DOMCTL_unpausedomain, d);
    row("pause.as_often", count - 1);
}

static void vcpu_info_row(const char *when, u32 domain, u32 vcpu)
{
    const struct xen_domctl_getvcpuinfo *i = &op.u.getvcpuinfo;
    long rc;

    domctl_begin();
    op.u.getvcpuinfo.vcpu = vcpu;
    rc = domctl(XEN_DOMCTL_getvcpuinfo, domain);
    if (rc)
        row(name_of("vcpu", when), rc);
    else
        console_printf("ROW vcpu.%s = vcpu %u online %u blocked %u running %u time %s\n", when,
                       i->vcpu, i->online, i->blocked, i->running, i->cpu_time ? "yes" : "none");
}

static void life_rows(void)
{
    u32 d;

    create_begin(3)->handle[5] = 42;
    op.u.createdomain.ssidref = 5;
    op.u.createdomain.arch.emulation_flags = XEN_X86_EMU_PIT;
    row("life.create", domctl(XEN_DOMCTL_createdomain, 0));
    d = op.domain;
    info_row("made", d);
    row("life.handle", op.u.getdomaininfo.handle[5]);
    vcpu_info_row("not_made", d, 0);
    row("life.fewer_vcpus", domctl_max_vcpus(d, 2));
    row("life.more_vcpus", domctl_max_vcpus(d, 4));
    row("life.own_vcpus", domctl_max_vcpus(0, 1));
    row("life.vcpus", domctl_max_vcpus(d, 3));
    row("life.vcpus_again", domctl_max_vcpus(d, 3));
    info_row("vcpus", d);
    vcpu_info_row("made", d, 2);
    vcpu_info_row("none", d, 3);
    vcpu_info_row("own", 0, 0);
    row("life.memory", max_mem(d, 4097));
    info_row("memory", d);
    row("life.all_memory", max_mem(d, ~0ull));
    info_row("all_memory", d);
    pause_rows(d);
    row("life.resume", domctl_bare(XEN_DOMCTL_resumedomain, d));
    row("life.destroy", domctl_bare(XEN_DOMCTL_destroydomain, d));
    row("life.destroy_again", domctl_bare(XEN_DOMCTL_destroydomain, d));
    info_row("gone", d);
}

void guest_main(void)
{
    row("info.self", domctl_bare(XEN_DOMCTL_getdomaininfo, 0));
    row_hex("info.self_flags", op.u.getdomaininfo.flags);
    row_hex("info.self_emulates", op.u.getdomaininfo.arch_config.emulation_flags);
    row("info.address_bits", op.u.getdomaininfo.gpaddr_bits);
    config_rows();
    number_rows();
    life_rows();
    guest_end();
}
