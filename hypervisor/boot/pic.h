/* The two old interrupt controllers of a PC: out of the way. */
#ifndef HYPERVISOR_BOOT_PIC_H
#define HYPERVISOR_BOOT_PIC_H

/* Move their vectors and mask every line. A masked controller may still send its spurious vectors,
 * VECTOR_PIC + 7 and + 15. */
void pic_mask_all(void);

#endif
