/*
 * dom0's start. Its command line says what it does; words behind `--` go to the first guest, as its
 * kernel's command line.
 *
 *   console [create=FILE]   a shell on the machine's console; with a guest made of that file
 *           [do=FILE]       which runs the lines of that file first, as if they were typed
 *   demo create=FILE        makes that guest, shows its console, and ends the machine when the
 * guest ends: well if that powered off, else as a crash. A line sums up each guest that ends
 *
 * With restart-blocks the backend of disks forgets all of its devices now and then and takes them
 * on again, as if dom0 had been started anew: for a test of what guests see of that.
 */
#include "dom0/backend/block.h"
#include "dom0/backend/network.h"
#include "dom0/console/terminal.h"
#include "dom0/drivers/drivers.h"
#include "dom0/loop.h"
#include "dom0/shell/attach.h"
#include "dom0/shell/script.h"
#include "dom0/shell/shell.h"
#include "dom0/shell/summary.h"

#include "guest-kernel/core/guest.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define RESTART_NS (30 * NS_PER_MILLISECOND)

static bool is_demonstration;
static struct guest *demonstrated; /* the machine ends with it */

static void blocks_restart(struct alarm *alarm)
{
    device_class_restart(&block_class);
    alarm_set(alarm, time_now_ns() + RESTART_NS);
}

static void blocks_restart_often(void)
{
    static struct alarm alarm;

    alarm_init(&alarm, blocks_restart);
    alarm_set(&alarm, time_now_ns() + RESTART_NS);
}

/* The command line behind `--`; NULL: there is none. */
static const char *guest_words(void)
{
    const char *line = (const char *)start_info->cmd_line;

    for (; *line; line++) {
        if (str_starts_with(line, "-- ") && line[3])
            return line + 3;
    }
    return NULL;
}

static void on_end(struct guest *guest, unsigned int reason)
{
    bool well = reason == SHUTDOWN_poweroff;
    char devices[128];

    if (is_demonstration) {
        summary_devices(devices, sizeof(devices), guest->domain.domid);
        terminal_print("~ %s %s%s\n", guest->name, reason_words(reason), devices);
    }
    if (guest == demonstrated) {
        terminal_flush();
        guest_shutdown(well ? SHUTDOWN_poweroff : SHUTDOWN_crash);
    }
    if (guest == attach_guest())
        attach_leave();
}

/* Makes the first guest by the command that a person would type. */
static void first_guest(const char *file, bool attached)
{
    const char *words = guest_words();
    char line[CONSOLE_LINE_MAX];

    if (!words && attached)
        words = ""; /* nobody can type: what the file says may be to wait for that */
    fmt_snprintf(line, sizeof(line), words ? "create %s%s extra='%s'" : "create %s%s",
                 attached ? "-c " : "", file, words);
    command_run(line);
}

static void script_find(void)
{
    char file[64];
    struct blob script;

    if (!cmdline_value("do", file, sizeof(file)))
        return;
    script = guests_file(file);
    if (!script.bytes)
        guest_panic("do=%s: there is no such file", file);
    script_begin(script);
}

static void shell_welcome(void)
{
    terminal_print(
        "\nxen-like: the console of domain 0. Commands are those of xl; try: help, list, "
        "console mini\n");
    if (!terminal_has())
        shell_start();
}

void guest_main(void)
{
    char file[64];
    bool has_file = cmdline_value("create", file, sizeof(file));

    event_init_most(); /* a thousand guests with devices need more than 4096 */
    loop_init();
    terminal_init();
    service_init();
    drivers_start();
    if (block_start())
        guest_panic("no memory for the backends");
    network_start();
    if (cmdline_has("restart-blocks"))
        blocks_restart_often();
    service_on_end = on_end;
    is_demonstration = cmdline_has("demo");
    if (!is_demonstration) {
        if (has_file)
            first_guest(file, false);
        script_find();
        shell_welcome();
        loop_run();
    }
    if (has_file)
        first_guest(file, true);
    demonstrated = attach_guest();
    if (!demonstrated) {
        terminal_flush();
        guest_panic("there is nothing to demonstrate");
    }
    loop_run();
}
