/* The local APIC's timer (Intel SDM vol. 3, 11.5.4): see alarm.h. */
#include "hypervisor/time/alarm.h"

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/time/clock.h"
#include "hypervisor/time/scale.h"

#define APIC_LVT_TIMER     0x320
#define APIC_TIMER_COUNT   0x380
#define APIC_TIMER_NOW     0x390
#define APIC_TIMER_DIVIDE  0x3e0
#define DIVIDE_BY_1        0xb
#define LVT_MASKED         (1U << 16)
#define LVT_TSC_DEADLINE   (1U << 18)
#define MSR_TSC_DEADLINE   0x6e0
#define CPUID_TSC_DEADLINE (1U << 24) /* of leaf 1, ecx */
#define CHOP_NS            NS_PER_S   /* the count has 32 bits */

static struct time_scale ns_to_ticks; /* of the TSC if @deadline, else of the APIC's timer */
static bool deadline;

void alarm_measure_start(void)
{
    if (!apic_present())
        return;
    apic_write(APIC_LVT_TIMER, LVT_MASKED);
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_TIMER_COUNT, ~0U);
}

u32 alarm_measure(void)
{
    return apic_present() ? apic_read(APIC_TIMER_NOW) : 0;
}

void alarm_init(u64 ns, u64 ticks, u64 tsc)
{
    if (!ticks)
        return;
    deadline = cpuid(1, 0).ecx & CPUID_TSC_DEADLINE;
    ns_to_ticks = time_scale_make(ns, deadline ? tsc : ticks);
    alarm_start();
}

void alarm_start(void)
{
    apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
    apic_write(APIC_TIMER_COUNT, 0);
    apic_write(APIC_LVT_TIMER, VECTOR_TIMER | (deadline ? LVT_TSC_DEADLINE : 0));
}

void alarm_set(u64 due)
{
    u64 now = now_ns(), ticks;

    if (!ns_to_ticks.mul)
        return; /* a machine without an APIC */
    ticks = time_scale_apply(ns_to_ticks, due > now ? MIN(due - now, CHOP_NS) : 0) + 1;
    if (deadline)
        wrmsr(MSR_TSC_DEADLINE, rdtsc() + ticks);
    else
        apic_write(APIC_TIMER_COUNT, (u32)MIN(ticks, ~0U));
}
