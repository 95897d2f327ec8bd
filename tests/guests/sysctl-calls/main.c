/*
 * sysctl: what a toolstack asks of the machine. Xen's tools are written against Xen's answers, so
 * what is refused, and by which errno, is compared operation by operation: a tool that is told
 * -ENOSYS where it knows -EOPNOTSUPP gives up instead of doing without.
 */
#include "tests/guests/sysctl-calls/sysctl_calls.h"
#include "tests/guests/sysctl.h"

#define NUMBER_END 40

/* Numbers that have an operation. */
static bool exists(u32 cmd)
{
    return cmd && cmd <= XEN_SYSCTL_get_cpu_policy && cmd != 13 && cmd != 24 && cmd != 28;
}

static void argument_rows(void)
{
    row("argument.unreadable", hypercall_sysctl((uintptr_t)NOWHERE));
    row("argument.of_the_hypervisor", hypercall_sysctl(HYPERVISOR_VIRT_START));
    row("argument.null", hypercall_sysctl(0));
    sysctl_begin();
    op.cmd = XEN_SYSCTL_sched_id;
    row("argument.no_version", hypercall_sysctl((uintptr_t)&op));
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION + 1;
    row("argument.another_version", hypercall_sysctl((uintptr_t)&op));
    for (u32 cmd = 0; cmd < NUMBER_END; cmd++) {
        sysctl_begin();
        if (!exists(cmd))
            row(name_nth("number", "unknown", cmd), sysctl(cmd));
    }
    sysctl_begin();
    row("number.negative", sysctl(~0U));
}

/* What no tool of a small machine asks for: as a machine without it answers. */
static void absent_rows(void)
{
    for (u32 cmd = 0; cmd < 4; cmd++) {
        sysctl_begin();
        op.u.perfc_op.cmd = cmd;
        row(name_nth("perfc", "op", cmd), sysctl(XEN_SYSCTL_perfc_op));
        sysctl_begin();
        op.u.lockprof_op.cmd = cmd;
        row(name_nth("lockprof", "op", cmd), sysctl(XEN_SYSCTL_lockprof_op));
        sysctl_begin();
        op.u.coverage_op.cmd = cmd;
        row(name_nth("coverage", "op", cmd), sysctl(XEN_SYSCTL_coverage_op));
        sysctl_begin();
        op.u.psr_alloc.cmd = cmd;
        row(name_nth("psr_alloc", "op", cmd), sysctl(XEN_SYSCTL_psr_alloc));
        sysctl_begin();
        op.u.cpu_hotplug.cpu = 1000;
        op.u.cpu_hotplug.op = cmd + XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE;
        row(name_nth("hotplug", "op", cmd + 2), sysctl(XEN_SYSCTL_cpu_hotplug));
    }
    for (u32 cmd = 0; cmd < 7; cmd++) {
        sysctl_begin();
        op.u.psr_cmt_op.cmd = cmd;
        row(name_nth("psr_cmt", "op", cmd), sysctl(XEN_SYSCTL_psr_cmt_op));
    }
    sysctl_begin();
    op.u.psr_cmt_op.flags = 1;
    row("psr_cmt.flags", sysctl(XEN_SYSCTL_psr_cmt_op));
    sysctl_begin();
    row("levelling.answer", sysctl(XEN_SYSCTL_get_cpu_levelling_caps));
    sysctl_begin();
    op.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_ONLINE;
    row("hotplug.online_self", sysctl(XEN_SYSCTL_cpu_hotplug));
    op.u.cpu_hotplug.cpu = 1000;
    row("hotplug.online_nobody", sysctl(XEN_SYSCTL_cpu_hotplug));
    op.u.cpu_hotplug.op = XEN_SYSCTL_CPU_HOTPLUG_OFFLINE;
    row("hotplug.offline_nobody", sysctl(XEN_SYSCTL_cpu_hotplug));
    op.u.cpu_hotplug.cpu = 0;
    row("hotplug.offline_first", sysctl(XEN_SYSCTL_cpu_hotplug));
}

static void power_rows(void)
{
    static const u32 cmds[] = {0,    0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21,
                               0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x30};
    static const u32 types[] = {0, 0x11, 0x12, 0x13, 0x14, 0x31};

    for (u32 i = 0; i < ARRAY_SIZE(cmds); i++)
        for (u32 cpu = 0; cpu < 2000; cpu += 1000) {
            sysctl_begin();
            op.u.pm_op.cmd = cmds[i];
            op.u.pm_op.cpuid = cpu;
            row(name_nth(cpu ? "pm_nobody" : "pm", "op", cmds[i]), sysctl(XEN_SYSCTL_pm_op));
        }
    for (u32 i = 0; i < ARRAY_SIZE(types); i++)
        for (u32 cpu = 0; cpu < 2000; cpu += 1000) {
            sysctl_begin();
            op.u.get_pmstat.type = types[i];
            op.u.get_pmstat.cpuid = cpu;
            row(name_nth(cpu ? "pmstat_nobody" : "pmstat", "type", types[i]),
                sysctl(XEN_SYSCTL_get_pmstat));
        }
}

static void trace_rows(void)
{
    sysctl_begin();
    op.u.tbuf_op.evt_mask = 5;
    op.u.tbuf_op.buffer_mfn = 5;
    op.u.tbuf_op.size = 5;
    row("trace.info", sysctl(XEN_SYSCTL_tbuf_op));
    row("trace.events", op.u.tbuf_op.evt_mask);
    row("trace.buffer", (s64)op.u.tbuf_op.buffer_mfn);
    row("trace.size", op.u.tbuf_op.size);
    for (u32 cmd = XEN_SYSCTL_TBUFOP_enable; cmd < 8; cmd++) {
        sysctl_begin();
        op.u.tbuf_op.cmd = cmd;
        row(name_nth("trace", "op", cmd), sysctl(XEN_SYSCTL_tbuf_op));
    }
}

void guest_main(void)
{
    argument_rows();
    machine_rows();
    sched_rows();
    console_rows();
    trace_rows();
    power_rows();
    absent_rows();
    guest_end();
}
