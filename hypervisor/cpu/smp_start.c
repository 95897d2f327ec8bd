/*
 * Bringing up the other CPUs, one after the other: an INIT resets the CPU, a start-up interrupt
 * tells it where to begin (Intel SDM vol. 3, 8.4.4). What it needs is made here before it is
 * called; what only it can do for itself it does in ap_main(), while the boot CPU waits.
 *
 * There is one system time for all (decision 0025), so TSCs must be in step. Each new CPU's is
 * compared with the boot CPU's, set if it is off, and compared again; if that is no use the CPU is
 * left out.
 */
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/madt.h"
#include "hypervisor/boot/memmap.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/sched/sched.h"
#include "hypervisor/time/alarm.h"
#include "hypervisor/time/clock.h"
#include "hypervisor/time/timer.h"
#include "xen-like/lib/string.h"

#define INIT_NS    (10 * NS_PER_MS)
#define COME_NS    (100 * NS_PER_MS) /* after the first start-up interrupt; after the second a */
#define LAST_NS    (5 * NS_PER_S)    /* CPU that an emulator shows may wait for one of the host's */
#define CODE_AT    0x8000UL /* from here on; a page of low memory that keeps what is in it */
#define CODE_BYTES 256
#define NOBODY     (~0U)
#define TSC_ROUNDS 32
#define TSC_PASSES 2 /* one to see, one more after it was set */

extern const u8 ap_real_mode[], ap_real_mode_end[];
NORETURN void ap_park(void);
NORETURN void ap_main(void);

u32 ap_expected = NOBODY; /* the APIC of the CPU that may come; trampoline.asm. Atomic */
void *ap_stack;
u64 ap_tables;

/* How far the new CPU is; the two take turns. */
static enum {
    AP_COMES,
    AP_ASKED,
    AP_ANSWERS,
    AP_SET_TSC,
    AP_GOES,
    AP_LEFT_OUT,
    AP_GONE /* it has heard which of the two, and looks here no more */
} ap_state;
static s64 tsc_ahead; /* by so much the new CPU's TSC is ahead */
static u64 tsc_answer;

static void state_set(u32 state)
{
    __atomic_store_n(&ap_state, state, __ATOMIC_RELEASE);
}

static u32 state_await(u32 other_than)
{
    u32 state;

    while ((state = __atomic_load_n(&ap_state, __ATOMIC_ACQUIRE)) == other_than)
        cpu_relax();
    return state;
}

/* The last word to the new CPU, heard when this returns: before that, a word to the next would be
 * taken, and answered, by this one. */
static void state_settle(u32 state)
{
    state_set(state);
    state_await(state);
}

static bool waited(u64 ns)
{
    for (u64 end = now_ns() + ns; now_ns() < end; cpu_relax())
        if (ACCESS_ONCE(ap_expected) == NOBODY)
            return true;
    return false;
}

/* The CPU has begun to run. */
static bool cpu_comes(u32 apic, u64 code)
{
    u32 expected = apic;

    __atomic_store_n(&ap_state, AP_COMES, __ATOMIC_RELAXED);
    __atomic_store_n(&ap_expected, apic, __ATOMIC_RELEASE);
    apic_send(apic, APIC_COMMAND_INIT);
    if (waited(INIT_NS))
        return true;
    for (u32 i = 0; i < 2; i++) {
        apic_send(apic, APIC_COMMAND_START(code));
        if (waited(i ? LAST_NS : COME_NS))
            return true;
    }
    return !__atomic_compare_exchange_n(&ap_expected, &expected, NOBODY, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE);
}

/* The round trip that took the shortest says the most: the answer came within it. True if both TSCs
 * may be the same. */
static bool tsc_compare(void)
{
    u64 width = ~0UL;

    for (u32 i = 0; i < TSC_ROUNDS; i++) {
        u64 before = rdtsc_ordered(), after;

        state_set(AP_ASKED);
        state_await(AP_ASKED);
        after = rdtsc_ordered();
        if (after - before >= width)
            continue;
        width = after - before;
        tsc_ahead = (s64)(tsc_answer - before - width / 2);
    }
    return (u64)(tsc_ahead < 0 ? -tsc_ahead : tsc_ahead) <= width;
}

static bool tsc_in_step(u32 apic)
{
    for (u32 pass = 0; pass < TSC_PASSES; pass++) {
        if (tsc_compare())
            return true;
        log_warn("the TSC of the CPU with APIC %u is %ld ticks ahead", apic, tsc_ahead);
        state_set(AP_SET_TSC);
        state_await(AP_SET_TSC);
    }
    return false;
}

/* The new CPU's half: it does what it is told until it may go. */
static void answer_boot_cpu(void)
{
    for (u32 state = AP_ANSWERS; state != AP_GOES; state = state_await(AP_ANSWERS)) {
        ASSERT(state != AP_COMES); /* that is for the next one (smp_start.pml) */
        if (state == AP_LEFT_OUT) {
            state_set(AP_GONE);
            ap_park();
        }
        if (state == AP_SET_TSC)
            wrmsr(MSR_TSC, rdtsc_ordered() - (u64)tsc_ahead);
        tsc_answer = rdtsc_ordered();
        state_set(AP_ANSWERS);
    }
    state_set(AP_GONE);
}

void ap_main(void)
{
    cpu_tables_load(this_cpu());
    features_enable();
    if (cpu_has_smap_on)
        write_cr4(read_cr4() | CR4_SMAP);
    lfence_enable();
    apic_init();
    alarm_start();
    timers_init();
    tlb_load_none();
    answer_boot_cpu();
    sched_cpu_run();
}

static void cpu_start(u32 apic, u64 code, struct percpu *cpu)
{
    ap_stack = &cpu->regs;
    ap_tables = virt_to_phys(hv_l4);
    if (!cpu_comes(apic, code))
        return log_warn("the CPU with APIC %u does not come: it is left out", apic);
    state_await(AP_COMES);
    if (!tsc_in_step(apic)) {
        log_warn("the CPU with APIC %u is left out: there is one time for all", apic);
        return state_settle(AP_LEFT_OUT);
    }
    smp_join(apic);
    state_settle(AP_GOES);
}

/* RAM that the firmware does not call its own; 0: there is none. */
static u64 code_place(void)
{
    struct memory_piece piece;

    for (u64 at = CODE_AT; at < LOW_MEMORY_BYTES && memmap_piece(at, &piece); at = piece.end)
        if (piece.kind != MEMORY_NONE && piece.kind != MEMORY_TABLES)
            return at;
    return 0;
}

/* In the code's page, while it is needed. */
static void others_start(u64 code, u32 most)
{
    struct percpu *cpu = NULL;

    memcpy(phys_to_virt(code), ap_real_mode, (u64)(ap_real_mode_end - ap_real_mode));
    for (u32 i = 0; i < madt.cpus && cpus_online < most; i++) {
        if (madt.apic[i] == smp_apic_id(0))
            continue;
        if (!cpu || cpu->id != cpus_online)
            cpu = cpu_window_make(cpus_online);
        cpu_start(madt.apic[i], code, cpu);
    }
}

void smp_start(void)
{
    u32 most = options.nosmp ? 1 : options.maxcpus ?: CPUS_MAX;
    u64 code = code_place();
    u8 kept[CODE_BYTES];

    if (apic_present() && code) {
        memcpy(kept, phys_to_virt(code), sizeof(kept));
        others_start(code, most);
        memcpy(phys_to_virt(code), kept, sizeof(kept));
    }
    log_info("Brought up %u CPUs", cpus_online);
}
