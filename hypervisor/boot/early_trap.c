/*
 * The interrupt table of the boot: thirty-two gates to stubs in start.asm, all of which end here.
 * Nothing is resumed; the point is only to be told.
 */
#include "hypervisor/boot/early_trap.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"

#define BOOT_CS        8 /* in start.asm's descriptor table */
#define GATE_INTERRUPT 0x8e00U
#define VECTOR_PF      14

extern const char early_trap_stubs[];

/* A 16-byte interrupt gate as four words (Intel SDM vol. 3, 6.14.1). */
static u32 early_idt[EARLY_TRAPS][4] __attribute__((aligned(16)));

void early_traps_init(void)
{
    const struct table_reg idt = {sizeof(early_idt) - 1, (u64)early_idt};

    for (u32 v = 0; v < EARLY_TRAPS; v++) {
        u64 stub = (u64)early_trap_stubs + v * EARLY_TRAP_STUB_BYTES;

        early_idt[v][0] = BOOT_CS << 16 | (stub & 0xffff);
        early_idt[v][1] = (stub & 0xffff0000) | GATE_INTERRUPT;
        early_idt[v][2] = stub >> 32;
    }
    lidt(&idt);
}

void early_trap(const struct early_frame *frame)
{
    panic("exception %lu during boot, error code %#lx\nat %#lx, stack %#lx, fault address %#lx",
          frame->vector, frame->error, frame->rip, frame->rsp,
          frame->vector == VECTOR_PF ? read_cr2() : 0);
}
