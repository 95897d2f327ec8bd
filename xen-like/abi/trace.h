/*
 * Trace records: which there are, and what their words mean.
 *
 * Buffers and records have Xen's form (<xen/trace.h>: t_info, t_buf, t_rec), so whoever reads Xen's
 * reads ours. Where Xen has an event for something, it is Xen's number with Xen's words; the rest
 * is a class of our own, on bits that Xen leaves free.
 *
 * XL_TRACE_EVENTS(X) expands X once for each event that this hypervisor records:
 *   X(number, name, words, sentence)
 *     words     the record's 32-bit words in order, by name. NAME:64 takes two, low first. `who' is
 *               domain << 16 | vcpu; NOBODY is 0xffffffff. A word that may be absent has a ?.
 * The recorder (XL_TRACE_name) and the readers on the host (build/gen/trace-events.json) are made
 * of it. Of one event, runstate_change, two pieces of what it says are in its number, as on Xen.
 *
 * A record does not say which vcpu ran: a reader knows from the runstate changes of its CPU
 * (runstate_change to RUNNING; `runs', which each CPU writes first when recording begins).
 */
#ifndef XEN_LIKE_ABI_TRACE_H
#define XEN_LIKE_ABI_TRACE_H

#include "xen-like/abi/xen.h"

#include <xen/trace.h>

/* Two classes of ours, each with four subclasses. */
#define XL_TRC           0x0100f000u
#define XL_TRC_EVENT     0x01001000u /* event channels: binding, sending, upcalls */
#define XL_TRC_INTERCEPT 0x01002000u /* what interception did to them */
#define XL_TRC_CALL      0x01004000u /* results of hypercalls */
#define XL_TRC_RING      0x01008000u /* rings, as dom0's backends see them */
#define XL_TRC_TABLES    0x0200f000u
#define XL_TRC_ENTRY     0x02001000u /* updates of page tables, entry by entry */
#define XL_TRC_TYPE      0x02002000u /* frames that become something, and cease to be */

/* What became of an event (XL_TRC_SEND, outcome). */
#define XL_SENT_RAISED 0u /* it is pending now; its vcpu is told */
#define XL_SENT_MERGED 1u /* it was pending already */
#define XL_SENT_MASKED 2u /* pending now, and masked */
#define XL_SENT_NOBODY 3u /* the other end is not bound */
#define XL_SENT_HELD   4u /* interception has it: an XL_TRC_INTERCEPT record says why */

#define XL_TRACE_NOBODY 0xffffffffu

/* The number of a runstate_change has both states (RUNSTATE_*) in these bits. */
#define XL_TRACE_STATE_OLD(event) ((event) >> 8 & 3)
#define XL_TRACE_STATE_NEW(event) ((event) >> 4 & 3)
#define XL_TRACE_STATES(old, new) ((u32)(old) << 8 | (u32)(new) << 4)
#define XL_TRACE_STATES_MASK      XL_TRACE_STATES(3, 3)

/* clang-format off */
#define XL_TRACE_EVENTS(X)                                                                         \
    X(TRC_LOST_RECORDS, lost_records, "lost,vcpu_domain,tsc:64",                                   \
      "The reader was too slow: so many records are missing, since that time. vcpu << 16 | domain:"\
      " who ran when there was room again.")                                                       \
    X(TRC_TRACE_WRAP_BUFFER, wrap_buffer, "",                                                      \
      "Filler before the end of the buffer.")                                                      \
    X(TRC_SCHED_RUNSTATE_CHANGE, runstate_change, "who",                                           \
      "A vcpu's run state changed (RUNSTATE_*): in the number, from bits 8-9 to bits 4-5.")        \
    X(TRC_SCHED_CONTINUE_RUNNING, continue_running, "who",                                         \
      "The scheduler looked, and went on with the same vcpu.")                                     \
    X(TRC_SCHED_DOM_ADD, sched_dom_add, "domain",                                                  \
      "The scheduler has a new domain.")                                                           \
    X(TRC_SCHED_DOM_REM, sched_dom_rem, "domain",                                                  \
      "The scheduler has it no more.")                                                             \
    X(TRC_SCHED_SLEEP, sleep, "domain,vcpu",                                                       \
      "A vcpu was stopped from outside (paused, taken down).")                                     \
    X(TRC_SCHED_WAKE, wake, "domain,vcpu",                                                         \
      "A vcpu may run again.")                                                                     \
    X(TRC_SCHED_YIELD, yield, "domain,vcpu",                                                       \
      "It let others go first.")                                                                   \
    X(TRC_SCHED_BLOCK, block, "domain,vcpu",                                                       \
      "It sleeps until an event comes.")                                                           \
    X(TRC_SCHED_SHUTDOWN, shutdown, "domain,vcpu,reason",                                          \
      "The domain is down, by its own call (SHUTDOWN_*).")                                         \
    X(TRC_SCHED_SHUTDOWN_CODE, shutdown_code, "domain,vcpu,reason",                                \
      "It said before why it will be.")                                                            \
    X(TRC_SCHED_SWITCH, switch, "from_domain,from_vcpu,to_domain,to_vcpu",                         \
      "The CPU goes from one vcpu to another.")                                                    \
    X(TRC_SCHED_SWITCH_INFPREV, switch_infprev, "domain,vcpu,ran_ns",                              \
      "So long had the one run.")                                                                  \
    X(TRC_SCHED_SWITCH_INFNEXT, switch_infnext, "domain,vcpu,waited_ns,slice_ns",                  \
      "So long had the other waited, and so long it may run.")                                     \
    X(TRC_DOM0_DOM_ADD, dom_add, "domain",                                                         \
      "A domain was created.")                                                                     \
    X(TRC_DOM0_DOM_REM, dom_rem, "domain",                                                         \
      "A domain is gone to its last frame.")                                                       \
    X(TRC_MEM_PAGE_GRANT_MAP, grant_map, "domain",                                                 \
      "A grant of this domain was mapped.")                                                        \
    X(TRC_MEM_PAGE_GRANT_UNMAP, grant_unmap, "domain",                                             \
      "A mapping of such a grant went.")                                                           \
    X(TRC_MEM_PAGE_GRANT_TRANSFER, grant_transfer, "domain",                                       \
      "A frame was given to this domain.")                                                         \
    X(TRC_PV_HYPERCALL_V2, hypercall, "op,args?",                                                  \
      "A hypercall: its number, with marks of which arguments follow (<xen/trace.h>).")            \
    X(TRC_PV_HYPERCALL_SUBCALL, subcall, "op,args?",                                               \
      "The same for one entry of a multicall.")                                                    \
    X(TRC_PV_TRAP, trap, "rip,trap",                                                               \
      "An exception of a guest: vector in bits 0-14, bit 15 if it has an error code, that above.") \
    X(TRC_PV_TRAP | TRC_64_FLAG, trap_64, "rip:64,trap",                                           \
      "The same, of 64-bit code.")                                                                 \
    X(TRC_PV_PAGE_FAULT, page_fault, "rip,address,error",                                          \
      "A page fault that the guest is told of.")                                                   \
    X(TRC_PV_PAGE_FAULT | TRC_64_FLAG, page_fault_64, "rip:64,address:64,error",                   \
      "The same, of 64-bit code.")                                                                 \
    X(TRC_PV_EMULATE_PRIVOP, emulate_privop, "rip",                                                \
      "A privileged instruction was emulated.")                                                    \
    X(TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, emulate_privop_64, "rip:64",                            \
      "The same, of 64-bit code.")                                                                 \
    X(TRC_PV_PTWR_EMULATION_PAE, table_store, "value:64,address,rip",                              \
      "A store to a page table was emulated.")                                                     \
    X(TRC_PV_PTWR_EMULATION | TRC_64_FLAG, table_store_64, "value:64,address:64,rip:64",       \
      "The same, of 64-bit code.")                                                                 \
    X(XL_TRC_EVENT + 1, send, "from,port,to,to_port,kind_outcome",                                 \
      "An event: whose (from: who ran, or NOBODY), from which port, to whom, at which port; "      \
      "EVTCHNSTAT_* in bits 0-7, XL_SENT_* in 8-15, the VIRQ or pirq in 16-31.")                   \
    X(XL_TRC_EVENT + 2, upcall, "who,selector:64",                                                 \
      "A vcpu enters its event callback; the selector that it will find (two-level).")             \
    X(XL_TRC_EVENT + 3, unmask, "who,port",                                                        \
      "EVTCHNOP_unmask.")                                                                          \
    X(XL_TRC_EVENT + 4, bind, "to,port,kind,remote_domain,remote_port",                            \
      "A port is bound: EVTCHNSTAT_*; remote_port is the VIRQ or pirq of those kinds.")            \
    X(XL_TRC_EVENT + 5, close, "domain,port",                                                      \
      "A port is closed.")                                                                         \
    X(XL_TRC_EVENT + 6, runs, "who",                                                               \
      "Recording begins on this CPU: who runs there. (Not if no class of ours is recorded.)")      \
    X(XL_TRC_INTERCEPT + 1, intercepted, "rule,from,port,to,to_port,action,value",                 \
      "A rule took an event: XL_INTERCEPT_*; the value is its delay in ns, its copies, ...")       \
    X(XL_TRC_INTERCEPT + 2, released, "rule,to,to_port",                                           \
      "An event that was held or delayed goes on now.")                                            \
    X(XL_TRC_INTERCEPT + 3, injected, "to,to_port",                                                \
      "An event that nobody sent.")                                                                \
    X(XL_TRC_CALL + 1, result, "op,result:64",                                                     \
      "A hypercall returned. (One that never returns, like iret, has no such record.)")            \
    X(XL_TRC_RING + 1, ring_request, "ring,id:64,pending,size",                                    \
      "A backend took a request: ring = domain << 16 | XL_RING_* << 12 | device; so many are in "  \
      "the ring now, of so many.")                                                                 \
    X(XL_TRC_RING + 2, ring_response, "ring,id:64,status",                                         \
      "It was answered.")                                                                          \
    X(XL_TRC_ENTRY + 1, table_update, "who,entry:64,value:64,result",                              \
      "One update of a page table: machine address of the entry, new value; 0 or the errno.")      \
    X(XL_TRC_ENTRY + 2, batch, "who,count,done,result",                                            \
      "That was a batch: of so many updates so many were done.")                                   \
    X(XL_TRC_TYPE + 1, type, "domain,mfn:64,type",                                                 \
      "A frame has a new type (hypervisor/mm/frame.h); 0: none any more.")

#define XL_TRACE_EVENT(number, name, words, sentence) XL_TRACE_##name = (number),
enum xl_trace_event { XL_TRACE_EVENTS(XL_TRACE_EVENT) };
/* clang-format on */

/* Rings by what goes through them (ring_request). A device is its number modulo 4096; of a network
 * card 2 * number is what the guest sends, 2 * number + 1 what it receives. Ids are the frontend's,
 * with the queue in the highest byte. */
#define XL_RING_BLOCK   1u
#define XL_RING_NETWORK 2u
#define XL_RING_STORE   3u
#define XL_RING_CONSOLE 4u

#endif
