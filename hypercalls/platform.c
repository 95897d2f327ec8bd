/*
 * platform_op: what the control domain may ask and tell of the machine (platform.h). The structure
 * is one for all operations, and read whole before anything is looked at.
 */
#include "hypercalls/authority.h"
#include "hypercalls/hypercalls.h"

#include "hypervisor/boot/madt.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/wallclock.h"
#include "xen-like/lib/string.h"

#define BIOS_SHIFT_FLAGS 0x417 /* in the BIOS's data: what INT 16h, AH = 2 answers */

#define ANSWER(arg, op, field)                                                                     \
    answer((arg) + offsetof(struct xen_platform_op, field), &(op)->field, sizeof((op)->field))

static long time_set(const struct xenpf_settime64 *t)
{
    if (t->mbz)
        return refuse(XEN_EINVAL, "a field that must be 0 is not");
    wallclock_set(t->secs, t->nsecs, t->system_time);
    return 0;
}

/* Disks and screens are known to who asked the BIOS before it was left, which we do not. */
static long firmware_info(struct xen_platform_op *op, u64 arg)
{
    struct xenpf_firmware_info *info = &op->u.firmware_info;

    switch (info->type) {
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (info->index)
            return refuse(XEN_ESRCH, "there is one keyboard");
        info->u.kbd_shift_flags = *(const u8 *)phys_to_virt(BIOS_SHIFT_FLAGS);
        return ANSWER(arg, op, u.firmware_info.u.kbd_shift_flags);
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return refuse(XEN_ESRCH, "the BIOS was not asked");
    case XEN_FW_EFI_INFO:
        return refuse(XEN_ENOSYS, "not booted by EFI");
    default:
        return refuse(XEN_EINVAL, "no such kind of firmware information");
    }
}

static bool cpu_present(u32 cpu)
{
    return cpu < cpus_online;
}

static long cpu_info(struct xen_platform_op *op, u64 arg)
{
    struct xenpf_pcpuinfo *info = &op->u.pcpu_info;

    info->flags = XEN_PCPU_FLAGS_INVALID;
    if (cpu_present(info->xen_cpuid)) {
        info->flags = XEN_PCPU_FLAGS_ONLINE;
        info->apic_id = smp_apic_id(info->xen_cpuid);
        info->acpi_id = madt.processor[info->apic_id];
    }
    info->max_present = cpus_online - 1;
    return ANSWER(arg, op, u.pcpu_info);
}

/* Family and model with their extensions: Intel SDM vol. 2, CPUID. */
static long cpu_version(struct xen_platform_op *op, u64 arg)
{
    struct xenpf_pcpu_version *version = &op->u.pcpu_version;
    u32 eax = cpuid(1, 0).eax, family = eax >> 8 & 0xf;

    *version = (struct xenpf_pcpu_version){.xen_cpuid = version->xen_cpuid};
    if (cpu_present(version->xen_cpuid)) {
        memcpy(version->vendor_id, features.vendor, sizeof(version->vendor_id));
        version->family = family + (family == 0xf ? eax >> 20 & 0xff : 0);
        version->model = (eax >> 4 & 0xf) | (family >= 6 ? eax >> 12 & 0xf0 : 0);
        version->stepping = eax & 0xf;
    }
    return ANSWER(arg, op, u.pcpu_version);
}

/* CPUs come up at boot and stay. */
static long cpu_online(u32 cpu)
{
    return cpu_present(cpu) ? 0 : refuse(XEN_EINVAL, "there is no such CPU");
}

static long cpu_offline(u32 cpu)
{
    if (!cpu)
        return refuse(XEN_EOPNOTSUPP, "the first CPU cannot go down");
    return cpu_present(cpu) ? refuse(XEN_EBUSY, "a CPU that is up stays so") : cpu_online(cpu);
}

/* No CPU is parked: the least that may be asked for is what there is. */
static long core_parking(struct xen_platform_op *op, u64 arg)
{
    switch (op->u.core_parking.type) {
    case XEN_CORE_PARKING_SET:
        return op->u.core_parking.idle_nums && cpus_online > 1
                   ? refuse(XEN_EBUSY, "CPUs are not parked")
                   : 0;
    case XEN_CORE_PARKING_GET:
        op->u.core_parking.idle_nums = 0;
        return ANSWER(arg, op, u.core_parking);
    default:
        return refuse(XEN_EINVAL, "the number of parked CPUs is asked or set");
    }
}

static long operation(struct xen_platform_op *op, u64 arg)
{
    switch (op->cmd) {
    case XENPF_settime32:
        wallclock_set(op->u.settime32.secs, op->u.settime32.nsecs, op->u.settime32.system_time);
        return 0;
    case XENPF_settime64:
        return time_set(&op->u.settime64);
    case XENPF_firmware_info:
        return firmware_info(op, arg);
    case XENPF_get_cpuinfo:
        return cpu_info(op, arg);
    case XENPF_get_cpu_version:
        return cpu_version(op, arg);
    case XENPF_cpu_online:
        return cpu_online(op->u.cpu_ol.cpuid);
    case XENPF_cpu_offline:
        return cpu_offline(op->u.cpu_ol.cpuid);
    case XENPF_core_parking:
        return core_parking(op, arg);
    default:
        return refuse(XEN_ENOSYS, "no such operation on the machine, or not there yet");
    }
}

long hc_platform_op(unsigned long arg)
{
    struct xen_platform_op op;
    int rc;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return refuse(XEN_EACCES, "another version of the interface");
    rc = authorise(DEED_CONTROL, NULL);
    return rc ? rc : operation(&op, arg);
}

/* Guests get no performance counters, whoever they are. */
long hc_xenpmu_op(unsigned long cmd, unsigned long arg)
{
    (void)cmd, (void)arg;
    return refuse(XEN_EOPNOTSUPP, "performance counters are the hypervisor's");
}
