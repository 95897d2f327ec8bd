/* The address spaces of the running vcpu: its two base pointers and its LDT. */
#ifndef HYPERVISOR_DOMAIN_BASE_H
#define HYPERVISOR_DOMAIN_BASE_H

#include "hypervisor/domain/domain.h"

/*
 * MMUEXT_NEW_BASEPTR: make the L4 at @m the kernel's tables of @v, which is running, and load it.
 * MMUEXT_NEW_USER_BASEPTR: those of its user space (MFN(0): none), loaded when it is entered.
 * Each holds a reference and a type reference for as long. 0 or -EINVAL. The latter are none of a
 * 32-bit guest's.
 */
int vcpu_set_base(struct vcpu *v, mfn_t m);
int vcpu_set_user_base(struct vcpu *v, mfn_t m);

/* MMUEXT_SET_LDT: @entries descriptors at the page-aligned guest address @va. 0 or -EINVAL. */
int vcpu_set_ldt(struct vcpu *v, u64 va, u32 entries);

/* Give back the LDT's frames of @v, which runs nowhere. */
void vcpu_drop_ldt(struct vcpu *v);

/* Show @v's LDT, as far as the CPU has seen it, in this CPU's window. The caller flushes. */
void vcpu_show_ldt(const struct vcpu *v);

/*
 * The tables of the running vcpu's kernel in force, whatever it was doing: what it has registered
 * lies in its kernel's memory. kernel_tables_end() is given what kernel_tables_begin() answered.
 */
u64 kernel_tables_begin(void);
void kernel_tables_end(u64 before);

/* A fault at @va within the LDT's window: show the CPU the guest's page of descriptors there, if it
 * is (or can become) one. True: the access may be tried again. */
bool vcpu_map_ldt(struct vcpu *v, u64 va);

#endif
