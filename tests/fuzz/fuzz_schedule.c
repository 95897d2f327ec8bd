/*
 * The reader of schedules of interceptions, under a fuzzer: no byte outside of the text is read,
 * each "no" has its reason, and what was understood means the same when it is printed and read
 * again.
 */
#include "dom0/intercept/schedule.h"
#include "tests/fuzz/replay.h"
#include "xen-like/lib/parse.h"

/* A domain is called by its number, or "d" and its number. */
static bool number_of(const char *word, domid_t *domain)
{
    const char *end;
    u64 number;

    if (!parse_unsigned(word + (*word == 'd'), &end, &number) || *end || number > 32751)
        return false;
    *domain = (domid_t)number;
    return true;
}

static const char *name_of(domid_t domain)
{
    static char name[16];

    snprintf(name, sizeof(name), "d%u", domain);
    return domain % 2 ? name : NULL;
}

static const struct domain_names names = {number_of, name_of};

static bool line_check(void *data, const struct schedule_line *line,
                       char message[SCHEDULE_MESSAGE_SIZE])
{
    char text[SCHEDULE_LINE_MAX];
    struct schedule_line again;

    (void)data;
    assert_in_range(schedule_line_print(text, sizeof(text), line, &names), 4, sizeof(text) - 1);
    if (!schedule_line_read(&again, text, &names, message))
        fail_msg("%s: %s", text, message);
    assert_memory_equal(line, &again, sizeof(again));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[SCHEDULE_MESSAGE_SIZE] = "";

    if (!schedule_read("f", (const char *)data, size, &names, line_check, NULL, message))
        assert_true(message[0]);
    return 0;
}
