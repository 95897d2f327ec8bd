/*
 * The machine's network cards as ports of the bridge: see nic_port.c.
 */
#ifndef DOM0_BRIDGE_NIC_PORT_H
#define DOM0_BRIDGE_NIC_PORT_H

#include "dom0/bridge/bridge.h"
#include "dom0/drivers/nic.h"

/* The card's frames go to the bridge from now on, and the bridge's to the card. 0 or -ENOMEM. */
int nic_port_add(struct bridge *bridge, struct nic *nic);

#endif
