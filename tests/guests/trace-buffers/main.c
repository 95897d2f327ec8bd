/*
 * Trace buffers, as the control domain's tools use them: made, switched, masked and mapped by
 * sysctl and by frame, and read. xentrace and its kin are written against Xen's answers, and a
 * reader that gets a record wrong gets all that follow it wrong. What Xen records too must be here
 * with the same words.
 *
 * With ARGS=own: the events that only we have, and buffers that keep the last (tbuf=keep-last).
 */
#include "tests/guests/trace-buffers/trace_buffers.h"

static long set_cpus(void *bits, u32 count)
{
    sysctl_begin();
    op.u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_set_cpu_mask;
    op.u.tbuf_op.cpu_mask.nr_bits = count;
    op.u.tbuf_op.cpu_mask.bitmap.p = bits;
    return sysctl(XEN_SYSCTL_tbuf_op);
}

static void say_info(const char *group)
{
    row(name_of(group, "info"), tbuf_op(XEN_SYSCTL_TBUFOP_get_info, 0));
    row_hex(name_of(group, "events"), op.u.tbuf_op.evt_mask);
    row(name_of(group, "there"), op.u.tbuf_op.buffer_mfn != 0);
    row(name_of(group, "size"), op.u.tbuf_op.size);
}

/* Before there are any. */
static void say_none(void)
{
    u8 all = 0xff;

    say_info("none");
    row("none.enable", tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0));
    row("none.disable", tbuf_op(XEN_SYSCTL_TBUFOP_disable, 0));
    row("none.set-events", tbuf_op(XEN_SYSCTL_TBUFOP_set_evt_mask, 0x21000));
    row("none.size-0", tbuf_op(XEN_SYSCTL_TBUFOP_set_size, 0));
    row("none.cpus-nowhere", set_cpus(NOWHERE, 8));
    row("none.cpus-none", set_cpus(NOWHERE, 0)); /* which is none of them */
    row("none.cpus-all", set_cpus(&all, 8));
    row("none.unknown", tbuf_op(6, 0));
    row("none.negative", tbuf_op(~0U, 0));
}

static void say_sizes(void)
{
    row("size.first", tbuf_op(XEN_SYSCTL_TBUFOP_set_size, TBUF_PAGES));
    row("size.again", tbuf_op(XEN_SYSCTL_TBUFOP_set_size, TBUF_PAGES));
    row("size.another", tbuf_op(XEN_SYSCTL_TBUFOP_set_size, TBUF_PAGES + 1));
    row("size.none", tbuf_op(XEN_SYSCTL_TBUFOP_set_size, 0));
    say_info("made");
    row("made.enable", tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0));
}

static void say_mapping(const char *group, u64 mfn)
{
    static const struct {
        const char *what;
        domid_t owner;
    } owners[] = {{"xen", DOMID_XEN}, {"self", DOMID_SELF}, {"io", DOMID_IO}};

    for (u32 i = 0; i < ARRAY_SIZE(owners); i++)
        for (u32 writes = 0; writes < 2; writes++) {
            void *page = scratch_page(100);
            const char *name = name_of(group, owners[i].what);
            char whole[64];

            fmt_snprintf(whole, sizeof(whole), "%s-%s", name, writes ? "write" : "read");
            row(whole, trace_map(page, mfn, writes ? PTE_WRITE : 0, owners[i].owner));
            map_page(page, 0);
        }
    row(name_of(group, "pin"), mmuext(MMUEXT_PIN_L1_TABLE, mfn));
    row(name_of(group, "update"), pte_update(mfn << PAGE_SHIFT, 0));
    row(name_of(group, "clear"), mmuext(MMUEXT_CLEAR_PAGE, mfn));
}

static void say_mappings(void)
{
    row("map.all", trace_map_all());
    row("map.pages", trace_info->tbuf_size);
    row("map.list", trace_info->mfn_offset[0]);
    say_mapping("info-page", trace_info_mfn());
    say_mapping("buffer-page", trace_page_mfn(0));
}

/* ---- when nobody reads ---- */

static u32 records_of(u32 event)
{
    struct record r;
    u32 n = 0;

    while (trace_next(&r))
        n += r.event == event;
    return n;
}

static void yields(u32 n)
{
    while (n--)
        call_sched_op(SCHEDOP_yield, NULL);
}

#define MANY 2000 /* of them a buffer of ours has 819 */

static void say_lost(void)
{
    struct record r = {0};
    u32 kept;

    trace_only(TRC_PV_ENTRY);
    yields(MANY);
    kept = records_of(TRC_PV_HYPERCALL_V2);
    row("lost.most", kept > 700 && kept < 900);
    yields(1);
    trace_next(&r);
    row_hex("lost.event", r.event);
    row("lost.words", r.words);
    row("lost.all", r.word[0] + kept == MANY);
    row("lost.who", r.word[1]);
    row("lost.since", (r.word[2] | (u64)r.word[3] << 32) < r.tsc);
    row("lost.then", records_of(TRC_PV_HYPERCALL_V2));
}

/* Half full: who wants to know is told, once. */
static void say_half(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TBUF};

    row("half.bind", call_event_channel_op(EVTCHNOP_bind_virq, &bind));
    trace_only(TRC_PV_ENTRY);
    shared_info->evtchn_mask[0] |= 1UL << bind.port;
    shared_info->evtchn_pending[0] &= ~(1UL << bind.port);
    yields(300);
    row("half.before", shared_info->evtchn_pending[0] >> bind.port & 1);
    yields(300);
    row("half.after", shared_info->evtchn_pending[0] >> bind.port & 1);
    shared_info->evtchn_pending[0] &= ~(1UL << bind.port);
    yields(20);
    row("half.again", shared_info->evtchn_pending[0] >> bind.port & 1);
    trace_drain();
}

static void say_switches(void)
{
    u8 none = 0, all = 0xff;

    trace_only(TRC_PV_ENTRY);
    row("switch.cpus-none", set_cpus(&none, 8));
    trace_drain();
    yields(3);
    row("switch.none-records", records_of(TRC_PV_HYPERCALL_V2));
    row("switch.cpus-all", set_cpus(&all, 8));
    trace_drain();
    yields(3);
    row("switch.all-records", records_of(TRC_PV_HYPERCALL_V2));
    row("switch.off", tbuf_op(XEN_SYSCTL_TBUFOP_disable, 0));
    trace_drain();
    yields(3);
    row("switch.off-records", records_of(TRC_PV_HYPERCALL_V2));
    row("switch.on", tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0));
    trace_only(TRC_PV_SUBCALL);
    yields(3);
    row("switch.subclass-records", records_of(TRC_PV_HYPERCALL_V2));
    trace_only(TRC_SCHED);
    yields(3);
    row("switch.class-records", records_of(TRC_PV_HYPERCALL_V2));
}

/* A reader's nonsense ends the recording, and nothing else. */
static void say_nonsense(void)
{
    static const u32 conses[] = {1, 2 * TRACE_SIZE, ~3u};

    for (u32 i = 0; i < ARRAY_SIZE(conses); i++) {
        u32 prod;

        tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0);
        trace_only(TRC_PV_ENTRY);
        prod = trace_buf->prod;
        trace_buf->cons = conses[i];
        yields(3);
        row(name_nth("nonsense", "written", i), trace_buf->prod - prod);
        trace_buf->cons = prod;
        yields(3);
        row(name_nth("nonsense", "stays-off", i), trace_buf->prod - prod);
    }
    tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0);
    trace_only(TRC_PV_ENTRY);
    yields(3);
    row("nonsense.on-again", records_of(TRC_PV_HYPERCALL_V2));
}

void guest_main(void)
{
    if (cmdline_has("own"))
        say_own();
    say_none();
    say_sizes();
    say_mappings();
    say_calls();
    say_faults();
    say_lost();
    say_half();
    say_switches();
    say_nonsense();
    guest_end();
}
