/*
 * Interception of events: the extension call `intercept', which puts the control domain's hand
 * between the sender of an event and its receiver. Not Xen's; on a number that Xen's x86 headers
 * leave unassigned (there: -ENOSYS). Only the control domain may call it (others: -EPERM, before
 * anything else is looked at).
 *
 *   long intercept(unsigned int cmd, void *argument)
 *
 * Two things. A *redirection* belongs to one outbound port of one domain, and says where what that
 * domain sends there goes instead (as KVM's event-channel attribute does; the same errors). A
 * *rule* matches events of many domains and does something to each, in the order in which rules
 * were made; the first that takes the event and whose action is not RECORD decides. Redirections
 * come first: rules see where an event really goes. An event that goes nowhere (its port waits for
 * another end, and is not redirected) no rule sees; nor one that was held, delayed, copied or
 * injected, when it goes on.
 *
 * An event begins at its *origin*: the port that EVTCHNOP_send was made on, or for VIRQ, pirq and
 * IPI the very port that it arrives at. A new channel's first event (bind_interdomain makes one) is
 * one that nobody sent, at the new port.
 *
 * The control domain's own events are events like any other: a rule for XL_ANY_DOMAIN that holds
 * VIRQs holds its timer.
 *
 * What a rule draws by chance, it draws from a generator of its own, splitmix64, whose state begins
 * with its seed: the same events in the same order have the same fate. For each event that first,
 * last and every let pass: one draw x if chance is not 0 (it is taken if
 * x * 1000000 >> 64 < chance), then one if it is taken and the action is DELAY with a
 * spread that is not 0 (the delay is value + (x * (spread + 1) >> 64)), or REORDER (a window goes
 * in the order of what was drawn).
 *
 *   splitmix64: z = state += 0x9e3779b97f4a7c15; z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
 *               z = (z ^ z >> 27) * 0x94d049bb133111eb; the draw is z ^ z >> 31
 *
 * What is held: at most XL_HELD_MAX events at a time, by all rules. One that finds no room (or no
 * memory) goes on at once, and is counted in overflowed. An event that is held goes nowhere any
 * more if its port is closed meanwhile, also when that is bound anew; and it keeps nobody alive:
 * with the domain that it is for, it is gone. If its sender ends, it arrives all the same.
 *
 * Redirections end with their domain. Rules stay until they are deleted, whatever becomes of the
 * domain; they name it by its number.
 */
#ifndef XEN_LIKE_ABI_INTERCEPT_H
#define XEN_LIKE_ABI_INTERCEPT_H

#include "xen-like/abi/xen.h"

#define __HYPERVISOR_xl_intercept __HYPERVISOR_arch_7

/*
 * Commands, and their arguments. Answers are 0 or an errno: -ENOSYS: no such command; -EFAULT: the
 * argument cannot be read or written; -EINVAL, -ENOMEM where they are not named.
 */
// clang-format off
#define XL_INTERCEPT_redirect     1 /* struct xl_redirect: assign, update, deassign, reset */
#define XL_INTERCEPT_redirect_get 2 /* struct xl_redirect: the first from (domain, port) on, by number (not DOMID_SELF); -ENOENT */
#define XL_INTERCEPT_rule_add     3 /* struct xl_rule: its id is written back */
#define XL_INTERCEPT_rule_get     4 /* struct xl_rule: the first with this id or a higher one; -ENOENT */
#define XL_INTERCEPT_rule_delete  5 /* struct xl_rule: id; what it holds goes on. -ENOENT */
#define XL_INTERCEPT_rule_release 6 /* struct xl_release: -ENOENT */
#define XL_INTERCEPT_inject       7 /* struct xl_inject: -ESRCH, -EINVAL */
#define XL_INTERCEPT_reset        8 /* struct xl_inject, port unused: all rules that name this domain,
                                       and its redirections; with XL_ANY_DOMAIN all rules and
                                       redirections, and the log. What they hold goes on */
#define XL_INTERCEPT_read_log     9 /* struct xl_log */
#define XL_INTERCEPT_trace       10 /* struct xl_trace_record: one record; 1 if such are recorded */
#define XL_INTERCEPT_sleeps      11 /* struct xl_sleeps. -ESRCH */
// clang-format on

#define XL_HELD_MAX   4096u        /* events that are held or delayed, by all rules together */
#define XL_TIME_MAX   (1ull << 52) /* ns: 52 days */
#define XL_MILLION    1000000u
#define XL_WINDOW_MAX 1024u /* of one REORDER; copies of one DUPLICATE */

/* ---- Redirections -------------------------------------------------------------------------- */

/*
 * -EINVAL: flags are mixed or unknown; port is 0, or as high as the domain's limit; type, deliver,
 * to_port, to_vcpu or priority are none; or for update: type, deliver or to_port are others than
 * before. -ESRCH: no such domain. -EEXIST: assigned already. -ENOENT: deassign or update of what is
 * not assigned.
 *
 * The port need not be bound yet, nor to_port: an event for a port that is not goes nowhere. It
 * applies to sends on a port of its type; one that waits for its other end (EVTCHNSTAT_unbound)
 * counts as interdomain. The sender is answered 0, as by KVM, and a masked target becomes pending.
 *
 * Flags, which exclude each other; none: assign.
 */
#define XL_REDIRECT_DEASSIGN 1u /* looks at domain and port only */
#define XL_REDIRECT_UPDATE   2u /* only to_vcpu and priority may differ */
#define XL_REDIRECT_RESET    4u /* all of the domain; looks at nothing else */

/* Fields that have no meaning for a way of delivery are not looked at. */
#define XL_DELIVER_PASS 0u /* as if there were none (but it is one: a second assign is -EEXIST) */
#define XL_DELIVER_PORT 1u /* to to_port of the same guest, on to_vcpu, with priority */
#define XL_DELIVER_SELF 2u /* to to_port of the caller's domain: it hears what the guest sends */

struct xl_redirect {
    domid_t domain;
    uint8_t type;    /* EVTCHNSTAT_interdomain or EVTCHNSTAT_ipi: of the port */
    uint8_t deliver; /* XL_DELIVER_* */
    uint32_t flags;
    evtchn_port_t port;
    evtchn_port_t to_port;
    uint32_t to_vcpu;
    uint32_t priority; /* EVTCHN_FIFO_PRIORITY_*; of no meaning to the two-level ABI */
    uint64_t hits;     /* OUT of redirect_get: sends that it was applied to */
};

/* ---- Rules --------------------------------------------------------------------------------- */

/*
 * -EINVAL of rule_add: domain is reserved and not XL_ANY_DOMAIN; side, action, kinds, virq or flags
 * are none; pad is not 0; 0 < last < first; chance is above 1,000,000; value or spread above
 * XL_TIME_MAX; DUPLICATE: value is not in 1 to XL_WINDOW_MAX; REORDER: not in 2 to XL_WINDOW_MAX;
 * RATE: value is 0. The domain need not exist (yet).
 *
 * Events of one rule go on in the order of when they are due, or else in the order in which they
 * came. Those that are due at the same time: the older rule's first.
 */

#define XL_ANY        0xffffffffu /* port, vcpu, virq */
#define XL_ANY_DOMAIN DOMID_INVALID

/* Which side of an event domain, port and vcpu are about. What nobody sent (VIRQ, pirq) has only
 * one: for both, it is the target. */
#define XL_SIDE_FROM 0u /* its origin; vcpu: who sent it */
#define XL_SIDE_TO   1u /* its target; vcpu: whom it is for */

// clang-format off
#define XL_INTERCEPT_PASS      0u /* nothing; rules after it are not asked */
#define XL_INTERCEPT_RECORD    1u /* a record in the log, and on to the next rule */
#define XL_INTERCEPT_DROP      2u
#define XL_INTERCEPT_DELAY     3u /* by value ns, and up to spread more: each by itself, so that they
                                     may overtake each other */
#define XL_INTERCEPT_DUPLICATE 4u /* it goes on; value more come after it, each spread ns later */
#define XL_INTERCEPT_REORDER   5u /* held till value of them are there, or (spread not 0) spread ns have
                                     passed since the first; then all go, in an order drawn by chance */
#define XL_INTERCEPT_RATE      6u /* one in value ns: those too early wait their turn */
#define XL_INTERCEPT_HOLD      7u /* until released */
// clang-format on

#define XL_RULE_LOG 1u /* each event that it takes is in the log, with what was drawn for it */

struct xl_rule {
    uint32_t id; /* OUT of add: from 1, never used twice */
    /* Which events. */
    domid_t domain;     /* or XL_ANY_DOMAIN */
    uint8_t side;       /* XL_SIDE_* */
    uint8_t action;     /* XL_INTERCEPT_* */
    uint32_t kinds;     /* 1 << EVTCHNSTAT_*, of the origin; 0: all */
    evtchn_port_t port; /* or XL_ANY */
    uint32_t vcpu;      /* or XL_ANY */
    uint32_t virq;      /* or XL_ANY; else only this VIRQ */
    uint32_t flags;     /* XL_RULE_* */
    uint32_t pad;
    /* Which of those: the first is number 1. */
    uint64_t first;  /* from this one on; 0 is 1, and read back so */
    uint64_t last;   /* up to this one; 0: no end */
    uint32_t every;  /* each so-manieth, beginning with the first; 0 is 1, likewise */
    uint32_t chance; /* and of those so many in a million, by the seed; 0: all */
    uint64_t seed;
    uint64_t value, spread; /* see the actions */
    /* OUT of rule_get. */
    uint64_t matched, taken; /* events that it was about; that it did something to */
    uint64_t holds;          /* that it has now */
    uint64_t overflowed; /* that it passed on, or copies that it did not make, for want of room */
};

struct xl_release {
    uint32_t id;
    uint32_t count; /* those first in line, so many; 0: all. OUT: so many went */
};

struct xl_inject {
    domid_t domain;
    uint16_t pad;
    evtchn_port_t port; /* any that is bound, but for unbound ones: -EINVAL */
};

/*
 * ---- The log: what RECORD and XL_RULE_LOG wrote ---------------------------------------------
 *
 * The newest 16384 entries, of all rules. Made when the first rule that writes to it is added, gone
 * with a reset of all domains; numbers go on.
 */

struct xl_log_entry {
    uint64_t number; /* of the entry, from 0 */
    uint64_t time;   /* system time, ns */
    uint64_t nth;    /* match of the rule: a rule with first = last = nth is about this one only */
    uint64_t value;  /* DELAY: the delay that was drawn, or 0 if there was no room to hold it; RATE:
                        the wait; REORDER: what was drawn;  DUPLICATE: copies; else 0 */
    uint32_t rule;
    domid_t from_domain, to_domain; /* from: DOMID_INVALID: nobody sent it, and port
                                          and vcpu are 0 */
    evtchn_port_t from_port, to_port;
    uint16_t from_vcpu, to_vcpu;
    uint8_t kind, action; /* EVTCHNSTAT_*, XL_INTERCEPT_* */
    uint16_t virq;        /* or pirq */
};

struct xl_log {
    uint64_t
        next; /* the entry to begin with. OUT: the next one. Entries that are gone are skipped */
    uint32_t
        count; /* room. OUT: entries written; 0: there are no more (fewer than room: perhaps) */
    uint32_t pad;
    uint64_t buffer; /* address of struct xl_log_entry[count] */
};

/*
 * ---- Does it wait for ever? -------------------------------------------------------------------
 *
 * At this moment, all CPUs standing still: is every vcpu of the domain down, blocked or polling,
 * with no timer, timeout or watchdog set, and is no event held, of whomever? Then nothing will wake
 * it but another domain or a device. What the caller has not handled yet may be the reason for
 * another domain to do so: ask again when it has.
 */

struct xl_sleeps {
    domid_t domain;
    uint16_t sleeps; /* OUT: 1: yes */
};

/* ---- Records of the control domain in the trace ---------------------------------------------- */

struct xl_trace_record {
    uint32_t event; /* XL_TRC_RING + n, or of TRC_GUEST; others: -EINVAL */
    uint32_t words; /* at most 7, or -EINVAL */
    uint32_t word[7];
};

#endif
