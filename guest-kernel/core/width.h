/*
 * What each width does in its own way, in x86_64/cpu.c and x86_32/cpu.c; beside it there are the
 * assembly files, trap_frame.h, and paging.h with direct_map.c and kernel_root.c.
 */
#ifndef GUEST_KERNEL_CORE_WIDTH_H
#define GUEST_KERNEL_CORE_WIDTH_H

#include "guest-kernel/core/trap_frame.h"
#include "guest-kernel/core/vcpu.h"

/* Registers the callbacks; makes those that can be told to mask upcalls. 0 or a negative errno. */
long callbacks_register(void);
long callbacks_mask(void);

void registers_print(const struct trap_frame *frame);

/* What a vcpu begins with that is not the same in both widths: fn(vcpu) on its stack, the
 * callbacks, and the register by which vcpu_self finds it. The rest of *context is filled in
 * already. */
void context_begin(struct vcpu_guest_context *context, const struct vcpu *vcpu,
                   void (*fn)(struct vcpu *), void *stack_top);

/* The boot vcpu is found by that register, too, from now on. 0 or a negative errno. */
long vcpu_boot_begin(void);

#endif
