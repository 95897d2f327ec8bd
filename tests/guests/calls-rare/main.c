/*
 * Calls that an ordinary control domain makes once, to learn that it has to do without: performance
 * counters, security modules, messages between domains. Linux and Xen's tools go on by what they
 * are told here, so each must refuse as Debian's Xen does.
 */
#include "tests/guests/common.h"

#define NOWHERE 0x70000000ull

static u64 zeros[64];

static u64 cleared(void)
{
    memset(zeros, 0, sizeof(zeros));
    return (uintptr_t)zeros;
}

static void pmu_rows(void)
{
    for (u32 cmd = 0; cmd < 9; cmd++)
        row(name_nth("pmu", "op", cmd), hypercall_xenpmu_op(cmd, cleared()));
    row("pmu.unreadable", hypercall_xenpmu_op(0, NOWHERE));
}

/* What Xen is built without, too. */
static void absent_rows(void)
{
    for (u32 cmd = 0; cmd < 8; cmd++) {
        row(name_nth("argo", "op", cmd), hypercall_argo_op(cmd, 0, 0, 0, 0));
        row(name_nth("tmem", "op", cmd), hypercall_tmem_op(cleared()));
    }
    row("xsm.op", hypercall_xsm_op(cleared()));
    row("xsm.nowhere", hypercall_xsm_op(NOWHERE));
}

void guest_main(void)
{
    pmu_rows();
    absent_rows();
    guest_end();
}
