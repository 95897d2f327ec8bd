/* Counts years and months off, which is slow and easy to believe. */
#include "guest-kernel/time/calendar.h"

#define SECONDS_PER_DAY 86400

static bool is_leap(unsigned int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned int days_of_month(unsigned int year, unsigned int month)
{
    static const u8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

struct calendar calendar_of(u64 seconds)
{
    u64 days = seconds / SECONDS_PER_DAY;
    unsigned int rest = (unsigned int)(seconds % SECONDS_PER_DAY);
    struct calendar c = {.year = 1970, .month = 1};

    for (; days >= 365u + is_leap(c.year); c.year++)
        days -= 365u + is_leap(c.year);
    for (; days >= days_of_month(c.year, c.month); c.month++)
        days -= days_of_month(c.year, c.month);
    c.day = (unsigned int)days + 1;
    c.hour = rest / 3600;
    c.minute = rest / 60 % 60;
    c.second = rest % 60;
    return c;
}
