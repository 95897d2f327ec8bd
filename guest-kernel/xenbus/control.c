/*
 * What the toolstack asks of a guest: it writes a word into control/shutdown and waits until the
 * guest has emptied it, then until the guest has ended (docs/misc/xenstore-paths of Xen). Reading
 * and emptying are one transaction: a word that came in between would be lost.
 *
 * A guest that could be suspended would give up all that it holds of the machine and take it anew.
 * This one cannot: the word stays where it is, which is how the toolstack learns so.
 */
#include "guest-kernel/xenbus/xenbus.h"
#include "xen-like/lib/string.h"

#define SHUTDOWN "control/shutdown"

static const struct {
    const char *word, *feature;
    unsigned int reason;
} requests[] = {
    {"poweroff", "control/feature-poweroff", SHUTDOWN_poweroff},
    {"halt", "control/feature-halt", SHUTDOWN_poweroff},
    {"reboot", "control/feature-reboot", SHUTDOWN_reboot},
};

/* Takes a word that is known: *arg is which. 0: there was none. */
static long request_take(void *arg)
{
    unsigned int *which = arg;
    char word[16];

    if (xenstore_read(SHUTDOWN, word, sizeof(word)) <= 0)
        return 0;
    for (*which = 0; *which < ARRAY_SIZE(requests); (*which)++) {
        if (!strcmp(word, requests[*which].word))
            return xenstore_write(SHUTDOWN, "%s", "") ? 0 : 1;
    }
    console_printf("control: this kernel cannot do \"%s\"\n", word);
    return 0;
}

static void on_shutdown(struct xenstore_watch *watch)
{
    unsigned int which;

    (void)watch;
    if (xenstore_transact(request_take, &which) > 0)
        guest_shutdown(requests[which].reason);
}

long control_watch(void)
{
    static struct xenstore_watch watch;

    if (watch.fired)
        return 0;
    /* Where the guest may not write (a lone one) nobody reads it either. */
    for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++)
        xenstore_write(requests[i].feature, "1");
    return xenstore_watch(&watch, SHUTDOWN, on_shutdown);
}
