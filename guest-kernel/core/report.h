/*
 * How a test guest answers: rows on the console, which the harness reads, and an end line. A row
 * whose value must equal that of Debian's Xen is `row`; where the test itself knows what is right
 * it is `row_want`, which marks a difference. A name is `group.what_is_asked`, without spaces.
 */
#ifndef GUEST_KERNEL_CORE_REPORT_H
#define GUEST_KERNEL_CORE_REPORT_H

#include "xen-like/lib/types.h"

void row(const char *name, s64 value);
void row_hex(const char *name, u64 value);
void row_text(const char *name, const char *value);

/* Each of these says (wanted X) after a value that differs, which makes the row a failure. */
void row_want(const char *name, s64 got, s64 want);
void row_want_hex(const char *name, u64 got, u64 want);
void row_want_text(const char *name, const char *got, const char *want);

/* A bench: count operations took total ticks of the TSC. */
void row_bench(const char *name, u64 count, u64 total);

/* Ends the guest's report and its domain. GUEST_NAME is the folder's name, set by build.mk. */
#define guest_end() report_end(GUEST_NAME)
NORETURN void report_end(const char *guest_name);

#endif
