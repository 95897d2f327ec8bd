/*
 * Which of the CPU's 256 vectors means what. The processor takes the highest class (vector >> 4)
 * first, which hardly matters here: every handler runs to its end with interrupts off.
 *
 *   0x00-0x1f  the CPU's exceptions
 *   0x20-0x2f  the 8259 pair, masked: at most its two spurious ones come
 *   0x30-0xef  lines of devices, but for 0x80 and 0x82, whose gates a guest's `int 0x80` may pass
 *              and a 32-bit guest's calls: an interrupt there could not be told from them
 *   0xf0-0xff  the hypervisor's own
 *
 * irq_pending() reads a word of the local APIC for each 32 vectors in use: what is in use should
 * lie close together.
 */
#ifndef HYPERVISOR_CPU_VECTORS_H
#define HYPERVISOR_CPU_VECTORS_H

#define VECTORS            256
#define VECTOR_PIC         0x20 /* sixteen */
#define VECTOR_DEVICE      0x30
#define VECTORS_XEN        208 /* that Xen has for devices on each CPU: guests see a sum of it */
#define VECTOR_GUEST_INT80 0x80
#define VECTOR_HYPERCALL   0x82 /* of 32-bit guests: xen-x86_32.h */
#define VECTOR_CONSOLE     0xf0 /* the serial line: bytes received */
#define VECTOR_TIMER       0xf1 /* the local APIC's timer */
#define VECTOR_WAKE        0xf2 /* look at vcpu.work again, nothing more */
#define VECTOR_SMP         0xf3 /* another CPU wants something: cpu/smp.h */
#define VECTOR_SPURIOUS    0xff

/* Those whose gates a guest's own instruction may pass. */
#define VECTOR_IS_GUESTS(v) ((v) == VECTOR_GUEST_INT80 || (v) == VECTOR_HYPERCALL)

#endif
