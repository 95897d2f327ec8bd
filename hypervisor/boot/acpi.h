/*
 * The few things we want from ACPI: how to switch the machine off and how to reset it, and where
 * the devices are that the hypervisor keeps for itself (those of interrupts: madt.h). Firmware's
 * tables are input like any other: each is mapped for its length, checked against it and summed
 * before a field is believed. AML is not interpreted; \_S5_ is found by its bytes.
 */
#ifndef HYPERVISOR_BOOT_ACPI_H
#define HYPERVISOR_BOOT_ACPI_H

#include "xen-like/lib/types.h"

/* Address spaces of a generic address structure that we can write to. */
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO     1
#define ACPI_SPACE_PCI    2 /* configuration space of bus 0 */

struct acpi_power {
    bool can_off;      /* pm1a to type_b are valid */
    u16 pm1a, pm1b;    /* I/O ports of the PM1 control registers; pm1b may be 0 */
    u8 type_a, type_b; /* SLP_TYP for soft-off */
    u8 century;        /* its register in the CMOS clock, or 0 */
    u16 timer;         /* I/O port of the PM timer, or 0 */
    u16 smi_command;   /* I/O port, or 0: where to write acpi_enable while ACPI is off */
    u8 acpi_enable;

    bool can_reset; /* the three below are valid */
    u8 reset_space; /* ACPI_SPACE_* */
    u64 reset_address;
    u8 reset_value;
};

/* Physical bytes [phys, phys + length) as a pointer, or NULL when they cannot be reached. */
typedef const void *(*acpi_map_fn)(u64 phys, u64 length);

/*
 * Fill `power` from the tables that the RSDP at physical `rsdp` leads to (0: look for it where a
 * PC's firmware leaves it). NULL, or what is wrong in words; what was found until then is kept.
 */
const char *acpi_find_power(struct acpi_power *power, u64 rsdp, acpi_map_fn map);

/* The table of this signature, its length and checksum in order, and its length; or NULL. */
const void *acpi_find_table(const char *signature, u64 rsdp, acpi_map_fn map, u32 *length);

/* Where the HPET's registers are; 0: there is none in memory. */
u64 acpi_find_hpet(u64 rsdp, acpi_map_fn map);

#endif
