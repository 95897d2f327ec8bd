/* The devices that dom0 drives. */
#ifndef DOM0_DRIVERS_DRIVERS_H
#define DOM0_DRIVERS_DRIVERS_H

/* Finds and starts them all: afterwards `disks` (disk.h) and `nics` (nic.h) are what there is,
 * which may be nothing. After loop_init, before loop_run. */
void drivers_start(void);

#endif
