/*
 * FPU, SSE, AVX and AVX-512 state of vcpus ("extended state": Intel SDM vol. 1, chapter 13).
 *
 * The hypervisor itself has none: it is compiled to use general registers only. So what is in these
 * registers is the running vcpu's, always, and moves when the vcpu does: all of it, at once.
 * Nothing waits for a first use (#NM), which would let a CPU that speculates read the last owner's
 * values; CR0.TS is only ever what the guest itself has asked for.
 *
 * Trick: save and restore cover every state that any guest may have, whatever this guest has
 * switched on. What it never touched is then in its initial state when it does switch it on, with
 * nothing to do, and nothing of another guest can wait there.
 */
#ifndef HYPERVISOR_CPU_XSTATE_H
#define HYPERVISOR_CPU_XSTATE_H

#include "xen-like/lib/types.h"

/* Bits of XCR0. What is not here no paravirtual guest gets, as under Xen: MPX, protection keys,
 * AMX. */
#define XSTATE_X87    (1UL << 0)
#define XSTATE_SSE    (1UL << 1)
#define XSTATE_YMM    (1UL << 2)
#define XSTATE_AVX512 (7UL << 5) /* three states that only go together */
#define XSTATE_LEGACY (XSTATE_X87 | XSTATE_SSE)
#define XSTATE_GUESTS (XSTATE_LEGACY | XSTATE_YMM | XSTATE_AVX512)

#define LEAF_XSTATE 0xdU

/* As XSAVE writes it, in the standard form: 512 bytes as FXSAVE has them, a header, the rest. */
struct xstate_header {
    u64 present, compacted, reserved[6];
};
struct xstate_area {
    u16 control, status, tags, opcode;
    u64 last_instruction, last_data;
    u32 mxcsr, mxcsr_mask;
    u8 registers[480];
    struct xstate_header header;
};

/* Of a vcpu. current only. */
struct xstate {
    struct xstate_area *area; /* meaningless while the vcpu runs */
    u64 xcr0;                 /* what the guest has set; 0: nothing yet, and x87 and SSE are on */
    u64 xcr0_ever;            /* each bit that it has ever set */
};

/* Of this machine; set once. */
struct xstate_limits {
    u64 mask;            /* what guests may have; 0: there is no XSAVE, and no XCR0 */
    u32 bytes;           /* of an area with all of that */
    u32 mxcsr_mask;      /* bits of MXCSR that this CPU has */
    bool stale_pointers; /* XRSTOR leaves the last guest's instruction and data pointers */
};
extern struct xstate_limits xstate_limits;

struct vcpu;

/* Find out the limits. Boot CPU, after features_enable(). */
void xstate_init(void);

/* The initial state for a new vcpu; false when out of memory. And its end. */
bool xstate_alloc(struct vcpu *v);
void xstate_free(struct vcpu *v);

/* The state of a vcpu that is not running becomes the initial one, or what @fx holds: 512 bytes as
 * vcpu_guest_context.fpu_ctxt gives them, of which nothing need be true. */
void xstate_reset(struct vcpu *v, const void *fx);

/*
 * Between this CPU's registers and the memory of @v, which runs here until now, or from now on.
 * Restoring also puts its XCR0 and CR0.TS in force. An image that the CPU refuses is replaced by
 * the initial state; MXCSR keeps the bits that exist, as under Xen.
 */
void xstate_save(struct vcpu *v);
void xstate_restore(struct vcpu *v);

/* The running vcpu sets or clears its CR0.TS. */
void xstate_set_ts(struct vcpu *v, bool on);

/* xsetbv by the running vcpu. False: #GP. */
bool xstate_set_xcr0(struct vcpu *v, u32 index, u64 value);

/*
 * May an image with this header be some vcpu's state, with these values of its XCR0? 0, or as Xen
 * says it: EINVAL (bits that it cannot have), EOPNOTSUPP (the compacted form), EIO (reserved bytes
 * in use).
 */
long xstate_check(u64 xcr0, u64 xcr0_ever, const struct xstate_header *header);

/* How long the image of a vcpu is that has these bits of XCR0. */
u32 xstate_bytes(u64 xcr0);

#ifdef DEBUG
/* Leave something in every register, so that a missing restore shows. Before the first guest. */
void xstate_disturb(struct vcpu *v);
#endif

#endif
