/*
 * The log. A message is formatted once into a buffer on the stack, then cut into lines; each line
 * goes to the console and into a ring that always holds the newest bytes. The ring counts bytes
 * ever written (64 bits, never wraps): position p lives at ring[p & (size - 1)], hence the power of
 * two.
 */
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/console.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define MESSAGE_MAX 1024

#ifdef DEBUG
#define DEFAULT_THRESHOLD       LOG_DEBUG
#define DEFAULT_GUEST_THRESHOLD LOG_DEBUG
#else
#define DEFAULT_THRESHOLD       LOG_INFO
#define DEFAULT_GUEST_THRESHOLD LOG_WARNING
#endif

static const char prefix[] = "(XEN) ";

/* All of the ring is guarded by the console's lock. */
static char builtin_ring[LOG_BUILTIN_RING_SIZE];
static char *ring = builtin_ring;
static size_t ring_size = sizeof(builtin_ring);
static u64 ring_written; /* bytes ever put into the ring, and */
static u64 forgotten;    /* those that log_forget() was told of */

static void (*grown)(void);

static enum log_level threshold = DEFAULT_THRESHOLD;
static enum log_level guest_threshold = DEFAULT_GUEST_THRESHOLD;

static void ring_put(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ring[ring_written++ & (ring_size - 1)] = s[i];
}

static void emit(const char *s, size_t n)
{
    console_write(s, n);
    ring_put(s, n);
}

static void emit_line(const char *s, size_t n)
{
    if (!console_at_line_start())
        console_write("\n", 1);
    emit(prefix, sizeof(prefix) - 1);
    emit(s, n);
    emit("\n", 1);
}

static void log_va(const char *format, va_list args)
{
    char text[MESSAGE_MAX];
    const char *s = text, *end;

    fmt_vsnprintf(text, sizeof(text), format, args);
    console_lock();
    do {
        end = strchr(s, '\n');
        emit_line(s, end ? (size_t)(end - s) : strlen(s));
        s = end + 1;
    } while (end && *s);
    console_unlock();
    if (grown)
        grown();
}

void log_on_growth(void (*fn)(void))
{
    grown = fn;
}

void log_at(enum log_level level, const char *format, ...)
{
    va_list args;

    if (level > threshold)
        return;
    va_start(args, format);
    log_va(format, args);
    va_end(args);
}

void log_guest_at(enum log_level level, const char *format, ...)
{
    va_list args;

    if (level > guest_threshold)
        return;
    va_start(args, format);
    log_va(format, args);
    va_end(args);
}

static bool parse_level(const char *s, size_t n, enum log_level *level)
{
    static const struct {
        const char *name;
        enum log_level level;
    } names[] = {{"none", LOG_NONE}, {"error", LOG_ERROR}, {"warning", LOG_WARNING},
                 {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {"all", LOG_DEBUG}};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strlen(names[i].name) == n && strncmp(names[i].name, s, n) == 0) {
            *level = names[i].level;
            return true;
        }
    }
    return false;
}

/*
 * Of Xen's x/y, lines up to x are always shown and those up to y at a limited rate. We limit no
 * rate, so y decides.
 */
static const char *parse_threshold(const char *value, enum log_level *to)
{
    const char *slash = strchr(value, '/');
    size_t n = slash ? (size_t)(slash - value) : strlen(value);
    enum log_level lower, upper;

    if (!parse_level(value, n, &lower))
        goto malformed;
    upper = lower;
    if (slash && (!parse_level(slash + 1, strlen(slash + 1), &upper) || upper < lower))
        goto malformed;
    *to = upper;
    return NULL;

malformed:
    return "none, error, warning, info, debug or all, or two of them as in error/info";
}

const char *log_set_threshold(const char *value)
{
    return parse_threshold(value, &threshold);
}

const char *log_set_guest_threshold(const char *value)
{
    return parse_threshold(value, &guest_threshold);
}

/* Position of the oldest byte that is still kept. */
static u64 ring_oldest(void)
{
    return ring_written > ring_size ? ring_written - ring_size : 0;
}

void log_set_ring(char *memory, size_t size)
{
    u64 from;

    console_lock();
    from = MAX(ring_oldest(), ring_written - MIN(ring_written, size));

    for (u64 p = from; p < ring_written; p++)
        memory[p & (size - 1)] = ring[p & (ring_size - 1)];
    ring = memory;
    ring_size = size;
    console_unlock();
}

u64 log_span(u64 *first)
{
    u64 end;

    console_lock();
    *first = MAX(forgotten, ring_oldest());
    end = ring_written;
    console_unlock();
    return end;
}

void log_forget(u64 skip)
{
    console_lock();
    forgotten = MIN(skip, ring_written);
    console_unlock();
}

size_t log_read(char *to, size_t n, u64 skip, u64 *next)
{
    size_t copied = 0;
    u64 p;

    console_lock();
    p = MAX(skip, ring_oldest());
    while (copied < n && p < ring_written) {
        size_t at = p & (ring_size - 1);
        size_t part = MIN(MIN(n - copied, ring_size - at), ring_written - p);

        memcpy(to + copied, ring + at, part);
        copied += part;
        p += part;
    }
    console_unlock();
    if (next)
        *next = p;
    return copied;
}
