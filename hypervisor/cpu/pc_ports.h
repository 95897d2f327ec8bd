/* I/O ports that every PC has, and that the hypervisor uses, keeps from guests or emulates. */
#ifndef HYPERVISOR_CPU_PC_PORTS_H
#define HYPERVISOR_CPU_PC_PORTS_H

#define IO_PORTS 0x10000U

#define PIC_MASTER 0x20 /* command, data */
#define PIC_SLAVE  0xa0

#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61 /* the two lowest bits: channel 2's gate, the speaker; others: NMIs */
#define PIT_HZ       1193182

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71

#define PCI_CONFIG_ADDRESS 0xcf8
#define PCI_CONFIG_DATA    0xcfc      /* four */
#define PCI_CONFIG_ENABLE  (1U << 31) /* of the address: else it is a port like any other */

#endif
