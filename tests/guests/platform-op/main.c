/*
 * platform_op: the control domain asks about the machine and sets the time of day. Linux calls a few
 * of these while it boots and believes the answers; all others must be refused as Xen refuses them,
 * or it takes a wrong turn.
 */
#include "tests/guests/common.h"

#define NOWHERE ((void *)0x400000000000)

static struct xen_platform_op op;

static long call(u32 cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return hypercall_platform_op((u64)&op);
}

static void clear(void)
{
    memset(&op, 0, sizeof(op));
}

static void argument_rows(void)
{
    clear();
    row("argument.unreadable", hypercall_platform_op((u64)NOWHERE));
    row("argument.of_the_hypervisor", hypercall_platform_op(HYPERVISOR_VIRT_START));
    row("argument.null", hypercall_platform_op(0));
    row("argument.no_version", hypercall_platform_op((u64)&op));
    op.interface_version = XENPF_INTERFACE_VERSION + 1;
    row("argument.another_version", hypercall_platform_op((u64)&op));
    for (u32 cmd = 0; cmd < 80; cmd++) {
        if (cmd == 17 || cmd == 62 || cmd == 56 || cmd == 57 || cmd == 51)
            continue;
        clear();
        row(name_nth("number", "cmd", cmd), call(cmd));
    }
}

void guest_main(void)
{
    argument_rows();
    for (u32 t = 0; t < 8; t++)
        for (u32 i = 0; i < 3; i++) {
            clear();
            op.u.firmware_info.type = t;
            op.u.firmware_info.index = i;
            row(name_nth(name_nth("firmware", "type", t) + 0, "i", i), call(XENPF_firmware_info));
            if (t == 5)
                console_printf("# kbd %u\n", op.u.firmware_info.u.kbd_shift_flags);
        }
    for (u32 i = 0; i < 4; i++) {
        clear();
        op.u.pcpu_info.xen_cpuid = i;
        row(name_nth("info", "rc", i), call(XENPF_get_cpuinfo));
        console_printf("# max %u flags %u apic %u acpi %u\n", op.u.pcpu_info.max_present, op.u.pcpu_info.flags, op.u.pcpu_info.apic_id, op.u.pcpu_info.acpi_id);
        clear();
        op.u.pcpu_version.xen_cpuid = i;
        row(name_nth("version", "rc", i), call(XENPF_get_cpu_version));
        console_printf("# max %u %s fam %u model %u step %u\n", op.u.pcpu_version.max_present, op.u.pcpu_version.vendor_id, op.u.pcpu_version.family, op.u.pcpu_version.model,  op.u.pcpu_version.stepping);
        clear();
        op.u.cpu_ol.cpuid = i;
        row(name_nth("online", "rc", i), call(XENPF_cpu_online));
        clear();
        op.u.cpu_ol.cpuid = i;
        row(name_nth("offline", "rc", i), call(XENPF_cpu_offline));
        clear();
        op.u.core_parking.type = i;
        row(name_nth("parking", "rc", i), call(XENPF_core_parking));
        clear();
        op.u.set_pminfo.type = i;
        row(name_nth("pminfo", "rc", i), call(XENPF_set_processor_pminfo));
        clear();
        op.u.platform_quirk.quirk_id = i;
        row(name_nth("quirk", "rc", i), call(XENPF_platform_quirk));
    }
    guest_end();
}
