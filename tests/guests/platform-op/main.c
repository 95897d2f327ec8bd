/*
 * platform_op: the control domain asks about the machine and sets the time of day. Linux calls a
 * few of these while it boots and believes the answers; numbers that nobody has must be refused as
 * Xen refuses them, or it takes a wrong turn.
 */
#include "guest-kernel/time/clock.h"
#include "tests/guests/common.h"

#define NOWHERE    ((void *)0x70000000)
#define NUMBER_END 70

static struct xen_platform_op op;

static struct xen_platform_op *cleared(void)
{
    memset(&op, 0, sizeof(op));
    return &op;
}

static long call(u32 cmd)
{
    op.cmd = cmd;
    op.interface_version = XENPF_INTERFACE_VERSION;
    return hypercall_platform_op((uintptr_t)&op);
}

static bool exists(u32 cmd)
{
    static const u8 all[] = {
        XENPF_settime32,           XENPF_settime64,       XENPF_add_memtype,
        XENPF_del_memtype,         XENPF_read_memtype,    XENPF_microcode_update,
        XENPF_platform_quirk,      XENPF_firmware_info,   XENPF_enter_acpi_sleep,
        XENPF_get_cpuinfo,         XENPF_get_cpu_version, XENPF_cpu_online,
        XENPF_cpu_offline,         XENPF_cpu_hotadd,      XENPF_mem_hotadd,
        XENPF_core_parking,        XENPF_resource_op,     XENPF_get_symbol,
        XENPF_set_processor_pminfo};

    for (u32 i = 0; i < ARRAY_SIZE(all); i++)
        if (all[i] == cmd)
            return true;
    return false;
}

static void argument_rows(void)
{
    row("argument.unreadable", hypercall_platform_op((uintptr_t)NOWHERE));
    row("argument.of_the_hypervisor", hypercall_platform_op(HYPERVISOR_VIRT_START));
    row("argument.null", hypercall_platform_op(0));
    cleared()->cmd = XENPF_get_cpuinfo;
    row("argument.no_version", hypercall_platform_op((uintptr_t)&op));
    op.interface_version = XENPF_INTERFACE_VERSION + 1;
    row("argument.another_version", hypercall_platform_op((uintptr_t)&op));
    for (u32 cmd = 0; cmd < NUMBER_END; cmd++) {
        cleared();
        if (!exists(cmd))
            row(name_nth("number", "unknown", cmd), call(cmd));
    }
    cleared();
    row("number.negative", call(~0U));
}

/* Which kinds there are, and of which there is a second. The screen's is not asked for: what Xen
 * knows of it depends on the machine's BIOS. */
static void firmware_rows(void)
{
    for (u32 type = 0; type < 8; type++) {
        cleared()->u.firmware_info.type = type;
        if (type != XEN_FW_VBEDDC_INFO)
            row(name_nth("firmware", "type", type), call(XENPF_firmware_info));
        cleared()->u.firmware_info.type = type;
        op.u.firmware_info.index = 1;
        row(name_nth("firmware", "second", type), call(XENPF_firmware_info));
    }
    cleared()->u.firmware_info.type = XEN_FW_KBD_SHIFT_FLAGS;
    op.u.firmware_info.u.kbd_shift_flags = 0x5a;
    call(XENPF_firmware_info);
    row("firmware.shift_keys", op.u.firmware_info.u.kbd_shift_flags);
}

static void cpu_rows(u32 cpu)
{
    struct xenpf_pcpuinfo *info = &cleared()->u.pcpu_info;
    struct xenpf_pcpu_version *version = &op.u.pcpu_version;

    info->xen_cpuid = cpu;
    info->apic_id = info->acpi_id = info->flags = info->max_present = 77;
    row(name_nth("cpu", "info", cpu), call(XENPF_get_cpuinfo));
    row(name_nth("cpu", "asked", cpu), info->xen_cpuid);
    row(name_nth("cpu", "flags", cpu), info->flags);
    row(name_nth("cpu", "apic", cpu), info->apic_id);
    row(name_nth("cpu", "acpi", cpu), info->acpi_id);
    row(name_nth("cpu", "last", cpu), info->max_present);
    memset(&cleared()->u, 0x7f, sizeof(op.u));
    version->xen_cpuid = cpu;
    row(name_nth("cpu", "version", cpu), call(XENPF_get_cpu_version));
    row(name_nth("cpu", "version_asked", cpu), version->xen_cpuid);
    row(name_nth("cpu", "family", cpu), version->family);
    row(name_nth("cpu", "model", cpu), version->model);
    row(name_nth("cpu", "stepping", cpu), version->stepping);
    row(name_nth("cpu", "version_last", cpu), version->max_present);
    row(name_nth("cpu", "is_amd", cpu), !memcmp(version->vendor_id, "AuthenticAMD", 12));
    row(name_nth("cpu", "has_no_vendor", cpu), !version->vendor_id[0] && !version->vendor_id[11]);
}

/* The wallclock at system time 0 that @secs and the others must lead to, modulo 2^64 ns. */
static void wallclock_row(const char *name, u64 secs, u32 nsecs, u64 system)
{
    u64 want = secs * NS_PER_SECOND + nsecs - system;
    const struct shared_info *s = shared_info;
    u64 seconds = (u64)s->WALL_SECONDS_HIGH << 32 | s->wc_sec;
    static u32 version;

    row_want(name_of(name, "seconds"), seconds == want / NS_PER_SECOND, 1);
    row_want(name_of(name, "ns"), s->wc_nsec == want % NS_PER_SECOND, 1);
    row_want(name_of(name, "version_is_new_and_even"),
             s->wc_version != version && !(s->wc_version & 1), 1);
    version = s->wc_version;
}

static const struct {
    const char *name;
    u64 secs;
    u32 nsecs;
    u64 system;
} times[] = {
    {"a_date", 1600000000, 5, 12345678901},
    {"the_beginning", 0, 0, 0},
    {"before_the_beginning", 0, 0, 1},
    {"more_ns_than_a_second_has", 1600000000, ~0u, 0},
    {"beyond_32_bits", 1ull << 33, 999999999, 1},
    {"beyond_64_bits_of_ns", 1ull << 40, 0, 7},
    {"system_time_of_all_ones", 1, 1, ~0ull},
};

static void settime_rows(void)
{
    u64 before = time_wall_ns(), system = time_now_ns();

    for (u32 i = 0; i < ARRAY_SIZE(times); i++) {
        cleared()->u.settime64 = (struct xenpf_settime64){
            .secs = times[i].secs, .nsecs = times[i].nsecs, .system_time = times[i].system};
        row(name_of("settime64", times[i].name), call(XENPF_settime64));
        wallclock_row(times[i].name, times[i].secs, times[i].nsecs, times[i].system);
    }
    cleared()->u.settime64 = (struct xenpf_settime64){.secs = 1, .mbz = 1};
    row("settime64.must_be_zero", call(XENPF_settime64));
    row("settime64.and_nothing_changed", shared_info->wc_sec == 1);
    cleared()->u.settime32 = (struct xenpf_settime32){~0u, ~0u, 3};
    row("settime32.answer", call(XENPF_settime32));
    wallclock_row("settime32", ~0u, ~0u, 3);

    cleared()->u.settime64 = (struct xenpf_settime64){
        .secs = before / NS_PER_SECOND, .nsecs = before % NS_PER_SECOND, .system_time = system};
    row("settime64.back", call(XENPF_settime64));
    row_want("settime64.back_to_the_ns", time_wall_base_ns() == before - system, 1);
}

/* CPUs that come and go. */
static void cpu_life_rows(void)
{
    static const u32 cpus[] = {0, 1, 77, ~0u};

    for (u32 i = 0; i < ARRAY_SIZE(cpus); i++) {
        cleared()->u.cpu_ol.cpuid = cpus[i];
        row(name_nth("cpu_life", "online", cpus[i]), call(XENPF_cpu_online));
        row(name_nth("cpu_life", "offline", cpus[i]), call(XENPF_cpu_offline));
    }
    for (u32 type = 0; type < 4; type++) {
        cleared()->u.core_parking.type = type;
        row(name_nth("parking", "type", type), call(XENPF_core_parking));
        row(name_nth("parking", "idle", type), op.u.core_parking.idle_nums);
    }
    cleared()->u.core_parking.type = XEN_CORE_PARKING_SET;
    op.u.core_parking.idle_nums = 9;
    row("parking.more_than_there_are", call(XENPF_core_parking));
}

void guest_main(void)
{
    cpu_life_rows();
    argument_rows();
    firmware_rows();
    cpu_rows(0);
    cpu_rows(1);
    cpu_rows(~0u);
    settime_rows();
    guest_end();
}
