/*
 * Prints build/gen/trace-events.json: what a reader of traces on the host must know of the ABI,
 * made of the tables that the hypervisor was built with.
 *
 *   {"events":  {"NUMBER": {"name":, "words":, "says":}},
 *    "calls":   {"NUMBER": {"name":, "arity":, "says":, "subs": {"NUMBER": {"name":, "argument":,
 * "says":}}}}, "virqs", "kinds", "outcomes", "runstates", "actions", "rings", "errnos": {"NUMBER":
 * "NAME"}}
 */
#include <stdio.h>

#include "xen-like/abi/calls.h"
#include "xen-like/abi/intercept.h"
#include "xen-like/abi/trace.h"

static const char *comma = "";

static void open_table(const char *name)
{
    printf("%s\n\"%s\": {", comma, name);
    comma = "";
}

static void close_table(void)
{
    printf("}");
    comma = ",";
}

static void name_put(unsigned number, const char *name)
{
    printf("%s\"%u\": \"%s\"", comma, number, name);
    comma = ",\n  ";
}

#define EVENT(number, name, words, says)                                                           \
    printf("%s\"%u\": {\"name\": \"%s\", \"words\": \"%s\", \"says\": \"%s\"}", comma,             \
           (unsigned)(number), #name, words, says);                                                \
    comma = ",\n  ";

static void subs_open(void)
{
    printf(", \"subs\": {");
    comma = "";
}

#define SUB(number, who, argument, direction, state, says)                                         \
    printf("%s\"%u\": {\"name\": \"%s\", \"argument\": \"%s\", \"says\": \"%s\"}", comma,          \
           (unsigned)(number), #number, #argument, says);                                          \
    comma = ",\n    ";

#define FAMILY(family, call)                                                                       \
    if (wanted == __HYPERVISOR_##call) {                                                           \
        subs_open();                                                                               \
        XL_SUBOPS_##family(SUB) printf("}");                                                       \
    }

static void subs_of(unsigned wanted)
{
    XL_SUBOP_FAMILIES(FAMILY)
}

#define CALL(number, name, who, arity, state, family, says)                                        \
    printf("%s\"%u\": {\"name\": \"%s\", \"arity\": %d, \"says\": \"%s\"", comma,                  \
           (unsigned)(number), #name, arity, says);                                                \
    subs_of(number);                                                                               \
    printf("}");                                                                                   \
    comma = ",\n  ";

#define NAMED(prefix, name) name_put(prefix##name, #name);

int main(void)
{
    printf("{");
    open_table("events");
    XL_TRACE_EVENTS(EVENT)
    close_table();
    open_table("calls");
    XL_CALLS(CALL)
    close_table();
    open_table("virqs");
    NAMED(VIRQ_, TIMER)
    NAMED(VIRQ_, DEBUG)
    NAMED(VIRQ_, CONSOLE)
    NAMED(VIRQ_, DOM_EXC)
    NAMED(VIRQ_, TBUF)
    NAMED(VIRQ_, DEBUGGER)
    NAMED(VIRQ_, XENOPROF)
    NAMED(VIRQ_, CON_RING)
    NAMED(VIRQ_, PCPU_STATE)
    NAMED(VIRQ_, MEM_EVENT)
    NAMED(VIRQ_, ARGO)
    NAMED(VIRQ_, ENOMEM)
    NAMED(VIRQ_, XENPMU)
    close_table();
    open_table("kinds");
    NAMED(EVTCHNSTAT_, closed)
    NAMED(EVTCHNSTAT_, unbound)
    NAMED(EVTCHNSTAT_, interdomain)
    NAMED(EVTCHNSTAT_, pirq)
    NAMED(EVTCHNSTAT_, virq)
    NAMED(EVTCHNSTAT_, ipi)
    close_table();
    open_table("outcomes");
    NAMED(XL_SENT_, RAISED)
    NAMED(XL_SENT_, MERGED)
    NAMED(XL_SENT_, MASKED)
    NAMED(XL_SENT_, NOBODY)
    NAMED(XL_SENT_, HELD)
    close_table();
    open_table("runstates");
    NAMED(RUNSTATE_, running)
    NAMED(RUNSTATE_, runnable)
    NAMED(RUNSTATE_, blocked)
    NAMED(RUNSTATE_, offline)
    close_table();
    open_table("actions");
    NAMED(XL_INTERCEPT_, PASS)
    NAMED(XL_INTERCEPT_, RECORD)
    NAMED(XL_INTERCEPT_, DROP)
    NAMED(XL_INTERCEPT_, DELAY)
    NAMED(XL_INTERCEPT_, DUPLICATE)
    NAMED(XL_INTERCEPT_, REORDER)
    NAMED(XL_INTERCEPT_, RATE)
    NAMED(XL_INTERCEPT_, HOLD)
    close_table();
    open_table("rings");
    NAMED(XL_RING_, BLOCK)
    NAMED(XL_RING_, NETWORK)
    NAMED(XL_RING_, STORE)
    NAMED(XL_RING_, CONSOLE)
    close_table();
    open_table("errnos");
#define XEN_ERRNO(name, value) name_put(value, #name);
#include "xen-like/abi/errnos.h"
    close_table();
    printf("}\n");
    return 0;
}
