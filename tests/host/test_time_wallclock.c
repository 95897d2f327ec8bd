// LINK: xen-like/lib/string.c
/*
 * Reading the machine's clock, in all the forms that it can be set to, and what guests get of it.
 * The C library says what the right answer is.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/regs.h"

static u8 chip[128], selected;
static u32 reads;
static void (*at_read)(void);

static u8 chip_in(u16 port)
{
    reads++;
    if (at_read)
        at_read();
    return port & 1 ? chip[selected] : 0;
}

static void chip_out(u16 port, u8 v)
{
    if (!(port & 1))
        selected = v & 0x7f;
}

#define inb(port)     chip_in(port)
#define outb(port, v) chip_out(port, v)
#include "hypervisor/time/wallclock.c"

struct percpu host_percpu;
struct domain *domains;
static u8 century;

u8 power_rtc_century(void)
{
    return century;
}

u64 now_ns(void)
{
    return 1500000000;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void bug_at(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

static u8 coded(int value, bool binary)
{
    return (u8)(binary ? value : value / 10 * 16 + value % 10);
}

/* Shows @t as the chip does, with the bits of control register B. */
static struct rtc shown(const struct tm *t, u8 control)
{
    bool binary = control & RTC_BINARY, half = !(control & RTC_24_HOURS);
    int hour = half ? (t->tm_hour + 11) % 12 + 1 : t->tm_hour;

    return (struct rtc){.second = coded(t->tm_sec, binary),
                        .minute = coded(t->tm_min, binary),
                        .hour = (u8)(coded(hour, binary) | (half && t->tm_hour > 11 ? RTC_PM : 0)),
                        .day = coded(t->tm_mday, binary),
                        .month = coded(t->tm_mon + 1, binary),
                        .year = coded(t->tm_year % 100, binary),
                        .century = coded(t->tm_year / 100 + 19, binary),
                        .control = control};
}

static void each_form_is_read(void **state)
{
    (void)state;
    for (time_t at = 0; at < 8000000000; at += 86399 * 7 + 1234) {
        struct tm t;

        gmtime_r(&at, &t);
        for (u8 control = 0; control < 8; control += 2) {
            struct rtc r = shown(&t, control);

            assert_int_equal(rtc_decode(&r), at);
            r.century = 0;
            assert_int_equal(rtc_decode(&r), at >= 3155760000 ? rtc_decode(&r) : (u64)at);
        }
    }
}

static void days_around_february(void **state)
{
    static const int years[] = {1972, 1999, 2000, 2023, 2024, 2100, 2400};

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(years); i++)
        for (int day = 0; day < 366; day++) {
            struct tm t = {.tm_year = years[i] - 1900, .tm_mday = 1 + day, .tm_hour = 12}, u;
            time_t at = timegm(&t);
            struct rtc r;

            gmtime_r(&at, &u);
            r = shown(&u, RTC_24_HOURS);
            assert_int_equal(rtc_decode(&r), at);
        }
}

static void nonsense_is_no_date(void **state)
{
    struct rtc all_ones, r = {.day = 1, .month = 1, .control = RTC_24_HOURS};

    (void)state;
    memset(&all_ones, 0xff, sizeof(all_ones));
    assert_int_equal(rtc_decode(&all_ones), 0);
    assert_int_not_equal(rtc_decode(&r), 0);
    for (u32 i = 0; i < 256; i++) { /* none reaches beyond any bound, whatever the chip shows */
        memset(&r, (int)i, sizeof(r));
        rtc_decode(&r);
    }
    r = (struct rtc){.day = 1, .month = 0x13, .control = RTC_24_HOURS};
    assert_int_equal(rtc_decode(&r), 0);
    r = (struct rtc){.day = 1, .month = 1, .hour = 0x24, .control = RTC_24_HOURS};
    assert_int_equal(rtc_decode(&r), 0);
}

/* The second changes between two registers. */
static void turn_over(void)
{
    if (selected == RTC_MINUTE && reads > 3) {
        chip[RTC_MINUTE] = 0x01;
        chip[RTC_SECOND] = 0x00;
        at_read = NULL;
    }
}

static void a_turn_of_the_minute_is_seen(void **state)
{
    struct rtc r;

    (void)state;
    memset(chip, 0, sizeof(chip));
    chip[RTC_SECOND] = 0x59;
    chip[RTC_STATUS_B] = RTC_24_HOURS;
    reads = 0;
    at_read = turn_over;
    r = rtc_read();
    assert_true(r.second == 0 && r.minute == 1);
}

/* A chip that never ends its update is read all the same. */
static void a_stuck_chip_holds_nobody_up(void **state)
{
    (void)state;
    memset(chip, 0xff, sizeof(chip));
    at_read = NULL;
    century = 0x32;
    wallclock_init();
    assert_int_equal(base_seconds, (0UL - 1500000000) / 1000000000);
}

static void guests_see_it(void **state)
{
    static struct shared_info page;
    static struct domain d = {.shared = &page};

    (void)state;
    domains = &d;
    wallclock_set(1600000000, 7, 1000000008);
    assert_true(page.wc_sec == 1599999998 && page.wc_nsec == 999999999 && !page.wc_sec_hi);
    assert_int_equal(page.wc_version, 2);
    wallclock_set(1UL << 33, 0, 0);
    assert_true(page.wc_sec == 0 && page.wc_sec_hi == 2 && page.wc_version == 4);
    page.wc_version = 0xffffffff; /* it is the guest's page */
    wallclock_publish(&d);
    assert_int_equal(page.wc_version & 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_read),
        cmocka_unit_test(days_around_february),
        cmocka_unit_test(nonsense_is_no_date),
        cmocka_unit_test(a_turn_of_the_minute_is_seen),
        cmocka_unit_test(a_stuck_chip_holds_nobody_up),
        cmocka_unit_test(guests_see_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
