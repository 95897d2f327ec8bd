/*
 * See terminal.h. Output is collected, because a hypercall for each character of a line that is
 * edited would be slow, and a screen of top would flicker.
 */
#include "dom0/console/terminal.h"
#include "dom0/loop.h"

#include "guest-kernel/event/event.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

static char out[PAGE_SIZE];
static size_t out_length;
static struct work flush_work, input_work;
static const struct terminal_owner *owner;

void terminal_flush(void)
{
    console_write(out, out_length);
    out_length = 0;
}

void terminal_write(const char *text, size_t length)
{
    while (length) {
        size_t n = MIN(length, sizeof(out) - out_length);

        memcpy(out + out_length, text, n);
        out_length += n;
        text += n;
        length -= n;
        if (out_length == sizeof(out))
            terminal_flush();
    }
    work_raise(&flush_work);
}

static void terminal_vprint(const char *format, va_list args)
{
    char text[CONSOLE_LINE_MAX + 1];
    size_t length = fmt_vsnprintf(text, sizeof(text), format, args);

    terminal_write(text, MIN(length, (size_t)CONSOLE_LINE_MAX));
}

void terminal_print(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    terminal_vprint(format, args);
    va_end(args);
}

void terminal_notice(const char *format, ...)
{
    va_list args;

    if (owner && owner->hide)
        owner->hide();
    va_start(args, format);
    terminal_vprint(format, args);
    va_end(args);
    if (owner && owner->show)
        owner->show();
}

void terminal_give(const struct terminal_owner *to)
{
    owner = to;
    work_raise(&input_work);
}

const struct terminal_owner *terminal_has(void)
{
    return owner;
}

/* A byte, then others have their turn: it may have been the end of a command that ended a guest. */
static void input_run(struct work *work)
{
    char typed;

    if (!owner || !console_read(&typed, 1))
        return;
    work_raise(work);
    owner->key((u8)typed);
}

static void flush_run(struct work *work)
{
    (void)work;
    terminal_flush();
}

void terminal_init(void)
{
    long port;

    work_init(&flush_work, flush_run);
    work_init(&input_work, input_run);
    port = console_bind(work_raise_on_event, &input_work);
    if (port < 0)
        guest_panic("the console cannot be read: error %ld", port);
}
