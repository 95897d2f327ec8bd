/*
 * The mini-kernel on a network: its vif, an address, the page it serves; and the shell's commands
 * about it. Each prints what it does.
 */
#ifndef GUEST_KERNEL_MINI_NETWORK_H
#define GUEST_KERNEL_MINI_NETWORK_H

#include "xen-like/lib/types.h"

/* Brings the network up as far as it comes, once; later calls look how far it is now. False: what
 * should have worked has not (a guest without a vif is no failure). */
bool network_bring_up(void);

void network_show(const char *none);
void network_ping(const char *address);
void network_fetch(const char *url);
void network_bench(const char *address);

#endif
