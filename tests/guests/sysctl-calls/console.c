/* The hypervisor's log, which `xl dmesg` reads; debug keys, whose output lands there. */
#include "tests/guests/sysctl-calls/sysctl_calls.h"
#include "tests/guests/evtchn.h"
#include "tests/guests/sysctl.h"

static char text[65536], more[65536];

static long log_get(bool clear, bool incremental, u32 index, void *to, u32 count)
{
    sysctl_begin();
    op.u.readconsole.clear = clear;
    op.u.readconsole.incremental = incremental;
    op.u.readconsole.index = index;
    op.u.readconsole.buffer.p = to;
    op.u.readconsole.count = count;
    return sysctl(XEN_SYSCTL_readconsole);
}

static long keys_press(const char *keys, u32 count)
{
    sysctl_begin();
    op.u.debug_keys.keys.p = keys;
    op.u.debug_keys.nr_keys = count;
    return sysctl(XEN_SYSCTL_debug_keys);
}

/* Who reads the ring is told when it has grown. */
static void ring_rows(void)
{
    long port = evtchn_virq(VIRQ_CON_RING, 0);
    u32 looks = 0;

    port_pending_set((evtchn_port_t)port, false);
    keys_press("h", 1);
    while (!port_pending((evtchn_port_t)port) && looks++ < 1000000)
        call_sched_op(SCHEDOP_yield, NULL);
    row_want("ring.told", port_pending((evtchn_port_t)port), true);
    evtchn_close((evtchn_port_t)port);
}

void console_rows(void)
{
    const struct xen_sysctl_readconsole *r = &op.u.readconsole;
    u32 end, count;

    row("log.all", log_get(false, false, 0, text, sizeof(text)));
    row("log.some", r->count > 100);
    row("log.first", !memcmp(text, "(XEN) ", 6));
    row("log.whole_lines", text[r->count - 1] == '\n');
    end = r->index;
    count = r->count;
    row("log.again", log_get(false, false, 0, more, sizeof(more)));
    row("log.again_the_same", r->index == end && r->count == count && !memcmp(text, more, count));
    row("log.ten", log_get(false, false, 0, more, 10));
    row("log.ten_count", r->count);
    row("log.ten_same", !memcmp(text, more, 10));
    row("log.next", log_get(false, true, r->index, more, 10));
    row("log.next_count", r->count);
    row("log.next_same", !memcmp(text + 10, more, 10));
    row("log.nothing_new", log_get(false, true, end, more, sizeof(more)));
    row("log.nothing_new_count", r->count);
    row("log.nothing_new_index", r->index == end);
    row("log.beyond", log_get(false, true, end + 1000, more, 10));
    row("log.beyond_count", r->count);
    row("log.no_room", log_get(false, false, 0, NULL, 0));
    row("log.unwritable", log_get(false, false, 0, NOWHERE, 100));
    row("keys.none", keys_press(NOWHERE, 0));
    row("keys.unreadable", keys_press(NOWHERE, 1));
    row("keys.unknown", keys_press("\1", 1));
    row("keys.h", keys_press("h", 1));
    row("log.keys", log_get(false, true, end, more, sizeof(more) - 1));
    row("log.keys_some", r->count > 20);
    more[r->count] = '\0';
    row("log.keys_line", !memcmp(more, "(XEN) ", 6));
    row("log.clear_ten", log_get(true, false, 0, more, 10));
    row("log.after_ten", log_get(false, false, 0, more, 10));
    row("log.after_ten_same", !memcmp(text + 10, more, 10));
    row("log.clear", log_get(true, false, 0, text, sizeof(text)));
    row("log.cleared", log_get(false, false, 0, text, sizeof(text)));
    row("log.cleared_count", r->count);
    row("log.before_the_clear", log_get(false, true, end - 10, text, sizeof(text)));
    row("log.before_the_clear_count", r->count);
    ring_rows();
}
