/* Events that only we have, each brought about and looked for, with what it must say. */
#include "tests/guests/evtchn.h"
#include "tests/guests/trace-buffers/trace_buffers.h"

#define LONG_IS_64 (sizeof(long) == sizeof(u64)) /* addresses in records have two words */

/* The next record of an event; false, and a row that says so, if there is none. */
static bool find(const char *what, u32 event, struct record *r)
{
    while (trace_next(r))
        if (r->event == event)
            return true;
    row_want(name_of(what, "found"), 0, 1);
    return false;
}

static u64 long_word(const struct record *r, u32 i)
{
    return r->word[i] | (u64)r->word[i + 1] << 32;
}

static void say_results(void)
{
    struct record r;

    trace_only(XL_TRC_CALL);
    call_vcpu_op(VCPUOP_is_up, 7, NULL);
    if (!find("result", XL_TRACE_result, &r))
        return;
    row_want("result.op", r.word[0], __HYPERVISOR_vcpu_op);
    row_want("result.is", (s64)long_word(&r, 1), -XEN_ENOENT);
}

/* The first of a session says who runs. */
static void say_runs(void)
{
    struct record r = {0};

    tbuf_op(XEN_SYSCTL_TBUFOP_disable, 0);
    tbuf_op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_ALL);
    trace_drain();
    tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0);
    call_sched_op(SCHEDOP_yield, NULL);
    row_want("runs.record", trace_next(&r), 1);
    row_want_hex("runs.event", r.event, XL_TRACE_runs);
    row_want("runs.who", r.word[0], 0);
}

static void say_updates(void)
{
    u64 entry = scratch_entry(1) + 100 * sizeof(u64);
    mmu_update_t updates[] = {{.ptr = entry, .val = 0x1000 << 1},
                              {.ptr = entry, .val = 4},
                              {.ptr = entry, .val = 1ull << 51 | 1}};
    struct record r;
    u32 done;

    trace_only(XL_TRC_ENTRY);
    call_mmu_update(updates, 3, &done, DOMID_SELF);
    for (u32 i = 0; i < 3; i++) {
        if (!find(name_nth("update", "entry", i), XL_TRACE_table_update, &r))
            return;
        row_want(name_nth("update", "who", i), r.word[0], 0);
        row_want(name_nth("update", "where", i), long_word(&r, 1) == entry, 1);
        row_want_hex(name_nth("update", "value", i), long_word(&r, 3), updates[i].val);
        row_want(name_nth("update", "refused", i), (s32)r.word[5] < 0, i == 2);
    }
    if (find("batch", XL_TRACE_batch, &r)) {
        row_want("batch.count", r.word[1], 3);
        row_want("batch.done", r.word[2], 2);
        row_want("batch.refused", (s32)r.word[3] < 0, 1);
    }
    map_page(scratch_page(100), 0);
    if (find("va-mapping", XL_TRACE_table_update, &r))
        row_want("va-mapping.where", long_word(&r, 1) == entry, 1);
}

/* A store into a table of ours: Xen's record, and that of the entry. */
static void say_store(void)
{
    u64 at = scratch_entry(1) + 101 * sizeof(u64);
    mfn_t table = scratch_table(1);
    u64 *slot = (u64 *)table_entries(table) + 101;
    struct record r;

    trace_only(TRC_PV_ENTRY | XL_TRC_ENTRY);
    probe_write(slot, 0x4000);
    if (find("store", LONG_IS_64 ? XL_TRACE_table_store_64 : XL_TRACE_table_store, &r)) {
        row_want_hex("store.value", long_word(&r, 0), 0x4000);
        row_want("store.address", (LONG_IS_64 ? long_word(&r, 2) : r.word[2]) == (uintptr_t)slot,
                 1);
    }
    if (find("store-update", XL_TRACE_table_update, &r)) {
        row_want("store-update.where", long_word(&r, 1) == at, 1);
        row_want_hex("store-update.value", long_word(&r, 3), 0x4000);
        row_want("store-update.result", r.word[5], 0);
    }
}

static void say_types(void)
{
    mfn_t table = table_new();
    struct record r;

    trace_only(XL_TRC_TYPE);
    row_want("type.pin", table_pin(table, 1), 0);
    row_want("type.unpin", table_unpin(table), 0);
    for (u32 i = 0; i < 2; i++)
        if (find(name_nth("type", "record", i), XL_TRACE_type, &r)) {
            row_want(name_nth("type", "domain", i), r.word[0], 0);
            row_want(name_nth("type", "frame", i), long_word(&r, 1) == table.n, 1);
            row_want(name_nth("type", "is", i), r.word[3], i ? 0 : 1);
        }
    table_free(table);
}

static void say_sent(const char *what, evtchn_port_t from, evtchn_port_t to, u32 kind, u32 outcome)
{
    struct record r;

    if (!find(what, XL_TRACE_send, &r))
        return;
    row_want(name_of(what, "from"), r.word[0], 0);
    row_want(name_of(what, "from-port"), r.word[1], from);
    row_want(name_of(what, "to"), r.word[2], outcome == XL_SENT_NOBODY ? -1u : 0);
    row_want(name_of(what, "to-port"), r.word[3], to);
    row_want(name_of(what, "kind"), r.word[4] & 0xff, kind);
    row_want(name_of(what, "outcome"), r.word[4] >> 8 & 0xff, outcome);
}

static void say_events(void)
{
    evtchn_port_t alone, ipi;
    struct record r;

    trace_only(XL_TRC_EVENT);
    alone = (evtchn_port_t)evtchn_alloc(DOMID_SELF, DOMID_SELF);
    if (find("bind", XL_TRACE_bind, &r)) {
        row_want("bind.to", r.word[0], 0);
        row_want("bind.port", r.word[1], alone);
        row_want("bind.kind", r.word[2], EVTCHNSTAT_unbound);
    }
    evtchn_send(alone);
    say_sent("to-nobody", alone, 0, EVTCHNSTAT_unbound, XL_SENT_NOBODY);
    ipi = (evtchn_port_t)evtchn_ipi(0);
    evtchn_send(ipi);
    say_sent("raised", ipi, ipi, EVTCHNSTAT_ipi, XL_SENT_RAISED);
    evtchn_send(ipi);
    say_sent("merged", ipi, ipi, EVTCHNSTAT_ipi, XL_SENT_MERGED);
    shared_info->evtchn_pending[0] = 0;
    shared_info->evtchn_mask[0] |= 1UL << ipi;
    evtchn_send(ipi);
    say_sent("masked", ipi, ipi, EVTCHNSTAT_ipi, XL_SENT_MASKED);
    evtchn_unmask(ipi);
    if (find("unmask", XL_TRACE_unmask, &r))
        row_want("unmask.port", r.word[1], ipi);
    evtchn_close(ipi);
    if (find("close", XL_TRACE_close, &r))
        row_want("close.port", r.word[1], ipi);
}

/* Buffers that keep the last: nobody reads, and the newest are there, none counted lost. */
static void say_last(void)
{
    struct record r;
    u32 n = 0, last = 0, lost = 0, missing = 0;

    tbuf_op(XEN_SYSCTL_TBUFOP_disable, 0);
    tbuf_op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_PV_ENTRY);
    tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0);
    for (u32 i = 0; i < 3000; i++)
        call_vcpu_op(VCPUOP_is_up, i, NULL);
    tbuf_op(XEN_SYSCTL_TBUFOP_disable, 0);
    while (trace_next(&r)) {
        lost += r.event == TRC_LOST_RECORDS;
        if (r.event != TRC_PV_HYPERCALL_V2 || (r.word[0] & 0xfffff) != __HYPERVISOR_vcpu_op)
            continue;
        missing += n && r.word[2] != last + 1;
        last = r.word[2];
        n++;
    }
    row_want("last.newest", last, 2999);
    row_want("last.many", n > 600, 1);
    row_want("last.missing", missing, 0);
    row_want("last.lost", lost, 0);
}

/* Xen has these too, but its schedulers differ in what comes between. */
static void say_scheduling(void)
{
    struct record r;

    trace_only(TRC_SCHED);
    call_sched_op(SCHEDOP_yield, NULL);
    if (find("yield", XL_TRACE_yield, &r))
        row_want("yield.vcpu", r.word[1], 0);
    if (find("goes-on", XL_TRACE_continue_running, &r))
        row_want("goes-on.who", r.word[0], 0);
    call_set_timer_op(1); /* which has passed */
    call_sched_op(SCHEDOP_block, NULL);
    if (find("block", XL_TRACE_block, &r))
        row_want("block.vcpu", r.word[1], 0);
}

void say_own(void)
{
    bool keeps = cmdline_has("last");

    row_want("own.map", trace_map_all(), 1);
    if (keeps) {
        say_last();
        guest_end();
    }
    tbuf_op(XEN_SYSCTL_TBUFOP_enable, 0);
    say_runs();
    say_results();
    say_updates();
    say_store();
    say_types();
    say_events();
    say_scheduling();
    trace_only(TRC_PV_ENTRY);
    row_want("iret.registers", iret_keeps_registers(), 1);
    guest_end();
}
