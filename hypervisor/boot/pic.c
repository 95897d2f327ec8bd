/*
 * Firmware leaves the 8259 pair with vectors 8-15 and 0x70-0x77: the first eight are the CPU's own
 * exceptions, so that one stray timer tick would look like a double fault. They are moved before
 * interrupts are ever enabled, and masked.
 */
#include "hypervisor/boot/pic.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/vectors.h"

#define MASTER_COMMAND PIC_MASTER
#define MASTER_DATA    (PIC_MASTER + 1)
#define SLAVE_COMMAND  PIC_SLAVE
#define SLAVE_DATA     (PIC_SLAVE + 1)

#define ICW1_INIT  0x11 /* cascaded, edge-triggered, a fourth word follows */
#define ICW4_8086  0x01
#define SLAVE_LINE 2
#define LINES      8
#define MASK_ALL   0xff

void pic_mask_all(void)
{
    outb(MASTER_COMMAND, ICW1_INIT);
    outb(SLAVE_COMMAND, ICW1_INIT);
    outb(MASTER_DATA, VECTOR_PIC);
    outb(SLAVE_DATA, VECTOR_PIC + LINES);
    outb(MASTER_DATA, 1 << SLAVE_LINE);
    outb(SLAVE_DATA, SLAVE_LINE);
    outb(MASTER_DATA, ICW4_8086);
    outb(SLAVE_DATA, ICW4_8086);
    outb(MASTER_DATA, MASK_ALL);
    outb(SLAVE_DATA, MASK_ALL);
}
