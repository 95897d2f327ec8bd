/* The two old interrupt controllers of a PC: out of the way. */
#ifndef HYPERVISOR_BOOT_PIC_H
#define HYPERVISOR_BOOT_PIC_H

#define PIC_VECTOR_FIRST 0x20 /* sixteen vectors from here, past the CPU's exceptions */

/* Move their vectors and mask every line. A masked controller may still send its spurious vectors,
 * PIC_VECTOR_FIRST + 7 and + 15. */
void pic_mask_all(void);

#endif
