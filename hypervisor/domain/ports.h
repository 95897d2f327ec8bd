/*
 * Which I/O ports a domain may use: a bitmap, which only a domain has that was ever allowed any.
 * Whether its vcpu has also asked for them (IOPL, permission bitmap) is another question
 * (cpu/emulate_io.c). Bits are changed and read without a lock.
 */
#ifndef HYPERVISOR_DOMAIN_PORTS_H
#define HYPERVISOR_DOMAIN_PORTS_H

#include "hypervisor/domain/domain.h"

/* The @count ports from @first on, all of which must exist. False: out of memory. */
bool ports_allow(struct domain *d, u32 first, u32 count);

/* Those that do not exist are passed over. */
void ports_deny(struct domain *d, u32 first, u32 count);

/* May @d use all of these ports? Those past the last port nobody may. */
bool ports_allowed(const struct domain *d, u32 first, u32 count);

#endif
