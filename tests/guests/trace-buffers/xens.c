/* Records that Xen makes too: word by word the same, but for addresses and times. */
#include "tests/guests/trace-buffers/trace_buffers.h"

#define BEHIND_RIP (sizeof(long) / sizeof(u32)) /* the first word that is none of an address */

static struct record found[16];

/* What there is to show, all of it first: to show it makes hypercalls. */
static u32 collect(void)
{
    u32 n = 0;

    while (n < ARRAY_SIZE(found) && trace_next(&found[n]))
        n++;
    return n;
}

/* Each record as a row: the event, how many words, and those from @first on. */
static void say_records(const char *group, u32 first, u32 last)
{
    u32 n = collect();

    for (u32 i = 0; i < n; i++) {
        const struct record *r = &found[i];

        console_printf("ROW %s = %x/%u", name_nth(group, "record", i), r->event, r->words);
        for (u32 w = first; w < MIN(last, r->words); w++)
            console_printf(" %x", r->word[w]);
        console_printf("%s\n", !i || r->tsc > r[-1].tsc ? "" : " (no later than the last)");
    }
    trace_drain();
}

/* The first call: of all the number, of those whose arguments Xen writes these too. One that is
 * interrupted is made again, and that is another record. */
static void say_call(const char *what, bool arguments)
{
    u32 n = collect();
    const struct record *r = found;

    console_printf("ROW %s = %x %u", name_of("call", what), n ? r->event : 0, r->word[0] & 0xfffff);
    for (u32 w = 0; arguments && w < r->words; w++)
        console_printf(" %x", r->word[w]);
    console_printf("\n");
    trace_drain();
}

static void say_lists(void)
{
    mmu_update_t updates[3] = {0};
    multicall_entry_t calls[] = {
        {.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_yield}},
        {.op = __HYPERVISOR_mmu_update, .args = {(uintptr_t)updates, 0, 0, DOMID_SELF}},
        {.op = __HYPERVISOR_vcpu_op, .args = {VCPUOP_is_up, 0}},
    };

    call_mmu_update(updates, 3, NULL, DOMID_SELF);
    say_call("mmu_update", true);
    call_mmuext_op(NULL, 0, NULL, DOMID_SELF);
    say_call("mmuext_op", true);
    call_multicall(calls, ARRAY_SIZE(calls));
    say_call("multicall", true);
    trace_only(TRC_PV_SUBCALL);
    call_multicall(calls, ARRAY_SIZE(calls));
    say_records("subcall", 0, 2);
}

void say_calls(void)
{
    trace_only(TRC_PV_ENTRY);
    call_sched_op(SCHEDOP_yield, NULL);
    say_call("yield", true);
    call_sched_op(77, NULL);
    say_call("sched_op-unknown", true);
    call_vcpu_op(VCPUOP_is_up, 5, NULL);
    say_call("vcpu_op", true);
    call_grant_table_op(GNTTABOP_query_size, NULL, 0);
    say_call("grant_table_op", true);
    call_xen_version(XENVER_version, NULL);
    say_call("xen_version", false);
    call_set_timer_op(0);
    say_call("set_timer_op", false);
    hypercall_any(60, 0, 0, 0, 0, 0);
    say_call("not-there", false);
    say_lists();
}

static void undefined(void *arg)
{
    (void)arg;
    asm volatile("ud2");
}

static void breakpoint(void *arg)
{
    (void)arg;
    asm volatile("int3");
}

static void refused(void *arg)
{
    (void)arg;
    asm volatile("hlt; ud2");
}

static void control_read(void *arg)
{
    unsigned long cr0;

    (void)arg;
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
}

static void say_fault_of(const char *what, void (*run)(void *arg))
{
    fault_catch(run, NULL);
    say_records(what, BEHIND_RIP, TRACE_EXTRA_MAX);
}

void say_faults(void)
{
    unsigned long word;

    trace_only(TRC_PV_ENTRY);
    say_fault_of("undefined", undefined);
    say_fault_of("breakpoint", breakpoint);
    say_fault_of("refused", refused);
    say_fault_of("control-read", control_read);
    probe_read(NOWHERE, &word);
    say_records("read-fault", BEHIND_RIP, TRACE_EXTRA_MAX);
    probe_write(NOWHERE, 1);
    say_records("write-fault", BEHIND_RIP, TRACE_EXTRA_MAX);
}
