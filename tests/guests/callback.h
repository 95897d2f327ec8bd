/* Registering one callback: an address in the kernel's flat segment, in either width. */
#ifndef TESTS_GUESTS_CALLBACK_H
#define TESTS_GUESTS_CALLBACK_H

#include "guest-kernel/core/hypercall.h"

static inline long callback_register(unsigned int type, u64 flags, u64 address)
{
    struct callback_register c = {
        .type = (u16)type,
        .flags = (u16)flags,
#ifdef __x86_64__
        .address = address,
#else
        .address = {.cs = FLAT_KERNEL_CS, .eip = (unsigned long)address},
#endif
    };

    return hypercall_callback_op(CALLBACKOP_register, (uintptr_t)&c);
}

#endif
