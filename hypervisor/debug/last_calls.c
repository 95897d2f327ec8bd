/*
 * What entry.asm noted of each call (vcpu.calls), by name. Of the first argument only the low byte
 * is there: the sub-operation, where the call has one in a register.
 */
#include "hypervisor/debug/last_calls.h"

#include "xen-like/abi/calls.h"
#include "hypervisor/debug/log.h"

#define SHOWN 16

static const char *const names[XL_CALL_LIMIT] = {XL_CALLS(XL_NAME)};

/* clang-format off */
static const struct sub {
    u8 call, number;
    const char *name;
} subs[] = {
#define IN_CALL_sched(number, ...)         {__HYPERVISOR_sched_op, number, #number},
#define IN_CALL_vcpu(number, ...)          {__HYPERVISOR_vcpu_op, number, #number},
#define IN_CALL_memory(number, ...)        {__HYPERVISOR_memory_op, number, #number},
#define IN_CALL_physdev(number, ...)       {__HYPERVISOR_physdev_op, number, #number},
#define IN_CALL_xen_version(number, ...)   {__HYPERVISOR_xen_version, number, #number},
#define IN_CALL_console_io(number, ...)    {__HYPERVISOR_console_io, number, #number},
#define IN_CALL_callback(number, ...)      {__HYPERVISOR_callback_op, number, #number},
#define IN_CALL_event_channel(number, ...) {__HYPERVISOR_event_channel_op, number, #number},
#define IN_CALL_grant_table(number, ...)   {__HYPERVISOR_grant_table_op, number, #number},
    XL_SUBOPS_sched(IN_CALL_sched)
    XL_SUBOPS_vcpu(IN_CALL_vcpu)
    XL_SUBOPS_memory(IN_CALL_memory)
    XL_SUBOPS_physdev(IN_CALL_physdev)
    XL_SUBOPS_xen_version(IN_CALL_xen_version)
    XL_SUBOPS_console_io(IN_CALL_console_io)
    XL_SUBOPS_callback(IN_CALL_callback)
    XL_SUBOPS_event_channel(IN_CALL_event_channel)
    XL_SUBOPS_grant_table(IN_CALL_grant_table)
};
/* clang-format on */

static const char *sub_name(u8 call, u8 first)
{
    for (u32 i = 0; i < ARRAY_SIZE(subs); i++)
        if (subs[i].call == call && subs[i].number == first)
            return subs[i].name;
    return NULL;
}

void last_calls_show(const struct vcpu *v)
{
    const struct calls_made *made = &v->calls;
    u8 at = made->made;

    log_always("last hypercalls, the latest first:");
    for (u32 shown = 0; shown < SHOWN && made->number[(u8)(at - 1)] != CALL_NONE; shown++) {
        u8 call = made->number[--at], first = made->first[at];
        const char *sub = sub_name(call, first);
        u32 times = 1;

        for (; times < 256 && made->number[(u8)(at - 1)] == call &&
               (!sub || made->first[(u8)(at - 1)] == first);
             times++)
            at--;
        log_always("  %3u x %s %s", times, names[call] ? names[call] : "(no such call)",
                   sub ? sub : "");
    }
}
