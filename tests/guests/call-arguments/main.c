/*
 * The arguments of the small calls, sched_op, console_io and vm_assist: which are refused, and how.
 * Kernels probe with these calls, so a wrong errno sends them down another road.
 */
#include "tests/guests/common.h"

#define NOWHERE ((void *)0x70000000)

static long poll(void *ports, unsigned int count)
{
    struct sched_poll p = {.nr_ports = count, .timeout = 1}; /* a time long past */

    p.ports.p = ports;
    return call_sched_op(SCHEDOP_poll, &p);
}

static long remote_shutdown(domid_t domain)
{
    struct sched_remote_shutdown whom = {.domain_id = domain, .reason = SHUTDOWN_crash};

    return call_sched_op(SCHEDOP_remote_shutdown, &whom);
}

static long pin_override(int cpu)
{
    struct sched_pin_override pin = {.pcpu = cpu};

    return call_sched_op(SCHEDOP_pin_override, &pin);
}

static void pin_override_rows(void)
{
    row("sched.pin_unreadable", call_sched_op(SCHEDOP_pin_override, NOWHERE));
    row("sched.unpin_before", pin_override(-1));
    row("sched.pin_to_no_cpu", pin_override(1));
    row("sched.pin_far_beyond", pin_override(0x7fffffff));
    row("sched.pin", pin_override(0));
    row("sched.pin_again", pin_override(0));
    row("sched.pin_elsewhere_again", pin_override(1));
    row("sched.unpin", pin_override(-7));
    row("sched.unpin_again", pin_override(-1));
}

static void sched_rows(void)
{
    evtchn_port_t bad[2] = {0, 100000};

    row("sched.yield", call_sched_op(SCHEDOP_yield, NULL));
    row("sched.yield_ignores_its_argument", call_sched_op(SCHEDOP_yield, NOWHERE));
    row("sched.poll_nothing", poll(NULL, 0));
    row("sched.poll_129_ports", poll(bad, 129));
    row("sched.poll_unreadable_ports", poll(NOWHERE, 1));
    row("sched.poll_ports_of_the_hypervisor", poll((void *)HYPERVISOR_VIRT_START, 1));
    row("sched.poll_a_port_that_cannot_be", poll(bad + 1, 1));
    row("sched.poll_unreadable", call_sched_op(SCHEDOP_poll, NOWHERE));
    row("sched.shutdown_unreadable", call_sched_op(SCHEDOP_shutdown, NOWHERE));
    row("sched.shutdown_code_unreadable", call_sched_op(SCHEDOP_shutdown_code, NOWHERE));
    row("sched.remote_shutdown_unreadable", call_sched_op(SCHEDOP_remote_shutdown, NOWHERE));
    row("sched.remote_shutdown_of_nobody", remote_shutdown(77));
    row("sched.remote_shutdown_of_self", remote_shutdown(DOMID_SELF));
    row("sched.remote_shutdown_of_the_io_domain", remote_shutdown(DOMID_IO));
    pin_override_rows();
    row("sched.compat_yield", hypercall_sched_op_compat(SCHEDOP_yield, (uintptr_t)NOWHERE));
    row("sched.compat_poll", hypercall_sched_op_compat(SCHEDOP_poll, 0));
    row("sched.compat_pin", hypercall_sched_op_compat(SCHEDOP_pin_override, 0));
    row("sched.compat_unknown", hypercall_sched_op_compat(~0u, 0));
    row("sched.unknown", call_sched_op(8, NULL));
    row("sched.unknown_negative", call_sched_op(~0u, NULL));
}

static void console_rows(void)
{
    static char buffer[8];

    row("console.write_nothing", call_console_io(CONSOLEIO_write, 0, NOWHERE));
    row("console.write_unreadable", call_console_io(CONSOLEIO_write, 1, NOWHERE));
    row("console.write_of_the_hypervisor",
        call_console_io(CONSOLEIO_write, 1, (char *)HYPERVISOR_OWN));
    row("console.read_nothing", call_console_io(CONSOLEIO_read, 0, NOWHERE));
    row("console.read_while_none_was_typed",
        call_console_io(CONSOLEIO_read, sizeof(buffer), buffer));
    row("console.read_2_gib", call_console_io(CONSOLEIO_read, 1UL << 31, buffer));
    row("console.count_is_32_bits",
        call_console_io(CONSOLEIO_write, (size_t)(1ull << 32), NOWHERE));
    row("console.unknown", call_console_io(2, 1, buffer));
    row("console.unknown_negative", call_console_io(~0u, 1, buffer));
}

static void assist_rows(void)
{
    char name[48];

    for (unsigned int type = 0; type < 70; type++) {
        if (type == VMASST_TYPE_writable_pagetables)
            continue; /* what it switches is not there yet, and enabling it says so */
        fmt_snprintf(name, sizeof(name), "vm_assist.enable_type_%u", type);
        row(name, call_vm_assist(VMASST_CMD_enable, type));
        fmt_snprintf(name, sizeof(name), "vm_assist.disable_type_%u", type);
        row(name, call_vm_assist(VMASST_CMD_disable, type));
    }
    row("vm_assist.unknown_command", call_vm_assist(2, VMASST_TYPE_4gb_segments));
    row("vm_assist.unknown_command_and_type", call_vm_assist(2, 31));
    row("vm_assist.negative_type", call_vm_assist(VMASST_CMD_enable, ~0u));
}

void guest_main(void)
{
    sched_rows();
    console_rows();
    assist_rows();
    guest_end();
}
