/*
 * Layouts that something outside C relies on: assembly that reaches into a structure, hardware, a
 * guest built by another compiler, or the other width. This file is compiled in every build and
 * linked into none: if a header ever disagrees with a number here, the build stops, and the number
 * says what an old guest binary believes. (These are the only places where offsets of the ABI are
 * typed; everything else takes them from the headers.)
 */
#include "xen-like/abi/calls.h"
#include "xen-like/abi/intercept.h"
#include "xen-like/abi/trace.h"

#define ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed size")
#define ASSERT_AT(type, member, bytes)                                                             \
    _Static_assert(offsetof(type, member) == (bytes), #type "." #member " moved")

/* What a guest's entry code and event loop read without asking. */
ASSERT_SIZE(struct vcpu_info, 64);
ASSERT_AT(struct vcpu_info, evtchn_upcall_pending, 0);
ASSERT_AT(struct vcpu_info, evtchn_upcall_mask, 1);
ASSERT_AT(struct vcpu_info, evtchn_pending_sel, 8);
ASSERT_AT(struct vcpu_info, arch.cr2, 16);
ASSERT_AT(struct vcpu_info, time, 32);
ASSERT_SIZE(struct vcpu_time_info, 32);
ASSERT_AT(struct vcpu_time_info, tsc_timestamp, 8);
ASSERT_AT(struct vcpu_time_info, system_time, 16);
ASSERT_AT(struct vcpu_time_info, tsc_to_system_mul, 24);
ASSERT_AT(struct vcpu_time_info, tsc_shift, 28);

_Static_assert(XEN_LEGACY_MAX_VCPUS == 32, "shared_info has room for another number of vcpus");
ASSERT_AT(struct shared_info, vcpu_info, 0);
ASSERT_AT(struct shared_info, evtchn_pending, 2048);
ASSERT_AT(struct shared_info, evtchn_mask, 2560);
ASSERT_AT(struct shared_info, wc_version, 3072);
ASSERT_AT(struct shared_info, wc_sec, 3076);
ASSERT_AT(struct shared_info, wc_nsec, 3080);
ASSERT_AT(struct shared_info, arch, 3088);
ASSERT_AT(struct arch_shared_info, max_pfn, 0);
ASSERT_AT(struct arch_shared_info, pfn_to_mfn_frame_list_list, 8);
_Static_assert(sizeof(struct shared_info) <= PAGE_SIZE, "shared_info left its page");

/* The page that RSI points to when a kernel starts. */
ASSERT_AT(struct start_info, magic, 0);
ASSERT_AT(struct start_info, nr_pages, 32);
ASSERT_AT(struct start_info, shared_info, 40);
ASSERT_AT(struct start_info, flags, 48);
ASSERT_AT(struct start_info, store_mfn, 56);
ASSERT_AT(struct start_info, store_evtchn, 64);
ASSERT_AT(struct start_info, console.domU.mfn, 72);
ASSERT_AT(struct start_info, console.domU.evtchn, 80);
ASSERT_AT(struct start_info, console.dom0.info_off, 72);
ASSERT_AT(struct start_info, pt_base, 88);
ASSERT_AT(struct start_info, nr_pt_frames, 96);
ASSERT_AT(struct start_info, mfn_list, 104);
ASSERT_AT(struct start_info, mod_start, 112);
ASSERT_AT(struct start_info, mod_len, 120);
ASSERT_AT(struct start_info, cmd_line, 128);
ASSERT_AT(struct start_info, first_p2m_pfn, 1152);
ASSERT_AT(struct start_info, nr_p2m_frames, 1160);

/* Frames on the guest's kernel stack, which entry code on both sides builds and takes apart. */
ASSERT_SIZE(struct iret_context, 72);
ASSERT_AT(struct iret_context, rax, 0);
ASSERT_AT(struct iret_context, r11, 8);
ASSERT_AT(struct iret_context, rcx, 16);
ASSERT_AT(struct iret_context, flags, 24);
ASSERT_AT(struct iret_context, rip, 32);
ASSERT_AT(struct iret_context, cs, 40);
ASSERT_AT(struct iret_context, rflags, 48);
ASSERT_AT(struct iret_context, rsp, 56);
ASSERT_AT(struct iret_context, ss, 64);

/* Requests, which the gate copies in as arrays. */
ASSERT_SIZE(struct trap_info, 16);
ASSERT_AT(struct trap_info, flags, 1);
ASSERT_AT(struct trap_info, cs, 2);
ASSERT_AT(struct trap_info, address, 8);
ASSERT_SIZE(struct mmu_update, 16);
ASSERT_AT(struct mmu_update, val, 8);
ASSERT_SIZE(struct mmuext_op, 24);
ASSERT_AT(struct mmuext_op, arg1, 8);
ASSERT_AT(struct mmuext_op, arg2, 16);
ASSERT_SIZE(struct multicall_entry, 64);
ASSERT_AT(struct multicall_entry, op, 0);
ASSERT_AT(struct multicall_entry, result, 8);
ASSERT_AT(struct multicall_entry, args, 16);
ASSERT_SIZE(struct xen_memory_reservation, 32);
ASSERT_SIZE(struct xen_memory_map, 16);
ASSERT_SIZE(struct xen_machphys_mapping, 24);
ASSERT_SIZE(struct xen_machphys_mfn_list, 24);
ASSERT_SIZE(struct sched_poll, 24);
ASSERT_SIZE(xen_pfn_t, 8);

/* Interception (intercept.h): no padding that a caller could not see, in either width. */
ASSERT_SIZE(struct xl_redirect, 32);
ASSERT_AT(struct xl_redirect, hits, 24);
ASSERT_SIZE(struct xl_rule, 112);
ASSERT_AT(struct xl_rule, first, 32);
ASSERT_AT(struct xl_rule, overflowed, 104);
ASSERT_SIZE(struct xl_log_entry, 56);
ASSERT_SIZE(struct xl_log, 24);
ASSERT_SIZE(struct xl_trace_record, 36);
ASSERT_SIZE(struct xl_sleeps, 4);

/*
 * The table of calls fills its array: as many calls and holes as places, and (since GCC warns of an
 * initialiser that is given twice) no number twice, hence every number once.
 */
#define COUNT_CALL(number, name, who, arity, state, family, sentence) +1
#define COUNT_HOLE(number)                                            +1
_Static_assert(0 XL_CALLS(COUNT_CALL) XL_CALL_HOLES(COUNT_HOLE) == XL_CALL_LIMIT,
               "calls.h: some number is neither a call nor a hole");
_Static_assert((XL_CALL_LIMIT & (XL_CALL_LIMIT - 1)) == 0, "an index can no longer be masked");

#define PLACE_CALL(number, name, who, arity, state, family, sentence) [number] = 1,
#define PLACE_HOLE(number)                                            [number] = 1,
extern const char xl_every_number_once[XL_CALL_LIMIT];
const char xl_every_number_once[XL_CALL_LIMIT] = {XL_CALLS(PLACE_CALL) XL_CALL_HOLES(PLACE_HOLE)};
