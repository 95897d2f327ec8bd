/*
 * physdev_op: what a vcpu may do with I/O ports by its own belief: its IOPL, and the bitmap that
 * lends single ports. The CPU is never given either; an access to a port faults, and who emulates
 * it (hypervisor/cpu/emulate_io.c) looks at both.
 *
 * The operations on interrupts and on PCI devices come with those.
 */
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/mm/uaccess.h"

#define IOPL_MAX 3U

/* The value is kept even while no assist makes bounces show it, and is shown once one does. */
static long iopl_set(u64 arg)
{
    struct physdev_set_iopl set;
    struct vcpu *v = current;
    u32 iopl;

    if (guest_read(&set, arg, sizeof(set)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (set.iopl > IOPL_MAX)
        return refuse(XEN_EINVAL, "there is no such privilege level");
    iopl = set.iopl * IOPL_IN_RFLAGS;
    if (domain_assists(v->domain, VMASST_TYPE_architectural_iopl))
        v->iopl = iopl;
    else
        v->iopl_hidden = iopl;
    return 0;
}

static long io_bitmap_set(u64 arg)
{
    struct physdev_set_iobitmap set;

    if (guest_read(&set, arg, sizeof(set)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (!guest_range_ok((u64)set.bitmap.p, IO_PORTS / 8))
        return refuse(XEN_EINVAL, "the bitmap is not in guest memory");
    if (set.nr_ports > IO_PORTS)
        return refuse(XEN_EINVAL, "there are not so many ports");
    current->io_bitmap = (u64)set.bitmap.p;
    current->io_bitmap_ports = set.nr_ports;
    return 0;
}

long hc_physdev_op(unsigned long cmd, unsigned long arg)
{
    switch ((u32)cmd) {
    case PHYSDEVOP_set_iopl:
        return iopl_set(arg);
    case PHYSDEVOP_set_iobitmap:
        return io_bitmap_set(arg);
    default:
        return refuse(XEN_ENOSYS, "no such operation on devices, or not there yet");
    }
}
