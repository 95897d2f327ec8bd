/*
 * What time it is. A guest computes system time from its time record and the TSC without asking
 * anybody, so everything hangs on that record: it must never lead backwards, not when it is written
 * anew either, the copy that a guest asks for must say the same, and the rate must be the machine's
 * own. The wallclock is that of the machine's clock.
 */
#include "guest-kernel/core/user.h"
#include "guest-kernel/time/clock.h"
#include "tests/guests/user_space.h"

#define NOWHERE      ((void *)0x70000000)
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61
#define PIT_HZ       1193182ull
#define CMOS         0x70
#define RTC_UPDATING 0x80
#define LOOKS        50
#define RATE_ERROR   (400 * NS_PER_MICROSECOND) /* a hundredth of the time that it takes */
#define CHANGES      3
#define AGES         (20 * NS_PER_SECOND)
#define AREA         (&kernels_own)

extern char user_spin[];

static volatile struct vcpu_time_info *record;
static struct vcpu_time_info kernels_own; /* of which user space has no mapping */

static void record_rows(void)
{
    u32 version = record->version;

    row_want("record.version_is_even", version & 1, 0);
    row_want("record.was_written", version != 0, 1);
    row("record.has_a_rate", record->tsc_to_system_mul != 0);
    row("record.rate_fills_its_word", record->tsc_to_system_mul >> 31);
    row("record.flags", record->flags);
    row("record.first_pad", record->pad0);
    row("record.is_of_the_past", record->tsc_timestamp <= tsc_read());
    row("record.system_time_is_short", time_now_ns() < 3600 * NS_PER_SECOND);
}

/* Reads without end, until the record has been written anew a few times. */
static void monotonic_rows(void)
{
    u64 back = 0, wall_back = 0, start = time_now_ns(), before = start, wall = time_wall_ns(), now;
    u32 version = record->version, changes = 0;

    do {
        now = time_now_ns();
        back += now < before;
        before = now;
        now = time_wall_ns();
        wall_back += now < wall;
        wall = now;
        changes += record->version != version;
        version = record->version;
    } while (changes < CHANGES && before < start + AGES);
    row("monotonic.record_is_written_now_and_then", changes == CHANGES);
    row_want("monotonic.went_back", (s64)back, 0);
    row_want("monotonic.wallclock_went_back", (s64)wall_back, 0);
}

static void out(u16 port, u8 value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static u8 in(u16 port)
{
    u8 value;

    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* The timer chip's ticks and system time of one moment, as near to each other as can be had. */
static u64 chip_and_system(u16 *ticks)
{
    u64 best = ~0ull, middle = 0;

    for (u32 i = 0; i < LOOKS; i++) {
        u64 before = time_now_ns(), after;
        u16 value;

        out(PIT_COMMAND, 0x80); /* hold the count of channel 2 */
        after = time_now_ns();
        value = in(PIT_CHANNEL2);
        value |= (u16)(in(PIT_CHANNEL2) << 8);
        if (after - before >= best)
            continue;
        best = after - before;
        middle = before + best / 2;
        *ticks = (u16)~value;
    }
    return middle;
}

static void rate_rows(void)
{
    u16 first, last;
    u64 start, ns, chip, off;

    out(PIT_GATE, 1);
    out(PIT_COMMAND, 0xb0); /* channel 2: down from what follows, and on */
    out(PIT_CHANNEL2, 0xff);
    out(PIT_CHANNEL2, 0xff);
    start = chip_and_system(&first);
    time_spin_ns(40 * NS_PER_MILLISECOND);
    ns = chip_and_system(&last) - start;
    chip = (u16)(last - first) * NS_PER_SECOND / PIT_HZ;
    /* The chip goes round in 55 ms, and perhaps a few times while the emulator does not run. */
    off = (ns - chip + RATE_ERROR) % ((1 << 16) * NS_PER_SECOND / PIT_HZ);
    row_want("rate.agrees_with_the_timer_chip", off < 2 * RATE_ERROR, 1);
}

static u8 cmos(u8 reg)
{
    out(CMOS, reg);
    return in(CMOS + 1);
}

static u32 cmos_number(u8 reg)
{
    u8 value = cmos(reg);

    return (value >> 4) * 10u + (value & 0xf);
}

/* Seconds since midnight, as the machine's clock has it; QEMU's counts in BCD and to 24. */
static u32 clock_of_the_machine(void)
{
    u32 seconds, again;

    do {
        while (cmos(10) & RTC_UPDATING)
            ;
        seconds = cmos_number(4) * 3600 + cmos_number(2) * 60 + cmos_number(0);
        again = cmos_number(0);
    } while (again != seconds % 60);
    return seconds;
}

static void wallclock_rows(void)
{
    u32 day = 86400, machine = clock_of_the_machine();
    u64 wall = time_wall_ns() / NS_PER_SECOND;
    u32 ahead = (u32)((wall % day + day - machine) % day);

    row_want("wallclock.version_is_even", shared_info->wc_version & 1, 0);
    row("wallclock.ns_below_a_second", shared_info->wc_nsec < NS_PER_SECOND);
    row("wallclock.is_of_this_century", wall > 1500000000 && wall < 4102444800);
    row_want("wallclock.agrees_with_the_machine", ahead <= 1 || ahead == day - 1, 1);
}

static u64 ticks_of_a_read(void)
{
    u64 best = ~0ull;

    for (u32 i = 0; i < 1000; i++) {
        u64 before = tsc_read(), ticks = tsc_read() - before;

        best = ticks < best ? ticks : best;
    }
    return best;
}

static u64 ticks_of_a_trap(void)
{
    u64 best = ~0ull;

    for (u32 i = 0; i < 1000; i++) {
        u64 before = tsc_read(), ticks;
        u32 eax = 0, ebx, ecx = 0, edx;

        asm volatile(XEN_CPUID : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        ticks = tsc_read() - before;
        best = ticks < best ? ticks : best;
    }
    return best;
}

static void cpuid_time(u32 subleaf, u32 r[4])
{
    asm volatile(XEN_CPUID
                 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                 : "a"(0x40000003), "c"(subleaf));
}

/* With the argument "emulated" (which Xen does not do to dom0): the same, by a trap each. */
static void tsc_rows(void)
{
    bool emulated = cmdline_has("emulated");
    u32 r[4], khz;

    row_want("tsc.read_is_native", ticks_of_a_read() < ticks_of_a_trap() / 3, !emulated);
    cpuid_time(0, r);
    row_want("tsc.emulated", r[0] & 1, emulated);
    row_want("tsc.mode", r[1], emulated);
    row_want("tsc.khz_is_told", r[2] != 0, emulated);
    row_want("tsc.incarnation", r[3], emulated);
    khz = r[2];
    cpuid_time(1, r);
    row_want("tsc.scale_is_told", r[2] != 0, emulated);
    if (emulated)
        row_want("tsc.scale_is_the_records", r[2] == record->tsc_to_system_mul, 1);
    cpuid_time(2, r);
    row_want("tsc.rate_is_the_records", r[0] / 1000 - tsc_frequency() / 1000000 + 1 <= 2, 1);
    row_want("tsc.rate_is_the_guests", !khz || khz == r[0], 1);
    cpuid_time(3, r);
    row("tsc.no_more", r[0] | r[1] | r[2] | r[3]);
}

static long area_register(void *where)
{
    struct vcpu_register_time_memory_area area = {.addr.p = (uintptr_t)where};

    return call_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &area);
}

static bool areas_agree(void)
{
    u32 version;
    bool same;

    do {
        version = record->version;
        same = AREA->version == version && AREA->tsc_timestamp == record->tsc_timestamp &&
               AREA->system_time == record->system_time && AREA->tsc_shift == record->tsc_shift &&
               AREA->tsc_to_system_mul == record->tsc_to_system_mul && AREA->flags == record->flags;
    } while (record->version != version);
    return same;
}

static void wait_for_a_change(void)
{
    u32 version = record->version;
    u64 end = time_now_ns() + AGES;

    while (record->version == version && time_now_ns() < end)
        ;
}

/* Until the record has changed while user space ran. */
static void user_wait(void)
{
    static struct trap_frame frame;
    u32 version = record->version;
    u64 end = time_now_ns() + AGES;

    do {
        user_frame_init(&frame, user_address(user_spin), user_stack_top());
        user_run(&frame);
    } while (record->version == version && time_now_ns() < end);
}

static void area_rows(void)
{
    u32 version = record->version;

    row("area.unreadable", call_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, NOWHERE));
    row("area.of_no_vcpu", call_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 50, NOWHERE));
    row("area.of_the_hypervisor", area_register(HYPERVISOR_ADDRESS));
    row("area.before_the_hypervisor", area_register((char *)HYPERVISOR_ADDRESS - PAGE_SIZE * 4));
    row("area.not_canonical", area_register((void *)(uintptr_t)NON_CANONICAL));
    row("area.not_there", area_register(NOWHERE));
    row("area.registered", area_register(AREA));
    row("area.is_written_at_once", areas_agree());
    row("area.the_record_too", record->version != version);
    wait_for_a_change();
    row("area.is_written_again", areas_agree());
    user_wait();
    row("area.is_written_while_user_space_runs", areas_agree());
    row("area.none", area_register(NULL));
    version = AREA->version;
    wait_for_a_change();
    row("area.is_left_alone", AREA->version == version);
}

void guest_main(void)
{
    struct physdev_set_iopl iopl = {.iopl = 1};

    record = &shared_info->vcpu_info[0].time;
    hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)&iopl);
    user_space_init();
    record_rows();
    tsc_rows();
    wallclock_rows();
    rate_rows();
    monotonic_rows();
    area_rows();
    guest_end();
}
