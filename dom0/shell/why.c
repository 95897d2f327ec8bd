/*
 * `why`: what is known of a domain's end. If it broke a rule, the hypervisor has said so at length
 * in its log: from the line "Domain N (vcpu#M) crashed" on, until a line of something else. If it
 * ended by itself, the last that it wrote to its console is the best there is.
 *
 * The log is read piece by piece and looked at line by line; the latest report is kept.
 */
#include "dom0/mm/heap.h"
#include "dom0/shell/commands.h"
#include "dom0/shell/domains.h"
#include "dom0/shell/service.h"

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define LOG_MARK    "(XEN) "
#define REPORT_SIZE (4 * PAGE_SIZE)
#define LINE_SIZE   200
#define LAST_BYTES  600 /* of what the guest wrote */

struct search {
    char head[48]; /* how the report's first line begins */
    bool inside;
    char line[LINE_SIZE];
    size_t line_length;
    size_t length;
    char report[REPORT_SIZE];
};

/* What the hypervisor says in a line, perhaps behind a prompt; NULL: nothing. */
static const char *words_of_hypervisor(const char *line)
{
    const char *words = NULL;

    for (; *line; line++) {
        if (str_starts_with(line, LOG_MARK))
            words = line + strlen(LOG_MARK);
    }
    return words;
}

/* These words of the hypervisor's are not part of a report. */
static bool is_other(const char *words)
{
    return str_starts_with(words, "Domain ") || str_starts_with(words, "audit ") ||
           str_starts_with(words, "Serial ");
}

static void line_look(struct search *s)
{
    const char *words;
    size_t length;

    s->line[s->line_length] = 0;
    s->line_length = 0;
    words = words_of_hypervisor(s->line);
    if (words && str_starts_with(words, s->head)) {
        s->inside = true;
        s->length = 0;
    } else if (!words || is_other(words)) {
        s->inside = false;
    }
    if (!s->inside)
        return;
    length = strlen(words);
    if (length < REPORT_SIZE - s->length) {
        memcpy(s->report + s->length, words, length);
        s->length += length;
        s->report[s->length++] = '\n';
    }
}

/* The latest report about a domain: its length in s->report, 0 if there is none. */
static size_t report_find(struct search *s, domid_t domain)
{
    char text[512];
    u32 index = 0;
    int n;

    fmt_snprintf(s->head, sizeof(s->head), "Domain %u (vcpu#", domain);
    while ((n = machine_log(text, sizeof(text), &index)) > 0) {
        for (int i = 0; i < n; i++) {
            if (text[i] == '\n')
                line_look(s);
            else if (text[i] != '\r' && s->line_length < LINE_SIZE - 1)
                s->line[s->line_length++] = text[i];
        }
    }
    return s->length;
}

/* From the beginning of a line on. */
static void last_words_print(const struct scrollback *back)
{
    u64 at = back->end > LAST_BYTES ? back->end - LAST_BYTES : 0;
    bool shown = !at;
    const char *piece;
    size_t length;

    terminal_print("What it wrote last:\n");
    while ((length = scrollback_next(back, &at, &piece))) {
        while (!shown && length) {
            shown = *piece++ == '\n';
            length--;
        }
        terminal_write(piece, length);
    }
    terminal_print("\n");
}

/* back: what it wrote; NULL: it is not known. */
static void death_tell(const char *name, domid_t domain, unsigned int reason,
                       const struct scrollback *back)
{
    struct search *search = heap_alloc(sizeof(*search));
    size_t length = 0;

    terminal_print("%s (domain %u) %s.\n", name, domain, reason_words(reason));
    if (search && reason == SHUTDOWN_crash)
        length = report_find(search, domain);
    if (length)
        terminal_write(search->report, length);
    else if (back)
        last_words_print(back);
    heap_free(search);
}

bool command_why(struct words *words)
{
    const char *name = words_next(words);
    const struct record *record;
    const struct guest *guest;

    if (!name || words_left(words))
        return false;
    guest = guest_find(name);
    record = record_find(name);
    if (guest && guest->kept)
        death_tell(guest->name, guest->domain.domid, domain_reason(guest->domain.domid),
                   guest->console ? &console_of(guest)->back : NULL);
    else if (record)
        death_tell(record->name, record->domain, record->reason, &record->back);
    else
        terminal_print("%s: no guest of this name has ended; see: list\n", name);
    return true;
}
