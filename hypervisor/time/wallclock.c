/*
 * The wallclock: what time it was when system time was 0. Guests have it in their shared page, in
 * the same versioned form as their own clocks, and add system time.
 *
 * The machine's clock counts seconds, so what is read is up to a second behind; to wait for its
 * next tick would hold up each boot for half a second, and the control domain knows better soon.
 */
#include "hypervisor/time/wallclock.h"

#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/time/clock.h"
#include "xen-like/lib/string.h"

/* Motorola MC146818: registers and their bits. */
#define RTC_SECOND    0
#define RTC_MINUTE    2
#define RTC_HOUR      4
#define RTC_DAY       7
#define RTC_MONTH     8
#define RTC_YEAR      9
#define RTC_STATUS_A  10
#define RTC_STATUS_B  11
#define RTC_UPDATING  0x80U /* of A: wait, at most 2 ms */
#define RTC_24_HOURS  0x02U /* of B */
#define RTC_BINARY    0x04U
#define RTC_PM        0x80U   /* of the hour, when there are 12 */
#define READS_MAX     10000   /* a microsecond each, or more */
#define DAYS_TO_1970  719468L /* from March 1st of the year 0 */
#define SECONDS_A_DAY 86400L

static struct spinlock lock = SPINLOCK(LOCK_TIMERS); /* of the two: */
static u64 base_seconds;
static u32 base_ns;

static long number(const struct rtc *r, u8 value)
{
    return r->control & RTC_BINARY ? value : (value >> 4) * 10 + (value & 0xf);
}

/* Days since 1970; years begin in March, so that the odd day is the last one. */
static long days_since_1970(long year, long month, long day)
{
    year -= month <= 2;
    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 +
           day - 1 - DAYS_TO_1970;
}

u64 rtc_decode(const struct rtc *r)
{
    bool half = !(r->control & RTC_24_HOURS);
    long hour = number(r, half ? r->hour & (u8)~RTC_PM : r->hour);
    long year = number(r, r->year), month = number(r, r->month), day = number(r, r->day);
    long minute = number(r, r->minute), second = number(r, r->second);

    if (half)
        hour = hour % 12 + (r->hour & RTC_PM ? 12 : 0);
    year += r->century ? number(r, r->century) * 100 : year < 70 ? 2000 : 1900;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 59)
        return 0;
    return (u64)(days_since_1970(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 +
                 second);
}

static u8 rtc_register(u8 number)
{
    outb(CMOS_INDEX, number);
    return inb(CMOS_DATA);
}

static struct rtc rtc_read_once(void)
{
    u8 century = power_rtc_century();

    for (u32 i = 0; i < READS_MAX && rtc_register(RTC_STATUS_A) & RTC_UPDATING; i++)
        cpu_relax();
    return (struct rtc){rtc_register(RTC_SECOND),
                        rtc_register(RTC_MINUTE),
                        rtc_register(RTC_HOUR),
                        rtc_register(RTC_DAY),
                        rtc_register(RTC_MONTH),
                        rtc_register(RTC_YEAR),
                        century ? rtc_register(century) : 0,
                        rtc_register(RTC_STATUS_B)};
}

/* Until it says the same twice: an update may begin just behind our look at it. */
static struct rtc rtc_read(void)
{
    struct rtc now = rtc_read_once(), before;

    do {
        before = now;
        now = rtc_read_once();
    } while (memcmp(&now, &before, sizeof(now)));
    return now;
}

void wallclock_init(void)
{
    struct rtc r = rtc_read();
    u64 seconds = rtc_decode(&r);

    if (!seconds)
        log_warn("the machine's clock shows no date: it is 1970");
    wallclock_set(seconds, 0, now_ns());
}

/* In either layout the version is followed by the seconds' low half and by nanoseconds. */
enum {
    WC_VERSION,
    WC_SECONDS,
    WC_NS
};

void wallclock_publish(struct domain *d)
{
    u32 *wc = d->is_32bit ? &shared32(d)->wc_version : &d->shared->wc_version;
    u32 *high = d->is_32bit ? &shared32(d)->arch.wc_sec_hi : &d->shared->wc_sec_hi;
    u64 seconds;

    spin_lock(&lock);
    seconds = base_seconds + (u64)d->time.offset_seconds;
    __atomic_store_n(&wc[WC_VERSION], (wc[WC_VERSION] + 1) | 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    wc[WC_SECONDS] = (u32)seconds;
    wc[WC_NS] = base_ns;
    *high = seconds >> 32;
    __atomic_store_n(&wc[WC_VERSION], wc[WC_VERSION] + 1, __ATOMIC_RELEASE);
    spin_unlock(&lock);
}

void wallclock_set(u64 seconds, u32 ns, u64 system)
{
    u64 base = seconds * NS_PER_S + ns - system;

    spin_lock(&lock);
    base_seconds = base / NS_PER_S;
    base_ns = (u32)(base % NS_PER_S);
    spin_unlock(&lock);
    for (struct domain *d = domains; d; d = d->next)
        if (!d->dying) /* or its shared page may go any time */
            wallclock_publish(d);
}
