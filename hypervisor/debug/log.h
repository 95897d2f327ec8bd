/*
 * The hypervisor's log: one call, one line, "(XEN) " before it as Xen's tools and users expect.
 *
 * A message needs no '\n' at its end (one is dropped); a '\n' inside begins another prefixed line.
 * A line is shown if its level passes loglvl= (for what guests cause: guest_loglvl=) and kept in
 * the ring in any case that it is shown, for a toolstack to read later.
 */
#ifndef HYPERVISOR_DEBUG_LOG_H
#define HYPERVISOR_DEBUG_LOG_H

#include "xen-like/lib/types.h"

#define LOG_BUILTIN_RING_SIZE 16384UL /* kept without a log_set_ring() */

enum log_level {
    LOG_NONE,
    LOG_ERROR,
    LOG_WARNING,
    LOG_INFO,
    LOG_DEBUG
};

void log_at(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
void log_guest_at(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* Shown whatever the thresholds are: a panic, the banner, the report of a guest's death. */
#define log_always(...) log_at(LOG_NONE, __VA_ARGS__)
#define log_err(...)    log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)   log_at(LOG_WARNING, __VA_ARGS__)
#define log_info(...)   log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)  log_at(LOG_DEBUG, __VA_ARGS__)

/* What a guest brought about, and could bring about again and again. */
#define log_guest_err(...)   log_guest_at(LOG_ERROR, __VA_ARGS__)
#define log_guest_warn(...)  log_guest_at(LOG_WARNING, __VA_ARGS__)
#define log_guest_info(...)  log_guest_at(LOG_INFO, __VA_ARGS__)
#define log_guest_debug(...) log_guest_at(LOG_DEBUG, __VA_ARGS__)

/* The values of loglvl= and guest_loglvl=: <level> or <level>/<level> with none, error, warning,
 * info, debug or all. NULL, or what was expected in words; then nothing has changed. */
const char *log_set_threshold(const char *value);
const char *log_set_guest_threshold(const char *value);

/* From now on keep the last `size` bytes (a power of two) in `memory`; what was kept moves there.
 */
void log_set_ring(char *memory, size_t size);

/* From now on @fn is called when the ring has grown: whatever locks are held, interrupts off. */
void log_on_growth(void (*fn)(void));

/*
 * Copies at most n bytes of the kept log, from its oldest byte on, after skipping the first `skip`
 * bytes ever logged (bytes already overwritten are skipped too). *next, if not NULL, becomes the
 * `skip` for a later call. Returns how many bytes were copied. No NUL is written.
 */
size_t log_read(char *to, size_t n, u64 skip, u64 *next);

/* What is kept begins behind *@first bytes ever logged, and ends behind those that are answered.
 * log_forget: nobody shall be shown what was logged before @skip, and is not asked about. */
u64 log_span(u64 *first);
void log_forget(u64 skip);

#endif
