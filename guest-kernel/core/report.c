/* The lines that the harness reads; report.h says what they mean. */
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/guest.h"
#include "xen-like/lib/string.h"

void row(const char *name, s64 value)
{
    console_printf("ROW %s = %lld\n", name, (long long)value);
}

void row_hex(const char *name, u64 value)
{
    console_printf("ROW %s = 0x%llx\n", name, (unsigned long long)value);
}

void row_text(const char *name, const char *value)
{
    console_printf("ROW %s = %s\n", name, value);
}

void row_want(const char *name, s64 got, s64 want)
{
    if (got == want)
        row(name, got);
    else
        console_printf("ROW %s = %lld (wanted %lld)\n", name, (long long)got, (long long)want);
}

void row_want_hex(const char *name, u64 got, u64 want)
{
    if (got == want)
        row_hex(name, got);
    else
        console_printf("ROW %s = 0x%llx (wanted 0x%llx)\n", name, (unsigned long long)got,
                       (unsigned long long)want);
}

void row_want_text(const char *name, const char *got, const char *want)
{
    if (!strcmp(got, want))
        row_text(name, got);
    else
        console_printf("ROW %s = %s (wanted %s)\n", name, got, want);
}

void row_bench(const char *name, u64 count, u64 total)
{
    console_printf("BENCH %s %llu %llu\n", name, (unsigned long long)count,
                   (unsigned long long)total);
}

NORETURN void report_end(const char *guest_name)
{
    console_printf("END %s\n", guest_name);
    guest_shutdown(SHUTDOWN_poweroff);
}
