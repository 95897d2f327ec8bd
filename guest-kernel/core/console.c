/*
 * Text out, and in. The control domain has the hypercall console_io, and needs nothing else to be
 * heard; an ordinary guest has a page with rings, whose other end takes what is there when it is
 * told so. An event says that something was typed: a virq, or the port of the rings.
 */
#include "guest-kernel/core/lock.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/frame_number.h"
#include "guest-kernel/core/hypercall.h"
#include "ioring/byte_ring.h"
#include "xen-like/lib/fmt.h"

extern u8 image_base[]; /* guest.lds: where pfn 0 is mapped */

static struct byte_channel ring; /* size 0: not attached yet */
static struct lock ring_lock;    /* guards it */

/* start_info gives the page's machine frame; it lies in what is mapped from the beginning. */
static void ring_attach(void)
{
    pfn_t page = mfn_to_pfn((mfn_t){start_info->console.domU.mfn});

    console_attach_frontend(&ring, (void *)(image_base + (page.n << PAGE_SHIFT)));
}

static bool has_hypercall(void)
{
    return !start_info ||
           start_info->flags & SIF_INITDOMAIN; /* a kernel may begin without start.c */
}

/* Is there room again? The other end may need the CPU for that. */
static void ring_write(const char *text, size_t length)
{
    struct evtchn_send send = {.port = start_info->console.domU.evtchn};

    if (!ring.send.size)
        ring_attach();
    while (length) {
        s32 n = byte_ring_put(&ring.send, text, (u32)length);

        if (n < 0 || call_event_channel_op(EVTCHNOP_send, &send))
            return; /* there is nobody to tell */
        text += n;
        length -= (size_t)n;
        if (!n) {
            call_sched_op(SCHEDOP_yield, NULL);
            __builtin_ia32_pause(); /* as in lock.h */
        }
    }
}

void console_write(const char *text, size_t length)
{
    bool open;

    if (has_hypercall()) {
        call_console_io(CONSOLEIO_write, length, text);
        return;
    }
    open = lock_take(&ring_lock);
    ring_write(text, length);
    lock_release(&ring_lock, open);
}

static size_t ring_read(char *text, size_t max)
{
    struct evtchn_send send = {.port = start_info->console.domU.evtchn};
    s32 n;

    if (!ring.send.size)
        ring_attach();
    n = byte_ring_take(&ring.receive, text, (u32)max);
    if (n > 0)
        call_event_channel_op(EVTCHNOP_send, &send); /* there is room again */
    return n > 0 ? (size_t)n : 0;
}

size_t console_read(char *text, size_t max)
{
    size_t n;
    bool open;

    if (has_hypercall()) {
        long answer = call_console_io(CONSOLEIO_read, max, text);

        return answer > 0 ? (size_t)answer : 0;
    }
    open = lock_take(&ring_lock);
    n = ring_read(text, max);
    lock_release(&ring_lock, open);
    return n;
}

long console_bind(event_handler *fn, void *data)
{
    u32 port = start_info->console.domU.evtchn;

    if (has_hypercall())
        return event_bind_virq(VIRQ_CONSOLE, &vcpu_boot, fn, data);
    event_bind(port, fn, data);
    return port;
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
