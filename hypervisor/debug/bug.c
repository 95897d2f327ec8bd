/*
 * The end of the hypervisor, told on the console. A panic may come from anywhere, also from within
 * the console's own lock, and may itself go wrong: a second one only stops the CPU.
 */
#include "hypervisor/debug/bug.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/log.h"
#include "xen-like/lib/fmt.h"

#define PANIC_TEXT_MAX 512

/* Asked of the CPU itself: a panic must not depend on the per-CPU data. */
static u32 apic_id(void)
{
    return cpuid(1, 0).ebx >> 24;
}

void panic_begin(void)
{
    static u32 panicking;

    irq_disable();
    if (__atomic_exchange_n(&panicking, 1, __ATOMIC_RELAXED))
        for (;;)
            cpu_halt();
    smp_stop_others();
    console_break_lock();
}

void panic(const char *format, ...)
{
    char text[PANIC_TEXT_MAX];
    va_list args;

    panic_begin();
    va_start(args, format);
    fmt_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_always("****************************************\nPanic on CPU %u:\n%s\n"
               "****************************************",
               apic_id(), text);
    machine_restart_after_failure();
}

void bug_at(const char *file, int line, const char *what)
{
    panic("hypervisor bug at %s:%d: %s", file, line, what);
}

void refusal_report(int err, const char *rule, const char *file, int line)
{
    log_guest_debug("refused (-%d) at %s:%d: %s", err, file, line, rule);
}
