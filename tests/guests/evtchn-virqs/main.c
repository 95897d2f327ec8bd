/*
 * What the hypervisor itself has to say: a character came for this domain (VIRQ_CONSOLE), somebody
 * asked the domain for its state by the debug key 'q' (VIRQ_DEBUG). A control domain without the
 * first would have to poll its console.
 *
 * Upcalls stay masked: the ports' bits tell.
 */
#include "tests/guests/evtchn.h"

static void wait_for(evtchn_port_t port)
{
    while (!port_pending(port))
        call_sched_op(SCHEDOP_yield, NULL);
}

static void say(const char *group, evtchn_port_t port)
{
    row(name_of(group, "upcall"), vcpu_info()->evtchn_upcall_pending);
    row(name_of(group, "selector"), (s64)vcpu_info()->evtchn_pending_sel);
    port_pending_set(port, false);
    vcpu_info()->evtchn_pending_sel = 0;
    vcpu_info()->evtchn_upcall_pending = 0;
}

void guest_main(void)
{
    evtchn_port_t console, debug;
    char c = 0;

    upcalls_close();
    console = (u32)evtchn_virq(VIRQ_CONSOLE, 0);
    debug = (u32)evtchn_virq(VIRQ_DEBUG, 0);
    vcpu_info()->evtchn_upcall_pending = 0;
    console_printf("evtchn-virqs: type\n");
    wait_for(console);
    say("console", console);
    row("console.read", call_console_io(CONSOLEIO_read, 1, &c));
    row("console.character", c);
    row("console.debug-not", port_pending(debug));
    console_printf("evtchn-virqs: key\n");
    wait_for(debug);
    port_pending_set(console, false); /* the switch's own characters may come through */
    say("debug", debug);
    row("close.console", evtchn_close(console));
    row("close.debug", evtchn_close(debug));
    guest_end();
}
