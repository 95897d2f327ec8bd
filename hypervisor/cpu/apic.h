/*
 * The local APIC of each CPU, and who handles which interrupt.
 *
 * The hypervisor never opens interrupts in ring 0 (docs/interrupts.md): one is taken only where it
 * finds a guest running, whose IF is always 1. So a handler finds no lock held and nothing half
 * done, and may do anything at once. Work that takes long asks irq_pending() and lets its guest
 * run, which takes the interrupt, and do the call again.
 */
#ifndef HYPERVISOR_CPU_APIC_H
#define HYPERVISOR_CPU_APIC_H

#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/vectors.h"

/*
 * Take this CPU's local APIC: on, every local source masked, but on CPU 0 the machine's NMI
 * (LINT1). Each CPU once, by itself; the first maps the registers, so hv_map_mmio() must work. A
 * machine without one gets a line in the log, and no interrupts.
 */
void apic_init(void);

/* Is there one at all? */
bool apic_present(void);

/* This CPU's identity in the interrupt system; 0 when there is no APIC. */
u32 apic_id(void);

/* Registers, by their offset in the xAPIC's page (Intel SDM vol. 3, table 11-1). */
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 v);

/* Send the CPU whose APIC is @id what @command says: a vector, or APIC_COMMAND_*. Everything that
 * was stored before is seen by who takes it. */
#define APIC_COMMAND_NMI  (4U << 8)
#define APIC_COMMAND_INIT (5U << 8 | 1U << 14)
#define APIC_COMMAND_START(at)                                                                     \
    (6U << 8 | 1U << 14 | (u32)((at) >> 12)) /* real mode, below 1 MiB                             \
                                              */
void apic_send(u32 id, u32 command);

/* Send this CPU VECTOR_WAKE. Also from an NMI. */
void apic_wake_self(void);

/*
 * Interrupts of @vector are @fn's from now on: called with @data on the CPU that took it,
 * acknowledged when it returns. The guest's registers are in this_cpu()->regs, complete; to let
 * another vcpu run, it sets work bits as others do. One handler a vector (BUG otherwise).
 */
void irq_set_handler(u8 vector, void (*fn)(void *data), void *data);

/* A vector of those for devices that has no handler yet, and it is @fn's: the vector, or -ENOSPC;
 * and back again. What still comes then is an unexpected interrupt. */
int vector_alloc(void (*fn)(void *data), void *data);
void vector_free(u8 vector);

/* Does an interrupt that somebody handles wait for this CPU to run a guest? No lock needed; a few
 * reads of device registers. */
bool irq_pending(void);

/* The entry of all vectors from 32 on. One without a handler is logged once, and costs nothing
 * else. */
void irq_take(struct cpu_user_regs *regs);

#endif
