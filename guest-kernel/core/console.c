/*
 * Text out, by the hypercall console_io: the one way to be heard before there is any other device.
 * It is a debugging aid, meant for few lines; guests proper use a console ring.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/x86_64/hypercall.h"
#include "xen-like/lib/fmt.h"

void console_write(const char *text, size_t length)
{
    /* There is nobody to tell if the console refuses. */
    call_console_io(CONSOLEIO_write, length, text);
}

static void console_vprintf(const char *format, va_list args)
{
    char line[CONSOLE_LINE_MAX + 1];
    size_t length = fmt_vsnprintf(line, sizeof(line), format, args);

    console_write(line, MIN(length, (size_t)CONSOLE_LINE_MAX));
}

void console_printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    console_vprintf(format, args);
    va_end(args);
}

NORETURN void guest_panic(const char *format, ...)
{
    va_list args;

    console_printf("guest kernel panic: ");
    va_start(args, format);
    console_vprintf(format, args);
    va_end(args);
    console_printf("\n");
    guest_shutdown(SHUTDOWN_crash);
}
