/*
 * The trace: what happens, in records that Xen's readers know (abi/trace.h), one buffer for each
 * CPU (trace_buffer.h). The hypervisor's paths call trace(), which while nothing is recorded is one
 * test of a word that is never written, and a jump that is never taken. Hypercalls do not even
 * that: percpu.syscall_entry leads to another entry while they are recorded.
 *
 * Buffers are made once, by tbuf_size= or by whoever controls the machine, and stay. Of an event
 * the mask knows the class and the subclass. Nothing here takes a lock or allocates, but
 * trace_set_size.
 */
#ifndef HYPERVISOR_DEBUG_TRACE_H
#define HYPERVISOR_DEBUG_TRACE_H

#include "xen-like/abi/trace.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/mm/types.h"

#define TRACE_CLASSES 0x0fff0000u

extern u32 trace_mask; /* the events that are recorded; 0 if none are */

/* Is any event of this class recorded? (Its subclass may not be; and it may be over.) In host tests
 * none is, so that they need not link the recorder. */
static inline bool trace_wants(u32 event)
{
#ifdef HOST_TEST
    return false & event;
#else
    return unlikely(trace_mask & event & TRACE_CLASSES);
#endif
}

/* Of a function that records on a hot path: out of line, and changing no register, so that who goes
 * on without it saves none. (The compiler wants no vectors for that, and the host's libraries do.)
 */
#ifdef HOST_TEST
#define TRACE_COLD __attribute__((cold, noinline))
#else
#define TRACE_COLD __attribute__((cold, noinline, no_caller_saved_registers))
#endif
__attribute__((cold)) void trace_record(u32 event, u32 count, const u32 *words);

/* Short for two frequent forms: the words are domain and vcpu, or `who'. */
struct vcpu;
TRACE_COLD void trace_record_vcpu(u32 event, const struct vcpu *v);
TRACE_COLD void trace_record_who(u32 event, const struct vcpu *v);
#define trace_vcpu(name, v)                                                                        \
    do                                                                                             \
        if (trace_wants(XL_TRACE_##name))                                                          \
            trace_record_vcpu(XL_TRACE_##name, v);                                                 \
    while (0)

/* One of abi/trace.h's events, by name, with its words; 64-bit ones by TRACE_64. Any context with
 * interrupts off but an NMI's. */
#define trace(name, ...) trace_event(XL_TRACE_##name, __VA_ARGS__)
#define trace_event(event, ...)                                                                    \
    do {                                                                                           \
        if (trace_wants(event)) {                                                                  \
            const u32 trace_words[] = {__VA_ARGS__};                                               \
            trace_record(event, ARRAY_SIZE(trace_words), trace_words);                             \
        }                                                                                          \
    } while (0)
#define TRACE_64(x) (u32)(x), (u32)((u64)(x) >> 32)

/* A word of it: who. */
#define TRACE_WHO(v) ((u32)(v)->domain->id << 16 | (v)->id)

/* Options: tevt_mask= and tbuf_size= as Xen's; tbuf=keep-last, ours: full buffers forget their
 * oldest records. NULL, or what was expected. */
const char *trace_set_mask(const char *value);
const char *trace_set_pages(const char *value);
const char *trace_set_full(const char *value);

/* A call in a list (the calls themselves: entry.asm), with its five arguments. */
void trace_subcall(u32 op, const u64 *args);

/* A record that the control domain asks for: of XL_TRC_RING, or of TRC_GUEST. 1: such are
 * recorded; 0: they are not wanted; or -EINVAL. */
struct xl_trace_record;
int trace_record_given(const struct xl_trace_record *r);

/* Boot, when all CPUs are up: make what tbuf_size= asks for; and begin, if it was made. */
void trace_init(void);
void trace_start(void);

/* tbuf_op, one caller at a time. The frames of buffers and t_info are DOMID_XEN's, to be mapped.
 * 0; -EINVAL, -EBUSY: there are buffers, of another or just this size; -ENOMEM. */
struct trace_state {
    u32 mask;       /* of events, whether or not they are recorded now */
    mfn_t info;     /* of t_info; 0: there is none */
    u32 info_pages; /* that it has */
};
void trace_state(struct trace_state *to);
int trace_set_size(u32 pages);
int trace_enable(bool on);
void trace_set_events(u32 mask);
void trace_set_cpus(const struct cpu_set *cpus);

#endif
