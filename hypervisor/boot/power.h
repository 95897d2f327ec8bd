/* The machine's end: off, again, or standing still. */
#ifndef HYPERVISOR_BOOT_POWER_H
#define HYPERVISOR_BOOT_POWER_H

#include "hypervisor/boot/acpi.h"

/* Learn from ACPI how it is done (acpi_find_power). */
void power_init(u64 rsdp, acpi_map_fn map);

/* The first of the four I/O ports of ACPI's timer; 0 if it has none. */
u16 power_timer_port(void);

/* The register of the CMOS clock that counts centuries; 0 if there is none. */
u8 power_rtc_century(void);

/* Switch off by ACPI; where that cannot be done, say so and halt. */
NORETURN void machine_power_off(void);

/* Reset by ACPI's reset register, the keyboard controller, port 0xcf9 or a triple fault. A reboot
 * that was asked for: noreboot does not hold it back. */
NORETURN void machine_reboot(void);

/* After a panic: reboot when its report could have been read; with noreboot, halt. */
NORETURN void machine_restart_after_failure(void);

/* Stop this CPU for ever; says so. */
NORETURN void machine_halt(void);

#endif
